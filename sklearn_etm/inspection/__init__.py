"""Looking at what a fitted topic model has found: tables of its topics, words and documents, and comparisons of fits.

Every function takes a fitted model of this package or of scikit-learn, a pipeline or search that holds one, or, where
no documents are needed, an array of topics. Tables are pandas DataFrames where pandas is installed, else dicts from the
names of columns to arrays.
"""

from ._comparison import compare_models, topic_stability
from ._correlation import topic_correlation
from ._documents import document_table, representative_documents, similar_documents
from ._drift import ComponentsOver, components_over
from ._effects import estimate_effect
from ._export import pyldavis_data
from ._groups import topics_over
from ._hierarchy import TopicHierarchy, topic_hierarchy
from ._report import report
from ._similarity import Alignment, align_topics, topic_map, topic_similarity
from ._topic_table import topic_table
from ._unusual import unusual_documents
from ._word_topics import word_topics
from ._words import top_words, topic_labels, word_scores, word_table

__all__ = [
    "Alignment",
    "ComponentsOver",
    "TopicHierarchy",
    "align_topics",
    "compare_models",
    "components_over",
    "document_table",
    "estimate_effect",
    "pyldavis_data",
    "report",
    "representative_documents",
    "similar_documents",
    "top_words",
    "topic_correlation",
    "topic_hierarchy",
    "topic_labels",
    "topic_map",
    "topic_similarity",
    "topic_stability",
    "topic_table",
    "topics_over",
    "unusual_documents",
    "word_scores",
    "word_table",
    "word_topics",
]
