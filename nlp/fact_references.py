"""Customer, invoice and order numbers: of every number in a message, is it one of these?

They have no check of their own and look like anything; the words around them tell. Every stretch that may be a number
(`number_stretches`) is scored by a log-linear model over what it looks like, the words beside it and the cues in its
sentence (`number_features`), then once more with what its neighbours turned out to be: "8812 en 8813", lists, tables.
The number of a request, a ticket, a contract or a thing is none of these. Fitting is in `train_references`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cases.reading import Fact, FactKind
from nlp.encoder import log_shares
from nlp.features import Floats
from nlp.number_features import Found, Numbers
from nlp.number_stretches import Stretch

KINDS = (None, FactKind.CUSTOMER_NUMBER, FactKind.INVOICE_NUMBER, FactKind.ORDER_NUMBER)
_LEAST = 0.35  # share of the three kinds from which it is one of them
_ROUNDS = 3  # more change nothing


@dataclass(frozen=True)
class References:
    """Weights by hashed feature: 2 ** `number_features.BITS` x kinds."""

    weights: Floats

    def facts(self, text: str, taken: Sequence[Fact]) -> Iterator[Fact]:
        """The likeliest first; `taken`: facts of other kinds with a shape of their own."""
        page = Numbers(text, taken)
        if not page.stretches:
            return
        found: list[Found] = []
        for _ in range(_ROUNDS):
            scores = np.array([self.weights[row].sum(axis=0) for row in page.rows(sorted(found))], dtype=np.float32)
            before, found = found, _chosen(page.stretches, np.exp(log_shares(scores)))
            if found == before:
                break
        for one in found:
            kind = KINDS[one.kind]
            assert kind is not None
            yield Fact(kind, " ".join(text[one.start : one.end].split()).upper(), one.start, one.end, False)


def _chosen(stretches: Sequence[Stretch], chances: Floats) -> list[Found]:
    """The likeliest first; what overlaps a likelier one is none."""
    found: list[Found] = []
    for at in np.argsort(chances[:, 0], kind="stable"):
        if 1 - chances[at, 0] < _LEAST:
            break
        one = stretches[at]
        if all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(Found(one.start, one.end, 1 + int(chances[at, 1:].argmax())))
    return found
