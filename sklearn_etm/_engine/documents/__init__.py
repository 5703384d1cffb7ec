"""Families of topic proportions, one a file; a new one is registered here."""

from .dirichlet import DirichletDocuments
from .family import Documents, DocumentStart
from .logistic_normal import LogisticNormalDocuments

FAMILIES: dict[str, type[Documents]] = {
    family.__name__: family for family in (DirichletDocuments, LogisticNormalDocuments)
}

__all__ = ["FAMILIES", "DirichletDocuments", "DocumentStart", "Documents", "LogisticNormalDocuments"]
