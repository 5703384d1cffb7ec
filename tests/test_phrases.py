"""Phrases among the words of texts."""

import pickle

import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer, NamedVectorizer, PhraseVectorizer
from sklearn_etm.inspection import top_words, word_topics

RNG = np.random.default_rng(0)
OTHERS = np.array(["train", "mayor", "large", "house", "bridge", "river", "new", "city"])
TEXTS = [" ".join(RNG.choice(OTHERS, 6)) for _ in range(60)]
TEXTS = [text if i % 3 else f"{text} new york city" if i % 2 else f"new york {text}" for i, text in enumerate(TEXTS)]


def test_phrases_are_what_stands_together():
    vectorizer = PhraseVectorizer(max_n=2).fit(TEXTS)
    tokens = [text.split() for text in TEXTS]
    n_words, n_pairs = sum(map(len, tokens)), sum(len(text) - 1 for text in tokens)
    p = {word: sum(text.count(word) for text in tokens) / n_words for word in ("new", "york")}
    together = sum(text.count("new york") for text in TEXTS) / n_pairs
    expected = np.log(together / (p["new"] * p["york"])) / -np.log(together)
    assert vectorizer.phrases_ == {"new york": pytest.approx(expected)}


def test_the_strongest_neighbours_are_joined():
    vectorizer = PhraseVectorizer(max_n=2, min_npmi=0.0).fit(TEXTS)
    assert "new york" in vectorizer.phrases_ and "york city" not in vectorizer.phrases_
    assert "new york" in vectorizer.build_analyzer()("river new york city")


def test_parts_are_not_counted_twice():
    vectorizer = PhraseVectorizer(min_npmi=0.4).fit(TEXTS)
    assert set(vectorizer.phrases_) == {"new york", "new york city"}
    names = vectorizer.get_feature_names_out()
    (row,) = vectorizer.transform(["new york city new house"]).toarray()
    assert {names[i]: row[i] for i in np.flatnonzero(row)} == {"new york city": 1, "new": 1, "house": 1}
    counts = vectorizer.transform(TEXTS)
    together = sum(text.count("new york") + text.count("new york city") for text in TEXTS)
    assert counts.sum() == CountVectorizer().fit_transform(TEXTS).sum() - together
    assert_array_equal(PhraseVectorizer(min_npmi=0.4).fit_transform(TEXTS).toarray(), counts.toarray())


@pytest.mark.parametrize("parameters", [{"max_n": 1}, {"min_npmi": 1.0, "min_count": 90}])
def test_without_phrases_it_is_scikit_learns(parameters):
    vectorizer = PhraseVectorizer(**parameters).fit(TEXTS)
    assert vectorizer.phrases_ == {}
    assert_array_equal(vectorizer.transform(TEXTS).toarray(), CountVectorizer().fit_transform(TEXTS).toarray())


def test_generators_and_clones():
    vectorizer = PhraseVectorizer(stop_words=["house"], min_df=2)
    counts = vectorizer.fit_transform(text for text in TEXTS)
    again = clone(vectorizer)
    assert again.get_params() == vectorizer.get_params() and not hasattr(again, "phrases_")
    assert_array_equal(again.fit_transform(TEXTS).toarray(), counts.toarray())


def test_it_is_saved():
    vectorizer = PhraseVectorizer().fit(TEXTS)
    data = skops.io.dumps(vectorizer)
    trusted = skops.io.get_untrusted_types(data=data)
    assert trusted == ["sklearn_etm._inputs.phrases.PhraseVectorizer"]
    for again in (pickle.loads(pickle.dumps(vectorizer)), skops.io.loads(data, trusted=trusted)):
        assert_array_equal(again.transform(TEXTS).toarray(), vectorizer.transform(TEXTS).toarray())


@pytest.mark.filterwarnings("ignore:Topics say nearly the same")
def test_models_know_phrases_by_name():
    model = LNTMTransformer(num_topics=3, max_iter=1, em_iter=1, random_state=0)
    pipeline = make_pipeline(NamedVectorizer(PhraseVectorizer(min_npmi=0.4)), model).fit(TEXTS)
    assert "new york city" in pipeline[-1].feature_names_in_
    assert any("new york city" in words for words in np.asarray(top_words(pipeline, n_words=9)).tolist())
    assert "new york city" in np.asarray(word_topics(pipeline, TEXTS[3:4])["word"]).tolist()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_npmi": 2}, "min_npmi must be a number from -1 to 1; got 2"),
        ({"min_npmi": "high"}, "min_npmi must be"),
        ({"max_n": 0}, "max_n must be an integer of at least 1; got 0"),
        ({"min_count": 1.5}, "min_count must be an integer"),
        ({"input": "file"}, "texts are read twice"),
        ({"min_df": 1000}, "min_df"),
    ],
)
def test_bad_input_changes_nothing(parameters, message):
    vectorizer = PhraseVectorizer().fit(TEXTS)
    before = vectorizer.transform(TEXTS).toarray()
    default = {name: vectorizer.get_params()[name] for name in parameters}
    with pytest.raises(ValueError, match=message):
        vectorizer.set_params(**parameters).fit(["other texts"])
    assert_array_equal(vectorizer.set_params(**default).transform(TEXTS).toarray(), before)
    with pytest.raises(ValueError, match="Iterable over raw text documents expected"):
        vectorizer.fit("one text")
