"""Who may import whom: data flows one way, and JAX is the engine's alone (the drawing is in docs/design.md)."""

import ast
from pathlib import Path

import pytest

import sklearn_etm

ROOT = Path(sklearn_etm.__file__).parent
MAY_IMPORT = {
    "_numbers": set(),
    "_version": set(),
    "_sparse": set(),
    "_rows": {"_sparse"},
    "_seeds": set(),
    "_threads": set(),
    "_warnings": set(),
    "_compilation_cache": {"_warnings"},
    "datasets": set(),
    "_files": {"_version"},
    "_inputs": {"_files", "_sparse"},
    "_fitted": {"_numbers", "_sparse", "_threads"},
    "embeddings": {"_files", "_inputs", "_rows", "_sparse", "_threads", "_warnings"},
    "_document_prior": {"_fitted", "_inputs", "_rows", "_sparse"},
    "_start": {"_fitted", "_rows", "_seeds", "_sparse", "_threads", "embeddings"},
    "_engine": {"_fitted", "_numbers", "_rows", "_start", "_threads"},
    "metrics": {"_inputs", "_numbers", "_sparse", "embeddings"},
    "_estimators": {
        "_document_prior",
        "_engine",
        "_files",
        "_fitted",
        "_inputs",
        "_numbers",
        "_rows",
        "_seeds",
        "_sparse",
        "_start",
        "_threads",
    }
    | {"_version", "_warnings", "embeddings", "metrics"},
    "inspection": {"_files", "_inputs", "_sparse", "_warnings", "embeddings", "metrics"},
    "plotting": {"_inputs", "_warnings", "inspection", "metrics"},
    "distributed": {"_engine", "_estimators", "_files", "_inputs", "_rows", "_sparse", "_warnings"},
    "steering": {"_estimators", "_inputs", "_rows", "_sparse", "_warnings", "inspection", "metrics"},
    "__init__": {"_compilation_cache", "_estimators", "_inputs", "_version"},
}
MAY_IMPORT_JAX = {"_engine", "_compilation_cache"}  # the latter where somebody else has done so
TRAINING = {"jax", "jaxlib", "numpyro", "flax", "optax"}
FILES = sorted(ROOT.rglob("*.py"))


def imports(node, package):
    """Modules that a statement imports, as lists of names."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".") for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = ["sklearn_etm", *package][: 1 + len(package) - (node.level - 1)] if node.level else []
    module = base + (node.module.split(".") if node.module else [])
    return [module] if node.module else [[*module, alias.name] for alias in node.names]


def run_at_import(node):
    """Statements of a module that run when it is imported: not those of functions, nor those for types alone."""
    for inner in ast.iter_child_nodes(node):
        is_for_types = isinstance(inner, ast.If) and getattr(inner.test, "id", "") == "TYPE_CHECKING"
        if not is_for_types and not isinstance(inner, ast.FunctionDef):
            yield inner
            yield from run_at_import(inner)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_one_way(file):
    *package, name = file.relative_to(ROOT).with_suffix("").parts
    room, tree = [*package, name][0], ast.parse(file.read_text())
    all_imports = [module for node in ast.walk(tree) for module in imports(node, package)]
    rooms = {module[1] for module in all_imports if module[0] == "sklearn_etm" and len(module) > 1}
    assert rooms - {room} <= MAY_IMPORT[room]
    if room not in MAY_IMPORT_JAX:
        assert not {module[0] for module in all_imports} & TRAINING
    if room != "_engine":
        first = [module for node in run_at_import(tree) for module in imports(node, package)]
        assert not any(module[0] in TRAINING or module[:2] == ["sklearn_etm", "_engine"] for module in first)


def test_rooms_have_no_circle():
    done, left = set(), dict(MAY_IMPORT)
    while left:
        free = {room for room, others in left.items() if others <= done}
        assert free, f"in a circle: {sorted(left)}"
        done |= free
        left = {room: others for room, others in left.items() if room not in free}
