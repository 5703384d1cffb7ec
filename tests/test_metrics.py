"""Measures of topic models: answers known on paper, and slow obvious formulas."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.metrics import normalized_mutual_info_score

from sklearn_etm.metrics import (
    cluster_nmi,
    cluster_purity,
    completion_log_likelihood,
    completion_perplexity,
    completion_split,
    npmi,
    top_word_columns,
    topic_diversity,
    topic_exclusive_words,
    umass,
)


def random_counts(n_samples=60, n_features=40, seed=0):
    """Return counts with empty rows, empty columns and words of very different frequency."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(3 * rng.random(n_features) ** 4, size=(n_samples, n_features))
    X[::7] = 0
    X[:, ::9] = 0
    return X


def random_rows(n_rows, n_columns, seed=0):
    """Return rows that sum to one."""
    return np.random.default_rng(seed).dirichlet(np.ones(n_columns), n_rows)


def ranking(*topics, n_features):
    """Return components that rank the given words first, in the given order."""
    components = np.zeros((len(topics), n_features))
    for row, words in zip(components, topics, strict=True):
        row[list(words)] = np.arange(len(words), 0, -1)
    return components


# --- completion_split ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "observed", "heldout"),
    [
        ([3, 0, 1, 2, 5, 1], [2, 0, 0, 1, 3, 0], [1, 0, 1, 1, 2, 1]),
        ([2, 4, 0], [1, 2, 0], [1, 2, 0]),
        ([0, 1, 0], [0, 1, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
        # A cell that is no integer is halved and does not take a turn in the alternation of odd cells.
        ([1, 1.5, 1], [1, 0.75, 0], [0, 0.75, 1]),
    ],
)
def test_split_of_a_row_known_on_paper(row, observed, heldout):
    """Halves of a row, whatever rows stand before it."""
    for X in ([row], [[1] + [0] * (len(row) - 1), row]):
        halves = completion_split(X)
        assert_array_equal(halves[0].toarray()[-1], observed)
        assert_array_equal(halves[1].toarray()[-1], heldout)


def test_split_balances_documents_and_sums_to_the_counts():
    """Every document's halves differ by one token at most, and nothing is lost."""
    X = random_counts()
    observed, heldout = completion_split(X)
    assert_array_equal((observed + heldout).toarray(), X)
    surplus = observed.toarray().sum(axis=1) - heldout.toarray().sum(axis=1)
    assert_array_equal(surplus, X.sum(axis=1) % 2)


def test_split_of_a_row_does_not_depend_on_other_rows():
    """Shuffling rows shuffles the halves."""
    X = random_counts()
    order = np.random.default_rng(1).permutation(len(X))
    for whole, shuffled in zip(completion_split(X), completion_split(X[order]), strict=True):
        assert_array_equal(whole.toarray()[order], shuffled.toarray())


def test_split_sums_exactly_for_any_float():
    """Also where halving rounds, as at the smallest positive number."""
    X = np.array([[5e-324, 0.1, 1e300, 2.0**60, 7.0, 1e-3]])
    observed, heldout = completion_split(X)
    assert_array_equal((observed + heldout).toarray(), X)


@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix, sp.csc_matrix, sp.csr_array, sp.coo_array])
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.int64, np.float64), (np.uint8, np.float64), (np.float32, np.float32), (np.float64, np.float64)],
)
def test_split_formats_and_dtypes(make, dtype, expected):
    """Every container gives the same halves, canonical CSR of the documented dtype."""
    X = random_counts().astype(dtype)
    for half, reference in zip(completion_split(make(X)), completion_split(random_counts()), strict=True):
        assert half.format == "csr"
        assert half.dtype == expected
        assert isinstance(half, sp.sparray) == (make in (sp.csr_array, sp.coo_array))
        assert_array_equal(half.toarray(), reference.toarray())
        assert half.nnz == np.count_nonzero(half.toarray())


