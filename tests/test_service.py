"""The service of examples/service: the real server, over HTTP, in an environment where JAX cannot be imported."""

import http.client
import importlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import skops.io as skops
from conftest import SMALL
from numpy.testing import assert_allclose
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from sklearn_etm import LNTMTransformer, NamedVectorizer
from sklearn_etm.datasets import make_topics_corpus

pytestmark = pytest.mark.slow  # a server with two workers has to start

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "examples" / "service"
STARTS_WITHIN = 120  # seconds, on a machine that is busy

FORK = """
import os, sys
import numpy as np
from served import Served

served, texts = Served(sys.argv[1]), sys.argv[2:]
before = served.topics(texts, 3)
for _ in range(3):
    if (child := os.fork()) == 0:
        os._exit(0 if served.topics(texts, 3) == before else 1)
    assert os.waitpid(child, 0)[1] == 0
print("jax" in sys.modules)
"""


@pytest.fixture(scope="module")
def corpus():
    counts = make_topics_corpus(100, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    texts = [" ".join(f"word{v}" for v in np.repeat(row, row)) for row in counts.toarray().astype(int)]
    return texts, ["even" if i % 2 == 0 else "odd" for i in range(len(texts))]


@pytest.fixture(scope="module")
def served():
    """The module that saves and loads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SERVICE)
        yield importlib.import_module("served")


@pytest.fixture(scope="module")
def saved(served, corpus, tmp_path_factory):
    """A fitted pipeline, and its file."""
    texts, labels = corpus
    steps = [("words", CountVectorizer()), ("topics", LNTMTransformer(**SMALL)), ("label", LogisticRegression())]
    pipeline = Pipeline(steps).fit(texts, labels)
    path = tmp_path_factory.mktemp("service") / "topics.skops"
    served.save(path, pipeline, pipeline[:-1].transform(texts).mean(axis=0))
    assert [file.name for file in path.parent.iterdir()] == ["topics.skops"]
    return pipeline, path


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Of processes in which all that training needs cannot be imported."""
    absent = tmp_path_factory.mktemp("absent")
    for name in ("flax", "jax", "jaxlib", "numpyro", "optax"):
        (absent / f"{name}.py").write_text("raise ImportError(f'{__name__} is not installed here')\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [absent, ROOT, SERVICE]))}


@pytest.fixture(scope="module")
def server(saved, environment, tmp_path_factory):
    """Address of the server with two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1", free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(SERVICE), "app:app", "--workers", "2"]
    log = tmp_path_factory.mktemp("log") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--port", str(address[1])],
            env={**environment, "TOPICS_MODEL": str(saved[1])},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + STARTS_WITHIN
        while log.read_text().count("Application startup complete") < 2:
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in log.read_text()


def ask(server, path, body=None):
    """Status and answer, of JSON or of bytes as they are."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request("http://{}:{}{}".format(*server, path), data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_is_there(server):
    assert ask(server, "/healthz") == (200, {"status": "ok", "num_topics": 3})


def test_topics_of_one_text_and_of_many(server, saved, corpus):
    pipeline, texts = saved[0], corpus[0][:5]
    status, many = ask(server, "/topics", {"texts": texts})
    assert status == 200
    theta = np.array([result["proportions"] for result in many["results"]])
    assert_allclose(theta, pipeline[:-1].transform(texts), rtol=1e-12)
    assert [result["known_tokens"] for result in many["results"]] == [len(text.split()) for text in texts]
    for text, result in zip(texts, many["results"], strict=True):
        status, one = ask(server, "/topics?n=2", {"texts": text})
        assert status == 200
        assert_allclose(one["results"][0]["proportions"], result["proportions"], rtol=1e-12)
        largest = [topic["proportion"] for topic in one["results"][0]["largest"]]
        assert largest == sorted(one["results"][0]["proportions"], reverse=True)[:2]


def test_labels(server, saved, corpus):
    pipeline, texts = saved[0], corpus[0][:5]
    status, answer = ask(server, "/label", {"texts": texts})
    assert status == 200
    assert [result["label"] for result in answer["results"]] == pipeline.predict(texts).tolist()
    probabilities = [[result["probabilities"][name] for name in ("even", "odd")] for result in answer["results"]]
    assert_allclose(probabilities, pipeline.predict_proba(texts), rtol=1e-12)


@pytest.mark.parametrize("text", ["", " \n", "nothing of this is known", "\x00", "\u202e🌝"])
def test_text_without_a_known_word(server, saved, text):
    prior = saved[0]["topics"].doc_topic_prior_
    status, answer = ask(server, "/topics", {"texts": [text, "word1"]})
    unknown, known = answer["results"]
    assert (status, unknown["known_tokens"], known["known_tokens"]) == (200, 0, 1)
    assert_allclose(unknown["proportions"], prior / prior.sum(), rtol=1e-12)
    assert ask(server, "/label", {"texts": text})[1]["results"][0]["known_tokens"] == 0


def test_a_topic(server, saved):
    model = saved[0]["topics"]
    status, topic = ask(server, "/topics/1?n_words=4")
    assert (status, topic["topic"], len(topic["words"])) == (200, 1, 4)
    assert_allclose([word["weight"] for word in topic["words"]], np.sort(model.components_[1])[:-5:-1], rtol=1e-12)
    assert 0 < topic["share"] < 1
    assert ask(server, "/topics/1?n_words=1000")[1]["words"][:4] == topic["words"]
    for k in (3, -1, 10**30):
        status, answer = ask(server, f"/topics/{k}")
        assert status == 404 and "0 to 2" in answer["detail"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "Field required"),
        ({"texts": []}, "at least 1 item"),
        ({"texts": ["a"] * 101}, "at most 100 items"),
        ({"texts": "a" * 100_001}, "at most 100000 characters"),
        ({"texts": ["a", "b" * 100_001]}, "at most 100000 characters"),
        ({"texts": [1]}, "valid string"),
        ({"texts": None}, "valid list"),
        ({"text": "a"}, "Extra inputs"),
        (["a"], "valid dictionary"),
        (b"{", "JSON decode error"),
        ({"texts": "\ud800"}, "valid string"),
        (b'{"texts": "\xff"}', ""),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(server, body, reason):
    for path in ("/topics", "/label"):
        status, answer = ask(server, path, body)
        assert status in ((422,) if reason else (400, 422))
        assert reason in str(answer["detail"])
        assert len(str(answer)) < 1000  # the text is not sent back
    assert ask(server, "/topics?n=0", {"texts": "a"})[0] == 422


def test_a_body_that_does_not_say_that_it_is_json(server):
    request = urllib.request.Request("http://{}:{}/topics".format(*server), b'{"texts": "a"}')
    with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request, timeout=60):
        pass
    assert "send Content-Type: application/json" in str(json.load(caught.value)["detail"])


def test_one_reason_for_one_fault(server):
    assert len(ask(server, "/topics", {"texts": "a" * 100_001})[1]["detail"]) == 1


@pytest.mark.parametrize("says_length", [True, False])
def test_too_large_a_body_is_refused_before_it_is_parsed(server, says_length):
    connection = http.client.HTTPConnection(*server, timeout=60)
    if says_length:  # and sends nothing of it
        connection.putrequest("POST", "/topics")
        connection.putheader("Content-Length", "2000001")
        connection.endheaders()
    else:
        chunks = (b"{" * 100_000 for _ in range(21))
        connection.request("POST", "/topics", chunks, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "more than 2000000 bytes" in json.load(answer)["detail"]
    connection.close()


def test_a_body_in_chunks(server):
    connection = http.client.HTTPConnection(*server, timeout=60)
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    connection.request("POST", "/topics", iter([b'{"texts": ', b'"word1 ', b'word2"}']), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["results"][0]["known_tokens"]) == (200, 2)
    connection.close()


def test_eight_clients_at_once_get_their_own_answers(server, saved, corpus):
    texts = corpus[0][:80]
    expected = saved[0][:-1].transform(texts)
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda text: ask(server, "/topics", {"texts": text}), texts))
    assert_allclose([answer["results"][0]["proportions"] for _, answer in answers], expected, rtol=1e-12)


