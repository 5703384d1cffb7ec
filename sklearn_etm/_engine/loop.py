"""The loop of a fit: passes over the documents, then rounds of EM, each a step from a state to the next."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._fitted.marginal import poisson_terms
from .._fitted.model import FitState, PassLosses, TopicModel
from .._fitted.plain import from_plain, to_plain
from .._fitted.proportions import Refinement
from .._rows import Rows
from .._start import overuse
from .._threads import beside
from . import em
from .batches import Corpus
from .problem import Problem, pad_words

STREAM_STEPS = 100.0  # the learning rate of a stream falls as 1 / sqrt(1 + steps / this)
STREAM_DOCUMENTS = 10_000  # whose usual batch is a step of a stream
FIRST_SHARE = 0.1  # of the tokens, that the background begins with
LESS_COMMON = 2.0, 0.9  # share of its overuse that a topic begins EM as, for the share of common words, and at most
FORGETTING = 0.6  # of expected counts on a stream: the learning decay of online variational Bayes


class Trainer(Protocol):
    """How a model learns in a pass over the documents; what it has learned is a state that only it looks into."""

    @property
    def problem(self) -> Problem:
        """What is to be learned."""

    def begin(self, parameters: dict[str, np.ndarray], loc_scale: np.ndarray, rng: np.random.RandomState) -> Any:
        """State to start from."""

    def arrays(self, state: Any) -> dict[str, np.ndarray]:
        """All of a state that outlives its corpus, as arrays by name."""

    def of_corpus(self, state: Any) -> dict[str, Any]:
        """The rest of a state, which lives as long as its corpus, as plain values and arrays."""

    def restore(self, arrays: dict[str, np.ndarray], of_corpus: dict[str, Any] | None = None) -> Any:
        """The state that `arrays` took apart, and `of_corpus` where the corpus is the same."""

    def falling(self, passes: np.ndarray, max_iter: int) -> np.ndarray:
        """Share of the learning rate after some passes of `fit`."""

    def run_pass(
        self, state: Any, corpus: Corpus, rates: np.ndarray, separation: float, rng: np.random.RandomState
    ) -> tuple[Any, Any]:
        """One pass: the next state, and sums of losses over the documents, ``objective`` first."""

    def topic_parameters(self, state: Any) -> dict[str, Any]:
        """Parameters of the family of topics."""

    def prior(self, state: Any) -> Any:
        """The prior of documents."""

    def inference(self, state: Any) -> Any:
        """How the posterior of a document is found by a fitted model."""


class Maximiser(Trainer, Protocol):
    """A trainer whose topics EM can sharpen."""

    def e_step(self, state: Any, beta_t: np.ndarray, refinement: Refinement) -> em.EStep:
        """What counts the expected tokens of each word in each topic, under topics (V, K)."""

    def fit_topics(self, state: Any, target: np.ndarray) -> Any:
        """The state with topics that fit counts of words in topics."""


class Rounds(NamedTuple):
    """How EM sharpens the topics."""

    n: int  # in `fit`; on a stream there is one after each batch
    n_refinements: int  # of theta
    smoothing: float  # tokens that the topics from before weigh
    background: bool  # whether topic 0 becomes what all documents say


class Joint(NamedTuple):
    """Rounds after those of EM, of maximum likelihood, in which a prior of documents is learned beside the topics."""

    n: int
    step: Callable[[TopicModel, Rows, Any], tuple[np.ndarray, Any]]
    """Of a model, documents, and what the former round has left: tokens expected, (K, V), and what this one leaves."""


class Plan(NamedTuple):
    """What is asked of a fit."""

    max_iter: int
    rounds: Rounds | None  # of EM, where the trainer is a `Maximiser`
    joint: Joint | None  # where there are rounds
    batch_size: Callable[[int], int]  # of a number of documents
    learning_rate: float
    separation: float
    likelihood: str
    tol: float
    n_iter_no_change: float
    score: Callable[[TopicModel], float] | None  # of documents held out, which passes stop by
    keeps_interrupted: bool  # whether a fit that is interrupted comes to what was learned until then

    @property
    def n_steps(self) -> int:
        """Passes and rounds of `fit`, at most."""
        return self.max_iter + sum(rounds.n for rounds in (self.rounds, self.joint) if rounds)


class Monitor(NamedTuple):
    """Whether a value, lower being better, still improves."""

    best: float = np.inf
    waited: int = 0

    def after(self, value: float, tol: float) -> Monitor:
        """With the value of one more pass."""
        return Monitor(min(self.best, value), 0 if value < self.best - tol else self.waited + 1)


NOTHING_SEEN = Monitor()


@dataclass(frozen=True, eq=False)
class State:
    """A fit under way: with the plan and the corpus, all that the next step depends on."""

    learned: Any  # the trainer's
    rng: np.random.RandomState
    losses: tuple[PassLosses, ...] = ()
    monitor: Monitor = NOTHING_SEEN
    n_passes: int = 0
    passes_end: bool = False
    n_rounds: int = 0
    n_joint: int = 0
    between: Any = None  # a record: what the last joint round has left
    before: np.ndarray | None = None  # (V, K) topics when the rounds began
    counts: np.ndarray | None = None  # (V, K) expected in the last round
    background_share: float | None = None  # learned in the rounds
    constant: float = 0.0  # of the log-likelihood, which nothing learned changes, in nats per document

    def to_plain(self, trainer: Any) -> dict[str, Any]:
        """All of it as plain values and arrays."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        learned = {"learned": trainer.arrays(self.learned), "of_corpus": trainer.of_corpus(self.learned)}
        return {**held, **learned, "between": to_plain(self.between)}

    @classmethod
    def from_plain(cls, trainer: Any, plain: dict[str, Any]) -> State:
        """What `to_plain` took apart, in a fit on the same corpus."""
        held = dict(plain)
        learned = trainer.restore(held.pop("learned"), held.pop("of_corpus"))
        losses = tuple(PassLosses(*one) for one in held.pop("losses"))
        monitor, between = Monitor(*held.pop("monitor")), from_plain(held.pop("between"))
        return cls(learned, losses=losses, monitor=monitor, between=between, **held)


