"""What parameters must be (knows no JAX)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..embeddings._align import OOV
from .notebook import abbreviated


def is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_finite(value: Any) -> bool:
    return is_integer(value) or (isinstance(value, float | np.floating) and bool(np.isfinite(value)))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray) and np.ndim(value) == 1


_Constraint = tuple[str, Callable[[Any], bool]]  # what a parameter must be, in words and as a test
_COUNT: _Constraint = ("an integer of at least 1", lambda value: is_integer(value) and value >= 1)
_COUNT_OR_ZERO: _Constraint = ("an integer of at least 0", lambda value: is_integer(value) and value >= 0)
_POSITIVE: _Constraint = ("a finite number above 0", lambda value: _is_finite(value) and value > 0)
_NOT_NEGATIVE: _Constraint = ("a finite number of at least 0", lambda value: _is_finite(value) and value >= 0)
_SHARE: _Constraint = ("a number between 0 and 1", lambda value: _is_finite(value) and 0 < value < 1)
_FLAG: _Constraint = ("True or False", lambda value: isinstance(value, bool | np.bool_))


FLAG_OR_AUTO: _Constraint = (
    'True, False or "auto"',
    lambda value: _FLAG[1](value) or (isinstance(value, str) and value == "auto"),
)


def _one_of(*options: str) -> _Constraint:
    return " or ".join(f'"{option}"' for option in options), lambda value: isinstance(value, str) and value in options


CONSTRAINTS: dict[str, _Constraint] = {
    "num_topics": _COUNT,
    "train_embeddings": _FLAG,
    "oov": _one_of(*OOV),
    "center_embeddings": _FLAG,
    "normalize_embeddings": _FLAG,
    "embedding_size": _COUNT,
    "doc_topic_prior": (
        "a finite number above 0, or one for each topic",
        lambda value: all(map(_POSITIVE[1], value)) if _is_list(value) else _POSITIVE[1](value),
    ),
    "topic_word_prior": _POSITIVE,
    "likelihood": _one_of("multinomial", "poisson"),
    "guide": _one_of("dirichlet", "logistic_normal"),
    "inference": _one_of("svi", "mcem"),
    "decoder": _one_of("mixture", "product"),
    "learn_prior": _FLAG,
    "num_chains": _COUNT,
    "num_e_steps": _COUNT,
    "num_leapfrog_steps": _COUNT,
    "step_size": _POSITIVE,
    "target_accept": _SHARE,
    "num_samples": _COUNT,
    "topic_prior_scale": _POSITIVE,
    "topic_smoothing": _NOT_NEGATIVE,
    "separation": _NOT_NEGATIVE,
    "encoder_features": _COUNT,
    "hidden_layer_sizes": (
        "a sequence of integers of at least 1, such as (200,)",
        lambda value: _is_list(value) and all(is_integer(n) and n >= 1 for n in value),
    ),
    "max_iter": _COUNT,
    "em_iter": _COUNT_OR_ZERO,
    "transform_iter": _COUNT_OR_ZERO,
    "batch_size": (
        '"auto" or an integer of at least 1',
        lambda value: (isinstance(value, str) and value == "auto") or (is_integer(value) and value >= 1),
    ),
    "learning_rate": _POSITIVE,
    "early_stopping": _FLAG,
    "validation_fraction": _SHARE,
    "n_iter_no_change": (
        "an integer of at least 1, or infinity",
        lambda value: (is_integer(value) and value >= 1) or (isinstance(value, float) and value == np.inf),
    ),
    "tol": _NOT_NEGATIVE,
    "warm_start": _FLAG,
    "random_state": (
        "None, an integer from 0 to 2**32 - 1 or a numpy.random.RandomState",
        lambda value: (
            value is None
            or value is np.random
            or isinstance(value, np.random.RandomState)
            or (is_integer(value) and 0 <= value < 2**32)
        ),
    ),
    "verbose": (
        "True, False or an integer of at least 0",
        lambda value: isinstance(value, int | np.integer) and bool(value >= 0),
    ),
}


def check_parameters(estimator: Any) -> None:
    """Raise a ValueError where a parameter of an estimator is of a wrong type or out of its range."""
    constraints = CONSTRAINTS | estimator._own_constraints
    for name, value in estimator.get_params(deep=False).items():
        wanted, valid = constraints.get(name, ("", lambda value: True))
        if not valid(value):
            raise ValueError(f"{name} of {type(estimator).__name__} must be {wanted}; got {abbreviated(value)!r}.")