def test_split_of_read_only_counts_out_of_order_with_duplicates_and_zeros():
    """The result is canonical; the argument keeps its cells."""
    X = sp.csr_matrix(
        (np.array([1.0, 2.0, 2.0, 0.0, 1.0]), np.array([3, 0, 3, 1, 2]), np.array([0, 4, 5])), shape=(2, 4)
    )
    before = [array.copy() for array in (X.data, X.indices, X.indptr)]
    for array in (X.data, X.indices, X.indptr):
        array.flags.writeable = False
    observed, heldout = completion_split(X)
    for array, copy in zip((X.data, X.indices, X.indptr), before, strict=True):
        assert_array_equal(array, copy)
    assert_array_equal(observed.toarray(), [[1, 0, 0, 2], [0, 0, 1, 0]])
    assert_array_equal(heldout.toarray(), [[1, 0, 0, 1], [0, 0, 0, 0]])
    assert_array_equal(observed.indices, [0, 3, 2])
    assert_array_equal(heldout.indices, [0, 3])


# --- completion_log_likelihood ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
def test_log_likelihood_known_on_paper():
    """Word probabilities 1/4, 1/2, 1/4 and 1/2, 1/2, 0, the last without a warning."""
    components = [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
    doc_topic = [[0.5, 0.5], [0.5, 0.5], [1, 0], [1, 0]]
    X = [[2, 1, 0], [0, 0, 0], [1, 2, 0], [5, 0, 1]]
    expected = [-5 * math.log(2), 0, -3 * math.log(2), -math.inf]
    assert_allclose(completion_log_likelihood(doc_topic, components, X), expected)


def test_log_likelihood_ignores_explicit_zeros_at_probability_zero():
    """A stored zero is no token: 0, neither NaN nor -inf."""
    X = sp.csr_matrix((np.array([0.0, 1.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    assert completion_log_likelihood([[1.0]], [[1.0, 0.0]], X) == [0.0]


def test_log_likelihood_equals_the_dense_formula_over_many_blocks():
    """Non-zeros of several blocks, whose borders cut through documents."""
    rng = np.random.default_rng(0)
    X = rng.poisson(0.5, size=(400, 300))
    theta, beta = random_rows(400, 60, seed=1), random_rows(60, 300, seed=2)
    assert np.count_nonzero(X) * 60 > 2 * 2**20
    expected = (X * np.log(theta @ beta)).sum(axis=1)
    assert_allclose(completion_log_likelihood(theta, beta, sp.csr_matrix(X)), expected, rtol=1e-12)


def test_log_likelihood_memory_does_not_grow_with_tokens_times_topics():
    """160 MB if every non-zero had its topics gathered at once."""
    rng = np.random.default_rng(0)
    X = sp.random(2000, 1000, density=0.1, format="csr", random_state=rng)
    theta, beta = random_rows(2000, 100), random_rows(100, 1000)
    tracemalloc.start()
    completion_log_likelihood(theta, beta, X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6


# --- completion_perplexity ----------------------------------------------------------------------------------


def test_perplexity_of_uniform_topics_is_the_number_of_words():
    """Whatever the topic proportions are."""
    components = np.full((3, 40), 1 / 40)
    perplexity = completion_perplexity(lambda X: random_rows(X.shape[0], 3), components, random_counts())
    assert perplexity == pytest.approx(40)


def test_perplexity_known_on_paper_weighs_tokens():
    """One held-out token of probability 1/2 and three of 1/4: the seventh power of the fourth root of 2."""
    perplexity = completion_perplexity(lambda X: np.ones((X.shape[0], 1)), [[0.5, 0.25, 0.25]], [[2, 0, 0], [0, 2, 4]])
    assert perplexity == pytest.approx(2 ** (7 / 4))


def test_perplexity_infers_from_the_observed_half_of_documents_with_two_halves():
    """The callable sees neither held-out tokens nor documents without any."""
    X = [[0, 0, 0], [3, 0, 1], [1, 0, 0], [2, 2, 0]]
    seen = []

    def transform(counts):
        seen.append(counts.toarray())
        return np.ones((counts.shape[0], 1))

    completion_perplexity(transform, [[0.5, 0.25, 0.25]], X)
    assert len(seen) == 1
    assert_array_equal(seen[0], [[2, 0, 0], [1, 1, 0]])


def test_perplexity_is_infinite_at_probability_zero():
    """A held-out word that no topic can produce."""
    assert completion_perplexity(lambda X: np.ones((1, 1)), [[1.0, 0.0]], [[2, 2]]) == math.inf


def test_perplexity_judges_a_scikit_learn_model():
    """Two planted topics are found, and predict better than one."""
    rng = np.random.default_rng(0)
    words = np.repeat(np.eye(2), 10, axis=1) / 10
    X = np.array([rng.multinomial(40, words[d % 2]) for d in range(60)])
    perplexity = {}
    for k in (1, 2):
        lda = LatentDirichletAllocation(k, random_state=0, max_iter=20).fit(X)
        components = lda.components_ / lda.components_.sum(axis=1, keepdims=True)
        perplexity[k] = completion_perplexity(lda.transform, components, X)
    assert perplexity[1] == pytest.approx(20, rel=0.02)
    assert perplexity[2] == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("X", [[[1, 0], [0, 1]], [[0, 0]], sp.csr_matrix((3, 2))])
def test_perplexity_needs_a_document_of_two_tokens(X):
    """Nothing to observe or nothing to hold out."""
    with pytest.raises(ValueError, match="two tokens"):
        completion_perplexity(lambda counts: np.ones((counts.shape[0], 1)), [[0.5, 0.5]], X)


def test_perplexity_leaves_out_documents_without_a_weight():
    seen = []

    def transform(counts):
        seen.append(counts.shape[0])
        return np.ones((counts.shape[0], 1))

    X, components = [[2, 0, 0], [0, 2, 2], [1, 0, 0]], [[0.5, 0.25, 0.25]]
    assert completion_perplexity(transform, components, X, sample_weight=[1, 0, 1]) == pytest.approx(2)
    assert seen == [1]
    with pytest.raises(ValueError, match="tokens in both halves, and a weight"):
        completion_perplexity(transform, components, X, sample_weight=[0, 0, 1])


# --- npmi and umass -----------------------------------------------------------------------------------------

# Words 0 and 1 occur together, 2 in the other documents, 3 in half of either, 4 and 5 everywhere, 6 nowhere.
PAIRS = np.array([[1, 2, 0, 3, 1, 1, 0], [4, 1, 0, 0, 1, 2, 0], [0, 0, 1, 1, 1, 1, 0], [0, 0, 1, 0, 1, 1, 0]])


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ((0, 1), 1.0),
        ((0, 2), -1.0),
        ((0, 3), 0.0),
        ((0, 4), 0.0),
        ((4, 5), 1.0),
        ((0, 6), -1.0),
        ((6, 4), -1.0),
    ],
)
def test_npmi_of_pairs_known_on_paper(pair, expected):
    """Only together, never, independent, and the pairs for which the formula is undefined."""
    value = npmi(ranking(pair, n_features=7), PAIRS, n_words=2)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ((0, 1), math.log(3 / 2)),
        ((0, 2), math.log(1 / 2)),
        ((4, 0), math.log(3 / 4)),
        ((0, 4), math.log(3 / 2)),
        ((0, 6), math.log(1 / 2)),
        ((6, 0), 0.0),
    ],
)
def test_umass_of_pairs_known_on_paper(pair, expected):
    """The higher-ranked word is the condition; one that is nowhere gives 0."""
    value = umass(ranking(pair, n_features=7), PAIRS, n_words=2)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, abs=1e-12)


def obvious_npmi(words, documents):
    """NPMI of a list of words by its definition, over documents as sets of words."""
    scores = []
    for a, b in itertools.combinations(words, 2):
        p_a, p_b, p_ab = (sum(need <= d for d in documents) / len(documents) for need in ({a}, {b}, {a, b}))
        scores.append(-1 if p_ab == 0 else 1 if p_ab == 1 else math.log(p_ab / p_a / p_b) / -math.log(p_ab))
    return sum(scores) / len(scores)


def obvious_umass(words, documents):
    """UMass of a list of words, the likeliest first, by its definition."""
    scores = []
    for above, below in itertools.combinations(words, 2):
        n_above = sum(above in d for d in documents)
        n_both = sum(above in d and below in d for d in documents)
        scores.append(math.log((n_both + 1) / n_above) if n_above else 0)
    return sum(scores) / len(scores)


@pytest.mark.parametrize(("measure", "obvious"), [(npmi, obvious_npmi), (umass, obvious_umass)])
@pytest.mark.parametrize("n_words", [2, 10])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix, sp.csc_array])
def test_coherence_equals_the_obvious_formula(measure, obvious, n_words, make):
    """On random topics, with words that occur nowhere among the top ones."""
    X, components = random_counts(), random_rows(8, 40)
    documents = [set(np.flatnonzero(row)) for row in X]
    topics = [sorted(range(40), key=lambda v, row=row: -row[v])[:n_words] for row in components]
    expected = [obvious(words, documents) for words in topics]
    assert_allclose(measure(components, make(X), n_words=n_words, per_topic=True), expected, rtol=1e-12)
    assert measure(components, make(X), n_words=n_words) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("measure", [npmi, umass])
