"""Pictures of fitted topic models, in scikit-learn's way: `from_estimator` computes and draws, `plot` draws again.

Every display draws on the axes it is given, or on a figure of its own, and shows nothing by itself: in a notebook the
figure appears at the end of the cell, elsewhere call ``display.figure_.savefig(...)`` or ``plt.show()``. Colours are
those of Okabe and Ito, which the colour-blind can tell apart; texts, lines and grounds take theirs from matplotlib's
``rcParams``, so that dark styles work. Needs matplotlib: ``pip install "sklearn-etm[plot]"``.
"""

from ._document_map import DocumentMapDisplay
from ._effects import EffectDisplay
from ._hierarchy import TopicHierarchyDisplay
from ._loss_curve import LossCurveDisplay
from ._num_topics import NumTopicsDisplay
from ._topic_correlation import TopicCorrelationDisplay
from ._topic_map import TopicMapDisplay
from ._topic_share import TopicShareDisplay
from ._topic_words import TopicWordsDisplay
from ._word_drift import WordDriftDisplay

__all__ = [
    "DocumentMapDisplay",
    "EffectDisplay",
    "LossCurveDisplay",
    "NumTopicsDisplay",
    "TopicCorrelationDisplay",
    "TopicHierarchyDisplay",
    "TopicMapDisplay",
    "TopicShareDisplay",
    "TopicWordsDisplay",
    "WordDriftDisplay",
]
