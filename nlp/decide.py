"""From probabilities to labels and certainty. Pure rules; the numbers are chosen on the dev writers, never on the test.

Missing a request is the worst error, an automatic act on a wrong reading the second worst: so `overig` is certain only
without any privacy word, and labels whose wish can not be undone need more.
"""

from __future__ import annotations

from collections.abc import Mapping

from cases.reading import Certainty
from cases.types import DESTRUCTIVE, Label

SURE = 0.50
SURE_DESTRUCTIVE = 0.60
GREY = 0.30  # a label from here to its threshold beside a sure one: ask first when it destroys
OTHER_CERTAIN = 0.70
OTHER_LEFT = 0.20  # what the likeliest request may have while `overig` is certain
LIKELY = 0.25  # a request that is worth asking about

REQUESTS = tuple(label for label in Label if label is not Label.OVERIG)


def threshold(label: Label) -> float:
    return SURE_DESTRUCTIVE if label in DESTRUCTIVE else SURE


def decide(probabilities: Mapping[Label, float], *, privacy_word: bool) -> tuple[tuple[Label, ...], Certainty]:
    """The labels that stand (empty when nothing is sure) and what may be done with them."""
    other = probabilities[Label.OVERIG]
    sure = tuple(label for label in REQUESTS if probabilities[label] >= threshold(label))
    best = max(probabilities[label] for label in REQUESTS)
    if sure:
        grey = any(GREY <= probabilities[label] < threshold(label) for label in DESTRUCTIVE)
        if other >= SURE:
            return (), Certainty.TRIAGE
        return (sure, Certainty.ASK) if grey else (sure, Certainty.CERTAIN)
    if other >= OTHER_CERTAIN and best <= OTHER_LEFT and not privacy_word:
        return (Label.OVERIG,), Certainty.CERTAIN
    if best >= LIKELY and best >= other:
        return (), Certainty.ASK
    return (), Certainty.TRIAGE


def ranked(probabilities: Mapping[Label, float]) -> list[Label]:
    """Requests, likeliest first: the choices of a clarifying question."""
    return sorted(REQUESTS, key=lambda label: -probabilities[label])
