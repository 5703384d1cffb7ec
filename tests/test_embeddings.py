"""Word vectors: tables, alignment, pipelines that look them up by name, words never seen, and search by meaning."""

import gc
import io
import pickle
import sys
import unicodedata
import warnings
from collections import Counter, UserDict, defaultdict
from functools import partial
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_etm import ETMTransformer, LNTMTransformer, NamedVectorizer
from sklearn_etm.embeddings import WordVectors, align_embeddings, corpus_vectors, skipgram_vectors

SPACE = ["star", "moon", "comet", "orbit", "planet", "rocket"]
SPORT = ["goal", "team", "coach", "match", "league", "ball"]
WORDS = [*SPACE, *SPORT]
CENTRES = np.repeat(np.eye(2, 5), 6, axis=0)
ROWS = (CENTRES + 0.1 * np.random.default_rng(0).standard_normal((12, 5))).astype(np.float32)
TABLE = dict(zip(WORDS, ROWS, strict=True))


def make_texts(n=200):
    rng = np.random.default_rng(1)
    return [" ".join(rng.choice([SPACE, SPORT][i % 2], 8)) for i in range(n)]


TEXTS = make_texts()
FEW_TOPICS = {**SMALL, "max_iter": 20}  # of two subjects


# Tables


def test_a_table_of_vectors_is_a_mapping():
    vectors = WordVectors(WORDS, ROWS)
    assert list(vectors) == WORDS and len(vectors) == 12 and "sun" not in vectors
    assert_array_equal(pickle.loads(pickle.dumps(vectors))["ball"], TABLE["ball"])
    with pytest.raises(ValueError, match="one row for each of the 12 words"):
        WordVectors(WORDS, ROWS[:3])
    with pytest.raises(ValueError, match="'star' comes more often"):
        WordVectors(["star", "star"], ROWS[:2])


# Words without a vector


@pytest.mark.parametrize("oov", ["random", "mean", "subword"])
def test_words_without_vector(oov):
    known = {"running": [1.0, 0.0], "runner": [1.0, 0.1], "swimming": [0.0, 1.0], "swimmer": [0.1, 1.0]}
    words = [*known, "runners"]
    first, second = (align_embeddings(known, words, oov=oov, random_state=3)[0] for _ in range(2))
    assert_array_equal(first, second)
    assert_allclose(first[:4], list(known.values()), rtol=1e-6)
    if oov == "mean":
        assert_allclose(first[4], first[:4].mean(axis=0), rtol=1e-6)
    if oov == "subword":  # closer to the runner than to the swimmers
        assert np.linalg.norm(first[4] - first[1]) < np.linalg.norm(first[4] - first[3])


def test_low_coverage_is_said_with_examples():
    with pytest.warns(UserWarning, match=r"Only 50% of the vocabulary.*\['galaxy'\].*oov=\"mean\""):
        _, coverage = align_embeddings(TABLE, ["star", "galaxy"], oov="mean")
    assert coverage == 0.5


def test_unknown_ways_to_fill_up():
    with pytest.raises(ValueError, match="oov must be one of"):
        align_embeddings(TABLE, WORDS, oov="none")


# Data frames, and other libraries' tables

