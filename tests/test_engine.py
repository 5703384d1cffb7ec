"""The engine against slow obvious formulas: likelihood, its gradients, refinement, batches, 64-bit mode."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpyro.infer.util import log_density
from scipy.stats import poisson

from sklearn_etm import ETMTransformer, LNTMTransformer
from sklearn_etm._engine import chains, likelihood, programs
from sklearn_etm._engine.batches import LARGE, MIN_DOCUMENTS, MIN_WORDS, Corpus, padded_size, padded_vocabulary
from sklearn_etm._engine.decoders import Mixture
from sklearn_etm._engine.documents import DocumentStart, LogisticNormalDocuments
from sklearn_etm._engine.em import separate
from sklearn_etm._engine.encoder import Encoder, served
from sklearn_etm._engine.likelihood import expected_counts, log_likelihood, refine, topics_alone, votes
from sklearn_etm._engine.model import Hyper, Spec, model, topic_distributions
from sklearn_etm._engine.problem import Problem
from sklearn_etm._engine.svi import SEPARATION, VariationalTrainer
from sklearn_etm._engine.topics import FreeTopics, TopicStart
from sklearn_etm._engine.topics.dirichlet import Concentrations
from sklearn_etm._fitted.encoder import Features
from sklearn_etm._fitted.marginal import poisson_terms
from sklearn_etm._fitted.prior import LogisticNormal
from sklearn_etm._fitted.proportions import WordRows
from sklearn_etm._fitted.proportions import refine as refine_numpy
from sklearn_etm._rows import Rows
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.embeddings._pmi import word_vectors

D, V, K = 23, 70, 4
B = MIN_DOCUMENTS  # what a batch of D documents is padded to


@pytest.fixture
def counts():
    """Rows of very different lengths: an empty one, one longer than a chunk, a word in every document."""
    rng = np.random.RandomState(0)
    X = rng.poisson(rng.gamma(0.3, 2.0, size=(D, 1)) * rng.dirichlet(np.full(V, 0.2)) * V)
    X[0], X[1], X[1:, 5] = 0, 3, 1
    return sp.csr_array(X.astype(float))


@pytest.fixture(params=[likelihood.BLOCK_FLOATS, 64 * K], ids=["one block", "many blocks"])
def batch(request, counts, monkeypatch):
    """A batch and its counts (B, V), read whole or some chunks at a time."""
    monkeypatch.setattr(likelihood, "BLOCK_FLOATS", request.param)
    corpus = Corpus(Rows(counts), lambda X: np.zeros((X.shape[0], 2)), D, np.random.RandomState(0))
    stack, batches = next(corpus.shards())
    assert len(batches) == 1 and stack.n_chunks[0] > 2 * 4  # of 4 rows each, where there are many
    X = np.zeros((B, V))
    X[:D] = counts.toarray()[corpus._batches[0]]
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), stack), X


@pytest.fixture
def parameters():
    rng = np.random.RandomState(1)
    theta = rng.dirichlet(np.ones(K), size=B).astype(np.float32)
    beta_t = np.zeros((padded_vocabulary(V), K), np.float32)
    beta_t[:V] = rng.dirichlet(np.ones(V), size=K).T
    return jnp.asarray(theta), jnp.asarray(beta_t)


def dense_log_likelihood(theta, beta_t, X):
    return (X * jnp.log(theta @ beta_t[:V].T)).sum(1)


def test_likelihood_and_its_gradients_equal_the_dense_formula(batch, parameters):
    batch, X = batch
    weight = jnp.arange(B, dtype=jnp.float32)  # documents weighted unlike, so that rows cannot be confused

    def total(function, data):
        return lambda theta, beta_t: (weight * function(theta, beta_t, data)).sum()

    value = jax.jit(log_likelihood)(*parameters, batch)
    assert_allclose(value, dense_log_likelihood(*parameters, X), rtol=1e-5, atol=1e-4)
    ours = jax.jit(jax.grad(total(log_likelihood, batch), argnums=(0, 1)))(*parameters)
    oracle = jax.jit(jax.grad(total(dense_log_likelihood, X), argnums=(0, 1)))(*parameters)
    for a, b in zip(ours, oracle, strict=True):
        assert_allclose(a, b, rtol=1e-4, atol=1e-2)


def test_gradient_of_the_likelihood_equals_finite_differences(batch, parameters):
    batch, _ = batch
    rng = np.random.RandomState(0)
    directions = [rng.normal(size=p.shape) * p for p in parameters]
    with jax.enable_x64(True):
        point = [jnp.asarray(p, jnp.float64) for p in parameters]

        @jax.jit
        def along(t):
            return log_likelihood(*(p + t * d for p, d in zip(point, directions, strict=True)), batch).sum()

        by_difference = (along(1e-6) - along(-1e-6)) / 2e-6
        assert_allclose(jax.jit(jax.grad(along))(0.0), by_difference, rtol=1e-6)


def test_likelihood_of_chains_is_that_of_each(batch, parameters):
    batch, _ = batch
    theta, beta_t = parameters
    both = jnp.stack([theta, jnp.roll(theta, 1, axis=1)], axis=1)
    rows = beta_t[batch.words]
    value = chains.log_likelihood(both, rows, batch)
    gradient = jax.grad(lambda both: (chains.log_likelihood(both, rows, batch) * jnp.array([1.0, 2.0])).sum())(both)
    for c, weight in enumerate([1.0, 2.0]):
        assert_allclose(value[:, c], log_likelihood(both[:, c], beta_t, batch), rtol=1e-5, atol=1e-5)
        oracle = jax.grad(lambda theta: log_likelihood(theta, beta_t, batch).sum())(both[:, c])
        assert_allclose(gradient[:, c], weight * oracle, rtol=1e-4, atol=1e-4)


def test_gradients_of_batches_average_to_the_full_gradient(counts):
    """Of the joint density, prior of the topics and separation included, with z fixed."""
    rng = np.random.RandomState(0)
    z_all, b = (rng.normal(size=(n, K)).astype(np.float32) for n in (D, padded_vocabulary(V)))
    spec = Spec(FreeTopics(), LogisticNormalDocuments(learned=False), Mixture(), K, len(b), (4,))
    constants = {"log_unigram": np.zeros(len(b), np.float32), "delta": 2.0}
    hyper = Hyper(constants, {"mu": np.zeros(K), "log_sigma": np.zeros(K)}, 1, D, 3.0, 10.0 * D)

    def gradients(batch_size):
        corpus = Corpus(Rows(counts), lambda X: np.zeros((X.shape[0], 2)), batch_size, np.random.RandomState(0))
        stack, batches = next(corpus.shards())
        for i in batches:
            z = np.zeros((B, K), np.float32)
            z[: len(corpus._batches[i])] = z_all[corpus._batches[i]]
            arguments = spec, jax.tree.map(lambda leaf, i=i: leaf[i], stack), hyper._replace(n_batches=len(batches))
            yield jax.jit(jax.grad(lambda b, a=arguments, z=z: log_density(model, a, {}, {"b_point": b, "z": z})[0]))(b)

    (full,) = gradients(D)
    assert_allclose(np.mean(list(gradients(5)), axis=0), full, rtol=1e-4, atol=1e-3)


def responsibilities(tokens, beta_t, counts, left_out):
    """Those of each token by loops, (D, V, K), with the definition in the docstring of `votes`."""
    out = np.zeros((*counts.shape, len(left_out)))
    for d, v in zip(*np.nonzero(counts), strict=True):
        r = tokens[d] * beta_t[v]
        itself = min(counts[d, v], 1.0) / max(r.sum(), 2.0 * (beta_t[v] * left_out).max())
        r = (tokens[d] - itself * tokens[d] * beta_t[v] * left_out) * beta_t[v]
        out[d, v] = r / r.sum()
    return out


@pytest.mark.parametrize("share", [None, 0.2])
def test_votes_are_those_of_each_token(batch, parameters, share):
    batch, X = batch
    theta, beta_t = parameters
    tokens = theta * jnp.arange(1, B + 1)[:, None]
    left_out = topics_alone(K, share)
    r = responsibilities(*(np.asarray(part, float) for part in (tokens, beta_t[:V])), X, np.asarray(left_out))
    assert (r >= 0).all()
    assert_allclose(votes(tokens, beta_t, batch, left_out).tokens, np.einsum("dv,dvk->dk", X, r), rtol=1e-3, atol=1e-4)
    n = np.asarray(expected_counts(tokens, beta_t, batch, left_out))
    assert_allclose(n[:V], np.einsum("dv,dvk->vk", X, r), rtol=1e-3, atol=1e-4)
    assert_allclose(n.sum(1)[:V], X.sum(0), rtol=1e-5)
    assert_array_equal(n[V:], 0)


def test_votes_of_one_document_of_two_words_by_hand():
    """Two tokens, of which each leaves itself out: what is left of a topic is what the other says for it."""
    beta_t, tokens = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[3.0, 2.0]])
    first, second = np.array([2.7, 0.2]) / 2.9, np.array([0.6, 1.6]) / 2.2
    expected = [(tokens[0] - r) * row for r, row in zip((first, second), beta_t, strict=True)]
    expected = sum(row / row.sum() for row in expected)
    refined = refine_numpy(tokens, np.zeros((1, 2)), sp.csr_array([[1.0, 1.0]]), WordRows.of(beta_t, False), 1)
    assert_allclose(refined, [expected], rtol=1e-9)


@pytest.mark.parametrize("share", [None, 0.2])
def test_refinement_is_the_same_in_training_and_in_transform(batch, parameters, share):
    batch, X = batch
    theta, beta_t = parameters
    prior = np.full((B, K), 0.3, np.float32)
    in_training = refine(theta, prior, beta_t, batch, 4, share)
    known = X.sum(1) > 0
    theta, beta_t, prior = (np.asarray(part, float) for part in (theta[known], beta_t[:V], prior[known]))
    words = WordRows.of(beta_t, share is not None)
    served = refine_numpy(theta, prior, sp.csr_array(X[known]), words, 4, share)
    assert_allclose(np.asarray(in_training)[known], served, rtol=1e-4)
    if share is not None:
        of_topics = served[:, 1:]
        assert (served[:, 0] < of_topics.max(axis=1)).all()


def test_a_word_of_probability_zero_changes_nothing():
    theta, beta_t = np.array([[0.3, 0.7]]), np.array([[0.5, 1.0], [0.5, 0.0], [0.0, 0.0]])
    words = WordRows.of(beta_t, False)
    refined = refine_numpy(theta, np.ones((1, 2)), sp.csr_array([[2.0, 1.0, 1.0]]), words, 1)
    assert_allclose(refined, refine_numpy(theta, np.ones((1, 2)), sp.csr_array([[2.0, 1.0, 0.0]]), words, 1))


@pytest.mark.parametrize("hidden", [(6, 5), (), (3,) * 11])
def test_served_encoder_is_that_of_training(hidden):
    """Batch norm, with moments and scales of its own, folded into the last layer."""
    rng = np.random.RandomState(0)
    encoder = Encoder(K, hidden, True)
    features, mask = jnp.asarray(rng.normal(size=(D, 8)), jnp.float32), jnp.ones(D)
    state = jax.jit(encoder.init, static_argnums=3)(jax.random.key(0), features, mask, False)
    state = jax.tree.map(lambda leaf: jnp.asarray(rng.uniform(0.1, 0.5, leaf.shape), jnp.float32), state)
    folded = served(state["params"], state["batch_stats"], Features.none(3), 1.0)
    h = folded.last_hidden(np.asarray(features, float))
    expected_loc, expected_scale = jax.jit(encoder.apply, static_argnums=3)(state, features, mask, False)
    assert_allclose(folded.loc(h), expected_loc, rtol=1e-4, atol=1e-4)
    assert_allclose(np.exp(0.5 * folded.log_variance(h)), expected_scale, rtol=1e-4)


@pytest.mark.parametrize("separation", [0.0, 3.0])
def test_what_is_optimised_is_the_sum_of_the_parts(counts, separation):
    """Of an epoch without a step: reconstruction, divergence, prior of the topics and their separation."""
    rng = np.random.RandomState(0)
    b, delta = rng.normal(size=(V, K)), 2.0
    unigram = counts.sum(axis=0) + 1.0
    unigram /= unigram.sum()
    topic = TopicStart(FreeTopics(), {"b": b}, {"delta": delta})
    document = DocumentStart(
        LogisticNormalDocuments(learned=False), {"mu": np.zeros(K), "log_sigma": np.zeros(K)}, np.ones(K)
    )
    features = Features(np.ones(V, np.float32), rng.normal(size=(V, 3)).astype(np.float32))
    problem = Problem.begin(topic, document, Mixture(), (4,), unigram, features)
    trainer = VariationalTrainer(problem)
    corpus = Corpus(Rows(counts[1:]), features, D, np.random.RandomState(0))
    state = trainer.begin({"b": b}, np.ones(K), rng)
    strength = separation / (SEPARATION * counts.sum() / (D - 1))  # of the estimator's parameter
    _, (objective, reconstruction, kl) = trainer.run_pass(state, corpus, np.zeros(1), strength, rng)
    log_prior = -0.5 * ((b / delta) ** 2).sum()
    apart = np.log(K) * separation * (D - 1)  # at most
    assert kl > 0
    if separation:
        assert reconstruction + kl - log_prior - apart < objective < reconstruction + kl - log_prior
    else:
        assert_allclose(objective, reconstruction + kl - log_prior, rtol=1e-5)


def test_refinement_in_which_all_tokens_vote_never_lowers_the_posterior(counts, parameters):
    """It is EM then."""
    theta, beta_t = (np.asarray(p, float) for p in parameters)
    theta, X, prior = theta[:D], counts[1:], np.full((D - 1, K), 0.5)
    words = WordRows(beta_t[:V], np.zeros((V, K)), np.zeros(V))

    def log_posterior(tokens):
        theta = tokens / tokens.sum(1, keepdims=True)
        return (X.toarray() * np.log(theta @ beta_t[:V].T)).sum(1) + (prior * np.log(theta)).sum(1)

    values = [log_posterior(refine_numpy(theta[1:], prior, X, words, n)) for n in range(6)]
    assert (np.diff(values, axis=0) > -1e-9).all()


@pytest.mark.parametrize("batch_size", [1, 5, 16, 64])
def test_batches_hold_every_count_once(counts, batch_size):
    corpus = Corpus(Rows(counts), lambda X: X.sum(axis=1)[:, None], batch_size, np.random.RandomState(0))
    seen, features = np.zeros(V), 0.0
    for stack, batches in corpus.shards():
        np.add.at(seen, stack.words.ravel(), stack.counts.ravel())
        features += stack.features.sum()
        assert stack.weight.sum() == D and (stack.weight[len(batches) :] == 0).all()
    assert_array_equal(seen, counts.sum(axis=0))
    assert features == counts.sum()


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 70), min_size=1, max_size=50).filter(any),
    n_words=st.integers(1, 90),
    batch_size=st.integers(1, 60),
    seed=st.integers(0, 99),
)
def test_batches_of_any_corpus(lengths, n_words, batch_size, seed):
    """Every count is in them once by document and once by word, before the padding."""
    rng = np.random.RandomState(seed)
    X = np.zeros((len(lengths), n_words))
    for row, length in zip(X, lengths, strict=True):
        row[rng.choice(n_words, min(length, n_words), replace=False)] = rng.randint(1, 9, min(length, n_words))
    corpus = Corpus(Rows(sp.csr_array(X)), lambda X: np.zeros((X.shape[0], 1)), batch_size, rng)
    ((stack, batches),) = corpus.shards()
    for i, rows in enumerate(corpus._batches):
        batch = jax.tree.map(lambda leaf, i=i: leaf[i], stack)
        N, M = batch.n_chunks, batch.n_word_chunks
        by_document, by_word = (np.zeros((len(batch.weight), n_words)) for _ in range(2))
        real = batch.counts[:N] > 0
        owner = np.broadcast_to(batch.document[:N, None], real.shape)
        np.add.at(by_document, (owner[real], batch.words[:N][real]), batch.counts[:N][real])
        word = np.broadcast_to(batch.entry_word[:M, None], batch.entry[:M].shape)
        np.add.at(by_word, (batch.entry_document[:M], word), batch.counts.ravel()[batch.entry[:M]])
        assert_array_equal(by_document[: len(rows)], X[rows])
        assert_array_equal(by_word, by_document)
        assert not batch.counts[N:].any() and not batch.counts.ravel()[batch.entry[M:]].any()
        assert batch.weight.sum() == len(rows)
    assert not stack.weight[len(batches) :].any() and len(batches) == corpus.n_batches


@pytest.mark.parametrize(("size", "waste"), [(padded_size, 1.0), (padded_vocabulary, 0.6)])
def test_padded_sizes_cover_and_are_few(size, waste):
    n = np.unique(np.geomspace(MIN_WORDS, 200_000, 4000).astype(int))
    sizes = np.array([size(i) for i in n])
    assert (n <= sizes).all() and (np.diff(sizes) >= 0).all()
    assert (sizes[n <= LARGE] < (1 + waste) * n[n <= LARGE]).all()
    assert (sizes[n > LARGE] <= 1.25 * n[n > LARGE]).all()
    octaves = np.log2(LARGE / MIN_WORDS)
    assert len(np.unique(sizes[n <= LARGE])) <= 1 + octaves * (2 if size is padded_vocabulary else 1)


def test_programs_are_kept_as_long_as_they_are_used():
    """The least lately used is let go; what failed is built again; threads that ask meanwhile get the same."""
    built = []

    def build(key):
        built.append(key)
        if built == ["fails"]:
            raise MemoryError(key)
        return object()

    memory = programs._Memory(2)
    with pytest.raises(MemoryError):
        memory.get("fails", lambda: build("fails"))
    first = {key: memory.get(key, lambda key=key: build(key)) for key in ("fails", "b")}
    assert memory.get("fails", lambda: build("again")) is first["fails"]
    memory.get("c", lambda: build("c"))  # "b" was asked for less lately
    assert memory.get("fails", lambda: build("again")) is first["fails"]
    assert memory.get("b", lambda: build("b")) is not first["b"]
    assert built == ["fails", "fails", "b", "c", "b"]
    started = Barrier(4)
    with ThreadPoolExecutor(4) as threads:
        results = threads.map(lambda _: (started.wait() and None) or memory.get("d", lambda: build("d")), range(4))
        assert len(set(results)) == 1 and built.count("d") == 1


def test_concentrations_come_back_from_the_logistic_normal_that_matches_them():
    concentration = np.array([0.05, 0.3, 1.0, 4.0])
    assert_allclose(LogisticNormal.like(concentration).concentration, concentration)


def test_poisson_log_probability_is_that_of_every_cell(batch, parameters):
    """All words, those that do not occur included; the rates of a document add up to its length."""
    batch, X = batch
    theta, beta_t = parameters
    rates = X.sum(1, keepdims=True) * (theta @ beta_t[:V].T)
    assert_allclose(rates.sum(1), X.sum(1), rtol=1e-5)
    ours = log_likelihood(*parameters, batch) + poisson_terms(sp.csr_array(X))
    assert_allclose(ours, poisson.logpmf(X, rates).sum(1), rtol=1e-4, atol=1e-3)


def test_variational_topics_have_the_divergence_of_dirichlets():
    log_lambda = np.random.RandomState(0).normal(scale=2, size=(V, K)).astype(np.float32)
    padded = np.concatenate([log_lambda, np.full((3, K), -1e9, np.float32)])
    topics = Concentrations(jnp.float32(0.2), padded[:, :1] > -1e8, K)
    q, p = dist.Dirichlet(jnp.exp(log_lambda.T)), dist.Dirichlet(jnp.full(V, 0.2))
    assert_allclose(-topics.log_density(padded), dist.kl_divergence(q, p).sum(), rtol=1e-4)
    samples = np.log(np.random.RandomState(0).dirichlet(np.exp(log_lambda[:, 0].astype(float)), size=20_000) + 1e-300)
    error = samples.std(0) / np.sqrt(len(samples))
    assert (np.abs(topics.expected_log(padded)[:V, 0] - samples.mean(0)) < 5 * error + 1e-3).all()


@pytest.mark.parametrize("concentration", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("K", [2, 3, 50])
def test_prior_matches_the_dirichlet(K, concentration):
    """Laplace approximation: the inverse Hessian of the negative log density in the softmax basis, at its mode."""
    prior = LogisticNormal.like(np.full(K, concentration))
    assert_array_equal(prior.mean, np.zeros(K))
    hessian = concentration * K * (np.eye(K) / K - np.ones((K, K)) / K**2)
    assert_allclose(prior.scale**2, np.diag(np.linalg.pinv(hessian)), rtol=1e-6)


def test_prior_of_one_topic_has_a_positive_scale():
    assert LogisticNormal.like(np.full(1, 0.1)).scale > 0


def test_topics_and_separation_have_the_gradient_of_the_plain_formula():
    rng = np.random.RandomState(0)
    logits = jnp.asarray(rng.normal(scale=3, size=(V, K)), jnp.float32)
    weight = jnp.asarray(rng.dirichlet(np.ones(K)), jnp.float32)
    use = jnp.asarray(rng.normal(size=(V, K)), jnp.float32)

    def plain(logits):
        beta_t = jax.nn.softmax(logits, axis=0)
        return beta_t, (weight * beta_t * jnp.log(beta_t / (beta_t @ weight)[:, None])).sum()

    def total(pair):
        return (pair[0][:V] * use).sum() + 5.0 * pair[1]

    for ours, oracle in zip(topic_distributions(logits, weight), plain(logits), strict=True):
        assert_allclose(ours, oracle, rtol=1e-4, atol=1e-7)
    gradient = jax.jit(jax.grad(lambda x: total(topic_distributions(x, weight))))
    assert_allclose(gradient(logits), jax.jit(jax.grad(lambda x: total(plain(x))))(logits), rtol=1e-3, atol=1e-5)
    padded = gradient(jnp.concatenate([logits, jnp.full((3, K), -1e9)]))
    assert_allclose(padded[:V], gradient(logits), rtol=1e-5, atol=1e-7)
    assert_array_equal(padded[V:], 0)


def test_word_vectors_are_those_of_the_dense_formula():
    """Positive PMI by loops over documents and pairs, decomposed by a dense SVD."""
    X = np.random.RandomState(0).poisson(0.6, (40, 12)).astype(float)
    X = X[X.sum(1) > 0]
    pairs = np.zeros((12, 12))
    for row in X:
        words = np.flatnonzero(row)
        for v in words:
            for c in words:
                pairs[v, c] += (v != c) / max(len(words) - 1, 1)
    p = pairs / pairs.sum()
    with np.errstate(divide="ignore"):
        M = np.maximum(np.log(p / np.outer(p.sum(1), p.sum(0))), 0)
    U, s, _ = np.linalg.svd(M)
    expected = U[:, :4] * np.sqrt(s[:4])
    vectors = word_vectors(sp.csr_array(X), 4)
    assert_allclose(vectors @ vectors.T, expected @ expected.T, rtol=1e-3, atol=1e-4)  # whatever their signs


def test_word_vectors_of_words_that_are_never_together():
    assert_array_equal(word_vectors(sp.csr_array(np.eye(3)), 2), np.zeros((3, 2)))


def test_separation_takes_what_other_topics_use():
    counts = np.array([[8.0, 0.0, 4.0], [0.0, 8.0, 4.0], [0.0, 0.0, 8.0], [2.0, 2.0, 4.0]])  # the last topic is largest
    separated = separate(counts, 1.0, spares_largest=True)
    same = ((counts.sum(1) / counts.sum()) ** 2).sum()
    assert_allclose(separated[0, 0], 8 / (1 + (0 + 4 / 20) / 2 / same))
    assert_allclose(separated[3, 1], 2 / (1 + (2 / 10 + 4 / 20) / 2 / same))
    assert_array_equal(separated[:, 2], counts[:, 2])
    assert_array_equal(separate(counts, 0.0, spares_largest=False), counts)
    assert_allclose(separate(7 * counts, 1.0, spares_largest=True), 7 * separated)
    assert (separate(counts, 1.0, spares_largest=False)[:, 2] <= counts[:, 2]).all()


@pytest.mark.parametrize("Model", [LNTMTransformer, ETMTransformer])
def test_64_bit_mode_changes_nothing(Model):
    X = make_topics_corpus(60, 3, 40, random_state=0).data
    model = Model(3, max_iter=2, em_iter=1, encoder_features=8, hidden_layer_sizes=(8,), random_state=0)
    expected = model.fit(X).transform(X)
    with jax.enable_x64(True):
        assert_array_equal(model.fit(X).transform(X), expected)
        assert_array_equal(jnp.zeros(1).dtype, np.float64)
