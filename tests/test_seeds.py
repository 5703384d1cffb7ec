"""Seeds: words that topics are to be about, and the names that come with them."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from conftest import MCEM, MODELS, SMALL
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma, gammaln
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import sklearn_etm
from sklearn_etm import ETMTransformer, LNTMTransformer, NamedVectorizer, ProdLDATransformer
from sklearn_etm._engine.model import _seeded
from sklearn_etm._engine.topics import DirichletTopics
from sklearn_etm.inspection import report, topic_labels, topic_table
from sklearn_etm.steering import drop_topics, extend_topics, merge_topics

THEMES = np.arange(40).reshape(4, 10)  # words of four themes; a document has two of them
TEXT_THEMES = ["gun ammo rifle army", "car engine wheel road", "god church faith bible"]


@pytest.fixture(scope="module")
def themes():
    """Counts of 80 documents, each mostly of one theme."""
    rng = np.random.default_rng(0)
    p = np.repeat(0.85 * np.eye(4) + 0.05 * (1 - np.eye(4)), 10, axis=1) / 10
    return sp.csr_array(np.array([rng.multinomial(30, p[d % 4]) for d in range(80)], dtype=float))


@pytest.fixture(scope="module")
def texts():
    """Sixty texts of three themes."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(TEXT_THEMES[i % 3].split(), 12)) for i in range(60)]


@pytest.fixture(scope="module")
def pipeline(texts):
    """A pipeline with names of seeds; read it, do not change it."""
    seed_words = {"faith & doubt": ["god", "bible"], 0: ["gun"]}
    model = LNTMTransformer(**SMALL, seed_words=seed_words).set_output(transform="pandas")
    return make_pipeline(NamedVectorizer(), model).fit(texts)


@pytest.mark.parametrize("Model", [*MODELS, ProdLDATransformer, MCEM])
def test_topics_are_about_their_seeds(Model, themes):
    parameters = {name: v for name, v in SMALL.items() if Model is not ProdLDATransformer or name != "em_iter"}
    for theme in (1, 3):
        model = Model(**parameters | {"max_iter": 12}, seed_words={2: THEMES[theme, :2].tolist()}).fit(themes)
        assert model.components_[:, THEMES[theme]].sum(axis=1).argmax() == 2
        assert model.transform(themes)[theme::4].mean(axis=0).argmax() == 2
        assert np.isnan(model.seed_rank_[:2]).all() and 1.5 <= model.seed_rank_[2] < 10
        assert not hasattr(model, "topic_names_")


def test_all_topics_can_be_seeded_in_any_order(themes):
    """Names take the numbers from 1 on that are free, and 0 at last."""
    of_theme = [THEMES[theme, :3].tolist() for theme in range(3)]
    model = LNTMTransformer(**SMALL, seed_words={"a": of_theme[0], 1: of_theme[1], "c": of_theme[2]}).fit(themes)
    assert model.topic_names_ == ["c", None, "a"]
    assert [model.components_[k, THEMES].sum(axis=1).argmax() for k in range(3)] == [2, 1, 0]
    assert model.get_feature_names_out().tolist() == ["c", "lntmtransformer1", "a"]


def test_strength(themes):
    """More of it makes seeds more probable, in proportion to how common they are; a word may seed several topics."""
    fits = [
        LNTMTransformer(**SMALL, seed_words={1: [5, 15], 2: [5]}, seed_strength=strength).fit(themes)
        for strength in (0.1, 1.0, 100.0)
    ]
    shares = np.array([model.components_[1:, 5] for model in fits])
    assert (np.diff(shares, axis=0) > 0).all()
    used = np.asarray(themes.sum(axis=0)).ravel()[[5, 15]]
    assert_allclose(fits[-1].components_[1, [5, 15]], used / used.sum(), atol=0.05)
    assert fits[-1].seed_rank_.tolist()[1:] == [1.5, 1.0]


def test_tokens_that_are_given_are_a_dirichlet_prior():
    """Of LDA: divergence from Dir(eta), with what seeds add, is that from Dir(eta + c) but for a constant."""
    rng = np.random.default_rng(0)
    c, eta = np.where(rng.random((6, 2)) < 0.4, rng.random((6, 2)) * 5, 0.0).astype(np.float32), 0.3
    constants = {"log_unigram": np.zeros(6, np.float32), "eta": np.float32(eta)}

    def divergence(lam, prior):
        parts = (lam - prior) * (digamma(lam) - digamma(lam.sum(axis=0))) - gammaln(lam) + gammaln(prior)
        return (parts.sum(axis=0) + gammaln(lam.sum(axis=0)) - gammaln(prior.sum(axis=0))).sum()

    def difference(lam):
        parameters = {"log_lambda": np.log(lam).astype(np.float32)}
        read = DirichletTopics().read(None, parameters, constants)
        density = DirichletTopics().priors(constants, 2)["log_lambda"].log_density(parameters["log_lambda"])
        return float(density + _seeded(c, read)) + divergence(lam, np.full_like(lam, eta) + c)

    first, second = (difference(rng.gamma(2.0, 3.0, size=(6, 2))) for _ in range(2))
    assert_allclose(first, second, rtol=1e-4)


