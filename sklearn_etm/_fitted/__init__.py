"""What was learned, in NumPy: all that serving needs (knows neither scikit-learn's estimators nor JAX)."""