def test_coherence_counts_documents_rather_than_tokens(measure):
    """Repeated tokens, stored zeros and cells stored twice change nothing."""
    X, components = random_counts(), random_rows(4, 40)
    expected = measure(components, X > 0)
    assert measure(components, 7 * X) == expected
    twice = sp.csr_matrix(X).tocoo()
    rows, columns = np.concatenate([np.c_[twice.row, twice.col].T] * 2 + [[[0], [0]]], axis=1)
    untidy = sp.coo_array((np.concatenate([twice.data, twice.data, [0]]), (rows, columns)), shape=X.shape)
    assert measure(components, untidy) == expected


@pytest.mark.parametrize("measure", [npmi, umass])
def test_coherence_of_words_ranked_by_log_scores(measure):
    """Scores below zero and -inf only rank."""
    X = random_counts()
    components = random_rows(4, 40)
    components[:, ::3] = 0
    with np.errstate(divide="ignore"):
        log_scores = np.log(components)
    assert measure(log_scores, X) == measure(components, X)


@pytest.mark.parametrize("measure", [npmi, umass])
def test_coherence_takes_ten_words_by_default(measure):
    """Neither nine nor eleven."""
    X, components = random_counts(), random_rows(4, 40)
    values = [measure(components, X, n_words=n_words) for n_words in (9, 10, 11)]
    assert [value == measure(components, X) for value in values] == [False, True, False]


