"""The topic model and the words of its columns, in whatever pipelines and searches hold them."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF, PCA, LatentDirichletAllocation, MiniBatchNMF, TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, chi2
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from sklearn_etm import ETMTransformer, NamedVectorizer
from sklearn_etm.inspection import (
    align_topics,
    compare_models,
    components_over,
    document_table,
    pyldavis_data,
    report,
    top_words,
    topic_labels,
    topic_similarity,
    topic_stability,
    topic_table,
    topics_over,
    word_scores,
    word_table,
)
from sklearn_etm.metrics import make_topic_scorer
from sklearn_etm.plotting import DocumentMapDisplay, TopicMapDisplay, TopicShareDisplay, TopicWordsDisplay

SKY, SPORT = ["comet", "moon", "orbit", "planet", "star"], ["goal", "league", "match", "referee", "team"]
TEXTS = [" ".join(np.random.default_rng(i).choice([SKY, SPORT][i % 2], 15)).upper() for i in range(40)]
LABELS = np.arange(40) % 2
FRAME = pd.DataFrame({"title": [" ".join(text.split()[:9]) for text in TEXTS], "body": TEXTS, "year": 2000 + LABELS})


def clean(texts):
    return [text.lower() for text in texts]


def dense(X):
    return X.toarray()


class Cleaner(TransformerMixin, BaseEstimator):
    """Of one's own, without names of columns, and with nothing that is fitted."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return clean(X)


class Oversampler(BaseEstimator):
    """A sampler as imbalanced-learn has them, which acts in a fit alone."""

    def fit_resample(self, X, y):
        return X, y


def lda(**kwargs):
    return LatentDirichletAllocation(**{"n_components": 2, "max_iter": 5, "random_state": 0} | kwargs)


def search(model, **grid):
    return GridSearchCV(model, grid, cv=2)


def raw():
    """A vectorizer that needs texts to be clean."""
    return CountVectorizer(lowercase=False)


def assert_knows(model, names):
    """The topics are those of the words, of the documents, and of no other columns."""
    assert set(top_words(model, n_words=len(names)).ravel()) == set(names)
    for themes in top_words(model, n_words=3).tolist():
        assert len({name.split("__")[-1] in SKY for name in themes}) == 1


# --- words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([FunctionTransformer(clean), raw()], id="function"),
        pytest.param([Cleaner(), raw()], id="own class"),
        pytest.param([FunctionTransformer(clean, feature_names_out="one-to-one"), raw()], id="names of texts"),
        pytest.param([Cleaner(), FunctionTransformer(clean), raw()], id="two"),
        pytest.param([make_pipeline(Cleaner(), raw())], id="nested"),
        pytest.param([Cleaner(), make_pipeline(Cleaner(), make_pipeline(raw())), "passthrough"], id="nested twice"),
        pytest.param([None, Cleaner(), "passthrough", raw(), None], id="steps that do nothing"),
        pytest.param([NamedVectorizer(make_pipeline(FunctionTransformer(clean), raw()))], id="inside NamedVectorizer"),
        pytest.param([Cleaner(), NamedVectorizer(raw())], id="before NamedVectorizer"),
        pytest.param([FrozenEstimator(make_pipeline(Cleaner(), raw()).fit(TEXTS))], id="frozen"),
        pytest.param([Cleaner(), raw(), VarianceThreshold(), Normalizer()], id="features of the counts"),
    ],
)
def test_words_are_known_from_the_vectorizer_on(steps):
    """Whatever cleans texts before it has no columns to name."""
    steps = [(str(i), step) for i, step in enumerate([*steps, lda(), LogisticRegression()])]
    assert_knows(Pipeline(steps).fit(TEXTS, LABELS), SKY + SPORT)


def test_words_go_through_a_selection_of_features():
    pipeline = make_pipeline(Cleaner(), raw(), SelectKBest(chi2, k=4), lda()).fit(TEXTS, LABELS)
    selected = pipeline[1].get_feature_names_out()[pipeline[2].get_support()]
    assert_array_equal(np.sort(np.unique(top_words(pipeline, n_words=4))), np.sort(selected))


