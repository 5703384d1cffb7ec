"""Measures of topic models, on arrays.

No measure here knows how the topics were found: every function takes topics (``components``), topic proportions
of documents (``doc_topic``) and counts (``X``), so that any two topic models can be compared with it. Only the scorers
of :func:`make_topic_scorer` take models.
Everything is computed in float64, count matrices stay sparse, and no function returns NaN: where a formula is
undefined, the docstring states the value that takes its place.
"""

from ._clustering import cluster_nmi, cluster_purity
from ._coherence import embedding_coherence, npmi, umass
from ._completion import completion_log_likelihood, completion_perplexity, completion_split
from ._diversity import exclusivity, inverted_rbo, topic_diversity, topic_exclusive_words
from ._health import dead_topics, duplicate_topics, effective_num_topics, topic_kl, topic_redundancy
from ._selection import make_topic_scorer, one_standard_error
from ._words import top_word_columns

__all__ = [
    "cluster_nmi",
    "cluster_purity",
    "completion_log_likelihood",
    "completion_perplexity",
    "completion_split",
    "dead_topics",
    "duplicate_topics",
    "effective_num_topics",
    "embedding_coherence",
    "exclusivity",
    "inverted_rbo",
    "make_topic_scorer",
    "npmi",
    "one_standard_error",
    "top_word_columns",
    "topic_diversity",
    "topic_exclusive_words",
    "topic_kl",
    "topic_redundancy",
    "umass",
]