FRAME = pd.DataFrame(ROWS[::-1].astype(float), index=WORDS[::-1])
FRAMES = {
    "words as index": FRAME,
    "categories": FRAME.set_index(FRAME.index.astype("category")),
    "strings of arrow": FRAME.set_index(FRAME.index.astype("string[pyarrow]")),
    "nullable numbers": FRAME.convert_dtypes(),
    "words as a column": FRAME.reset_index(),
    "words as the last column": FRAME.assign(word=FRAME.index).reset_index(drop=True),
    "words as a column, rows shuffled": FRAME.reset_index().sample(frac=1, random_state=0),
    "a word twice": pd.concat([FRAME, FRAME + 5]),
    "a column of arrays": pd.DataFrame({"word": WORDS, "vector": list(ROWS)}),
    "one column of arrays": pd.DataFrame({"vector": list(ROWS)}, index=WORDS),
    "a series of arrays": pd.Series(list(ROWS), index=WORDS),
    "a series of lists": pd.Series(ROWS.tolist(), index=WORDS),
    "polars": pl.DataFrame({"word": WORDS, **{f"d{i}": ROWS[:, i] for i in range(5)}}),
    "polars, lists": pl.DataFrame({"word": WORDS, "vector": ROWS.tolist()}),
    "polars, categories": pl.DataFrame({"word": WORDS, "vector": ROWS.tolist()}).cast({"word": pl.Categorical}),
    "in order": pd.DataFrame(ROWS),
    "polars, in order": pl.DataFrame(ROWS),
    "a model that holds vectors": SimpleNamespace(wv=TABLE),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_data_frames_are_looked_up_by_their_words(frame):
    assert_allclose(align_embeddings(frame, WORDS).vectors, ROWS, rtol=1e-6)


def read_as_glove():
    """Three words, two of which pandas takes for missing values."""
    return pd.read_csv(io.StringIO("star 1 0\nnull 9 9\nnan 8 8\n"), sep=" ", header=None, index_col=0)


BAD_FRAMES = {
    "words taken for missing values": (
        read_as_glove(),
        "index, but 2 .* that of row 1 is missing.*keep_default_na=False",
    ),
    "the same in a column": (read_as_glove().reset_index(), "column '0', but 2 .* that of row 1 is missing"),
    "the same in polars": (
        pl.DataFrame({"w": ["star", None, "goal"], "a": [1, 2, 3]}),
        "column 'w', but 1 .* is missing",
    ),
    "words taken for numbers": (pd.DataFrame(ROWS[:3], index=["star", 7, "goal"]), "row 1 is 7, no text"),
    "words as columns": (pd.DataFrame(ROWS[:3, :3].T, columns=WORDS[:3]), r"columns are called .*'star'.*frame\.T"),
    "words as columns of polars": (pl.DataFrame(dict(zip(WORDS, ROWS[:, :3], strict=True)))[:3], "columns are called"),
    "rows in another order": (pd.DataFrame(ROWS[:3], index=[2, 0, 1]), r"index is neither words nor 0, \.\.\., 2"),
    "more text beside": (FRAME.assign(tag="NOUN"), r"text in its columns \['tag'\], and words as its index"),
    "two columns of text": (FRAME.assign(tag="NOUN").reset_index(), r"text in its columns \['index', 'tag'\]"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_data_frames_that_do_not_tell_their_words(name):
    frame, message = BAD_FRAMES[name]
    with pytest.raises(ValueError, match=message):
        align_embeddings(frame, ["star", "moon", "comet"])


# Words that look the same

COMPOSED = [unicodedata.normalize("NFC", word) for word in ["étoile", "planète", "équipe", "but"]]
DECOMPOSED = [unicodedata.normalize("NFD", word) for word in COMPOSED]


def sources(words, rows, folder):
    """Every kind of source."""
    table = dict(zip(words, rows, strict=True))
    text = folder / "vectors.txt"
    text.write_text("".join(f"{word} {' '.join(map(repr, row.tolist()))}\n" for word, row in table.items()), "utf-8")
    np.savez(folder / "vectors.npz", words=np.array(words), vectors=rows)
    return {
        "dict": table,
        "table": WordVectors(words, rows),
        "frame": pd.DataFrame(rows, index=words),
        "text": text,
        "arrays": folder / "vectors.npz",
        "callable": lambda asked: np.array([table.get(word, np.full(5, np.nan)) for word in asked]),
    }


@pytest.mark.parametrize("kind", ["dict", "table", "frame", "text", "arrays", "callable"])
def test_accents_composed_and_decomposed(kind, tmp_path):
    for given, asked in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)]:
        vectors, coverage = align_embeddings(sources(given, ROWS[:4], tmp_path)[kind], asked)
        assert coverage == 1
        assert_array_equal(vectors, ROWS[:4])


@pytest.mark.parametrize("kind", ["dict", "table", "frame", "text", "arrays", "callable"])
def test_the_same_spelling_wins(kind, tmp_path):
    source = sources([COMPOSED[0], DECOMPOSED[0]], ROWS[:2], tmp_path)[kind]
    assert_array_equal(align_embeddings(source, [DECOMPOSED[0], COMPOSED[0]]).vectors, ROWS[[1, 0]])


def test_spellings_are_not_folded_further():
    """Neither case nor compatibility: these are other words."""
    with pytest.raises(ValueError, match="a vector for none"):
        align_embeddings({"ﬁn": ROWS[0], "But": ROWS[1]}, ["fin", "but"])


@pytest.fixture(scope="module")
def french():
    """A model of decomposed words, and of vectors of composed ones."""
    words = dict(zip(sorted(WORDS), [*DECOMPOSED, *sorted(WORDS)[4:]], strict=True))
    texts = [" ".join(words[word] for word in text.split()) for text in TEXTS]
    table = {unicodedata.normalize("NFC", words[word]): TABLE[word] for word in words} | {"orée": TABLE["star"]}
    vectorizer = NamedVectorizer(CountVectorizer(vocabulary=list(words.values()), token_pattern=r"\S+"))
    return ETMTransformer(**FEW_TOPICS, embeddings=table).fit(vectorizer.fit_transform(texts))


def test_search_with_accents_composed_and_decomposed(french):
    assert french.embedding_coverage_ == 1
    for composed, decomposed in zip(COMPOSED, DECOMPOSED, strict=True):
        assert french.nearest_words(composed, 3) == french.nearest_words(decomposed, 3)
        assert french.find_topics(composed) == french.find_topics([decomposed])
    assert french.nearest_words("orée", 3) == french.nearest_words(unicodedata.normalize("NFD", "orée"), 3)


# The words of the columns

SEQUENCES = {
    "list": sorted(WORDS),
    "series": pd.Series(sorted(WORDS)),
    "words to columns": {word: sorted(WORDS).index(word) for word in WORDS},
    "series of columns": pd.Series({word: sorted(WORDS).index(word) for word in WORDS}),
    "columns to words": {sorted(WORDS).index(word): word for word in WORDS},
}


@pytest.mark.parametrize("names", SEQUENCES.values(), ids=SEQUENCES)
def test_words_of_the_columns(names):
    expected = [TABLE[word] for word in sorted(WORDS)]
    assert_allclose(align_embeddings(TABLE, names).vectors, expected, rtol=1e-6)
    assert WordVectors(names, expected).words == tuple(sorted(WORDS))


BAD_SEQUENCES = {
    "set": (set(WORDS), "must have the order of the columns, which a set does not have"),
    "frozenset": (frozenset(WORDS), "which a frozenset does not have"),
    "keys": (dict.fromkeys(WORDS, 0).keys(), "which a dict_keys does not have"),
    "frequencies": (Counter(WORDS), "mapping, which must have the number of a column for each word"),
    "vectors": (TABLE, "mapping, which must have the number of a column for each word"),
    "columns from 1": ({word: i for i, word in enumerate(WORDS, 1)}, "each of 0, ..., 11 once"),
    "string": ("star", "must be a sequence of words; got the string 'star'"),
    "matrix": (np.array([WORDS]), r"got ndarray of shape \(1, 12\)"),
    "number": (12, "must be a sequence of words, one a column; got int"),
    "missing": (pd.Series([*WORDS[1:], None]), "1 names are missing, the first that of column 11.*keep_default_na"),
}


@pytest.mark.parametrize("name", BAD_SEQUENCES)
def test_words_without_an_order(name):
    words, message = BAD_SEQUENCES[name]
    with pytest.raises(ValueError, match=f"feature_names .*{message}"):
        align_embeddings(TABLE, words)
    with pytest.raises(ValueError, match=f"vocabulary .*{message}"):
        ETMTransformer(**SMALL, embeddings=TABLE, vocabulary=words).fit(np.eye(12))
    with pytest.raises(ValueError, match=f"words .*{message}"):
        WordVectors(words, ROWS)


def test_the_vocabulary_of_a_vectorizer():
    """Its words are in the order in which they came first, and have the numbers of their columns."""
    vectorizer = CountVectorizer()
    X = vectorizer.fit_transform(TEXTS)
    names = sorted(WORDS)
    assert list(vectorizer.vocabulary_) != names
    model = ETMTransformer(**FEW_TOPICS, embeddings=TABLE, vocabulary=vectorizer.vocabulary_, train_embeddings=False)
    model.fit(X)
    assert_allclose(model.word_embeddings_, [TABLE[word] for word in names], rtol=1e-5)
    assert model.nearest_words(TABLE["ball"], 1)[0][0] == "ball"
    extended = model.extend_vocabulary(["nova", "tie"], {"nova": TABLE["star"], "tie": TABLE["goal"]})
    assert extended.vocabulary == [*names, "nova", "tie"]
    with pytest.raises(ValueError, match="words must have the order of the columns"):
        model.extend_vocabulary({"nova", "tie"}, TABLE)
    listed = clone(model).set_params(vocabulary=names).fit(X)
    assert model._repr_html_().split("<table>")[-1] == listed._repr_html_().split("<table>")[-1]


# Printing


class Unprintable:
    """A value whose text takes too long."""

    def __repr__(self):
        raise AssertionError("the text of each value was asked for")


MANY = {f"word{i}": Unprintable() for i in range(1000)}
LARGE = {
    "dict": MANY,
    "defaultdict": defaultdict(list, MANY),
    "mapping": UserDict(MANY),
    "view": MappingProxyType(MANY),
    "function of a table": partial(len, MANY),
    "method of a table": UserDict(MANY).get,
}


@pytest.mark.parametrize("changed_only", [True, False])
@pytest.mark.parametrize("table", LARGE.values(), ids=LARGE)
def test_tables_are_not_printed(table, changed_only):
    """Not a word of them is, alone or in a pipeline or search, on paper, in a notebook or in an error."""
    model = ETMTransformer(embeddings=table)
    pipeline = make_pipeline(NamedVectorizer(), model)
    search = GridSearchCV(pipeline, {"etmtransformer__num_topics": [2, 3]})
    with config_context(print_changed_only=changed_only):
        for estimator in (model, pipeline, search):
            assert "ETMTransformer" in repr(estimator)
            assert "ETMTransformer" in estimator._repr_mimebundle_()["text/html"]
        with pytest.raises(ValueError, match="Invalid parameter 'topics' for estimator ETMTransformer"):
            model.set_params(topics=5)
        with pytest.raises(ValueError, match="Invalid parameter 'topics'"):
            pipeline.set_params(etmtransformer__topics=5)
    assert model.get_params()["embeddings"] is table
    assert model.get_params(deep=False)["embeddings"] is table
    with pytest.raises(ValueError, match=r"num_topics .* must be an integer"):
        ETMTransformer(table).fit(np.eye(3))


def test_what_is_printed_of_tables_and_lists():
    assert repr(ETMTransformer(embeddings=MANY)) == "ETMTransformer(embeddings=<dict of 1,000 items>)"
    assert repr(ETMTransformer(embeddings={"star": [1.0]})) == "ETMTransformer(embeddings={'star': [1.0]})"
    words = [f"w{i}" for i in range(1000)]
    for vocabulary in (words, tuple(words)):
        printed = repr(ETMTransformer(vocabulary=vocabulary))
        assert "'w29', ..." in printed and "w30" not in printed
    assert "<dict of 1,000 items>" in repr(ETMTransformer(vocabulary={word: i for i, word in enumerate(words)}))


def test_vectors_exchanged_after_the_fit():
    """Another table is another space, whatever parameter it is."""
    words = [w for w in WORDS if w not in {"rocket", "ball"}]
    model = ETMTransformer(**FEW_TOPICS).fit(NamedVectorizer(CountVectorizer(vocabulary=words)).fit_transform(TEXTS))
    expected = model.extend_vocabulary(["rocket", "ball"], TABLE).components_
    exchanged = model.set_params(embeddings=TABLE).extend_vocabulary(["rocket", "ball"])
    assert_array_equal(exchanged.components_, expected)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_centred_and_normalised_vectors(center, normalize):
    model = ETMTransformer(
        **FEW_TOPICS,
        embeddings=ROWS + 3,
        train_embeddings=False,
        center_embeddings=center,
        normalize_embeddings=normalize,
    ).fit(CountVectorizer(vocabulary=WORDS).transform(TEXTS))
    expected = ROWS + 3
    expected = expected - expected.mean(axis=0) if center else expected
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True) if normalize else expected
    assert_allclose(model.word_embeddings_, expected, rtol=1e-4, atol=1e-5)


