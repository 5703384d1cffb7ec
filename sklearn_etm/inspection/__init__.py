"""Looking at what a fitted topic model has found: tables of its topics, words and documents, and comparisons of fits.

Every function takes a fitted model of this package or of scikit-learn, a pipeline or search that holds one, or, where
no documents are needed, an array of topics. Tables are pandas DataFrames where pandas is installed, else dicts from the
names of columns to arrays.
"""

from ._similarity import topic_map
from ._words import top_words, topic_labels, word_scores, word_table

__all__ = ["top_words", "topic_labels", "topic_map", "word_scores", "word_table"]
