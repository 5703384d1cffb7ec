"""The steps of `quickstart.py` on the 20 newsgroups: some minutes on 2 cores, after a download of 14 MB.

Run it with ``python examples/newsgroups.py``. scikit-learn keeps the download, so that the next run needs no network.
"""

import sys
import warnings

import numpy as np
from quickstart import announce, walk_through
from sklearn.datasets import fetch_20newsgroups


def main():
    announce("Fetch the 20 newsgroups (14 MB, once)")
    try:
        train, test = fetch("train"), fetch("test")
    except OSError as error:
        sys.exit(f"The 20 newsgroups could not be downloaded ({error}); examples/quickstart.py needs no network.")
    walk_through(
        train.data,
        test.data,
        np.take(train.target_names, train.target),
        np.take(test.target_names, test.target),
        num_topics=50,
        grid=[20, 50, 100],
        new_text="The goalie stopped thirty shots and his team won the game in overtime.",
    )


def fetch(subset):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Retry downloading")  # `main` says it when that fails, too
        # Headers name the newsgroup and quotes repeat other posts; without them the topics are those of the text.
        return fetch_20newsgroups(subset=subset, remove=("headers", "footers", "quotes"), random_state=0)


if __name__ == "__main__":
    main()
