import numpy as np
import pytest
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.inspection import align_topics, compare_models, topic_stability

NAMES = ["star", "moon", "goal", "team"]
SKY, SPORT, BOTH = [0.6, 0.4, 0.0, 0.0], [0.0, 0.0, 0.6, 0.4], [0.3, 0.2, 0.3, 0.2]


@pytest.fixture(scope="module")
def corpus():
    return make_topics_corpus(n_samples=150, n_topics=3, n_features=40, doc_length=40, random_state=0)


def compare(a, b, **options):
    return compare_models(a, b, n_words=2, feature_names_a=NAMES, feature_names_b=NAMES, **options)


def test_a_model_with_its_topics_in_another_order_is_the_same():
    table = compare([SKY, SPORT], [SPORT, SKY])
    assert table[["topic_a", "topic_b"]].to_numpy().tolist() == [[0, 1], [1, 0]]
    np.testing.assert_allclose(table["similarity"], 1)
    assert table["words_kept"].tolist() == ["star, moon", "goal, team"]
    assert (table["words_lost"] == "").all() and (table["words_gained"] == "").all()
    assert table["label_a"].tolist() == table["label_b"].tolist()


@pytest.mark.parametrize("swapped", [False, True])
def test_topics_without_a_partner(swapped):
    a, b = [BOTH, SKY, SPORT], [SPORT]
    if swapped:
        table = compare(b, a)
        assert table[["topic_a", "topic_b"]].to_numpy().tolist() == [[0, 2], [-1, 0], [-1, 1]]
        assert table["words_gained"].tolist() == ["", "star, goal", "star, moon"]
        assert table["label_a"].tolist()[1:] == ["", ""]
    else:
        table = compare(a, b)
        assert table[["topic_a", "topic_b"]].to_numpy().tolist() == [[0, -1], [1, -1], [2, 0]]
        assert table["words_lost"].tolist() == ["star, goal", "star, moon", ""]
        assert table["label_b"].tolist()[:2] == ["", ""]
    assert sorted(table["similarity"].round(9)) == [0, 0, 1]


def test_what_a_topic_lost_and_gained():
    table = compare([SKY], [[0.5, 0.1, 0.4, 0.0]])
    assert table.loc[0, ["words_kept", "words_lost", "words_gained"]].tolist() == ["star", "moon", "goal"]


def test_pipelines_of_different_vocabularies_are_compared_by_words():
    texts = ["star moon sun star moon", "goal team cup goal team"] * 10
    first = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    second = make_pipeline(CountVectorizer(stop_words=["cup"]), LatentDirichletAllocation(2, random_state=1)).fit(texts)
    table = compare_models(first, second, n_words=2)
    assert (table["similarity"] > 0.95).all()
    assert (table["words_lost"] == "").all()


def test_models_are_compared_by_word_vectors():
    vectors = {"star": [1, 0], "moon": [0.9, 0.1], "goal": [0, 1], "team": [0.1, 0.9], "sun": [1, 0.1], "cup": [0.1, 1]}
    table = compare_models(
        [SKY, SPORT],
        [[0.0, 1.0], [1.0, 0.0]],
        embeddings=vectors,
        feature_names_a=NAMES,
        feature_names_b=["sun", "cup"],
    )
    assert table["topic_b"].tolist() == [1, 0]
    assert (table["similarity"] > 0.9).all()


# Stability


def test_stability_is_the_mean_similarity_of_partners():
    models = [np.array([SKY, SPORT]), np.array([SPORT, SKY]), np.array([BOTH, SPORT])]
    stability = topic_stability(models, feature_names=NAMES)
    alone = align_topics([SKY], [BOTH]).similarity[0]
    np.testing.assert_allclose(stability.similarity, [[1, 1], [alone, 1]])
    np.testing.assert_allclose(stability.topics["stability"], [(1 + alone) / 2, 1])
    np.testing.assert_allclose(stability.topics["lowest"], [alone, 1])
    assert stability.overall == pytest.approx((3 + alone) / 4)


def test_topic_that_a_smaller_fit_has_not_found():
    np.testing.assert_allclose(topic_stability([[SKY, SPORT], [SPORT]]).similarity, [[0, 1]])


def test_seeds_are_drawn_for_the_fits_but_not_for_the_reference(corpus):
    lda = LatentDirichletAllocation(3, random_state=5, max_iter=5)
    stability = topic_stability(lda, corpus.data, n_runs=2, random_state=0)
    assert stability.models[0].random_state == 5
    assert len({model.random_state for model in stability.models}) == 3
    again = topic_stability(lda, corpus.data, n_runs=2, random_state=0)
    np.testing.assert_array_equal(stability.similarity, again.similarity)
    with pytest.raises(NotFittedError):
        check_is_fitted(lda)
    same = topic_stability(stability.models)
    assert same.overall == stability.overall


@pytest.mark.parametrize("options", [{"n_runs": 1}, {"cv": 2}])
def test_an_estimator_without_a_seed_gets_one(corpus, options):
    first, again = (
        topic_stability(LatentDirichletAllocation(3, max_iter=2), corpus.data, random_state=0, **options)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.similarity, again.similarity)


def test_a_fitted_estimator_is_the_reference(corpus):
    lda = LatentDirichletAllocation(3, max_iter=5, random_state=0).fit(corpus.data)
    assert topic_stability(lda, corpus.data, n_runs=1, random_state=0).models[0] is lda


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_true_number_of_topics_is_the_most_stable(corpus):
    overall = {k: topic_stability(NMF(k, init="random"), corpus.data, n_runs=3, random_state=0).overall for k in (3, 8)}
    assert overall[3] > 0.95 > 0.8 > overall[8]


def test_stability_over_folds_of_texts_of_a_pipeline():
    texts = ["star moon star", "goal team goal", "moon star rare", "team goal"] * 6
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0))
    for cv, n_folds in ((3, 3), (ShuffleSplit(2, random_state=0), 2)):
        stability = topic_stability(pipeline, texts, cv=cv)
        assert len(stability.models) == n_folds + 1
        assert stability.overall > 0.9


@pytest.mark.parametrize("options", [{"n_runs": 1}, {"cv": 2}])
def test_what_documents_bring_along_is_passed_on(corpus, options):
    model = LNTMTransformer(3, max_iter=2, em_iter=1, random_state=0)
    params = {"covariates": np.arange(150) % 2.0}
    stability = topic_stability(model, corpus.data, params=params, random_state=0, **options)
    assert all(fitted.covariate_effects_.shape == (1, 3) for fitted in stability.models)


def test_what_cannot_be_compared(corpus):
    with pytest.raises(ValueError, match="pass cv"):
        topic_stability(make_pipeline(NoSeed(2)), corpus.data)
    with pytest.raises(TypeError, match="needs X"):
        topic_stability(LatentDirichletAllocation())
    with pytest.raises(ValueError, match="at least two"):
        topic_stability([[SKY]])
    with pytest.raises(TypeError, match="needs X"):
        topic_stability([[SKY], [SKY]], params={"covariates": [0]})


class NoSeed(NMF):
    """A model without random_state."""

    def __init__(self, n_components=2):
        super().__init__(n_components)
