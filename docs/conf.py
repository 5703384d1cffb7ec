"""Sphinx configuration of the site: `sphinx-build -W docs docs/_build/html` builds it, in a checkout.

`-D plot_gallery=0` leaves the examples of the gallery unrun; `-t online` links names of scikit-learn, NumPy, SciPy and
pandas to their sites, whose inventories are then fetched.
"""

import os
import sys
import warnings

from sphinx_gallery.sorting import ExplicitOrder, FileNameSortKey

os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, os.path.abspath(".."))  # so that what is documented is this checkout

from sklearn_etm import __version__

project = "sklearn_etm"
author = copyright = "The sklearn_etm developers"
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "benchmarks"]  # of the latter, pages include the tables
suppress_warnings = ["config.cache"]  # the order of the gallery is not pickled

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_etm"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 8,
}

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
copybutton_prompt_text = ">>> |... |$ "
copybutton_prompt_is_regexp = True

intersphinx_mapping = (
    {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }
    if tags.has("online")  # noqa: F821  # Sphinx gives this file its tags
    else {}
)

sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "subsection_order": ExplicitOrder([f"../examples/gallery/{part}" for part in ("learn", "choose", "look", "use")]),
    "within_subsection_order": FileNameSortKey,
    "doc_module": ("sklearn_etm",),
    "reference_url": {"sklearn_etm": None},
    "backreferences_dir": "api/backreferences",
    "show_memory": False,
    "min_reported_time": 10**6,  # times of a busy machine say nothing
    "download_all_examples": False,
    "copyfile_regex": r".*\.rst",
    "matplotlib_animations": False,
}
warnings.filterwarnings("ignore", message="Matplotlib is currently using agg")


def setup(app):
    """Leave scikit-learn's own methods, such as `set_output`, to its site."""
    app.connect("autodoc-skip-member", skip_what_is_not_ours)


def skip_what_is_not_ours(app, what, name, member, skip, options):
    """Whether a method is left out of the page of its class."""
    module = getattr(member, "__module__", None) or ""
    return True if name.endswith("_request") or module.startswith("sklearn.") else None