@dataclass(frozen=True, eq=False)
class Training:
    """A model in training: how it learns, and where it stands."""

    trainer: Any  # a Trainer, or a Maximiser where the plan has rounds
    rng: np.random.RandomState
    learned: Callable[[], Any]  # the trainer's state, begun or restored when the documents have been dealt
    losses: tuple[PassLosses, ...] = ()
    counts: np.ndarray | None = None
    background_share: float | None = None

    @classmethod
    def begun(
        cls, trainer: Any, parameters: dict[str, np.ndarray], loc_scale: np.ndarray, rng: np.random.RandomState
    ) -> Training:
        """A model that starts."""
        return cls(trainer, rng, lambda: trainer.begin(parameters, loc_scale, rng))

    @classmethod
    def resumed(cls, trainer: Any, stopped: FitState) -> Training:
        """A model that goes on from where it stopped."""
        losses = tuple(PassLosses(*one) for one in stopped.losses)
        rng = copy.deepcopy(stopped.rng)
        return cls(
            trainer, rng, lambda: trainer.restore(stopped.learned), losses, stopped.counts, stopped.background_share
        )


class Fit(NamedTuple):
    """What a fit comes to."""

    model: TopicModel
    attributes: dict[str, np.ndarray]  # fitted ones of the family of topics
    losses: tuple[PassLosses, ...]
    state: FitState
    was_interrupted: bool = False


class Whole(Protocol):
    """All documents, which rounds go over, where passes go over a sample of them."""

    @property
    def word_counts(self) -> np.ndarray:
        """Tokens of each word, (V,)."""

    @property
    def n_documents(self) -> int:
        """How many have a token."""

    @property
    def n_skipped(self) -> int:
        """Shards of them that could not be read."""

    @property
    def fingerprint(self) -> str:
        """What tells them, and how they are split, from others."""

    def expected_counts(self, e_step: em.EStep) -> np.ndarray:
        """Sum over all of them of what an E-step counts, (V, K)."""


class Keeper(Protocol):
    """Keeps a fit under way where it outlives the process."""

    @property
    def kept(self) -> dict[str, Any] | None:
        """What an earlier process kept of this fit, of `State.to_plain`."""

    def keep(self, state: dict[str, Any]) -> None:
        """Keep a state in place of the one before."""


Observer = Callable[[str, PassLosses | None, Callable[[], Fit]], bool]
"""Told of each step: its name, its losses if it was a pass, and the fit so far; returns whether to stop."""


