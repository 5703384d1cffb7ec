"""Looking at what a fitted topic model has found: tables of its topics, words and documents, and comparisons of fits.

Every function takes a fitted model of this package or of scikit-learn, a pipeline or search that holds one, or, where
no documents are needed, an array of topics.
"""

from ._similarity import topic_map

__all__ = ["topic_map"]