# In a pipeline, by name


VECTORIZERS = {
    "counts": CountVectorizer(),
    "weights": TfidfVectorizer(use_idf=False, norm=None),
    "selection": make_pipeline(CountVectorizer(), VarianceThreshold()),
}


@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS)
def test_vectors_follow_the_vectorizer(vectorizer):
    pipeline = make_pipeline(
        NamedVectorizer(vectorizer), ETMTransformer(**FEW_TOPICS, embeddings=TABLE, train_embeddings=False)
    ).fit(TEXTS)
    model = pipeline[-1]
    assert_array_equal(model.feature_names_in_, sorted(WORDS))
    assert_allclose(model.word_embeddings_, [TABLE[word] for word in sorted(WORDS)], rtol=1e-5)
    assert model.embedding_coverage_ == 1
    assert_array_equal(pickle.loads(pickle.dumps(pipeline)).transform(TEXTS), pipeline.transform(TEXTS))
    framed = pipeline.set_output(transform="pandas").transform(TEXTS)
    assert isinstance(framed, pd.DataFrame) and framed.shape == (200, 3)


def by_call(words):
    return np.array([TABLE[word] if word in TABLE else np.full(5, np.nan) for word in words])


@pytest.fixture
def path(tmp_path):
    """A file of the table's vectors."""
    path = tmp_path / "vectors.txt"
    path.write_text("".join(f"{word} {' '.join(map(repr, row.tolist()))}\n" for word, row in TABLE.items()))
    return path


