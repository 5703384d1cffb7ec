"""Files of word vectors: every format, odd lines, and what cannot be read."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import sys
import tarfile
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_etm import ETMTransformer
from sklearn_etm.embeddings import align_embeddings, load_vectors

WORDS = ["star", "moon", "comet", "goal", "team", "coach"]
ROWS = (np.repeat(np.eye(2, 5), 3, axis=0) + 0.1 * np.random.default_rng(0).standard_normal((6, 5))).astype(np.float32)
TABLE = dict(zip(WORDS, ROWS, strict=True))


def text_file(words, rows, header=False):
    lines = [f"{len(words)} {rows.shape[1]}"] if header else []
    lines += [f"{word} {' '.join(f'{value:.8g}' for value in row)}" for word, row in zip(words, rows, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def word2vec_file(words, rows):
    parts = [word.encode() + b" " + row.astype("<f4").tobytes() for word, row in zip(words, rows, strict=True)]
    return f"{len(words)} {rows.shape[1]}\n".encode() + b"\n".join(parts) + b"\n"


def npz_file(words, rows):
    file = io.BytesIO()
    np.savez(file, words=np.array(words), vectors=rows)
    return file.getvalue()


def safetensors_file(words, rows):
    header = {
        "__metadata__": {"words": json.dumps(words)},
        "vectors": {"dtype": "F32", "shape": rows.shape, "data_offsets": [0, rows.nbytes]},
    }
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + rows.astype("<f4").tobytes()


FILES = {
    "glove.txt": text_file,
    "word2vec.txt": lambda words, rows: text_file(words, rows, header=True),
    "fasttext.vec": lambda words, rows: text_file(words, rows, header=True).replace(b"\n", b" \n"),
    "glove.txt.gz": lambda words, rows: gzip.compress(text_file(words, rows)),
    "glove.bz2": lambda words, rows: bz2.compress(text_file(words, rows)),
    "word2vec.vec.xz": lambda words, rows: lzma.compress(text_file(words, rows, header=True)),
    "compressed.txt": lambda words, rows: gzip.compress(text_file(words, rows)),
    "word2vec.bin": word2vec_file,
    "word2vec.bin.gz": lambda words, rows: gzip.compress(word2vec_file(words, rows)),
    "vectors.npz": npz_file,
    "vectors.safetensors": safetensors_file,
}


@pytest.fixture(params=FILES)
def vector_file(request, tmp_path):
    path = tmp_path / request.param
    path.write_bytes(FILES[request.param](["новый", "New_York", *WORDS], np.vstack([ROWS[:2] + 1, ROWS])))
    return path


def test_files_of_word_vectors(vector_file):
    vectors = load_vectors(vector_file)
    assert vectors.words == ("новый", "New_York", *WORDS)
    assert_allclose(vectors.vectors[2:], ROWS, rtol=1e-6)
    aligned, coverage = align_embeddings(str(vector_file), ["goal", "New_York", "новый", "nebula"], random_state=0)
    assert coverage == 0.75
    assert_allclose(aligned[:3], [TABLE["goal"], ROWS[1] + 1, ROWS[0] + 1], rtol=1e-6)


# Text: GloVe's, word2vec's, and what people make of it

LINES = [("look", [0.5, -0.25, 1.0]), ("star", [-1.0, 2.0, 3.5]), ("moon", [4.0, 5.0, -6.0])]


def text(separate, lines=LINES, end="\n"):
    return "".join(word + separate(row) + end for word, row in lines)


PLAIN = text(lambda row: "".join(f" {x}" for x in row))
ALIGNED = text(lambda row: "".join(f" {x: .2f}" for x in row))
TEXTS = {
    "header": "3 3\n" + PLAIN,
    "header with a blank": "3 3 \n" + PLAIN,
    "header with a tab": "3\t3\n" + PLAIN,
    "empty first line": "\n3 3\n" + PLAIN,
    "lines of Windows": ("3 3\n" + PLAIN).replace("\n", "\r\n"),
    "blanks at the ends": PLAIN.replace("\n", " \n"),
    "tabs": PLAIN.replace(" ", "\t"),
    "a tab after the word": text(lambda row: "\t" + " ".join(map(str, row))),
    "two blanks before positive numbers": ALIGNED,
    "header, two blanks": "3 3\n" + ALIGNED,
    "columns of one width": text(lambda row: "".join(f"{x:9.4f}" for x in row)),
    "commas": PLAIN.replace(" ", ","),
    "commas and blanks": PLAIN.replace(" ", ", "),
    "quotes": '"new, york",0,1,0\n' + PLAIN.replace(" ", ","),
    "no end of the last line": PLAIN.rstrip(),
    "number among the words": "2000 1 1 1\n" + PLAIN,
    "words that are called as odd numbers": "nan 1 1 1\ninf 2 2 2\n" + PLAIN,
    "words of two parts": "at name@domain.com 1 1 1\n. . . 2 2 2\n" + PLAIN,
    "word that ends with a number, and a header": "2 3\ncatch 22 1 1 1\n" + PLAIN,
}
MARKED = {
    "mark of UTF-8": PLAIN.encode("utf-8-sig"),
    "mark of UTF-8, header": ("3 3\n" + PLAIN).encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "UTF-32": ("3 3\n" + PLAIN).encode("utf-32"),
}


@pytest.mark.parametrize("content", [*TEXTS.values(), *MARKED.values()], ids=[*TEXTS, *MARKED])
@pytest.mark.filterwarnings("error")
def test_text_as_people_have_it(content, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    vectors = load_vectors(path)
    words = [word for word, _ in LINES]
    assert vectors.words[-3:] == tuple(words)
    assert_array_equal([vectors[word] for word in words], [row for _, row in LINES])
    assert_array_equal(align_embeddings(path, words).vectors, [row for _, row in LINES])


def test_words_with_spaces(tmp_path):
    """Of text and of n-grams; as long as the file has them."""
    path = tmp_path / "vectors.txt"
    path.write_text("new york 0 1\nnew 1 0\n\x85 1 1\n\u00a0 2 2\n\u3000  3  3\n", encoding="utf-8")
    assert align_embeddings(path, ["new york", "new"]).vectors.tolist() == [[0, 1], [1, 0]]
    assert load_vectors(path).words == ("new york", "new", "\x85", "\u00a0", "\u3000")


def test_a_table_of_pandas(tmp_path):
    """Words with commas and quotes, and a first line of the columns' names."""
    path = tmp_path / "vectors.csv"
    pd.DataFrame([[1.5, 0], [0, 1], [1, 1]], index=["star", "new, york", '"']).to_csv(path)
    with pytest.warns(UserWarning, match="1 in all: line 1 \\(',0,1'\\)"):
        assert load_vectors(path).words == ("star", "new, york", '"')


