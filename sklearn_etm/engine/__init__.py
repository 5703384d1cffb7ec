"""All that imports JAX, in the order data takes: batches, likelihood, models, svi, em, training.

Nothing here is imported before an estimator is fitted.
"""

import importlib
import os

import numpy as np


def _import_quietly(*names: str) -> None:
    """Import packages that on import draw from NumPy's global generator and set environment variables; undo both."""
    environment, generator = dict(os.environ), np.random.get_state()  # noqa: NPY002
    try:
        for name in names:
            importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"Fitting needs JAX, NumPyro, flax and optax ({error}). Install sklearn-etm with its dependencies; "
            "transform and score of a fitted model do without."
        ) from error
    finally:
        np.random.set_state(generator)  # noqa: NPY002
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)


_import_quietly("jax", "optax", "flax.linen", "numpyro")