@pytest.mark.parametrize("verbose", [True, False])
def test_words_of_several_columns(verbose):
    columns = ColumnTransformer(
        [
            ("title", make_pipeline(FunctionTransformer(clean), raw()), "title"),
            ("both", FeatureUnion([("body", make_pipeline(Cleaner(), raw())), ("none", "drop")]), "body"),
        ],
        verbose_feature_names_out=verbose,
    )
    if not verbose:
        columns.set_params(title="drop")
    names = [f"body__{word}" for word in SKY + SPORT]
    if verbose:
        names = [*(f"title__{word}" for word in SKY + SPORT), *(f"both__{name}" for name in names)]
    assert_knows(make_pipeline(columns, lda()).fit(FRAME), names)
    assert_knows(make_pipeline(NamedVectorizer(columns), lda()).fit(FRAME), names)


@pytest.mark.parametrize("step", [FunctionTransformer(dense, accept_sparse=True), HashingVectorizer(n_features=10)])
def test_columns_are_numbered_after_a_step_that_does_not_tell_names(step):
    """Words in the places of other words would be worse."""
    first = [] if isinstance(step, HashingVectorizer) else [CountVectorizer()]
    step = step.set_params(alternate_sign=False) if not first else step
    pipeline = make_pipeline(*first, step, lda()).fit(TEXTS)
    assert set(top_words(pipeline, n_words=10).ravel()) == {f"x{i}" for i in range(10)}
    assert np.isfinite(make_topic_scorer("npmi", n_words=3)(pipeline, TEXTS))
    assert set(top_words(pipeline, n_words=10, feature_names=SKY + SPORT).ravel()) == set(SKY + SPORT)


def test_a_step_can_tell_that_it_keeps_the_columns():
    step = FunctionTransformer(dense, accept_sparse=True, feature_names_out="one-to-one")
    assert_knows(make_pipeline(Cleaner(), raw(), step, lda()).fit(TEXTS), SKY + SPORT)


def test_a_model_knows_the_names_that_it_was_fitted_with():
    """Of counts in a data frame that go through a step without names."""
    counts = pd.DataFrame(CountVectorizer().fit_transform(TEXTS).toarray(), columns=sorted(SKY + SPORT))
    assert_knows(make_pipeline(FunctionTransformer(np.sqrt), lda()).fit(counts), SKY + SPORT)


@pytest.mark.parametrize(
    "vectorizer",
    [HashingVectorizer(), Cleaner(), make_pipeline(CountVectorizer(), FunctionTransformer(dense, accept_sparse=True))],
)
def test_vectorizer_without_words_cannot_be_named(vectorizer):
    with pytest.raises(TypeError, match="has no get_feature_names_out"):
        NamedVectorizer(vectorizer).fit(TEXTS)


def test_scorers_search_over_pipelines_that_clean():
    pipeline = make_pipeline(FunctionTransformer(clean), raw(), lda())
    scoring = {name: make_topic_scorer(name, n_words=3) for name in ("npmi", "topic_diversity")}
    scoring["completion"] = make_topic_scorer("completion")
    found = GridSearchCV(
        pipeline, {"latentdirichletallocation__n_components": [1, 2]}, scoring=scoring, refit="npmi", cv=2
    )
    found.set_params(error_score="raise").fit(TEXTS)
    assert found.best_params_ == {"latentdirichletallocation__n_components": 2}
    assert found.cv_results_["mean_test_topic_diversity"].tolist() == [1, 1]