def test_the_source_of_vectors_does_not_matter(path):
    X = NamedVectorizer().fit_transform(TEXTS)
    expected = ETMTransformer(**SMALL, embeddings=TABLE).fit(X).components_
    for source in [WordVectors(WORDS, ROWS), str(path), path, by_call]:
        assert_allclose(ETMTransformer(**SMALL, embeddings=source).fit(X).components_, expected, rtol=1e-4)


@pytest.mark.slow
def test_grid_search_over_the_vocabulary(path):
    """Every candidate and fold has a vocabulary of its own; workers read the vectors, or are given them."""
    pipeline = make_pipeline(NamedVectorizer(), ETMTransformer(**SMALL))
    grid = {
        "namedvectorizer__vectorizer": [CountVectorizer(max_features=6), CountVectorizer()],
        "etmtransformer__embeddings": [TABLE, path],
    }
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise").fit(TEXTS)
    by_table, by_path = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert_allclose(by_table, by_path, rtol=1e-5)
    assert by_table[0] > by_table[1]  # six words are fewer to tell apart than twelve


# Tables and pickles

LARGER = {**TABLE, **{f"other{i}": ROWS[0] + i for i in range(1000)}}


def test_a_table_is_not_copied():
    model = ETMTransformer(**FEW_TOPICS, embeddings=LARGER)
    assert clone(model).embeddings is LARGER
    pipeline = make_pipeline(NamedVectorizer(), model).fit(TEXTS)
    assert pipeline[-1].embeddings is LARGER
    changed = pipeline[-1].set_params(embeddings=by_call)
    assert pickle.loads(pickle.dumps(changed)).embeddings is by_call


