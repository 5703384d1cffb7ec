"""All that imports JAX, in the order data takes: batches, likelihood, models, svi, em, training.

Nothing here is imported before an estimator is fitted.
"""

import importlib
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def _import_quietly(*names: str) -> None:
    """Import modules that on import draw from NumPy's global generator and set environment variables; undo both."""
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


with ThreadPoolExecutor(1) as _beside:  # where Ctrl-C does not arrive: half-imported, they could not be used again
    _beside.submit(
        _import_quietly,
        "jax.scipy.special",
        "optax",
        "flax.linen",
        "numpyro.contrib.module",
        "numpyro.infer.hmc_util",
        "numpyro.infer.util",
    ).result()
