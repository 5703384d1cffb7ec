"""Topic models for scikit-learn: trained by stochastic variational inference in NumPyro, served by NumPy."""

from ._compilation_cache import use_compilation_cache
from ._etm import ETMTransformer
from ._lda import AmortizedLDATransformer
from ._lntm import LNTMTransformer
from ._vectorizer import NamedVectorizer
from ._version import __version__

__all__ = [
    "AmortizedLDATransformer",
    "ETMTransformer",
    "LNTMTransformer",
    "NamedVectorizer",
    "__version__",
    "use_compilation_cache",
]