def table_of_kind(kind):
    words, rows = list(LARGER), np.array(list(LARGER.values()))
    return {
        "dict": lambda: dict(LARGER),
        "table": lambda: WordVectors(words, rows),
        "frame": lambda: pd.DataFrame(rows, index=words),
        "model": lambda: SimpleNamespace(wv=dict(LARGER)),
        "callable": lambda: lambda asked: np.array([LARGER.get(word, np.full(5, np.nan)) for word in asked]),
    }[kind]()


@pytest.fixture(scope="module")
def fewer():
    """Counts of texts without two of the words, and of all."""
    words = [w for w in WORDS if w not in {"rocket", "ball"}]
    return [NamedVectorizer(CountVectorizer(vocabulary=v)).fit_transform(TEXTS) for v in (words, WORDS)]


@pytest.mark.parametrize("kind", ["dict", "table", "frame", "model", "callable"])
def test_a_pickle_is_small_and_finds_its_table(kind, fewer):
    """In the process that has the table; elsewhere a fit to more words is an error."""
    X, all_words = fewer
    model = ETMTransformer(**FEW_TOPICS, embeddings=table_of_kind(kind)).fit(X)
    content = pickle.dumps(model)
    assert b"other0" not in content
    loaded = pickle.loads(content)
    assert loaded.embeddings is model.embeddings
    assert len(pickle.dumps(loaded)) == pytest.approx(len(content), rel=0.1)
    assert clone(loaded).fit(all_words).embedding_coverage_ == 1
    if kind != "callable":
        assert [word for word, _ in loaded.nearest_words("other0", 2)] == [
            w for w, _ in model.nearest_words("other0", 2)
        ]

    del model, loaded
    gc.collect()
    alone = pickle.loads(content)
    assert set(alone.embeddings) == set(X.feature_names)
    assert repr(alone.embeddings).startswith(f"CutVectors(10{'' if kind == 'callable' else f' of {len(LARGER)}'} words")
    again = pickle.loads(pickle.dumps(alone))
    for lonely in (alone, clone(alone), again):
        before = pickle.dumps(lonely)
        with pytest.raises(
            ValueError, match=r"2 of the 12 words, such as \['rocket', 'ball'\]. Set embeddings to the table"
        ):
            lonely.fit(all_words)
        assert pickle.dumps(lonely) == before
    with pytest.raises(KeyError, match="set embeddings to the table that was left out"):
        alone.extend_vocabulary(["rocket"])
    assert_array_equal(clone(alone).fit(X).components_, alone.components_)
    assert clone(alone).set_params(embeddings=TABLE).fit(all_words).embedding_coverage_ == 1


def test_other_tables_are_not_taken(fewer):
    """A table of as many words and other vectors, and one of the same vectors and fewer words."""
    X, _ = fewer
    model = ETMTransformer(**FEW_TOPICS, embeddings=dict(LARGER)).fit(X)
    content = pickle.dumps(model)
    del model
    gc.collect()
    others = [{word: row + 1 for word, row in LARGER.items()}, dict(TABLE), "vectors.txt", ROWS, None, 5]
    held = [clone(ETMTransformer(embeddings=other)) for other in others]
    assert len(pickle.loads(content).embeddings) == 10
    held.append(clone(ETMTransformer(embeddings=dict(LARGER))))
    assert pickle.loads(content).embeddings is held[-1].embeddings


def test_words_that_a_table_does_not_have(fewer):
    """They are known not to be there, so that the model can be fitted to its own words again."""
    X, all_words = fewer
    table = {word: TABLE[word] for word in WORDS if word not in {"star", "goal"}}
    model = ETMTransformer(**FEW_TOPICS, embeddings=table).fit(X)
    content, coverage = pickle.dumps(model), model.embedding_coverage_
    del model
    gc.collect()
    alone = pickle.loads(content)
    assert clone(alone).fit(X).embedding_coverage_ == coverage == 0.8
    with pytest.raises(ValueError, match="2 of the 12 words"):
        clone(alone).fit(all_words)


@pytest.mark.parametrize("kind", ["dict", "table", "callable"])
def test_a_pipeline_with_a_memory(kind, tmp_path):
    """The cache hands back pickled steps; all vectors are looked up in all the same."""
    pipeline = Pipeline(
        [
            ("words", NamedVectorizer(CountVectorizer(max_features=10))),
            ("topics", ETMTransformer(**FEW_TOPICS, embeddings=module_level(kind))),
            ("last", VarianceThreshold()),
        ],
        memory=str(tmp_path),
    )
    fitted = pipeline.fit(TEXTS)["topics"]
    assert pipeline.fit(TEXTS)["topics"] is not fitted
    del fitted
    pipeline.set_params(words__vectorizer__max_features=12).fit(TEXTS)
    assert pipeline["topics"].embedding_coverage_ == 1


def module_level(kind):
    """A source that can be pickled."""
    return by_call if kind == "callable" else table_of_kind(kind)


