"""The code of the pages of `docs` and of the README, as it stands there, page by page."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import NamedTuple

import matplotlib
import pytest

import sklearn_etm

ROOT = Path(__file__).parents[1]
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [page for page in TEXTS if "```python" in page.read_text("utf-8")]
REASONS = {
    "tests/test_mlflow.py runs it, where MLflow is installed",
    "needs a package that the tests do not have",
}
BLOCK = re.compile(r"(?:^<!-- not run here: (?P<reason>.+?) -->\n)?^```python\n(?P<code>.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """Code of a page, with the number of the line before it, and why it is not run, if it is not."""

    code: str
    line: int
    reason: str | None


def blocks(page):
    text = page.read_text("utf-8")
    return [Block(m["code"], text[: m.start("code")].count("\n"), m["reason"]) for m in BLOCK.finditer(text)]


@pytest.fixture(params=PAGES, ids=lambda page: page.stem)
def page(request):
    return request.param


def test_blocks_are_found_and_parse(page):
    found = blocks(page)
    assert len(found) == page.read_text("utf-8").count("```python")
    for block in found:
        ast.parse(block.code)
        assert block.reason is None or block.reason in REASONS


def missing_names(code):
    """Names that code imports of the package, and that are not there."""
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "sklearn_etm"
        for alias in node.names
        if not hasattr(importlib.import_module(node.module), alias.name)
    ]


def test_names_that_pages_import_are_there(page):
    assert [name for block in blocks(page) for name in missing_names(block.code)] == []


def test_names_that_examples_import_are_there():
    examples = sorted((ROOT / "examples").rglob("*.py"))
    assert len(examples) > 15
    assert [name for example in examples for name in missing_names(example.read_text("utf-8"))] == []


def test_reference_is_complete():
    listed, module = set(), ""
    for line in (ROOT / "docs" / "api.rst").read_text("utf-8").splitlines():
        module = line.removeprefix(".. currentmodule:: ") if line.startswith(".. currentmodule::") else module
        listed |= {f"{module}.{line.strip()}"} if re.fullmatch(r"   \w+", line) else set()
    names = {f"sklearn_etm.{name}" for name in sklearn_etm.__all__ if not name.startswith("_")}
    for found in pkgutil.iter_modules(sklearn_etm.__path__, "sklearn_etm."):
        if "._" not in found.name:
            names |= {f"{found.name}.{name}" for name in importlib.import_module(found.name).__all__}
    assert sorted(names - listed) == [], "to be listed in docs/api.rst"
    assert sorted(listed - names) == [], "in docs/api.rst, and nowhere else"


def test_pages_of_the_guide_begin_with_code_that_runs():
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    listed = [page for page in TEXTS if re.search(rf"^{page.stem}$", guide, re.MULTILINE)]
    assert len(listed) > 12
    without = [page.name for page in listed if not re.match(r"# .+\n+```python\n", page.read_text("utf-8"))]
    assert without == ["scaling.md"]  # whose code needs a corpus in files


@pytest.mark.slow
def test_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    namespace = {"__name__": "__main__"}
    for block in blocks(page):
        if block.reason is None:
            exec(compile("\n" * block.line + block.code, page.name, "exec"), namespace)
