"""Compiled programs that outlive the process that compiled them (knows JAX by name only)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ._warnings import warn

FOLDER = "JAX_COMPILATION_CACHE_DIR"
LEAST_SECONDS = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"  # of a compilation that is worth keeping


def use_compilation_cache(path: str | os.PathLike[str] | None = None) -> Path | None:
    """Keep what fits compile in a folder, for the processes that follow.

    A first fit of a process compiles for seconds what another process has compiled before, on the same machine and with
    the same versions: each run of a script, each worker of ``GridSearchCV(n_jobs=2)``. With a cache it is read instead.
    Call this once, before the first fit; workers started later, and whatever this process starts, use the folder, too.

    It is JAX's own persistent cache that is turned on, for all that the process runs on JAX: JAX has one for all. Hence
    nothing is turned on unasked. Processes may share the folder; an entry that cannot be read or written is warned of
    and compiled. Entries of other versions are never used, and stay until the folder is deleted.

    Parameters
    ----------
    path : str or path-like, optional
        The folder, made if need be. By default the one that JAX was told of by its setting
        ``jax_compilation_cache_dir``, else "sklearn_etm" among the user's cache files: below ``XDG_CACHE_HOME`` or
        ``~/.cache``, ``~/Library/Caches`` on macOS, ``LOCALAPPDATA`` on Windows. Trust it as you trust the code that
        you run: what it holds is run.

    Returns
    -------
    folder : Path or None
        Where programs are kept; None, with a warning, where the folder cannot be written to, and nothing is changed.

    Examples
    --------
    >>> import sklearn_etm
    >>> folder = sklearn_etm.use_compilation_cache()  # doctest: +SKIP
    """
    folder = Path((_folder_in_use() or _user_cache() / "sklearn_etm") if path is None else path)
    try:
        folder = folder.expanduser().absolute()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 20))  # a full disk has no room for programs
    except (OSError, RuntimeError, ValueError) as error:  # no home, or a path that is none
        warn(
            f"Compiled programs are not kept: {folder} cannot be written to ({error}). Pass the path of another folder."
        )
        return None
    settings = {FOLDER: str(folder), LEAST_SECONDS: "0"}
    os.environ.update(settings)
    if "jax" in sys.modules:  # it has read the environment already
        _tell_jax(settings)
    return folder


def _folder_in_use() -> str | None:
    if "jax" in sys.modules:
        return sys.modules["jax"].config.jax_compilation_cache_dir
    return os.environ.get(FOLDER)


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
    if sys.platform == "darwin":
        return Path("~/Library/Caches")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")


def _tell_jax(settings: dict[str, str]) -> None:
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    for name, value in settings.items():
        jax.config.update(name.lower(), value if name == FOLDER else float(value))
    compilation_cache.reset_cache()  # JAX looks for a folder once, before it first compiles
