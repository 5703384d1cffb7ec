"""Describe and classify a text with a pipeline that was pickled before: no JAX is needed here.

    python examples/serve.py topics.pkl "some text"

`quickstart.py` calls this in a process of its own. The pipeline has the steps "words", "topics" and "label".
"""

import pickle
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from sklearn_etm.metrics import top_word_columns


def main(path, text):
    pipeline = pickle.loads(Path(path).read_bytes())  # only ever unpickle what you trust
    begun = perf_counter()
    [label] = pipeline.predict([text])
    milliseconds = 1000 * (perf_counter() - begun)

    print(f"text:  {text}\nlabel: {label}, from these topics of the text:")
    words = pipeline["words"].get_feature_names_out()
    topics = words[top_word_columns(pipeline["topics"].components_)]
    [proportions] = pipeline[:-1].transform([text])
    for k in np.argsort(-proportions)[:3]:
        print(f"{k:5d}  {proportions[k]:5.1%}  {' '.join(topics[k])}")
    print(f"answered in {milliseconds:.1f} ms; JAX imported: {'jax' in sys.modules}")


if __name__ == "__main__":
    main(*sys.argv[1:])