@pytest.mark.parametrize("measure", [npmi, umass])
def test_coherence_needs_pairs(measure):
    """One word has no pair."""
    with pytest.raises(ValueError, match=r"n_words must be at least 2.*got 1"):
        measure(random_rows(2, 40), random_counts(), n_words=1)


# --- diversity ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topics", "diversity", "exclusive"),
    [
        ([(0, 1), (2, 3), (4, 5)], 1, 1),
        ([(0, 1), (1, 0), (0, 1)], 1 / 3, 0),
        ([(0, 1), (1, 2), (3, 4)], 5 / 6, 4 / 6),
        ([(0, 1), (0, 2), (0, 3)], 4 / 6, 3 / 6),
    ],
)
def test_diversity_known_on_paper(topics, diversity, exclusive):
    """Three topics of two words each."""
    components = ranking(*topics, n_features=6)
    assert topic_diversity(components, n_words=2) == pytest.approx(diversity)
    assert topic_exclusive_words(components, n_words=2) == pytest.approx(exclusive)


@pytest.mark.parametrize(
    ("measure", "n_words", "expected"), [(topic_diversity, 25, 49 / 50), (topic_exclusive_words, 10, 18 / 20)]
)
def test_words_of_diversity_by_default(measure, n_words, expected):
    """Two topics that share the last word of the default number, and the next."""
    components = ranking(range(n_words + 1), [*range(30, 29 + n_words), n_words - 1, n_words], n_features=60)
    assert measure(components) == expected
    assert measure(components, n_words=n_words - 1) == 1


# --- top_word_columns ---------------------------------------------------------------------------------------


def test_top_word_columns_in_order_with_ties_to_the_lower():
    """Also among many equal values, where an unstable sort would shuffle."""
    assert_array_equal(top_word_columns([[1, 3, 2, 3], [-math.inf, -2, -1, -2]], n_words=3), [[1, 3, 2], [2, 1, 3]])
    ties = np.tile([0.0, 1.0], 500)
    assert_array_equal(top_word_columns([ties], n_words=500), [np.arange(1, 1000, 2)])


def test_top_word_columns_of_unsigned_integers():
    """Counts of words per topic, which have no negatives to sort by."""
    words = top_word_columns(np.array([[0, 5, 200]], dtype=np.uint8), n_words=3)
    assert_array_equal(words, [[2, 1, 0]])
    assert np.issubdtype(words.dtype, np.integer)