ODD_LINES = {
    "a blank as word": ("4 3\nstar 1 0 0\n  0.5 0.5 0.5\ngoal 0 0 1\n", "1 in all: line 3 ('0.5 0.5 0.5')"),
    "no word": ("star 1 0 0\n0.5 0.5 0.5\ngoal 0 0 1\n", "1 in all: line 2"),
    "no word in the first line": ("0.5 0.5 0.5\nstar 1 0 0\ngoal 0 0 1\n", "1 in all: line 1"),
    "a tab as word": ("star 1 0 0\n\t 0.5 0.5 0.5\ngoal 0 0 1\n", "1 in all: line 2"),
    "no word, and commas": ("star,1,0,0\n,0.5,0.5,0.5\ngoal,0,0,1\n", "1 in all: line 2"),
    "a comment": ("# made by me\n2 3\nstar 1 0 0\ngoal 0 0 1\n", "1 in all: line 1 ('# made by me')"),
    "a line of names": ("word a b c\nstar 1 0 0\ngoal 0 0 1\n", "1 in all: line 1 ('word a b c')"),
    "many": ("star 1 0 0\n" + "1 2 3\n" * 9 + "goal 0 0 1\n", "9 in all: line 2 ('1 2 3'), line 3 ('1 2 3'), line 4"),
}


