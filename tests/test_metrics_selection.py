"""Scorers and the one-standard-error rule, in scikit-learn's searches."""

import math
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import SIZES, SMALL
from sklearn.base import clone
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer, ProdLDATransformer, metrics
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.metrics import make_topic_scorer, one_standard_error

OF_TOPICS = ["exclusivity", "inverted_rbo", "topic_diversity", "topic_exclusive_words"]
COHERENCE = ["npmi", "umass"]
OF_LABELS = ["cluster_nmi", "cluster_purity"]


@pytest.fixture(scope="module")
def corpus():
    return make_topics_corpus(n_samples=90, n_topics=3, n_features=40, doc_length=30, random_state=0)


@pytest.fixture(scope="module")
def labels(corpus):
    return corpus.doc_topic.argmax(axis=1)


@pytest.fixture(scope="module")
def texts(corpus):
    """The same documents as texts; words in the order of the columns, and columns that occur."""
    return [" ".join(f"w{v:02}" for v in np.repeat(np.arange(40), row)) for row in corpus.data.toarray().astype(int)]


@pytest.fixture(scope="module")
def lda(corpus):
    return LatentDirichletAllocation(3, random_state=0).fit(corpus.data)


@pytest.fixture(scope="module")
def pipeline(texts):
    return make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, random_state=0)).fit(texts)


def probabilities(model):
    return model.components_ / model.components_.sum(axis=1, keepdims=True)


# --- scorers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_TOPICS)
def test_scorers_of_topics_are_the_functions(lda, corpus, name):
    function = getattr(metrics, name)
    assert make_topic_scorer(name)(lda, corpus.data) == pytest.approx(function(probabilities(lda), n_words=10))
    value = make_topic_scorer(name, n_words=4)(lda, corpus.data)
    assert value == pytest.approx(function(probabilities(lda), n_words=4))
    assert value != make_topic_scorer(name)(lda, corpus.data)


@pytest.mark.parametrize("name", COHERENCE)
def test_scorers_of_coherence_refer_to_the_documents_scored(lda, corpus, name):
    function, fold = getattr(metrics, name), corpus.data[60:]
    assert make_topic_scorer(name, n_words=5)(lda, fold) == function(lda.components_, fold, n_words=5)
    assert function(lda.components_, fold, n_words=5) != function(lda.components_, corpus.data, n_words=5)


@pytest.mark.parametrize("name", OF_LABELS)
def test_scorers_of_clusters_take_labels(lda, corpus, labels, name):
    scorer = make_topic_scorer(name)
    assert scorer(lda, corpus.data, labels) == getattr(metrics, name)(labels, lda.transform(corpus.data))
    with pytest.raises(ValueError, match=f"'{name}' compares topics with labels: pass y"):
        scorer(lda, corpus.data)


def test_completion_is_the_log_of_perplexity(lda, corpus):
    perplexity = metrics.completion_perplexity(lda.transform, probabilities(lda), corpus.data)
    assert make_topic_scorer("completion")(lda, corpus.data) == pytest.approx(-math.log(perplexity))


def test_completion_of_weights_is_that_of_proportions(corpus):
    """`NMF` has weights, and zeros among them make a held-out word impossible."""
    nmf = NMF(3, init="nndsvda", max_iter=1000, random_state=0).fit(corpus.data)
    nmf.components_ = nmf.components_ + 0.01
    assert -math.log(40) < make_topic_scorer("completion")(nmf, corpus.data) < 0
    nmf.components_[:, 0] = 0
    assert make_topic_scorer("completion")(nmf, corpus.data) == -math.inf


def test_completion_of_another_decoder_is_the_score_of_the_model(corpus):
    """A product of experts is no mixture of its topics."""
    model = ProdLDATransformer(3, max_iter=2, random_state=0, **SIZES).fit(corpus.data)
    score = make_topic_scorer("completion")(model, corpus.data)
    assert score == model.score(corpus.data)
    mixture = metrics.completion_perplexity(model.transform, model.components_, corpus.data)
    assert score != pytest.approx(-math.log(mixture), rel=1e-4)


@pytest.mark.parametrize("name", ["completion", *OF_TOPICS, *COHERENCE, *OF_LABELS])
def test_columns_beside_the_words_are_no_words(corpus, labels, name):
    """Counts with names, and covariates among their columns, score as the words and covariates by themselves do."""
    year, words = np.arange(90.0)[:, None], [f"words__w{i}" for i in range(40)]
    both = pd.DataFrame(np.column_stack([year, corpus.data.toarray()]), columns=["numbers__year", *words])
    parameters = {**SMALL, "covariate_penalty": 1e9}  # such that the year has no effect where it is not known
    by_columns = LNTMTransformer(**parameters, covariate_columns=[0]).fit(both)
    by_keyword = LNTMTransformer(**parameters).fit(corpus.data, covariates=year)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score = make_topic_scorer(name)(by_columns, both, labels)
        warnings.filterwarnings("ignore", message=".*got no covariates")
        assert score == pytest.approx(make_topic_scorer(name)(by_keyword, corpus.data, labels), rel=1e-4)