@pytest.mark.parametrize("n", [0, -1, 6, 2.0, "2", None])
def test_top_word_columns_needs_a_number_of_words_there_are(n):
    """The message names the value and the largest possible one."""
    with pytest.raises(ValueError, match=rf"integer from 1 to 5.*got {n!r}"):
        top_word_columns(random_rows(2, 5), n_words=n)


# --- clusters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [np.array(["x", "o", "d"]), np.array([7, -1, 3])])
def test_clusters_of_the_textbook(names):
    """Manning et al., figure 16.4: purity 12/17, and a normalised mutual information of 0.36."""
    labels = names[[0] * 5 + [1] + [0] + [1] * 4 + [2] + [0] * 2 + [2] * 3]
    topics = np.repeat([0, 1, 2], [6, 6, 5])
    doc_topic = np.full((17, 4), 0.2)
    doc_topic[np.arange(17), topics] = 0.4
    assert cluster_purity(labels, doc_topic) == pytest.approx(12 / 17)
    assert cluster_nmi(labels, doc_topic) == pytest.approx(0.36, abs=0.005)
    assert cluster_nmi(labels, doc_topic) == normalized_mutual_info_score(labels, topics)


@pytest.mark.parametrize(
    ("labels", "doc_topic", "purity", "nmi"),
    [
        ([0, 0, 1, 1], [[1, 0], [1, 0], [0, 1], [0, 1]], 1, 1),
        ([0, 0, 1, 1], [[1, 0], [0, 1], [1, 0], [0, 1]], 0.5, 0),
        ([0, 0, 0, 1], [[0.5, 0.5]] * 4, 0.75, 0),
        ([0, 0], [[1, 0], [1, 0]], 1, 1),
        (["a", "b"], [[5, 1], [1, 3]], 1, 1),
    ],
)
def test_clusters_known_on_paper(labels, doc_topic, purity, nmi):
    """Same partition, independent, a single topic, a single label, rows that do not sum to one."""
    assert cluster_purity(labels, doc_topic) == pytest.approx(purity)
    assert cluster_nmi(labels, doc_topic) == pytest.approx(nmi, abs=1e-12)


@pytest.mark.parametrize("measure", [cluster_purity, cluster_nmi])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"one label for each of the 3 rows.*\(2,\)"),
        ([[0], [1], [0]], r"one label for each of the 3 rows.*\(3, 1\)"),
        ([0, math.nan, 1], "labels contains NaN"),
    ],
)
def test_clusters_need_a_label_for_every_document(measure, labels, message):
    """Too few, a column, and missing ones."""
    with pytest.raises(ValueError, match=message):
        measure(labels, np.eye(3))


# --- validation, and sparsity throughout --------------------------------------------------------------------

BETA = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
THETA = np.array([[0.5, 0.5], [1.0, 0.0]])
COUNTS = np.array([[2, 1, 0], [0, 2, 2]])


def log_likelihood_of(doc_topic=THETA, components=BETA, X_heldout=COUNTS):
    """Call with a valid default for all arguments."""
    return completion_log_likelihood(doc_topic, components, X_heldout)


def perplexity_of(doc_topic=THETA, components=BETA, X=COUNTS):
    """Call with a valid default for all arguments."""
    return completion_perplexity(lambda counts: doc_topic, components, X)


@pytest.mark.parametrize("call", [log_likelihood_of, perplexity_of])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"components": BETA * 2}, r"rows of components must sum to one; row 0 sums to 2.*[Dd]ivide"),
        ({"components": BETA * [[1], [0.99]]}, r"rows of components .* row 1 sums to 0.99"),
        ({"components": BETA - [1, -1, 0]}, r"components .* not be negative; got -1"),
        ({"components": BETA[0]}, r"components must be two-dimensional; got shape \(3,\)"),
        ({"components": BETA * math.nan}, "components contains NaN"),
        ({"components": BETA[:, 1:] * [[2, 0], [1, 1]]}, "has 3 columns and components has 2"),
        ({"doc_topic": THETA * 3}, r"rows of (doc_topic|transform\(X\)) must sum to one; row 0 sums to 3"),
        ({"doc_topic": -THETA}, r"(doc_topic|transform\(X\)) .* not be negative; got -1"),
        ({"doc_topic": THETA[:1]}, r"(doc_topic|transform\(X\)) must have shape .*\(2, 2\); got \(1, 2\)"),
        ({"doc_topic": np.ones((2, 1))}, r"(doc_topic|transform\(X\)) must have .*\(2, 2\); got \(2, 1\)"),
        ({"doc_topic": THETA + math.inf}, r"(doc_topic|transform\(X\)) contains"),
    ],
)
def test_completion_refuses_what_are_no_distributions(call, arguments, message):
    """Messages name the argument, what came, and what to do."""
    with pytest.raises(ValueError, match=message):
        call(**arguments)