def fit(
    training: Training,
    rows: Rows,
    plan: Plan,
    observe: Observer,
    keeper: Keeper | None = None,
    whole: Whole | None = None,
) -> Fit:
    """Passes over documents, then rounds of EM over the whole of which they are a sample, or over them.

    All losses are of this fit.  One that a keeper has kept goes on where it stopped.
    """
    trainer = training.trainer
    corpus = Corpus(rows, trainer.problem.features, plan.batch_size(rows.n), training.rng)
    state = State(training.learned(), training.rng, constant=_constant(rows, plan))
    if keeper is not None and keeper.kept is not None:
        state = State.from_plain(trainer, keeper.kept)

    def count(e_step: em.EStep) -> np.ndarray:
        return e_step.counts(corpus) if whole is None else whole.expected_counts(e_step)

    def step(state: State) -> State:
        if not state.passes_end:
            return _pass(trainer, corpus, plan, state)
        if _rounds_end(state, plan):
            return _joint_round(trainer, rows, plan, state)
        return _round(trainer, count, plan, state)

    def result(state: State) -> Fit:
        return _result(trainer, state, plan, rows.total if whole is None else whole.n_documents)

    with beside() as thread:
        compiling: Future | None = None
        while not _has_ended(state, plan):
            try:
                if state.passes_end and compiling is not None:
                    compiling.result()  # its error, if it had one
                state = step(state)
                if compiling is None and whole is None and plan.rounds and plan.rounds.n:
                    compiling = thread.submit(_compile_round, trainer, corpus, plan.rounds, state)
                if observe(*_told(state, plan), partial(result, state)):
                    state = _stopped(state, plan)
                if keeper is not None:
                    keeper.keep(state.to_plain(trainer))
            except KeyboardInterrupt:
                if not (plan.keeps_interrupted and state.n_passes):
                    raise
                return result(state)._replace(was_interrupted=True)
    return result(state)


def stream(training: Training, rows: Rows, plan: Plan, n_seen: float) -> Fit:
    """One pass over a batch of a stream after ``n_seen`` documents, then one step of online EM."""
    trainer, n = training.trainer, rows.total
    corpus = Corpus(rows, trainer.problem.features, plan.batch_size(rows.n), training.rng)
    documents = n_seen + np.arange(corpus.n_batches) / corpus.n_batches * n
    steps = documents / plan.batch_size(STREAM_DOCUMENTS)
    rates = plan.learning_rate / np.sqrt(1 + steps / STREAM_STEPS)
    state = State(training.learned(), training.rng, training.losses, constant=_constant(rows, plan))
    state = replace(state, background_share=training.background_share)
    known = None if state.background_share is None else _topics(trainer, state)[:, 0]  # a pass would move it
    state = _learned_in_pass(trainer, corpus, plan, state, rates)
    if plan.rounds:
        topics = _with_background(trainer, plan.rounds, state, known)
        counts = _e_step(trainer, plan.rounds, state, topics).counts(corpus) / n
        if training.counts is not None and n_seen:
            rate = (n / (n_seen + n)) ** FORGETTING
            counts = rate * counts
            counts[: len(training.counts)] += (1 - rate) * training.counts
        state = _sharpened(trainer, plan.rounds, plan.separation, state, counts * (n_seen + n), topics)
        state = replace(state, counts=counts)
    return _result(trainer, state, plan, 1)


def _pass(trainer: Trainer, corpus: Corpus, plan: Plan, state: State) -> State:
    passes = state.n_passes + np.arange(corpus.n_batches) / corpus.n_batches
    rates = plan.learning_rate * trainer.falling(passes, plan.max_iter)
    state = _learned_in_pass(trainer, corpus, plan, state, rates)
    value = state.losses[-1].loss if plan.score is None else -plan.score(_model(trainer, state, plan))
    monitor = state.monitor.after(value, plan.tol)
    ended = state.n_passes == plan.max_iter or monitor.waited >= plan.n_iter_no_change
    return replace(state, monitor=monitor, passes_end=ended)


def _learned_in_pass(trainer: Trainer, corpus: Corpus, plan: Plan, state: State, rates: np.ndarray) -> State:
    learned, sums = trainer.run_pass(state.learned, corpus, rates, plan.separation, state.rng)
    objective, reconstruction, kl, *acceptance = sums
    if not np.isfinite(objective):
        raise FloatingPointError(
            f"Training became non-finite: the loss is {objective} with learning_rate={plan.learning_rate!r}. "
            "Lower learning_rate, or look for counts of an extreme size in X. Nothing was changed."
        )
    n = corpus.n_documents
    reconstruction -= n * state.constant
    losses = PassLosses((reconstruction + kl) / n, reconstruction / n, kl / n, *acceptance)
    return replace(state, learned=learned, losses=(*state.losses, losses), n_passes=state.n_passes + 1)


def _round(trainer: Maximiser, count: Callable[[em.EStep], np.ndarray], plan: Plan, state: State) -> State:
    assert plan.rounds is not None
    topics = _with_background(trainer, plan.rounds, state)
    counts = count(_e_step(trainer, plan.rounds, state, topics))
    before = topics if state.before is None else state.before
    state = _sharpened(trainer, plan.rounds, plan.separation, state, counts, before)
    return replace(state, before=before, counts=counts, n_rounds=state.n_rounds + 1)


def _joint_round(trainer: Maximiser, rows: Rows, plan: Plan, state: State) -> State:
    assert plan.rounds is not None and plan.joint is not None
    tokens, between = plan.joint.step(_model(trainer, state, plan), rows, state.between)
    counts = pad_words(tokens.T).astype(np.float64)
    most_likely = plan.rounds._replace(smoothing=0.0, background=state.background_share is not None)
    state = _sharpened(trainer, most_likely, 0.0, state, counts, np.zeros_like(counts))
    return replace(state, between=between, counts=counts, n_joint=state.n_joint + 1)