@pytest.mark.parametrize("name", ["completion", *OF_TOPICS, *COHERENCE, *OF_LABELS])
def test_a_pipeline_of_texts_scores_as_its_model_does_counts(pipeline, texts, labels, name):
    scorer = make_topic_scorer(name)
    counts = pipeline[0].transform(texts)
    assert scorer(pipeline, texts, labels) == scorer(pipeline[-1], counts, labels)
    classifier = make_pipeline(*[step for _, step in pipeline.steps], LogisticRegression()).fit(texts, labels)
    assert scorer(classifier, texts, labels) == pytest.approx(scorer(pipeline, texts, labels))


@pytest.mark.parametrize("name", ["completion", *OF_TOPICS, *COHERENCE, *OF_LABELS])
def test_scorers_survive_pickling(lda, corpus, labels, name):
    scorer = make_topic_scorer(name)
    assert pickle.loads(pickle.dumps(scorer))(lda, corpus.data, labels) == scorer(lda, corpus.data, labels)


def test_a_search_by_several_scorers(texts, labels):
    """All in one search, refitted by the one that is named."""
    names = ["completion", *OF_TOPICS, *COHERENCE, *OF_LABELS]
    search = GridSearchCV(
        make_pipeline(CountVectorizer(), LatentDirichletAllocation(random_state=0)),
        {"latentdirichletallocation__n_components": [1, 3]},
        scoring={name: make_topic_scorer(name, **({} if name not in COHERENCE else {"n_words": 5})) for name in names},
        refit="completion",
        cv=KFold(2),
        error_score="raise",
    )
    search = clone(search).fit(texts, labels)
    assert search.best_params_ == {"latentdirichletallocation__n_components": 3}
    one = {name: search.cv_results_[f"mean_test_{name}"][0] for name in names}
    assert one["topic_diversity"] == one["inverted_rbo"] == one["exclusivity"] == 1
    assert one["cluster_nmi"] == 0
    assert search.score(texts) == make_topic_scorer("completion")(search, texts)


def test_cross_validation_gives_coherence_the_validation_fold(corpus):
    lda = LatentDirichletAllocation(3, random_state=0)
    scores = cross_val_score(lda, corpus.data, cv=KFold(2), scoring=make_topic_scorer("npmi"))
    first, second = corpus.data[:45], corpus.data[45:]
    assert list(scores) == [
        metrics.npmi(lda.fit(second).components_, first),
        metrics.npmi(lda.fit(first).components_, second),
    ]


def test_scorers_say_what_they_need(lda, corpus):
    with pytest.raises(ValueError, match=r"measure must be one of cluster_nmi, .*, npmi, .*; got 'perplexity'"):
        make_topic_scorer("perplexity")
    with pytest.raises(ValueError, match="'completion' does not look at top words: leave n_words out; got 5"):
        make_topic_scorer("completion", n_words=5)
    for n_words in (0, 2.5, "10"):
        with pytest.raises(ValueError, match=f"n_words must be an integer of at least 1; got {n_words!r}"):
            make_topic_scorer("npmi", n_words=n_words)
    with pytest.raises(ValueError, match=r"integer from 1 to 40, .*got 41"):
        make_topic_scorer("npmi", n_words=41)(lda, corpus.data)
    with pytest.raises(NotFittedError):
        make_topic_scorer("npmi")(LatentDirichletAllocation(), corpus.data)
    with pytest.raises(TypeError, match="topic model"):
        make_topic_scorer("npmi")(LogisticRegression().fit([[0], [1]], [0, 1]), corpus.data)


# --- one_standard_error -------------------------------------------------------------------------------------


def results(values, scores, name="score", param="num_topics"):
    """Results of a search as scikit-learn gives them, from scores of shape (n_candidates, n_splits)."""
    scores = np.asarray(scores, dtype=float)
    return {
        f"param_{param}": np.ma.masked_array(values, [value is None for value in values], dtype=object),
        **{f"split{i}_test_{name}": column for i, column in enumerate(scores.T)},
        f"mean_test_{name}": scores.mean(axis=1),
        f"std_test_{name}": scores.std(axis=1),
    }


