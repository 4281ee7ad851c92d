"""From probabilities to labels and certainty. Pure rules; the numbers are chosen on the dev writers.

Labels come in sets ("intrekken" mostly with "afmelden", "overig" alone), so the best *set* is read: the chances of its
labels, of the absence of the others, and how usual the set is. Its share of all the probability says how sure that is.
Missing a request is the worst error, an automatic act on a wrong reading the second worst: so `overig`, and labels
whose wish can not be undone, need more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cases.reading import Certainty
from cases.types import DESTRUCTIVE, Label
from nlp.features import Floats

LABELS = tuple(Label)
REQUESTS = tuple(label for label in Label if label is not Label.OVERIG)

OTHER_EACH = 0.60  # what each part of the second reader, by itself, has to give "no request"
OTHER_WORDS = 0.02  # and what the words must leave of it
REQUEST_WORDS = 0.50  # a request the words see: however sure the second reader is of none, a person looks
LASTING_EACH = 0.50  # what each part of the second reader has to give a wish that can not be undone
LASTING_WORDS = 0.60  # and what the words must leave of it
LASTING_SEEN = 0.40  # such a wish beside what was read, in the eyes of one part: ask
OTHER_BESIDE = 0.50  # beside a sure request: ask
ANOTHER = 0.50  # a request that is not in the best set: ask
LIKELY = 0.25  # a request that is worth asking about
_PRIOR_WEIGHT = 0.1  # people with several wishes write rarely, but are to be read then (chosen on held-out writers)

Chances = Mapping[Label, float]


@dataclass(frozen=True, slots=True)
class Care:
    """What it takes to be certain."""

    sure: float  # a label that stands by itself
    sure_destructive: float
    share: float  # of all the probability, that the best set must have
    share_destructive: float
    share_other: float
    grey: float  # from here a label that destroys, beside what was read, makes us ask
    other: float  # of "no request" itself
    beside: float  # of "no request" beside a wish that can not be undone: ask
    left: float  # what the likeliest request may have while `overig` is certain


TWO_READERS = Care(
    sure=0.40, sure_destructive=0.90, share=0.40, share_destructive=0.95, share_other=0.80,
    grey=0.20, other=0.60, beside=0.20, left=0.12,
)  # fmt: skip
WORDS_ALONE = Care(
    sure=0.50, sure_destructive=0.88, share=0.75, share_destructive=0.92, share_other=0.92,
    grey=0.08, other=0.75, beside=0.50, left=0.15,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelSets:
    """The sets that occur, one a row (labels in the order of `LABELS`), and the logarithm of how often."""

    rows: Floats
    prior: Floats

    def best(self, probabilities: Chances) -> tuple[tuple[Label, ...], float]:
        """The likeliest set and its share of the probability."""
        chances = np.clip([probabilities[label] for label in LABELS], 1e-6, 1 - 1e-6)
        present, absent = np.log(chances), np.log(1 - chances)
        scores = self.rows @ (present - absent) + absent.sum() + _PRIOR_WEIGHT * self.prior
        scores -= scores.max()
        shares = np.exp(scores)
        at = int(scores.argmax())
        labels = tuple(label for label, stands in zip(LABELS, self.rows[at], strict=True) if stands)
        return labels, float(shares[at] / shares.sum())


def label_sets(examples: Iterable[frozenset[Label]], at_least: int = 2) -> LabelSets:
    """Those that occur more than once, and every label alone."""
    counted = Counter(labels for labels in examples if labels)
    for label in Label:
        counted[frozenset({label})] += at_least
    kept = sorted((labels for labels, count in counted.items() if count >= at_least), key=sorted)
    rows = np.array([[label in labels for label in LABELS] for labels in kept], dtype=np.float32)
    shares = np.array([counted[labels] for labels in kept], dtype=np.float32) / counted.total()
    return LabelSets(rows, np.log(shares))


@dataclass(frozen=True, slots=True)
class Decision:
    labels: tuple[Label, ...]  # that stand; empty when nothing is sure
    certainty: Certainty
    chosen: tuple[Label, ...]  # the forced best reading
    share: float


def decide(probabilities: Chances, sets: LabelSets, care: Care = TWO_READERS) -> Decision:
    def sure_of(label: Label) -> bool:
        return probabilities[label] >= (care.sure_destructive if label in DESTRUCTIVE else care.sure)

    chosen, share = sets.best(probabilities)
    other = probabilities[Label.OVERIG]
    best = max(probabilities[label] for label in REQUESTS)
    if chosen == (Label.OVERIG,):
        certain = share >= care.share_other and other >= care.other and best <= care.left
        return Decision(chosen if certain else (), Certainty.CERTAIN if certain else Certainty.TRIAGE, chosen, share)
    harmless = DESTRUCTIVE.isdisjoint(chosen)
    needed = care.share if harmless else care.share_destructive
    beside_other = OTHER_BESIDE if harmless else care.beside
    grey = any(probabilities[label] >= care.grey for label in _beside(chosen))
    grey |= any(probabilities[label] >= ANOTHER for label in REQUESTS if label not in chosen)
    if share >= needed and all(map(sure_of, chosen)) and not grey and other < beside_other:
        return Decision(chosen, Certainty.CERTAIN, chosen, share)
    sure = tuple(filter(sure_of, REQUESTS))
    asked = best > other if sure else best >= max(LIKELY, other)
    return Decision(sure if asked else (), Certainty.ASK if asked else Certainty.TRIAGE, chosen, share)


def unless_doubted(decision: Decision, words: Chances, parts: Sequence[Chances]) -> Decision:
    """Of what does most harm when it is wrong, nobody who was asked may doubt much: else a person looks, or we ask.

    `words`: what the words alone say; `parts`: what each part of the second reader says by itself.
    """
    if decision.certainty is not Certainty.CERTAIN:
        return decision
    if decision.chosen == (Label.OVERIG,):
        agreed = words[Label.OVERIG] >= OTHER_WORDS and all(part[Label.OVERIG] >= OTHER_EACH for part in parts)
        if agreed and max(words[label] for label in REQUESTS) <= REQUEST_WORDS:
            return decision
        return replace(decision, labels=(), certainty=Certainty.TRIAGE)
    said = DESTRUCTIVE.intersection(decision.chosen)
    agreed = all(words[label] >= LASTING_WORDS and part[label] >= LASTING_EACH for label in said for part in parts)
    missed = any(part[label] >= LASTING_SEEN for label in _beside(decision.chosen) for part in parts)
    if agreed and not missed:
        return decision
    return replace(decision, certainty=Certainty.ASK)


def _beside(chosen: Collection[Label]) -> frozenset[Label]:
    """What can not be undone and was not read; a mailing that rests on consent stops with it."""
    beside = DESTRUCTIVE.difference(chosen)
    return beside - {Label.AFMELDEN} if Label.INTREKKEN in chosen else beside


def ranked(probabilities: Chances) -> list[Label]:
    """Requests, likeliest first: the choices of a clarifying question."""
    return sorted(REQUESTS, key=lambda label: -probabilities[label])
