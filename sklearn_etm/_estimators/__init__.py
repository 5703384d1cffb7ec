"""The scikit-learn shell: estimators, their parameters and what they print (knows no key of the engine)."""
