"""Word vectors for a vocabulary: read, aligned with the columns of counts, completed, or learned."""

from ._align import AlignedEmbeddings, align_embeddings
from ._learn import corpus_vectors, skipgram_vectors
from ._vectors import WordVectors, load_vectors

__all__ = [
    "AlignedEmbeddings",
    "WordVectors",
    "align_embeddings",
    "corpus_vectors",
    "load_vectors",
    "skipgram_vectors",
]
