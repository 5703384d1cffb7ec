"""Links between pages, and files that they name, lead somewhere."""

import re
from pathlib import Path

import pytest

import sklearn_etm

ROOT = Path(__file__).parents[1]
PACKAGE = Path(sklearn_etm.__file__).parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
FENCED, CODE = re.compile(r"^```.*?^```$", re.M | re.S), re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\((?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
HEADING = re.compile(r"^#{1,3} (.+)$", re.M)
FILE = re.compile(r"(?<![\w/.-])(?:benchmarks|docs|examples|tests)/[\w/-]+\.\w+")
MODULE = re.compile(r"(?<![\w/.-])_\w+(?:/\w+)+\.py")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request):
    return request.param


def anchors(page):
    """What a page can be linked at, as GitHub and the site have it: its headings, in small letters and hyphens."""
    headings = HEADING.findall(FENCED.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page):
    """Links of a page to others of the project, with the headings that they are to."""
    text = CODE.sub("", FENCED.sub("", page.read_text("utf-8")))
    for link in LINK.finditer(text):
        if not re.match(r"\w+:", link["file"]):
            yield (page.parent / link["file"] if link["file"] else page), link["anchor"]


def test_links_are_found():
    assert sum(len(list(links(page))) for page in PAGES) > 150
    assert "correlated-topics-and-covariates" in anchors(ROOT / "docs" / "models.md")


def test_links_lead_somewhere(page):
    assert [str(target) for target, _ in links(page) if not target.exists()] == []
    assert [(str(to), anchor) for to, anchor in links(page) if anchor and anchor not in anchors(to)] == []


def test_files_that_are_named_are_there(page):
    if page.name == "CHANGELOG.md":  # which tells of files that are gone
        return
    text = page.read_text("utf-8")
    places = ROOT, page.parent, PACKAGE.parent  # the package may be installed, and not be beside its tests
    assert [name for name in FILE.findall(text) if not any((place / name).exists() for place in places)] == []
    assert [name for name in MODULE.findall(text) if not (PACKAGE / name).exists()] == []