def _compile_round(trainer: Maximiser, corpus: Corpus, rounds: Rounds, state: State) -> None:
    """Compile the rounds, for a thread beside the passes, where the corpus is laid out already."""
    if corpus.kept is not None:
        _e_step(trainer, rounds, state, _topics(trainer, state)).compile(corpus.kept)


def _topics(trainer: Trainer, state: State) -> np.ndarray:
    """Topics, transposed: (V, K) with the words that pad the vocabulary."""
    return trainer.problem.topics(trainer.topic_parameters(state.learned))


def _with_background(trainer: Trainer, rounds: Rounds, state: State, known: np.ndarray | None = None) -> np.ndarray:
    """Topics of an E-step, (V, K): the background is as it was ``known``, or begins as the corpus.

    When it begins, it takes common words from the topics that hold them until then, the more, the more there are.
    """
    topics = _topics(trainer, state)
    if not rounds.background or (known is None and state.background_share is not None):
        return topics
    topics = topics.copy()
    if known is not None:
        topics[:, 0] = known
        return topics
    unigram = trainer.problem.unigram
    of_common, most = LESS_COMMON
    share = min(of_common * trainer.problem.common_share, most)
    topics[:, 0] = unigram
    topics[:, 1:] = share * overuse(topics[:, 1:].T, unigram).T + (1 - share) * topics[:, 1:]
    return topics


def _sharpened(
    trainer: Maximiser, rounds: Rounds, separation: float, state: State, counts: np.ndarray, before: np.ndarray
) -> State:
    """M-step: topics that fit expected counts, and the background's share of these."""
    problem = trainer.problem
    target = em.target(counts, before, problem.unigram, rounds.smoothing, separation, rounds.background, problem.seeds)
    share = float(counts[:, 0].sum() / counts.sum()) if rounds.background else None
    return replace(state, learned=trainer.fit_topics(state.learned, target), background_share=share)


def _constant(rows: Rows, plan: Plan) -> float:
    if plan.likelihood != "poisson":
        return 0.0
    return float(np.average(poisson_terms(rows.counts), weights=rows.weights))


def _e_step(trainer: Maximiser, rounds: Rounds, state: State, topics: np.ndarray) -> em.EStep:
    share = (state.background_share or FIRST_SHARE) if rounds.background else None
    refinement = Refinement.under(trainer.prior(state.learned), rounds.n_refinements, share)
    return trainer.e_step(state.learned, topics, refinement)


def _rounds_end(state: State, plan: Plan) -> bool:
    return state.n_rounds >= (plan.rounds.n if plan.rounds else 0)


def _has_ended(state: State, plan: Plan) -> bool:
    return state.passes_end and _rounds_end(state, plan) and state.n_joint >= (plan.joint.n if plan.joint else 0)


def _stopped(state: State, plan: Plan) -> State:
    """Where a fit goes on that was asked to stop: from the passes to the rounds, from these to the end."""
    if not state.passes_end or state.n_rounds + state.n_joint == 0:
        return replace(state, passes_end=True)
    n_rounds, n_joint = (rounds.n if rounds else 0 for rounds in (plan.rounds, plan.joint))
    return replace(state, n_rounds=n_rounds, n_joint=n_joint)


def _told(state: State, plan: Plan) -> tuple[str, PassLosses | None]:
    if state.n_joint:
        assert plan.joint is not None
        return f"joint {state.n_joint}/{plan.joint.n}", None
    if state.n_rounds:
        assert plan.rounds is not None
        return f"EM {state.n_rounds}/{plan.rounds.n}", None
    return f"epoch {state.n_passes}/{plan.max_iter}", state.losses[-1]


def _model(trainer: Trainer, state: State, plan: Plan) -> TopicModel:
    learned, problem = state.learned, trainer.problem
    components = problem.components(trainer.topic_parameters(learned))
    prior, inference = trainer.prior(learned), trainer.inference(learned)
    return TopicModel(components, prior, inference, plan.likelihood, state.background_share)


def _result(trainer: Trainer, state: State, plan: Plan, n_documents: float) -> Fit:
    problem, learned = trainer.problem, state.learned
    stopped = FitState(
        spec=problem.plain_spec,
        constants={"topics": problem.constants, "documents": problem.prior},
        learned=trainer.arrays(learned),
        rng=state.rng,
        losses=state.losses,
        counts=None if state.counts is None else state.counts[: problem.n_words] / n_documents,
        background_share=state.background_share,
    )
    attributes = problem.attributes(trainer.topic_parameters(learned))
    return Fit(_model(trainer, state, plan), attributes, state.losses, stopped)
