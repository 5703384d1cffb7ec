"""Sphinx configuration."""

project = "sklearn_etm"
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
numpydoc_show_class_members = False
html_theme = "alabaster"
