"""Families of topics, one a file; a new one is registered here."""

from .dirichlet import DirichletTopics
from .embedded import EmbeddedTopics
from .family import PADDING_LOG_PROBABILITY, Topics, TopicStart, topics
from .free import FreeTopics

FAMILIES: dict[str, type[Topics]] = {
    family.__name__: family for family in (DirichletTopics, EmbeddedTopics, FreeTopics)
}

__all__ = [
    "FAMILIES",
    "PADDING_LOG_PROBABILITY",
    "DirichletTopics",
    "EmbeddedTopics",
    "FreeTopics",
    "TopicStart",
    "Topics",
    "topics",
]
