"""From probabilities to labels and certainty. Pure rules; the numbers are chosen out of fold, not on the test writers.

Missing a request is the worst error, an automatic act on a wrong reading the second worst: so `overig` is certain only
without any privacy word, and labels whose wish can not be undone need more.
"""

from __future__ import annotations

from collections.abc import Mapping

from cases.reading import Certainty, Flag
from cases.types import DESTRUCTIVE, Label

SURE = 0.55
SURE_DESTRUCTIVE = 0.70
GREY = 0.30  # a label from here to its threshold beside a sure one: ask first when it destroys
OTHER_CERTAIN = 0.60
OTHER_BESIDE = 0.50  # beside a sure request: ask
OTHER_LEFT = 0.25  # what the likeliest request may have while `overig` is certain
LIKELY = 0.25  # a request that is worth asking about

SENSITIVE = frozenset(  # with one of these nothing is set aside as no request
    {Flag.PRIVACY_WORD, Flag.POSSIBLE_BREACH, Flag.AP_NAMED, Flag.AUTHORITY, Flag.DECEASED, Flag.DISTRESS}
)
REQUESTS = tuple(label for label in Label if label is not Label.OVERIG)


def threshold(label: Label) -> float:
    return SURE_DESTRUCTIVE if label in DESTRUCTIVE else SURE


def decide(probabilities: Mapping[Label, float], *, sensitive: bool) -> tuple[tuple[Label, ...], Certainty]:
    """The labels that stand (empty when nothing is sure) and what may be done with them.

    `sensitive`: a privacy word, or a sign of trouble, stands in the sender's own words.
    """
    other = probabilities[Label.OVERIG]
    best = max(probabilities[label] for label in REQUESTS)
    sure = tuple(label for label in REQUESTS if probabilities[label] >= threshold(label))
    if sure:
        if other >= best:
            return (), Certainty.TRIAGE
        grey = any(probabilities[label] >= GREY and label not in sure for label in DESTRUCTIVE)
        return (sure, Certainty.ASK) if grey or other >= OTHER_BESIDE else (sure, Certainty.CERTAIN)
    if other >= OTHER_CERTAIN and best <= OTHER_LEFT and not sensitive:
        return (Label.OVERIG,), Certainty.CERTAIN
    if best >= LIKELY and best >= other:
        return (), Certainty.ASK
    return (), Certainty.TRIAGE


def ranked(probabilities: Mapping[Label, float]) -> list[Label]:
    """Requests, likeliest first: the choices of a clarifying question."""
    return sorted(REQUESTS, key=lambda label: -probabilities[label])
