"""The systems that `compare.py` fits.

Each takes counts and gives topics (K, V), a function from counts to theta and, where it has one, its own perplexity:
that of a mixture of the topics is not that of a product.

Peers run with the settings of a careful user: enough iterations to converge, both cores, learned priors where offered.
"""

import numpy as np
import scipy.sparse as sp


def ours(name, given_vectors=False, **parameters):
    """Fit an estimator of this package with its defaults, but for ``parameters``."""

    def fit(X, vocabulary, K, seed, vectors):
        import sklearn_etm

        given = {"embeddings": vectors, "vocabulary": vocabulary} if given_vectors else {}
        model = getattr(sklearn_etm, name)(K, random_state=seed, **given, **parameters).fit(X)
        return model.components_, model.transform, model.perplexity

    return fit


def sklearn_lda(X, vocabulary, K, seed, vectors):
    from sklearn.decomposition import LatentDirichletAllocation

    model = LatentDirichletAllocation(K, learning_method="online", max_iter=10, n_jobs=2, random_state=seed).fit(X)
    return model.components_ / model.components_.sum(axis=1, keepdims=True), model.transform, None


def tomotopy_lda(X, vocabulary, K, seed, vectors):
    import tomotopy

    model = tomotopy.LDAModel(k=K, seed=seed)
    for words in _documents(X):
        model.add_doc(words)
    model.train(500, workers=2)
    topics = np.full((K, X.shape[1]), 1e-12)
    columns = [int(word) for word in model.used_vocabs]
    for k in range(K):
        topics[k, columns] = model.get_topic_word_dist(k)

    def transform(Z):
        theta = np.full((Z.shape[0], K), 1.0 / K)
        known, documents = [], []
        for d, words in enumerate(_documents(Z)):
            document = model.make_doc(words) if words else None
            if document is not None:
                known.append(d)
                documents.append(document)
        theta[known] = model.infer(documents, iterations=100, workers=2)[0]
        return theta

    return topics / topics.sum(axis=1, keepdims=True), transform, None


def gensim_lda(X, vocabulary, K, seed, vectors):
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    names = dict(enumerate(vocabulary))
    model = LdaModel(
        Sparse2Corpus(sp.csc_matrix(X.T)), K, names, passes=10, alpha="auto", eta="auto", eval_every=None,
        random_state=seed,
    )  # fmt: skip

    def transform(Z):
        Z = sp.csr_array(Z)
        rows = [
            list(zip(Z.indices[a:b].tolist(), Z.data[a:b].tolist(), strict=True))
            for a, b in zip(Z.indptr[:-1], Z.indptr[1:], strict=True)
        ]
        gamma, _ = model.inference(rows)
        return gamma / gamma.sum(axis=1, keepdims=True)

    return model.get_topics(), transform, None


def _documents(X):
    """Documents as lists of tokens; a word is the number of its column, written out."""
    X = sp.csr_array(X)
    for a, b in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        yield np.repeat(X.indices[a:b], X.data[a:b].astype(int)).astype(str).tolist()


OURS = {
    "LNTM": ours("LNTMTransformer"),
    "ETM": ours("ETMTransformer"),
    "ETM, given vectors": ours("ETMTransformer", given_vectors=True),
    "ETM, given vectors kept": ours("ETMTransformer", given_vectors=True, train_embeddings=False),
    "ETM, corpus vectors kept": ours("ETMTransformer", embeddings="corpus", train_embeddings=False),
    "amortized LDA": ours("AmortizedLDATransformer"),
    "amortized LDA, Dirichlet": ours("AmortizedLDATransformer", doc_topic_family="dirichlet"),
    "LNTM, learned prior": ours("LNTMTransformer", learn_prior=True),
    "LNTM, correlated": ours("LNTMTransformer", covariance="full"),
    "LNTM, correlated by 10 axes": ours("LNTMTransformer", covariance="low_rank"),
    "LNTM, Monte-Carlo EM": ours("MonteCarloLNTMTransformer"),
    "LNTM, product": ours("ProdLDATransformer"),
}
PEERS = {"tomotopy LDA": tomotopy_lda, "gensim LDA": gensim_lda, "scikit-learn LDA": sklearn_lda}
SYSTEMS = OURS | PEERS
DEFAULT = ["LNTM", "ETM", "ETM, given vectors", "amortized LDA", *PEERS]