# The best has scores 1 and 3: mean 2, standard deviation sqrt(2) by the divisor 1, standard error 1.
BEST = [1, 3]


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ([[0.9, 0.9], [1.5, 1.5], BEST], 1),
        ([[1.0, 1.0], [1.5, 1.5], BEST], 0),
        ([[0.9, 0.9], [0.9, 0.9], BEST], 2),
        ([[-9.2, 11], BEST, [1.9, 1.9]], 1),
        ([BEST, [0, 0], [0, 0]], 0),
        ([[0, 0], BEST, BEST], 1),
        ([[math.nan, 5], [math.nan, math.nan], BEST], 2),
        ([[math.nan, 5], [1.5, 1.5], BEST], 1),
        ([[-math.inf, 5], [1.5, 1.5], BEST], 1),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in subtract")
def test_one_standard_error_known_on_paper(scores, chosen):
    """The error is that of the best, ties go to the smaller, and failed fits are left out."""
    assert one_standard_error()(results([5, 10, 20], scores)) == chosen


def test_one_standard_error_does_not_look_at_the_order_of_candidates():
    scores = [[0.9, 0.9], [1.5, 1.5], BEST]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        values = [[5, 10, 20][i] for i in order]
        assert values[one_standard_error()(results(values, [scores[i] for i in order]))] == 10


def test_one_standard_error_takes_the_best_of_equally_simple_candidates():
    """As in a grid over another parameter, too."""
    scores = [[1.2, 1.2], [1.6, 1.6], [1.4, 1.4], BEST]
    assert one_standard_error()(results([10, 10, 10, 20], scores)) == 1


def test_one_standard_error_with_greater_is_simpler():
    values, scores = [0.1, 1.0, 10.0], [BEST, [1.5, 1.5], [0.5, 0.5]]
    assert one_standard_error("alpha", greater_is_simpler=True)(results(values, scores, param="alpha")) == 1
    assert one_standard_error("alpha")(results(values, scores, param="alpha")) == 0


@pytest.mark.parametrize("greater_is_simpler", [False, True])
def test_one_standard_error_counts_candidates_without_the_parameter_as_complex(greater_is_simpler):
    """Of another grid: chosen only when nothing else is as good."""
    rule = one_standard_error(greater_is_simpler=greater_is_simpler)
    assert rule(results([None, 10], [BEST, [1.5, 1.5]])) == 1
    assert rule(results([None, 10], [BEST, [0.5, 0.5]])) == 0
    assert rule(results([None, None], [[1.5, 1.5], BEST])) == 1


def test_one_standard_error_of_a_single_split_is_none():
    assert one_standard_error()(results([5, 10, 20], [[1], [2], [1.9]])) == 1


def test_one_standard_error_of_one_score_among_several():
    """And a parameter of a step."""
    name = "pipeline__lntmtransformer__num_topics"
    both = results([5, 10], [[0, 0], BEST], "umass", name) | results([5, 10], [BEST, [0, 0]], "npmi", name)
    assert one_standard_error(scoring="umass")(both) == 1
    assert one_standard_error(scoring="npmi")(both) == 0
    assert one_standard_error(name, scoring="umass")(both) == 1


def test_one_standard_error_says_what_it_needs():
    good = results([5, 10], [[0, 0], BEST])
    with pytest.raises(ValueError, match=r"no score 'npmi'; it has \['score'\]"):
        one_standard_error(scoring="npmi")(good)
    with pytest.raises(ValueError, match=r"'n_components' names none of \['num_topics'\]"):
        one_standard_error("n_components")(good)
    with pytest.raises(ValueError, match=r"'num_topics' names \['a__num_topics', 'b__num_topics'\] of"):
        one_standard_error()(results([1], [[1]], param="a__num_topics") | results([1], [[1]], param="b__num_topics"))
    with pytest.raises(ValueError, match=r"values of num_topics must be numbers; got \['few', 'many'\]"):
        one_standard_error()(results(["few", "many"], [[0, 0], BEST]))
    with pytest.raises(ValueError, match="No candidate has a finite mean_test_score"):
        one_standard_error()(results([5, 10], [[math.nan] * 2] * 2))


def test_one_standard_error_refits_a_search(corpus):
    """Three planted topics, and up to four times as many."""
    search = GridSearchCV(
        LatentDirichletAllocation(random_state=0),
        {"n_components": [1, 2, 3, 6]},
        scoring={name: make_topic_scorer(name) for name in ("completion", "npmi")},
        refit=one_standard_error("n_components", scoring="completion"),
        cv=4,
        error_score="raise",
    )
    search = pickle.loads(pickle.dumps(clone(search))).fit(corpus.data)
    scores = np.array([search.cv_results_[f"split{i}_test_completion"] for i in range(4)])
    best = scores.mean(axis=0).argmax()
    bound = scores[:, best].mean() - scores[:, best].std(ddof=1) / 2
    assert search.best_index_ == np.flatnonzero(scores.mean(axis=0) >= bound)[0]
    assert search.best_params_ == {"n_components": 3}
    assert search.transform(corpus.data).shape == (90, 3)
