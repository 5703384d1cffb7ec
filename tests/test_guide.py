"""The code of the pages of `docs` and of the README, as it stands there, page by page."""

import ast
import importlib
import re
from pathlib import Path
from typing import NamedTuple

import matplotlib
import pytest

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


def test_names_that_pages_import_are_there(page):
    for block in blocks(page):
        for node in ast.walk(ast.parse(block.code)):
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "sklearn_etm":
                module = importlib.import_module(node.module)
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


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
