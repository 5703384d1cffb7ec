"""Topic models for scikit-learn: trained by stochastic variational inference in NumPyro, served by NumPy."""

from ._compilation_cache import use_compilation_cache
from ._estimators.etm import ETMTransformer
from ._estimators.lda import AmortizedLDATransformer
from ._estimators.lntm import LNTMTransformer
from ._estimators.montecarlo import MonteCarloLNTMTransformer
from ._estimators.prodlda import ProdLDATransformer
from ._estimators.saving import load, save
from ._inputs.phrases import PhraseVectorizer
from ._inputs.vectorizer import NamedVectorizer
from ._version import __version__

__all__ = [
    "AmortizedLDATransformer",
    "ETMTransformer",
    "LNTMTransformer",
    "MonteCarloLNTMTransformer",
    "NamedVectorizer",
    "PhraseVectorizer",
    "ProdLDATransformer",
    "__version__",
    "load",
    "save",
    "use_compilation_cache",
]