def test_estimators_of_other_processes():
    pipeline = make_pipeline(
        NamedVectorizer(CountVectorizer(max_features=10)),
        ETMTransformer(**FEW_TOPICS, embeddings=table_of_kind("dict")),
    )
    result = cross_validate(pipeline, TEXTS, cv=2, n_jobs=2, return_estimator=True, error_score="raise")
    wider = clone(result["estimator"][0]).set_params(namedvectorizer__vectorizer__max_features=12)
    assert wider.fit(TEXTS)[-1].embedding_coverage_ == 1


def test_an_unfitted_estimator_is_pickled_with_its_table():
    loaded = pickle.loads(pickle.dumps(ETMTransformer(embeddings=TABLE)))
    assert set(loaded.embeddings) == set(TABLE)


def test_names_of_a_data_frame():
    X = pd.DataFrame(CountVectorizer(vocabulary=WORDS).transform(TEXTS).toarray(), columns=WORDS)
    model = ETMTransformer(**FEW_TOPICS, embeddings=TABLE, train_embeddings=False).fit(X)
    assert_allclose(model.word_embeddings_, ROWS, rtol=1e-5)


def test_vectors_without_names():
    X = CountVectorizer().fit_transform(TEXTS)
    with pytest.raises(ValueError, match=r"wrap the vectorizer: NamedVectorizer\(CountVectorizer\(\.\.\.\)\)"):
        ETMTransformer(**FEW_TOPICS, embeddings=TABLE).fit(X)


def test_vocabulary_of_other_columns():
    X = NamedVectorizer().fit_transform(TEXTS)
    with pytest.raises(ValueError, match="column 0 is 'ball' in X and 'star' in vocabulary"):
        ETMTransformer(**FEW_TOPICS, embeddings=TABLE, vocabulary=WORDS).fit(X)


