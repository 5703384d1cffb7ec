"""Fits under way in files, which a process that is killed leaves behind and the next one goes on from."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import scipy.sparse as sp

from .._files import arrays as files
from .._files.trees import put_together, taken_apart
from .._fitted.plain import to_plain
from .._rows import Rows
from .._version import __version__
from .._warnings import is_fitted_for_its_score, warn
from ..embeddings._files import located

if TYPE_CHECKING:
    from .._engine.loop import Whole

LEAVE_ALONE = ("checkpoint_dir", "on_interrupt", "verbose")  # parameters that a fit does not depend on
DECIDE = ("jax", "jaxlib", "numpyro", "flax", "optax", "numpy", "scipy", "scikit-learn")  # whose versions it does
ABOUT, KEPT = "about", "kept"  # keys of a header
BEGUN, STATE = "begun", "state"  # and of what is kept


class Checkpoint:
    """A fit under way, in a file named by all that it depends on.

    Parameters
    ----------
    folder : path-like
        Is made where there is none.
    about : dict of str to str
        Fingerprints of the parameters, the data and the versions.
    rng : RandomState
        What the fit begins with; that of an earlier process where it has left a file.
    """

    def __init__(self, folder: str | os.PathLike, about: dict[str, str], rng: np.random.RandomState):
        self._folder, self._about = Path(folder), about
        self._folder.mkdir(parents=True, exist_ok=True)
        self._begun = rng.get_state(legacy=False)
        self._can_write = True
        self.kept: dict[str, Any] | None = None
        self._path = self._own_path()
        rng.set_state(self._begun)

    @classmethod
    def of(
        cls, estimator: Any, rows: Rows, rng: np.random.RandomState, whole: Whole | None = None
    ) -> Checkpoint | None:
        """That of a fit on documents, or none where the estimator has no ``checkpoint_dir``."""
        if estimator.checkpoint_dir is None:
            return None
        given = {n: v for n, v in estimator.get_params(deep=False).items() if n not in LEAVE_ALONE}
        about = {name: _fingerprint(name, value) for name, value in given.items()}
        about["X"] = counts_fingerprint(rows.counts)
        about["what documents bring along"] = joblib.hash((rows.weights, rows.covariates))
        if whole is not None:
            about["shards"] = whole.fingerprint
        about["names of columns"] = joblib.hash(getattr(estimator, "feature_names_in_", None))
        if estimator.warm_start and hasattr(estimator, "_state"):
            about["the former fit"] = joblib.hash(to_plain(estimator._state))
        about["version of sklearn_etm"] = __version__
        about |= {f"version of {package}": version(package) for package in DECIDE}
        return cls(estimator.checkpoint_dir, {"estimator": type(estimator).__name__, **about}, rng)

    def keep(self, state: dict[str, Any]) -> None:
        """Write a state in place of the one before, which stays where there is no room: the fit goes on."""
        tree, arrays = taken_apart({BEGUN: self._begun, STATE: state}, "a fit")
        try:
            files.write(self._path, arrays, {ABOUT: self._about, KEPT: tree}, sync=False)
        except OSError as error:
            if self._can_write:
                warn(
                    f"The checkpoint {self._path} cannot be written: {error}. The fit goes on; what was kept before is "
                    "still there to go on from."
                )
            self._can_write = False

    def remove(self) -> None:
        """Remove the file of a fit that has ended, and what processes that were killed had not written to the end."""
        for path in [self._path, *self._folder.glob(f".{self._path.name}.*.part")]:
            path.unlink(missing_ok=True)

    def _own_path(self) -> Path:
        """Where the fit is kept; what is there already is read, and stays where it cannot be."""
        stem = f"{self._about['estimator']}-{blake2b(json.dumps(self._about).encode(), digest_size=12).hexdigest()}"
        path, n = self._folder / f"{stem}.safetensors", 1
        if not path.exists():
            self._warn_of_another()
        while path.exists():
            try:
                arrays, header = files.read(path)
                kept = put_together(header[KEPT], arrays)
                self._begun, self.kept = kept[BEGUN], kept[STATE]
                return path
            except (OSError, ValueError, KeyError) as error:
                warn(f"{error} It is left alone, and the fit starts anew.")
            n += 1
            path = self._folder / f"{stem}-{n}.safetensors"
        return path

    def _warn_of_another(self) -> None:
        """Say what differs from the fit that was left behind here and is most like this one."""
        if is_fitted_for_its_score():
            return
        paths = self._folder.glob(f"{self._about['estimator']}-*.safetensors")
        others = map(partial(_differences, self._about), paths)
        nearest = min(filter(None, others), key=len, default=[])
        if nearest:
            warn(
                f"{self._folder} holds a fit that has not ended, which this one does not go on from, since other are: "
                f"{', '.join(nearest)}. It starts anew; delete the file if that fit is not to be ended."
            )


def _differences(about: dict[str, str], path: Path) -> list[str]:
    """Names of what a fit in a file has other than this one; none where it cannot be read."""
    try:
        other = files.read(path).header[ABOUT]
    except (OSError, ValueError, KeyError):
        return []
    return [name for name in {**about, **other} if about.get(name) != other.get(name)]


def counts_fingerprint(X: sp.csr_array) -> str:
    """What tells counts from others, in another process, too."""
    return joblib.hash((X.shape, X.dtype.str, X.data, X.indices, X.indptr))


def _fingerprint(name: str, value: Any) -> str:
    """What tells a value of a parameter from others, in another process, too."""
    if name == "embeddings" and isinstance(value, str | os.PathLike):
        with suppress(FileNotFoundError, ValueError):  # of "corpus", and of what the fit will refuse
            value = located(value)
    if isinstance(value, str | os.PathLike) and os.path.isfile(value):
        about = os.stat(value)
        return f"{os.fspath(value)} {about.st_size} {about.st_mtime_ns}"
    if value is None or isinstance(value, str | bool | int | float):
        return repr(value)
    if name == "seed_words":
        value = list(value.items())  # the order gives topics their numbers
    try:
        return joblib.hash(value)
    except Exception as error:  # whatever the pickling of a user's object raises
        raise ValueError(
            f"checkpoint_dir needs parameters that another process can have, too: {name} cannot be pickled ({error}). "
            "Pass a function of a module, or no checkpoint_dir."
        ) from error