# --- the model ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(make_pipeline(CountVectorizer(), search(lda(), n_components=[2])), id="search in a pipeline"),
        pytest.param(
            search(make_pipeline(CountVectorizer(), search(lda(), max_iter=[5])), countvectorizer__min_df=[1]),
            id="search in a search",
        ),
        pytest.param(
            make_pipeline(Cleaner(), search(make_pipeline(raw(), lda()), countvectorizer__min_df=[1])),
            id="search over a pipeline in a pipeline",
        ),
        pytest.param(make_pipeline(make_pipeline(CountVectorizer(), lda()), LogisticRegression()), id="pipelines"),
        pytest.param(make_pipeline(CountVectorizer(), lda(), PCA(2), LogisticRegression()), id="PCA"),
        pytest.param(make_pipeline(CountVectorizer(), lda(), StandardScaler(), TruncatedSVD(1)), id="scaler and SVD"),
        pytest.param(make_pipeline(CountVectorizer(), lda(), NMF(1, tol=0.1), KMeans(2)), id="NMF of topics"),
        pytest.param(
            make_pipeline(CountVectorizer(), MiniBatchNMF(2, random_state=0), LatentDirichletAllocation(3)),
            id="LDA of topics",
        ),
        pytest.param(
            make_pipeline(FrozenEstimator(make_pipeline(CountVectorizer(), lda()).fit(TEXTS)), LogisticRegression()),
            id="frozen pipeline",
        ),
        pytest.param(FrozenEstimator(make_pipeline(CountVectorizer(), lda()).fit(TEXTS)), id="frozen"),
    ],
)
def test_the_topic_model_is_found(model):
    """It is the first step whose components are not negative, and what comes before it makes the counts."""
    model.fit(TEXTS, LABELS)
    assert_knows(model, SKY + SPORT)
    table = document_table(model, TEXTS)
    assert table["length"].tolist() == [15] * 40
    assert len(set(table["topic"][::2])) == len(set(table["topic"][1::2])) == 1
    assert len(topic_table(model, TEXTS)) == 2
    assert make_topic_scorer("cluster_purity")(model, TEXTS, LABELS) == 1


def test_samplers_before_the_model_are_left_out():
    pipeline = make_pipeline(CountVectorizer(), "passthrough", lda()).fit(TEXTS)
    pipeline.steps[1] = ("sampler", Oversampler())  # scikit-learn's own pipelines have none
    assert_knows(pipeline, SKY + SPORT)
    assert len(document_table(pipeline, TEXTS)) == 40


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (make_pipeline(CountVectorizer(), TruncatedSVD(3), KMeans(2)), ValueError, "TruncatedSVD are no topics"),
        (PCA(2), ValueError, "PCA are no topics"),
        (make_pipeline(Cleaner(), raw(), LogisticRegression()), TypeError, "Cleaner -> CountVectorizer -> Logistic"),
        (
            make_pipeline(CountVectorizer(), GridSearchCV(lda(), {"n_components": [2]}, cv=2, refit=False)),
            TypeError,
            r"\(with refit\).*CountVectorizer -> GridSearchCV",
        ),
        (
            make_pipeline(ColumnTransformer([("t", make_pipeline(raw(), lda()), "body")]), StandardScaler()),
            TypeError,
            "of a ColumnTransformer or FeatureUnion, pass the part with the topics",
        ),
    ],
)
def test_without_topics_it_is_told_what_there_is(model, error, message):
    with pytest.raises(NotFittedError):
        top_words(model)
    first = model[0] if isinstance(model, Pipeline) else model
    X = FRAME if isinstance(first, ColumnTransformer) else np.eye(4) if first is model else TEXTS
    with pytest.raises(error, match=message):
        top_words(model.fit(X, LABELS[: len(X)]))


def test_pipeline_that_goes_on_after_the_topics_is_fitted_again():
    pipeline = make_pipeline(Cleaner(), raw(), lda(), FunctionTransformer(np.sqrt))
    assert topic_stability(pipeline, TEXTS, n_runs=1, random_state=0).overall > 0.9


# --- names that are given -----------------------------------------------------------------------------------

VOCABULARY = {"team": 3, "moon": 1, "star": 2, "goal": 0}  # in order of first occurrence, as vocabulary_ has it
NAMES = sorted(VOCABULARY, key=VOCABULARY.get)
BETA = np.array([[0.1, 0.3, 0.5, 0.1], [0.4, 0.1, 0.2, 0.3]])
COUNTS = np.array([[0, 2, 3, 0], [4, 0, 1, 2], [1, 2, 3, 4]])