@pytest.mark.parametrize(
    "call",
    [
        completion_split,
        lambda X: log_likelihood_of(X_heldout=X),
        lambda X: perplexity_of(X=X),
        lambda X: npmi(BETA, X, n_words=2),
        lambda X: umass(BETA, X, n_words=2),
    ],
)
@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([[1.0, -2.0, 0.0], [1.0, 1.0, 0.0]], "must not be negative; got -2.*alternate_sign=False, norm=None"),
        ([[1.0, math.nan, 0.0], [1.0, 1.0, 0.0]], "contains NaN"),
        ([[1.0, math.inf, 0.0], [1.0, 1.0, 0.0]], "contains infinity"),
    ],
)
def test_counts_must_be_counts(call, make, cells, message):
    """Negative, missing and infinite cells, dense and sparse."""
    with pytest.raises(ValueError, match=f"X.*{message}"):
        call(make(cells))


@pytest.mark.parametrize("call", [completion_split, lambda X: npmi(BETA, X, n_words=2)])
@pytest.mark.parametrize("X", [[1, 2, 3], sp.coo_array([1, 2, 3]), 3])
def test_counts_must_be_two_dimensional(call, X):
    """A row alone, dense and sparse, and a number."""
    with pytest.raises(ValueError, match="X must be two-dimensional; got shape"):
        call(X)


@pytest.mark.parametrize("measure", [npmi, umass])
def test_coherence_needs_the_columns_of_the_topics(measure):
    """Counts of another vocabulary."""
    with pytest.raises(ValueError, match="X has 2 columns and components has 3"):
        measure(BETA, COUNTS[:, :2], n_words=2)


@pytest.mark.parametrize("measure", [top_word_columns, topic_diversity, topic_exclusive_words])
@pytest.mark.parametrize(
    ("components", "message"),
    [
        (np.full((1, 30), math.nan), "components contains NaN"),
        (np.ones(30), r"components must be two-dimensional; got shape \(30,\)"),
    ],
)
def test_ranking_needs_scores(measure, components, message):
    """NaN has no rank, and a row alone is no topics."""
    with pytest.raises(ValueError, match=message):
        measure(components)


def test_row_sums_of_single_precision_are_accepted():
    """Models compute in float32, whose rows sum to one only nearly."""
    beta, theta = random_rows(5, 20_000).astype(np.float32), random_rows(3, 5).astype(np.float32)
    X = sp.random(3, 20_000, density=0.01, format="csr", random_state=np.random.default_rng(0))
    assert np.abs(beta.sum(axis=1, dtype=np.float64) - 1).max() > 0
    assert np.isfinite(completion_log_likelihood(theta, beta, X)).all()


def test_counts_are_never_densified():
    """A matrix whose cells would fill 160 GB."""
    rng = np.random.default_rng(0)
    shape = (200_000, 100_000)
    rows, columns = rng.integers(shape[0], size=50_000), rng.integers(shape[1], size=50_000)
    X = sp.csr_array((np.full(50_000, 2.0), (rows, columns)), shape=shape)
    components = np.full((2, shape[1]), 1 / shape[1])
    doc_topic = np.full((shape[0], 2), 0.5)

    observed, heldout = completion_split(X)
    assert observed.sum() == heldout.sum() == 50_000
    assert completion_log_likelihood(doc_topic, components, X).sum() == pytest.approx(-1e5 * math.log(1e5))
    perplexity = completion_perplexity(lambda counts: doc_topic[: counts.shape[0]], components, X)
    assert perplexity == pytest.approx(1e5)
    assert -1 <= npmi(components, X) <= 1
    assert np.isfinite(umass(components, X))