# Names


def test_names_are_shown_wherever_topics_are(pipeline, texts, tmp_path):
    model = pipeline[-1]
    assert model.topic_names_ == [None, "faith & doubt", None]
    assert topic_labels(pipeline)[1] == "faith & doubt"
    assert "faith & doubt" in topic_table(pipeline, texts)["label"].tolist()
    assert pipeline.transform(texts).columns.tolist() == ["lntmtransformer0", "faith & doubt", "lntmtransformer2"]
    assert {"god", "bible"} <= set(topic_table(pipeline, sort="topic", n_words=4)["words"][1].split(", "))
    page = report(pipeline, texts, path=tmp_path / "topics.html").read_text(encoding="utf-8")
    assert r'"label":"faith \u0026 doubt"' in page


def test_saved_and_loaded(pipeline, texts, tmp_path):
    model, X = pipeline[-1], pipeline[:-1].transform(texts)
    sklearn_etm.save(model, tmp_path / "model.npz")
    expected = pickle.loads(pickle.dumps(model)).partial_fit(X).components_
    for copy in (pickle.loads(pickle.dumps(model)), sklearn_etm.load(tmp_path / "model.npz")):
        assert copy.seed_words == model.seed_words and list(copy.seed_words) == list(model.seed_words)
        assert copy.topic_names_ == model.topic_names_
        assert_array_equal(copy.seed_rank_, model.seed_rank_)
        assert_array_equal(copy.partial_fit(X).components_, expected)
        assert copy.topic_names_ == model.topic_names_
        with pytest.raises(ValueError, match=r"seed_words is .* but the model in training has"):
            copy.set_params(seed_words=dict(reversed(model.seed_words.items()))).partial_fit(X)
    arrays, header = model.to_arrays()
    header["state"]["topic_names_"] = ["one"]
    with pytest.raises(ValueError, match="topic_names_ must be 3 names"):
        LNTMTransformer.from_arrays(arrays, header)


def test_names_go_with_the_seeds(pipeline, texts):
    model, X = clone(pipeline[-1]), pipeline[:-1].transform(texts)
    first = model.fit(X).components_
    assert_array_equal(first, pipeline[-1].components_)
    assert model.set_params(warm_start=True).fit(X).topic_names_ == pipeline[-1].topic_names_
    model.set_params(warm_start=False, seed_words={}).fit(X)
    assert not hasattr(model, "topic_names_") and not hasattr(model, "seed_rank_")
    unseeded = LNTMTransformer(**SMALL, seed_strength=5.0).fit(X)
    assert_array_equal(model.components_, unseeded.components_)


def test_chosen_by_a_search(texts):
    """Words that a fold lacks are not warned of; the model that is kept does so."""
    seeds = {"a": ["gun", "unknown"]}
    pipeline = make_pipeline(NamedVectorizer(CountVectorizer()), LNTMTransformer(**SMALL))
    search = GridSearchCV(pipeline, {"lntmtransformer__seed_words": [seeds]}, cv=2, error_score="raise")
    with pytest.warns(UserWarning, match="are left out: 'a': unknown") as caught:
        search.fit(texts)
    assert len([w for w in caught if "left out" in str(w.message)]) == 1
    assert search.best_estimator_[-1].topic_names_ == [None, "a", None]


def test_steered(pipeline, texts):
    """Seeds go with their topics, and are held by what goes on."""
    model, X = pipeline[-1], pipeline[:-1].transform(texts)
    merged = merge_topics(model, [[1, 2]])
    assert merged.topic_names_ == [None, None] and merged.seed_words == {0: ["gun"], 1: ["god", "bible"]}
    assert_array_equal(merged.seed_rank_[0], model.seed_rank_[0])
    dropped = drop_topics(model, [0])
    assert dropped.topic_names_ == ["faith & doubt", None] and dropped.seed_words == {0: ["god", "bible"]}
    assert_array_equal(dropped.seed_rank_, model.seed_rank_[1:])
    rng = np.random.default_rng(0)
    new = pipeline[:-1].transform([" ".join(rng.choice(["gun", "wheel", "faith"], 20)) for _ in range(60)])
    grown = extend_topics(model, new, max_new_topics=1)
    assert grown.num_topics == 4 and grown.topic_names_ == [None, "faith & doubt", None, None]
    assert_array_equal(grown.seed_rank_[:3], model.seed_rank_)
    for steered in (dropped, grown):
        assert steered.partial_fit(X).seed_rank_.shape == (steered.num_topics,)