class Known(TransformerMixin, BaseEstimator):
    components_ = BETA

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X) @ self.components_.T


CALLS = {
    "top_words": lambda names: top_words(BETA, n_words=4, feature_names=names),
    "topic_labels": lambda names: topic_labels(BETA, feature_names=names),
    "topic_table": lambda names: topic_table(BETA, feature_names=names),
    "word_scores": lambda names: word_scores(BETA, feature_names=names),
    "word_table": lambda names: word_table(BETA, "star", feature_names=names),
    "document_table": lambda names: document_table(Known(), COUNTS, feature_names=names),
    "topics_over": lambda names: topics_over(Known(), COUNTS, [0, 1, 1], feature_names=names, random_state=0),
    "components_over": lambda names: (
        components_over(Known(), COUNTS, [0, 1, 1], feature_names=names, smoothing=1, random_state=0).table
    ),
    "topic_stability": lambda names: topic_stability([BETA, BETA[::-1]], feature_names=names).topics,
    "pyldavis_data": lambda names: pyldavis_data(Known(), COUNTS, feature_names=names)["vocab"],
    "topic_similarity": lambda names: topic_similarity(BETA, BETA, feature_names_a=names, feature_names_b=NAMES),
    "align_topics": lambda names: align_topics(BETA, BETA, feature_names_a=NAMES, feature_names_b=names).matrix,
    "compare_models": lambda names: compare_models(BETA, BETA, feature_names_a=names, feature_names_b=names),
    "TopicWordsDisplay": lambda names: TopicWordsDisplay.from_estimator(BETA, feature_names=names).words,
    "TopicMapDisplay": lambda names: TopicMapDisplay.from_estimator(BETA, feature_names=names).labels,
    "DocumentMapDisplay": lambda names: DocumentMapDisplay.from_estimator(Known(), COUNTS, feature_names=names).labels,
    "TopicShareDisplay": lambda names: (
        TopicShareDisplay.from_estimator(Known(), COUNTS, [0, 1, 1], feature_names=names, n_bootstrap=2).labels
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_mapping_from_words_to_columns_is_read_and_a_set_refused(call):
    right, read = call(NAMES), call(VOCABULARY)
    assert_array_equal(np.asarray(read), np.asarray(right))
    for unordered in (set(NAMES), VOCABULARY.keys()):
        with pytest.raises(ValueError, match="order of the columns"):
            call(unordered)
    plt.close("all")


def test_report_reads_a_mapping_and_refuses_a_set(tmp_path):
    pages = [
        report(Known(), COUNTS, path=tmp_path / f"{i}.html", feature_names=names, random_state=0).read_bytes()
        for i, names in enumerate([NAMES, VOCABULARY])
    ]
    assert pages[0] == pages[1]
    with pytest.raises(ValueError, match="order of the columns"):
        report(Known(), COUNTS, path=tmp_path / "set.html", feature_names=set(NAMES))


def test_names_in_a_model_may_be_a_mapping():
    """As the `vocabulary` of an ETMTransformer."""
    model = Known()
    model.vocabulary = VOCABULARY
    assert_array_equal(top_words(model, n_words=4), top_words(BETA, n_words=4, feature_names=NAMES))
    etm = ETMTransformer(2, vocabulary=VOCABULARY)
    etm.components_ = BETA
    words = [
        etm._repr_html_().index(f"<bdi>{word}</bdi>") for word in top_words(BETA, n_words=4, feature_names=NAMES)[0]
    ]
    assert words == sorted(words)


def test_topics_that_are_given_have_their_probabilities():
    """By each way to give names."""
    for names in (NAMES, np.array(NAMES), pd.Series(NAMES, index=[5, 6, 7, 8]), pd.Index(NAMES), VOCABULARY):
        assert_allclose(word_table(BETA, "star", feature_names=names)["p_word_given_topic"], [0.5, 0.2])
