"""A model in training that has stopped, with other topics: groups of those it had, and new ones.

Nothing is trained: arrays are put together by their names. All that is not of a topic that changes stays to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from .._fitted.encoder import Linear, outputs_of
from .._fitted.model import SEEDS, FitState
from . import em
from .encoder import BATCH_NORM_EPSILON
from .model import POINT
from .problem import PARAMETERS, Problem
from .topics import Topics

HEADS = ("loc", "log_variance")  # last layers of an encoder
OF_PRIOR = (PARAMETERS, "prior")  # begin the names of parameters of a prior, moments of their gradients begin otherwise
Groups = Sequence[np.ndarray]  # for each topic now, the numbers of the topics that it was before


class Like(NamedTuple):
    """What new topics are to be like."""

    n_seen: int  # documents that training has seen
    separation: float  # the estimator's


class Outputs(NamedTuple):
    """New outputs of an encoder for what its last layers see of documents, (n_samples, H)."""

    hidden: np.ndarray
    layer: Linear

    def entry(self, name: str, value: np.ndarray) -> np.ndarray:
        """Entries of the new outputs in an array of the last layers: locations as they are, variances as usual."""
        head, _, kind = name.removeprefix("encoder$params/").partition("/")
        n = len(self.layer.bias)
        if head.startswith("log_variance"):
            return np.repeat(value.mean(-1, keepdims=True), n, -1)
        if kind == "kernel":
            return self.layer.weight
        said = self.hidden @ self.layer.weight  # what batch norm makes of it is undone by its scale and bias
        of_norm = {
            "mean": said.mean(axis=0),
            "var": said.var(axis=0),
            "scale": np.sqrt(said.var(axis=0) + BATCH_NORM_EPSILON),
            "bias": self.layer.bias + said.mean(axis=0),
        }
        return of_norm[kind]


@dataclass(frozen=True, eq=False)
class Stopped:
    """What is to be learned, and where training has stopped."""

    problem: Problem
    state: FitState

    @classmethod
    def of(cls, state: FitState, features: Any) -> Stopped:
        """The one that a fitted model holds."""
        return cls(Problem.from_plain(state.spec, state.constants, features), state)

    @property
    def _family(self) -> Topics:
        """The family of topics, where it says what steering needs."""
        family = self.problem.spec.topics
        if not family.topic_axis:
            raise NotImplementedError(
                f"{type(family).__name__} does not say which axis of parameters is that of topics"
            )
        return family

    @property
    def topic_parameters(self) -> dict[str, np.ndarray]:
        """Parameters of the family of topics, without the words that pad them."""
        named = {_split(full): v for full, v in self.state.learned.items()}
        others = self.problem.prior
        return {n: v for (kind, n), v in named.items() if kind == PARAMETERS and "/" not in n and n not in others}

    def regrouped(self, groups: Groups, targets: np.ndarray) -> Stopped:
        """With groups of its topics, those in none being gone; ``targets`` (V, n) count words in groups of several.

        Of a group, gradients and expected counts add up. The counts of a topic that is gone go to the topics that use
        the same words.
        """
        family = self._family
        outputs, parts = outputs_of(self._parts, groups)
        merged = np.array([len(group) > 1 for group in groups])
        new = family.of_words(targets, self.topic_parameters, self.problem.constants) if merged.any() else {}

        def entry(full: str, value: np.ndarray) -> np.ndarray:
            kind, name = _split(full)
            if name in family.topic_axis:
                axis = family.topic_axis[name]
                value = _sums(value, groups, axis)
                if kind == PARAMETERS and merged.any():
                    np.moveaxis(value, axis, 0)[merged] = np.moveaxis(new[name], axis, 0)
                return value
            if name in self.problem.prior:
                return _sums(value, groups, 0)
            return value[..., outputs] if _is_of_head(name) else value

        learned = {full: entry(full, value) for full, value in self.state.learned.items()}
        counts, share = self.state.counts, self.state.background_share
        if counts is not None and sum(map(len, groups)) < counts.shape[1]:
            counts = _passed_on(counts, groups)
            share = share if share is None else float(counts[:, 0].sum() / counts.sum())
        counts = None if counts is None else _sums(counts, groups, 1)
        return self._with(learned, groups, parts, counts, share, lambda prior: prior.regrouped(groups))

    def extended(self, counts: np.ndarray, n_documents: int, like: Like, outputs: Outputs | None) -> Stopped:
        """With topics beside its own, for documents in which so many tokens of words are expected, (V, K + n).

        Their words are separated from those of all others as in a round of EM.
        """
        family, n = self._family, counts.shape[1] - self.problem.spec.K
        has_background = self.state.background_share is not None
        before = np.zeros_like(counts) if self.state.counts is None else np.pad(self.state.counts, ((0, 0), (0, n)))
        total = before * like.n_seen + counts
        unigram = np.exp(np.asarray(self.problem.constants["log_unigram"], np.float64))
        target = em.target(total, np.zeros_like(total), unigram, 0.0, like.separation, has_background)[:, -n:]
        new = family.of_words(target, self.topic_parameters, self.problem.constants)

        def more(kind: str, value: np.ndarray, axis: int, made: np.ndarray | None = None) -> np.ndarray:
            """New entries behind those of an axis: as made, or moments of gradients, of which the second are usual."""
            usual = np.repeat(value.mean(axis, keepdims=True), n, axis)
            added = made if made is not None else usual if kind == "second_moments" else np.zeros_like(usual)
            return np.concatenate([value, added.astype(value.dtype)], axis)

        def entry(full: str, value: np.ndarray) -> np.ndarray:
            kind, name = _split(full)
            is_value = kind in (*OF_PRIOR, "batch_stats")
            if name in family.topic_axis:
                return more(kind, value, family.topic_axis[name], new[name] if is_value else None)
            if name in self.problem.prior:
                return more(kind, value, 0)
            if outputs is not None and _is_of_head(name):
                return more(kind, value, -1, outputs.entry(name, value) if is_value else None)
            return value

        learned = {full: entry(full, value) for full, value in self.state.learned.items()}
        share = float(total[:, 0].sum() / total.sum()) if has_background else None
        known = None if self.state.counts is None else total / (like.n_seen + n_documents)
        parts = (*self.problem.spec.parts, *(1,) * n) if self.problem.spec.parts else ()
        groups = [*np.arange(self.problem.spec.K)[:, None], *[np.empty(0, dtype=np.intp)] * n]
        return self._with(learned, groups, parts, known, share, lambda prior: prior.with_more(n))

    @property
    def _parts(self) -> tuple[int, ...]:
        spec = self.problem.spec
        return spec.parts or (1,) * spec.K

    def _with(
        self,
        learned: dict[str, np.ndarray],
        groups: Groups,
        parts: tuple[int, ...],
        counts: np.ndarray | None,
        share: float | None,
        steered: Callable[[Any], Any],
    ) -> Stopped:
        """With what is learned of groups of topics, of so many parts, and priors as these are steered."""
        problem, documents = self.problem, self.problem.spec.documents

        def made(parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
            prior = steered(documents.fitted({name: np.asarray(v, np.float64) for name, v in parameters.items()}))
            return {name: np.asarray(v, np.float32) for name, v in documents.parameters(prior).items()}

        given = made(problem.prior)
        for kind in OF_PRIOR:
            names = {name: f"{kind}/{name}" for name in problem.prior}
            if all(full in learned for full in names.values()):
                now = made({name: self.state.learned[full] for name, full in names.items()})
                learned |= {full: now[name] for name, full in names.items()}
        encoded = any(_is_of_head(name) for name in learned)
        spec = replace(problem.spec, K=len(groups), parts=parts if encoded else ())
        constants = problem.constants
        if SEEDS in constants:
            constants = {**constants, SEEDS: _sums(constants[SEEDS], groups, 1)}
        problem = Problem(spec, constants, given, problem.features)
        state = replace(
            self.state,
            spec=problem.plain_spec,
            constants={"topics": problem.constants, "documents": given},
            learned=learned,
            counts=counts,
            background_share=share,
        )
        return Stopped(problem, state)


def _split(full: str) -> tuple[str, str]:
    """What an array is of, parameters or moments, and its name among these."""
    kind, _, name = full.partition("/")
    return kind, name.removesuffix(POINT)


def _is_of_head(name: str) -> bool:
    """Whether an array has one entry, in its last axis, for each output of an encoder."""
    layer = name.split("/")[-2] if "/" in name else ""
    return layer.removesuffix("_norm") in HEADS


def _sums(values: np.ndarray, groups: Groups, axis: int) -> np.ndarray:
    return np.stack([values.take(group, axis).sum(axis) for group in groups], axis)


def _passed_on(counts: np.ndarray, groups: Groups) -> np.ndarray:
    """Counts of words in topics (V, K), those of topics that are in no group with the others that use the words."""
    kept = np.concatenate(groups)
    stay = counts[:, kept]
    lost = counts.sum(axis=1) - stay.sum(axis=1)
    tokens = stay.sum(axis=0) / stay.sum()
    use = stay + 1e-12 * tokens  # of a word that no other topic uses, each has its share
    counts = counts.copy()
    counts[:, kept] += np.maximum(lost, 0.0)[:, None] * use / use.sum(axis=1, keepdims=True)
    return counts