@pytest.mark.parametrize("name", ODD_LINES)
def test_odd_lines_are_skipped_and_told(name, tmp_path):
    content, message = ODD_LINES[name]
    path = tmp_path / "vectors.txt"
    path.write_text(content)
    with pytest.warns(UserWarning, match="Lines of vectors.txt were skipped") as warned:
        vectors = load_vectors(path)
    assert len(warned) == 1 and message in str(warned[0].message) and warned[0].filename == __file__
    assert vectors.words == ("star", "goal")
    assert vectors.vectors.tolist() == [[1, 0, 0], [0, 0, 1]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert align_embeddings(path, ["goal", "star"]).vectors.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_words_that_are_not_utf8(tmp_path):
    """Different bytes stay different words; in text one is told."""
    path = tmp_path / "vectors.txt"
    path.write_bytes("étoile 1 0\nêtoile 0 1\nstar 1 1\n".encode("latin-1"))
    with pytest.warns(UserWarning, match="not UTF-8.*2 in all: line 1"):
        vectors = load_vectors(path)
    assert vectors.words == (r"\xe9toile", r"\xeatoile", "star")
    with pytest.warns(UserWarning, match="not UTF-8"):
        align_embeddings(path, ["star"])


# Word2vec's binary


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_blank_as_word_of_a_binary(end, tmp_path):
    """As word2vec writes it, with an end of each line, and as gensim does, without."""
    path = tmp_path / "vectors.bin"
    words = ["star", " ", "goal"]
    lines = [word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, ROWS, strict=False)]
    path.write_bytes(b"3 5\n" + b"".join(lines))
    assert load_vectors(path).words == tuple(words)
    assert_array_equal(align_embeddings(path, ["goal", "star"]).vectors, ROWS[[2, 0]])


# FastText's models


def fasttext_file(words, ngrams, rows, lengths=(3, 3), version=12, kind=2):
    """A model of fastText without subwords' hashes in common: ``ngrams`` rows of n-grams of 3 characters."""
    args = struct.pack("<12id", rows.shape[1], 5, 5, 1, 5, 1, 2, kind, ngrams, *lengths, 100, 1e-4)
    dictionary = struct.pack("<iiiqq", len(words), len(words), 0, 10, -1)
    raw = [word if isinstance(word, bytes) else word.encode() for word in words]
    dictionary += b"".join(word + b"\0" + struct.pack("<qb", 1, 0) for word in raw)
    matrix = struct.pack("<qq", *rows.shape) + rows.astype("<f4").tobytes()
    return struct.pack("<ii", 793712314, version) + args + dictionary + b"\0" + matrix


def test_fasttext_model(tmp_path):
    """One bucket: every n-gram has the same row, so that the means are known on paper."""
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [4.0, 4.0]])
    path = tmp_path / "model.bin"
    path.write_bytes(fasttext_file(["ab", "abc"], 1, rows))
    with pytest.warns(UserWarning, match="67%"):
        vectors, coverage = align_embeddings(path, ["abc", "ab", "abcd"], oov="subword")
    assert coverage == pytest.approx(2 / 3)
    assert_allclose(vectors, [[3.0, 3.25], [3.0, 8 / 3], [4.0, 4.0]], rtol=1e-6)  # <abc> has three n-grams, <ab> two
    assert load_vectors(path).words == ("ab", "abc")


def test_fasttext_finds_both_spellings(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(fasttext_file(["\u00e9t\u00e9"], 0, ROWS[:1]))
    assert_array_equal(align_embeddings(path, ["e\u0301te\u0301"]).vectors, ROWS[:1])


def test_fasttext_words_cut_within_a_character(tmp_path):
    """Neither moves the rows of n-grams, and each has its own."""
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0], [1.0, 1.0], [4.0, 4.0]])
    path = tmp_path / "model.bin"
    path.write_bytes(fasttext_file(["abc", b"\xed\x95", b"\xec\x95", "abc"], 1, rows))
    assert_allclose(align_embeddings(path, ["abc"]).vectors, [[3.25, 3.0]], rtol=1e-6)
    vectors = load_vectors(path)
    assert vectors.words == ("abc", r"\xed\x95", r"\xec\x95")
    assert_allclose(vectors.vectors, [[3.25, 3.0], [2.0, 2.5], [3.0, 3.0]], rtol=1e-6)  # one n-gram each: <..>


@pytest.mark.parametrize("settings", [{"lengths": (0, 0)}, {"lengths": (3, 3), "version": 11, "kind": 3}])
def test_fasttext_models_without_ngrams(settings, tmp_path):
    """Classifiers have none, those of version 11 whatever their settings say."""
    path = tmp_path / "model.bin"
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [4.0, 4.0]])
    path.write_bytes(fasttext_file(["ab", "abc"], 1, rows, **settings))
    assert_array_equal(load_vectors(path).vectors, rows[:2])


