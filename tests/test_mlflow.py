"""The recipe of docs/serving.md for MLflow, as it stands there, in a process where nothing of training is imported."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skops.io as skops
from conftest import SMALL
from numpy.testing import assert_allclose
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus

ROOT = Path(__file__).parents[1]

GIVEN = """
import json, sys
import skops.io

pipeline = skops.io.load("given.skops", trusted=["sklearn_etm._estimators.lntm.LNTMTransformer"])
texts = json.load(open("texts.json"))
"""

FOUND = """
untrusted = ""
try:
    mlflow.sklearn.save_model(pipeline, "untrusted", serialization_format="skops")
except mlflow.MlflowException as error:
    untrusted = str(error)
answers = {
    "labels": list(labels.predict(texts)),
    "proportions": topics.predict(texts).tolist(),
    "flavour": mlflow.sklearn.load_model(logged_labels.model_uri).predict_proba(texts).tolist(),
    "untrusted": untrusted,
    "jax": "jax" in sys.modules,
}
json.dump(answers, open("answers.json", "w"))
"""


@pytest.mark.slow
def test_recipe(tmp_path):
    pytest.importorskip("mlflow", reason="mlflow-skinny is not installed: pip install --group mlflow")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "serving.md").read_text(encoding="utf-8"), re.DOTALL)
    of_model, recipe = (block for block in blocks if "mlflow" in block)
    assert of_model.startswith("# topics_model.py\n")
    counts = make_topics_corpus(60, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    texts = [" ".join(f"word{v}" for v in np.repeat(row, row)) for row in counts.toarray().astype(int)]
    labels = ["even" if i % 2 == 0 else "odd" for i in range(len(texts))]
    pipeline = make_pipeline(CountVectorizer(), LNTMTransformer(**SMALL), LogisticRegression()).fit(texts, labels)
    skops.dump(pipeline, tmp_path / "given.skops")
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    (tmp_path / "topics_model.py").write_text(of_model)
    (tmp_path / "recipe.py").write_text(GIVEN + recipe + FOUND)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "MLFLOW_TRACKING_URI": (tmp_path / "runs").as_uri(),
        "MLFLOW_ALLOW_FILE_STORE": "true",
    }
    run = subprocess.run([sys.executable, "recipe.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    answers = json.loads((tmp_path / "answers.json").read_text())
    assert answers["labels"] == pipeline.predict(texts).tolist()
    assert_allclose(answers["proportions"], pipeline[:-1].transform(texts), rtol=1e-12)
    assert_allclose(answers["flavour"], pipeline.predict_proba(texts), rtol=1e-12)
    assert "LNTMTransformer" in answers["untrusted"]
    assert not answers["jax"]
