"""All that imports JAX, in the order data takes: batches, likelihood, models, svi.

Nothing here is imported before an estimator is fitted.
"""