def test_fork_after_load(saved, corpus, environment):
    command = [sys.executable, "-c", FORK, str(saved[1]), *corpus[0][:5]]
    assert subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout == "False\n"


def test_a_missing_model_says_how_to_make_one(served, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model at .*python train.py"):
        served.Served(tmp_path / "none.skops")


def test_a_pipeline_without_labels_and_with_named_words(served, corpus, tmp_path):
    texts = corpus[0]
    pipeline = Pipeline([("words", NamedVectorizer(CountVectorizer())), ("topics", LNTMTransformer(**SMALL))]).fit(
        texts
    )
    served.save(tmp_path / "topics.skops", pipeline, np.ones(3) / 3)
    topics = served.Served(tmp_path / "topics.skops")
    assert topics.classifier is None
    [answer] = topics.topics(texts[:1], 3)
    assert_allclose(answer["proportions"], pipeline.transform(texts[:1])[0], rtol=1e-12)


def test_steps_of_other_names_are_refused_when_they_are_saved(served, saved, tmp_path):
    with pytest.raises(ValueError, match=r'must be called "words", "topics".*got \[\'a\', \'b\'\]'):
        served.save(tmp_path / "topics.skops", Pipeline([("a", CountVectorizer()), ("b", LNTMTransformer())]), [1.0])
    assert not list(tmp_path.iterdir())


def test_a_file_of_other_types_is_refused(served, saved, tmp_path):
    """Loading it runs none of its code."""
    skops.dump({"pipeline": Path("elsewhere"), "shares": np.ones(3)}, tmp_path / "other.skops")
    with pytest.raises(UntrustedTypesFoundException, match="pathlib"):
        served.Served(tmp_path / "other.skops")


def test_a_full_disk_leaves_the_file_that_was_there(served, saved, tmp_path, monkeypatch):
    def torn(held, path):
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    pipeline, path = saved
    (tmp_path / "topics.skops").write_bytes(path.read_bytes())
    monkeypatch.setattr(served.skops.io, "dump", torn)
    with pytest.raises(OSError, match="No space left"):
        served.save(tmp_path / "topics.skops", pipeline, np.ones(3))
    assert [file.name for file in tmp_path.iterdir()] == ["topics.skops"]
    assert served.Served(tmp_path / "topics.skops").names