def test_fasttext_of_half_an_emoji(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(fasttext_file(["ab"], 1, np.array([[1.0, 0.0], [4.0, 4.0]])))
    with pytest.warns(UserWarning, match="50%"):
        assert_array_equal(align_embeddings(path, ["ab", "ab\ud83d"], oov="subword").vectors[1], [4.0, 4.0])


def test_hash_of_fasttext():
    """Figures of 32-bit FNV-1a as published, and of bytes above 127, which fastText takes as signed."""
    from sklearn_etm.embeddings._fasttext import fnv_hash

    assert fnv_hash(b"a") == 0xE40C292C
    assert fnv_hash(b"foobar") == 0xBF9CF968
    assert (
        fnv_hash("é".encode())
        == ((((2166136261 ^ 0xFFFFFFC3) * 16777619 & 0xFFFFFFFF) ^ 0xFFFFFFA9) * 16777619) % 2**32
    )


# What cannot be read


def zip_file(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def tar_file(name, content):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def npy_file(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def objects_file(words, rows):
    file = io.BytesIO()
    np.savez(file, words=np.array(words, dtype=object), vectors=rows)
    return file.getvalue()


def huge_npz(shape):
    """Arrays that say that they are larger than their file."""
    file = io.BytesIO()
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode() + b"\n"
    array = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(8)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("words.npy", npy_file(np.array(["star"])))
        archive.writestr("vectors.npy", array)
    return file.getvalue()


def packed_npz(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("vectors.npy", npy_file(np.zeros((1000, 1000))))
    return file.getvalue()


class Evil:
    """Leaves a trace where it is unpickled."""

    def __reduce__(self):
        return exec, ("import sys; sys.unpickled = True",)


BAD_FILES = {
    "huge.npz": (huge_npz((10**12, 5)), "huge.npz must hold one array of words"),
    "wide.npz": (huge_npz((10**12, 0)), "wide.npz must have one vector a word"),
    "packed.npz": (packed_npz(zipfile.ZIP_LZMA), "packed.npz is damaged.*another method than deflate"),
    "sizes.txt": (b"1 " + b"9" * 30 + b"\nstar moon\n", "Line 2 of sizes.txt must be a word and"),
    "digits.txt": (b"1 " + b"9" * 5000 + b"\nstar moon\n", "Line 2 of digits.txt must be a word and"),
    "no_numbers.bin": (b"2 0\nstar \nmoon \n", "no_numbers.bin holds no word vectors"),
    "evil.pkl": (pickle.dumps(Evil()), "evil.pkl is a pickle"),
    "evil.joblib": (pickle.dumps(Evil()), "evil.joblib is a pickle"),
    "evil.npz": (objects_file([Evil()], ROWS[:1]), "evil.npz must hold one array of words"),
    "evil.kv.gz": (gzip.compress(pickle.dumps(Evil())), "run whatever code is in them"),
    "evil.kv": (pickle.dumps(Evil()), r"run whatever code is in them.*load_vectors\(path, allow_pickle=True\)"),
    "short_later.txt": (PLAIN.encode() + b"team 1 2\n", "Line 4 of short_later.txt must be a word and 3 numbers"),
    "unequal.txt": (b"star 1 2\nmoon 1 2 3\n", "Line 1 of unequal.txt must be a word and 3 numbers"),
    "lying.txt": (b"3 5\n" + PLAIN.encode(), "lying.txt says in line 1 that vectors have 5 numbers, but .* have 3"),
    "decimal.txt": (b"star 1,5 2,5\nmoon 3,5 4,5\n", "Line 1 of decimal.txt .* got 'star 1,5 2,5'"),
    "semicolons.txt": (b"star;1;2\nmoon;3;4\n", "Line 1 of semicolons.txt must be a word and some numbers"),
    "mac.txt": (PLAIN.replace("\n", "\r").encode(), "mac.txt ends lines by carriage returns alone"),
    "unmarked.txt": (PLAIN.encode("utf-16-le"), "unmarked.txt is not text in UTF-8"),
    "binary.txt": (b"2 2\nstar " + bytes(8), "binary.txt is not text in UTF-8.* .bin"),
    "cut.gz": (gzip.compress(PLAIN.encode())[:-9], "cut.gz is damaged, or cut off"),
    "glove.zip": (
        zip_file("glove.6B.50d.txt", b""),
        "zip archive, which holds 'glove.6B.50d.txt': unpack it",
    ),
    "pytorch_model.bin": (zip_file("data.pkl", b""), "pytorch_model.bin is a zip archive"),
    "vectors.tar.gz": (tar_file("vectors.txt", b"star 1 2\n"), "vectors.tar.gz is a tar archive: unpack it"),
    "vectors.npy": (npy_file(ROWS), r"vectors.npy holds an array without words.*np.load\(path\)"),
    "cut.npz": (npz_file(["x"], ROWS)[:90], "cut.npz is damaged"),
    "objects.npz": (objects_file(["a"], ROWS[:1]), r"objects.npz must hold one array of words.*dtype=str"),
    "word2vec.model": (pickle.dumps({}), "word2vec.model is a pickle: load it .* pass the vectors that it holds"),
    "model.bin.gz": (
        gzip.compress(fasttext_file(["ab"], 0, ROWS[:1])),
        "is a model of fastText, compressed",
    ),
    "moved.bin": (
        word2vec_file(["star", "new york", "goal"], ROWS[:3]),
        "moved.bin must hold .* a blank in it",
    ),
    "first_line.bin": (b"1 5\n" + word2vec_file(WORDS[:2], ROWS[:2])[4:], "first_line.bin must hold .* as many as"),
    "really_text.bin": (b"3 3\n" + PLAIN.encode(), "really_text.bin must hold .* text: give it the name .txt"),
    "short.txt": (b"star 1 2\ngoal 1\n", "Line 2 of short.txt must be a word and 2 numbers"),
    "words.txt": (b"star moon sun\n", "Line 1 of words.txt must be a word and some numbers"),
    "lonely.txt": (b"star\n", "Line 1 of lonely.txt must be a word and some numbers"),
    "empty.txt": (b"", "empty.txt holds no word vectors"),
    "text.bin": (b"star 1 2\n", "text.bin must be a binary of word2vec.*Give text the name .txt"),
    "cut.bin": (b"2 3\nstar " + bytes(12) + b"\ngoal 123", "cut.bin is cut off"),
    "cut_model.bin": (struct.pack("<ii", 793712314, 12) + bytes(40), "cut_model.bin is cut off"),
    "no_floats.bin": (fasttext_file(["ab"], 0, ROWS[:1, :0]), "no_floats.bin is cut off: it must hold 1 vectors of 0"),
    "no_vectors.bin": (fasttext_file([], 0, ROWS[:0]), "no_vectors.bin is cut off"),
    "long.bin": (
        fasttext_file(["ab"], 1, ROWS[:2], lengths=(3, 10**9)),
        "long.bin is damaged: .* 1000000000 characters",
    ),
    "old_model.bin": (struct.pack("<ii", 793712314, 3) + bytes(40), "old_model.bin is of version 3"),
    "wordless.npz": (npz_file([1, 2], ROWS[:2]), "wordless.npz must hold one array of words"),
    "uneven.npz": (npz_file(["star"], ROWS[:2]), "uneven.npz must have one vector a word"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_damaged_files(name, tmp_path):
    content, message = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_vectors(path)


def test_no_pickle_is_loaded_unasked(tmp_path):
    """Whatever the name, and also as the parameter of an estimator."""
    for name, content in {name: content for name, (content, _) in BAD_FILES.items() if "evil" in name}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError):
            load_vectors(tmp_path / name)
        with pytest.raises(ValueError):
            ETMTransformer(**SMALL, embeddings=tmp_path / name, vocabulary=["star"]).fit([[1], [2]])
    assert not hasattr(sys, "unpickled")


def test_vectors_of_gensim(tmp_path):
    """Its own format, where the user trusts it."""
    gensim = pytest.importorskip("gensim", reason="gensim is not installed: pip install sklearn-etm[vectors]")
    vectors = gensim.models.KeyedVectors(5)
    vectors.add_vectors(WORDS, ROWS)
    vectors.save(str(tmp_path / "vectors.kv"))
    assert_array_equal(load_vectors(tmp_path / "vectors.kv", allow_pickle=True)["goal"], ROWS[3])


@pytest.mark.filterwarnings("error")
def test_numbers_beyond_single_precision(tmp_path):
    """They are infinite, and refused where they are used."""
    (tmp_path / "vectors.txt").write_text("star 1e39 0\nmoon 0 1\n")
    assert load_vectors(tmp_path / "vectors.txt")["moon"].tolist() == [0, 1]
    with pytest.raises(ValueError, match="must be finite; the vector of 'star'"):
        align_embeddings(tmp_path / "vectors.txt", ["star", "moon"])


def test_missing_file():
    with pytest.raises(FileNotFoundError, match=r"no file of word vectors at 'nowhere\.txt'"):
        ETMTransformer(**SMALL, embeddings="nowhere.txt", vocabulary=["x"]).fit([[1], [2]])


def test_folders(tmp_path):
    with pytest.raises(ValueError, match=r"is a folder without model\.safetensors"):
        load_vectors(tmp_path)


# Safetensors, and the tokenizers beside them


def tensors_file(metadata=None, **tensors):
    """Arrays with their types, as (type, shape, bytes)."""
    header, content = {"__metadata__": metadata} if metadata else {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        offsets = [len(content), len(content) + len(raw)]
        header[name.replace("__", ".")] = {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}
        content += raw
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + content


def tensor(rows, dtype="F32"):
    rows = np.asarray(rows)
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I8": "i1", "I64": "<i8"}
    raw = (
        (rows.astype("<f4").view("<u4") >> 16).astype("<u2") if dtype == "BF16" else rows.astype(kinds.get(dtype, "u1"))
    )
    return dtype, rows.shape, raw.tobytes()


SIMPLE = np.array([[1, 0.5], [0, 2], [-3, 4]], dtype=np.float32)  # which two bytes can tell
NAMED = {"words": json.dumps(WORDS[:3])}


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "BF16"])
def test_types_of_safetensors(dtype, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(tensors_file(NAMED, vectors=tensor(SIMPLE, dtype)))
    assert_array_equal(load_vectors(path).vectors, SIMPLE)
    assert_array_equal(align_embeddings(path, ["comet", "star"]).vectors, SIMPLE[[2, 0]])


def test_safetensors_with_whole_numbers(tmp_path):
    """Model2vec's quantised vectors."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(tensors_file(NAMED, embeddings=tensor(2 * SIMPLE, "I8")))
    assert_array_equal(load_vectors(path).vectors, 2 * SIMPLE)


@pytest.fixture
def folder(tmp_path):
    """Maker of a folder with a model and a tokenizer."""

    def make(tokenizer, where=".", **tensors):
        (tmp_path / where).mkdir(exist_ok=True)
        (tmp_path / where / "model.safetensors").write_bytes(tensors_file(**tensors))
        (tmp_path / where / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
        return tmp_path

    return make


def numbered(*tokens):
    return {token: i for i, token in enumerate(tokens)}


TOKENIZERS = {
    "WordPiece": {"model": {"type": "WordPiece", "vocab": {"star": 0, "##s": 1, "goal": 2}}},
    "Unigram": {"model": {"type": "Unigram", "vocab": [["star", -1.0], ["moon", -2.0], ["goal", -3.0]]}},
    "Unigram of sentences": {
        "model": {"type": "Unigram", "vocab": [["\u2581star", -1.0], ["goal", -2.0], ["\u2581goal", -3.0]]}
    },
    "bytes": {
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}]},
        "model": {"type": "BPE", "vocab": numbered("\u0120star", "goal", "\u0120goal")},
    },
    "ends of words": {
        "model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": numbered("star</w>", "goal", "goal</w>")}
    },
    "added": {"model": {"vocab": {"star": 0}}, "added_tokens": [{"id": 2, "content": "goal"}]},
}


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenizers(folder, name):
    """The row of a word is that of its token: the one that starts it, where the tokenizer tells these apart."""
    path = folder(TOKENIZERS[name], embeddings=tensor(SIMPLE))
    for source in (path, path / "model.safetensors"):
        assert_array_equal(align_embeddings(source, ["goal", "star"]).vectors, SIMPLE[[2, 0]])


def test_tokens_of_bytes_and_of_several_words(folder):
    tokenizer = {
        "decoder": {"type": "ByteLevel"},
        "model": {"vocab": numbered("\u0120\u00c3\u00a9toile", "\u0120New\u0120York")},
    }
    assert load_vectors(folder(tokenizer, embeddings=tensor(SIMPLE))).words == ("étoile", "New York")


def test_folder_of_a_static_model(folder):
    """As sentence-transformers write it."""
    path = folder({"model": {"vocab": {"star": 0}}}, "0_StaticEmbedding", embedding__weight=tensor(SIMPLE))
    assert_array_equal(load_vectors(path)["star"], SIMPLE[0])


def test_tokens_that_share_vectors(folder):
    """Model2vec's: tokens are mapped to vectors, which are weighted."""
    tokenizer = {"model": {"vocab": numbered("star", "moon", "goal", "team")}}
    tensors = {"mapping": tensor([2, 0, 0, 1], "I64"), "weights": tensor([1.0, 2.0, 0.5, 1.0], "F64")}
    vectors = load_vectors(folder(tokenizer, embeddings=tensor(SIMPLE, "F16"), **tensors))
    assert vectors.words == ("star", "moon", "goal", "team")
    assert_array_equal(vectors.vectors, [[-3, 4], [2, 1], [0.5, 0.25], [0, 2]])


NETWORK = {"a__weight": tensor(SIMPLE), "b__weight": tensor(SIMPLE)}
BAD_TENSORS = {
    "floats of one byte": (NAMED, {"vectors": tensor(SIMPLE, "F8_E4M3")}, None, "holds its vectors as F8_E4M3"),
    "words that are no JSON": (
        {"words": "star moon"},
        {"v": tensor(SIMPLE)},
        None,
        "words .* must be JSON",
    ),
    "words that are no list": ({"words": '"star"'}, {"v": tensor(SIMPLE)}, None, "must be a JSON list; got str"),
    "too few words": (
        {"words": '["star"]'},
        {"v": tensor(SIMPLE)},
        None,
        "it has 1 words, 3 vectors",
    ),
    "a network": (None, NETWORK, {}, r"it holds 2 arrays: \['a.weight', 'b.weight'\]"),
    "no matrix": (None, {"weights": tensor([1.0])}, {}, "must hold one array of two dimensions"),
    "a tokenizer without words": (None, {"v": tensor(SIMPLE)}, {}, "under 'vocab' of its 'model'; it has none"),
    "more tokens than rows": (None, {"v": tensor(SIMPLE)}, {"model": {"vocab": {"star": 7}}}, "numbered up to 7"),
    "tokens below zero": (None, {"v": tensor(SIMPLE)}, {"model": {"vocab": {"star": -1}}}, "must have whole numbers"),
    "tokens that are no numbers": (None, {"v": tensor(SIMPLE)}, {"model": {"vocab": {"star": "0"}}}, "whole numbers"),
    "an odd tokenizer": (
        None,
        {"v": tensor(SIMPLE)},
        {"model": {"vocab": {"star": 0}}, "added_tokens": [{}]},
        "The tokenizer.json beside model.safetensors is not as tokenizers write it: KeyError",
    ),
    "rows below zero": (
        None,
        {"v": tensor(SIMPLE), "mapping": tensor([-1], "I64")},
        {"model": {"vocab": {"star": 0}}},
        "must have the rows of its tokens as 'mapping'",
    ),
    "rows that are no numbers": (
        None,
        {"v": tensor(SIMPLE), "mapping": tensor([0.5])},
        {"model": {"vocab": {"star": 0}}},
        "must have the rows of its tokens as 'mapping'",
    ),
    "neither": (None, {"v": tensor(SIMPLE)}, None, "it has neither"),
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_bad_safetensors(name, tmp_path):
    metadata, tensors, tokenizer, message = BAD_TENSORS[name]
    path = tmp_path / "model.safetensors"
    path.write_bytes(tensors_file(metadata, **tensors))
    if tokenizer is not None:
        (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ValueError, match=message):
        load_vectors(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"[" * 100_000, "The header of model.safetensors must be JSON"),
        (b"[]", "must be an object"),
        (b'{"__metadata__": {"words": []}}', "its metadata one of strings"),
        *[
            (
                json.dumps({"vectors": entry}).encode(),
                "must have the dtype, the shape and the two data_offsets of 'vectors'",
            )
            for entry in (
                None,
                {},
                {"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]},
                {"dtype": "F32", "shape": [1, 2], "data_offsets": [0]},
                {"dtype": ["F32"], "shape": [1, 2], "data_offsets": [0, 8]},
                {"dtype": "F32", "shape": [10**30, 2], "data_offsets": [0, 8]},
            )
        ],
    ],
)
def test_headers_of_safetensors(header, message, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    with pytest.raises(ValueError, match=message):
        load_vectors(path)


@pytest.mark.parametrize("length", [4, 60, -1])
def test_safetensors_that_are_cut_off(length, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(tensors_file(NAMED, vectors=tensor(SIMPLE))[:length])
    with pytest.raises(ValueError, match="is cut off"):
        load_vectors(path)