@pytest.mark.parametrize("Model", [ETMTransformer, LNTMTransformer])
def test_counts_of_another_vocabulary(Model):
    vectorizer = NamedVectorizer().fit(TEXTS)
    model = Model(**FEW_TOPICS).fit(vectorizer.transform(TEXTS))
    expected = model.transform(vectorizer.transform(TEXTS))
    other = NamedVectorizer(CountVectorizer(vocabulary=WORDS)).fit_transform(TEXTS)
    with pytest.raises(ValueError, match="column 0 is 'star', and was 'ball'; 11 of 12 differ"):
        model.transform(other)
    with pytest.raises(ValueError, match="column 0 is 'star'"):
        model.partial_fit(other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(model.transform(vectorizer.transform(TEXTS)), expected)


# The vectorizer


def test_names_stay_with_selected_rows_and_columns():
    X = NamedVectorizer().fit_transform(TEXTS)
    train, test = train_test_split(X, random_state=0)
    assert_array_equal(train.feature_names, X.feature_names)
    assert_array_equal(test[:, ::2].feature_names, X.feature_names[::2])
    assert_array_equal(X[:5, X.feature_names != "ball"].feature_names, sorted(set(WORDS) - {"ball"}))
    assert sp.hstack([X, X], format="csr").shape == (200, 24)
    assert getattr(X + X, "feature_names", None) is None


def test_vectorizer_is_cloned_and_can_be_set():
    inner = CountVectorizer()
    named = NamedVectorizer(inner).set_params(vectorizer__max_features=3)
    assert named.fit_transform(TEXTS).shape == (200, 3)
    assert not hasattr(inner, "vocabulary_")
    assert clone(named).get_params()["vectorizer__max_features"] == 3
    with pytest.raises(NotFittedError):
        clone(named).transform(TEXTS)
    assert_array_equal(
        named.inverse_transform(named.transform(["ball"]))[0], ["ball"][: "ball" in named.vectorizer_.vocabulary_]
    )


def test_vectorizer_serves_other_models():
    lda = make_pipeline(NamedVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(TEXTS)
    assert lda.transform(TEXTS).shape == (200, 2)


def test_vectorizer_without_names():
    with pytest.raises(TypeError, match="HashingVectorizer has no get_feature_names_out"):
        NamedVectorizer(HashingVectorizer()).fit(TEXTS)


# Vectors without a download


def test_corpus_vectors_tell_subjects_apart():
    vectors = corpus_vectors(CountVectorizer(vocabulary=WORDS).transform(TEXTS), embedding_size=3)
    similarity = np.corrcoef(vectors)
    assert similarity[:6, :6].min() > similarity[:6, 6:].max()


def test_corpus_vectors_that_stay():
    X = CountVectorizer(vocabulary=WORDS).transform(TEXTS)
    model = ETMTransformer(**FEW_TOPICS, embeddings="corpus", embedding_size=4, train_embeddings=False).fit(X)
    assert model.word_embeddings_.shape == (12, 4)
    assert model.embedding_coverage_ == 1
    assert_subjects_apart(model.transform(X))


def test_skipgram_vectors_need_gensim(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(ImportError, match=r"pip install \"sklearn-etm\[vectors\]\""):
        skipgram_vectors(TEXTS, str.split)


def test_skipgram_vectors_have_a_seed_of_their_own(monkeypatch):
    """Each call has another, unless `random_state` says which; gensim, that draws by it, is stood in for."""

    class Word2Vec:
        def __init__(self, vector_size, seed, **options):
            rows = np.random.default_rng(seed).normal(size=(len(WORDS), vector_size))
            self.wv = WordVectors(WORDS, rows)
            self.wv.index_to_key = WORDS

        def build_vocab(self, sentences): ...

        def train(self, sentences, **options): ...

    monkeypatch.setitem(sys.modules, "gensim.models", SimpleNamespace(Word2Vec=Word2Vec))
    seeds = [None, None, 0, 0, np.random.RandomState(0), 1]
    a, b, c, d, e, f = (
        skipgram_vectors(TEXTS, str.split, embedding_size=3, random_state=seed).vectors for seed in seeds
    )
    assert a.shape == (len(WORDS), 3)
    assert_array_equal(c, d)
    assert_array_equal(c, e)
    assert not np.array_equal(a, b) and not np.array_equal(c, f)


# New words


@pytest.fixture(scope="module", params=[False, True], ids=["kept", "trained"])
def etm(request):
    vectorizer = NamedVectorizer(CountVectorizer(vocabulary=[w for w in WORDS if w not in {"rocket", "ball"}]))
    X = vectorizer.fit_transform(TEXTS)
    return ETMTransformer(**FEW_TOPICS, embeddings=TABLE, train_embeddings=request.param).fit(X)


def assert_subjects_apart(theta):
    """Documents of two subjects in turn: each nearer to the mean of its own."""
    means = np.array([theta[i::2].mean(axis=0) for i in (0, 1)])
    distance = np.abs(theta[:, None] - means).sum(axis=2)
    assert_array_equal(distance.argmin(axis=1), np.arange(len(theta)) % 2)


def extended_counts(model, texts):
    return NamedVectorizer(CountVectorizer(vocabulary=list(model.feature_names_in_))).fit_transform(texts)


def test_new_words_are_read(etm):
    before = pickle.dumps(etm)
    extended = etm.extend_vocabulary(["rocket", "ball"])
    assert pickle.dumps(etm) == before
    assert_array_equal(extended.feature_names_in_, [*etm.feature_names_in_, "rocket", "ball"])
    assert_allclose(extended.components_.sum(axis=1), 1)
    old = extended.components_[:, :-2]
    assert_allclose(old / old.sum(axis=1, keepdims=True), etm.components_, rtol=1e-5)  # relative to each other
    assert_subjects_apart(extended.transform(extended_counts(extended, ["star moon", "goal team", "rocket", "ball"])))
    served = pickle.loads(pickle.dumps(extended))
    assert set(served.embeddings) == set(WORDS)
    assert_array_equal(
        served.transform(extended_counts(extended, TEXTS)), extended.transform(extended_counts(extended, TEXTS))
    )


def test_documents_without_new_words_keep_their_topics(etm):
    extended = etm.extend_vocabulary(["rocket", "ball"], frequencies=[1e-9, 1e-9])
    X = extended_counts(extended, ["star moon", "goal team match"])
    assert_allclose(extended.transform(X), etm.transform(X[:, :-2]), atol=1e-6)


def test_frequencies_of_new_words(etm):
    extended = etm.extend_vocabulary(["rocket", "ball"], frequencies=[0.1, 0.2])
    twice = etm.extend_vocabulary(["rocket", "ball"], frequencies=[0.2, 0.4])
    ratio = (
        twice.components_[:, -2:]
        / twice.components_[:, :1]
        / (extended.components_[:, -2:] / extended.components_[:, :1])
    )
    assert_allclose(ratio, 2)


def test_training_goes_on_with_new_words(etm):
    extended = etm.extend_vocabulary(["rocket", "ball"])
    X = extended_counts(extended, make_texts(400))
    before = extended.perplexity(X)
    for _ in range(3):
        extended.partial_fit(X)
    assert extended.perplexity(X) < before
    assert extended.components_.shape == (3, 12)


@pytest.mark.parametrize(
    "vectors",
    [
        np.array([TABLE["rocket"], TABLE["ball"]]),
        {"rocket": TABLE["rocket"], "ball": TABLE["ball"]},
        dict(TABLE),
        by_call,
    ],
    ids=["array", "new words only", "the same vectors", "callable"],
)
def test_vectors_of_new_words(etm, vectors):
    """All these are the same vectors in the space of the model's own."""
    expected = etm.extend_vocabulary(["rocket", "ball"])
    assert_allclose(etm.extend_vocabulary(["rocket", "ball"], vectors).components_, expected.components_, rtol=1e-5)


@pytest.mark.parametrize("embeddings", [None, "corpus", TABLE], ids=["learned", "corpus", "given"])
def test_vectors_of_another_space(embeddings):
    """They say where a new word belongs by the words that both spaces have."""
    model = ETMTransformer(**FEW_TOPICS, embeddings=embeddings)
    words = [w for w in WORDS if w not in {"rocket", "ball"}]
    model.fit(NamedVectorizer(CountVectorizer(vocabulary=words)).fit_transform(TEXTS))
    turned = {word: 3 * row[::-1][:4] for word, row in TABLE.items()}
    extended = model.extend_vocabulary(["rocket", "ball"], turned)
    assert_subjects_apart(extended.transform(extended_counts(extended, ["star moon", "goal team", "rocket", "ball"])))


BAD_EXTENSIONS = {
    "known word": ((["star"],), ValueError, r"\['star'\] are in its vocabulary"),
    "word twice": ((["sun", "sun"],), ValueError, "more often: \\['sun'\\]"),
    "no word": (([],), ValueError, "at least one word"),
    "a string": (("sun",), ValueError, r"Pass \['sun'\]"),
    "no vector": ((["sun", "rocket"],), KeyError, r"no vector for \['sun'\]"),
    "another shape": ((["sun"], np.ones((1, 3))), ValueError, r"of shape \(1, 5\)"),
    "not finite": ((["sun"], np.full((1, 5), np.nan)), ValueError, "must be finite"),
    "another space without a word in common": ((["sun"], {"sun": np.ones(3)}), ValueError, "it has none of them"),
}


@pytest.mark.parametrize("name", BAD_EXTENSIONS)
def test_bad_extensions(etm, name):
    arguments, error, message = BAD_EXTENSIONS[name]
    with pytest.raises(error, match=message):
        etm.extend_vocabulary(*arguments)


@pytest.mark.parametrize("frequencies", [[0.1], [0.1, 0.0], [0.1, np.nan]])
def test_bad_frequencies(etm, frequencies):
    with pytest.raises(ValueError, match="frequencies must be 2 finite numbers above 0"):
        etm.extend_vocabulary(["rocket", "ball"], frequencies=frequencies)


def test_an_array_of_vectors_has_none_of_new_words():
    X = CountVectorizer(vocabulary=WORDS).transform(TEXTS)
    model = ETMTransformer(**FEW_TOPICS, embeddings=ROWS, vocabulary=WORDS).fit(X)
    with pytest.raises(ValueError, match="vectors is needed: embeddings is an array"):
        model.extend_vocabulary(["sun"])
    extended = model.extend_vocabulary(["sun"], [TABLE["star"]])
    assert extended.vocabulary == [*WORDS, "sun"]
    wider = sp.csr_array(sp.hstack([X, X[:, :1]]))
    assert clone(extended).fit(wider).components_.shape == (3, 13)
    by_name = model.extend_vocabulary(["sun"], {"sun": TABLE["star"]})
    assert_allclose(by_name.components_, extended.components_, rtol=1e-5)


def test_learned_vectors_are_no_space_for_an_array():
    model = ETMTransformer(**FEW_TOPICS).fit(NamedVectorizer().fit_transform(TEXTS))
    with pytest.raises(ValueError, match="has no space to be compared with"):
        model.extend_vocabulary(["sun"], np.ones((1, 50)))
    with pytest.raises(ValueError, match="fitted without word vectors"):
        model.extend_vocabulary(["sun"])


# Search


def test_nearest_words(etm):
    nearest = etm.nearest_words("star", n=5)
    similarities = [similarity for _, similarity in nearest]
    assert {word for word, _ in nearest[:4]} <= set(SPACE)
    assert similarities == sorted(similarities, reverse=True)
    assert etm.nearest_words(etm.word_embeddings_[0], n=1)[0] == ("star", pytest.approx(1))


def test_topics_of_a_query(etm):
    """The topics found for a subject are those that use its words, which "rocket" and "ball" were not in training."""
    names = list(etm.feature_names_in_)
    space = etm.components_[:, [names.index(word) for word in SPACE if word in names]].sum(axis=1)
    for query in ["star moon", ["comet"], "rocket"]:
        assert space[etm.find_topics(query, n=1)[0][0]] > 0.5
    for query in ["goal team", ["league"], "ball", TABLE["ball"]]:
        assert space[etm.find_topics(query, n=1)[0][0]] < 0.5


def test_bad_queries(etm):
    with pytest.raises(KeyError, match="Neither the vocabulary nor embeddings has a vector for 'sun'"):
        etm.find_topics("star sun")
    with pytest.raises(KeyError, match="'sun'"):
        etm.nearest_words("sun")
    with pytest.raises(ValueError, match="query is empty"):
        etm.find_topics(" ")
    with pytest.raises(ValueError, match=r"of shape \(5,\)"):
        etm.nearest_words([1.0, 2.0])
    with pytest.raises(ValueError, match="must be finite"):
        etm.nearest_words(np.full(5, np.nan))
    with pytest.raises(NotFittedError):
        ETMTransformer().find_topics("star")


def test_columns_without_names():
    model = ETMTransformer(**FEW_TOPICS).fit(CountVectorizer(vocabulary=WORDS).transform(TEXTS))
    assert model.nearest_words("x0", 1)[0][0] in {f"x{i}" for i in range(1, len(WORDS))}
