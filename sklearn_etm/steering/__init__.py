"""The analyst's hand: topics of a fitted model merged, dropped and added, with all others as they were.

Every function returns a new fitted model and leaves the one given as it is. What it returns is a full citizen: it
transforms, pickles, is saved, and goes on with `partial_fit`.
"""

from ._names import name_topics
from ._path import NumTopicsPath, num_topics_path
from ._topics import drop_topics, extend_topics, merge_topics

__all__ = ["NumTopicsPath", "drop_topics", "extend_topics", "merge_topics", "name_topics", "num_topics_path"]