# Words and columns

WORDS = ["ant", "bee", "cat", "dog", "elk", "fox"]
COUNTS = np.random.default_rng(0).poisson(1.0, size=(20, 6)).astype(float)


def test_words_of_data_frames_and_vocabularies():
    """Names and columns say the same; covariates are no words."""
    by_column = LNTMTransformer(**SMALL, seed_words={1: [2, 4]}).fit(COUNTS)
    frame = pd.DataFrame(COUNTS, columns=WORDS)
    by_name = LNTMTransformer(**SMALL, seed_words={1: ("cat", "elk")}).fit(frame)
    assert_array_equal(by_name.components_, by_column.components_)
    frame.insert(0, "year", np.arange(20.0))
    with_year = LNTMTransformer(**SMALL, covariate_columns=[0], seed_words={1: np.array([3, 5])}).fit(frame)
    assert with_year.seed_rank_[1] < 4
    assert with_year.set_params(seed_words={1: ["cat", "elk"]}).fit(frame).word_columns_.tolist() == [*range(1, 7)]
    for seed_words, message in [({1: [0]}, "no such column of a word"), ({1: ["year"]}, "No document has a word")]:
        with pytest.raises(ValueError, match=message):
            with_year.set_params(seed_words=seed_words).fit(frame)


def test_words_of_a_vocabulary_that_grows():
    vectors = dict(zip([*WORDS, "gnu"], np.random.default_rng(0).normal(size=(7, 4)), strict=True))
    model = ETMTransformer(**SMALL, embeddings=vectors, vocabulary=WORDS, seed_words={"pets": ["cat", "dog"]})
    grown = model.fit(COUNTS).extend_vocabulary(["gnu"])
    assert grown.topic_names_ == [None, "pets", None]
    grown.partial_fit(np.pad(COUNTS, ((0, 0), (0, 1)), constant_values=1.0))
    assert 1.5 <= grown.seed_rank_[1] < 5


BAD = {
    "more than topics": ({str(w): [0] for w in "abcd"}, {}, "4 topics, and num_topics is 3. Raise"),
    "more than topics beside the background": (
        {str(w): [0] for w in "abc"},
        {"background": True},
        "one of which is the background",
    ),
    "no such topic": ({3: [0]}, {}, r"topics \[3\]; they are numbered from 0 to 2"),
    "a negative number": ({-1: [0]}, {}, r"topics \[-1\]"),
    "the background": ({0: [0]}, {"background": True}, "topic 0, which is the background.*background=False"),
    "a name like a number": ({"2": [0]}, {}, "a topic of the name '2'"),
    "a name like a column": ({"LNTMTransformer0": [0]}, {}, "a topic of the name 'LNTMTransformer0'"),
    "words without names": ({1: ["ant"]}, {}, "the columns of X have no names. Pass counts of a NamedVectorizer"),
    "no such column": ({1: [6]}, {}, "seed_words has the column 6"),
    "no known word": ({"a": [5]}, {}, r"No document has a word of seed_words\['a'\]: \[5\]"),
}


@pytest.mark.parametrize(("seed_words", "parameters", "message"), BAD.values(), ids=BAD)
def test_seeds_that_cannot_be(seed_words, parameters, message):
    X = COUNTS.copy()
    X[:, 5] = 0
    model = LNTMTransformer(**SMALL, seed_words=seed_words, **parameters)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=message):
        model.fit(X)
    assert pickle.dumps(model) == before


def test_seeds_that_do_not_help_are_said():
    """Unknown words, and words that are in no document with another of their topic."""
    X = sp.block_array([[COUNTS[:, :3], None], [None, COUNTS[:, 3:]]], format="csr")
    frame = pd.DataFrame(X.toarray(), columns=WORDS)
    model = LNTMTransformer(**SMALL, seed_words={"a": ["ant", "bee", "dog"], 2: ["elk", "yak", "gnu"]})
    with pytest.warns(UserWarning) as caught:
        model.fit(frame)
    said = [str(w.message) for w in caught]
    assert any("which are left out: 2: yak, gnu." in message for message in said)
    assert any("in no document with another seed of their topic: 'a': dog." in message for message in said)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*seed")
        model.set_params(seed_words={"a": ["ant", "bee"], 2: ["elk", "fox"]}).fit(frame)
