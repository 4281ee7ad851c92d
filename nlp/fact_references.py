"""Customer, invoice and order numbers: of every number in a message, is it one of these?

They have no check of their own and look like anything; the words around them tell. Every stretch that may be a number
(`number_stretches`) is scored by a log-linear model over what it looks like, the words beside it and the cues in its
sentence (`number_features`), then once more with what its neighbours turned out to be: "8812 en 8813", lists, tables.
Where that leaves a doubt, the second reader says what it takes its pieces for. The number of a request, a ticket, a
contract or a thing is none of these. Fitting is in `train_references`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cases.reading import Fact, FactKind
from nlp.encoder import SHAPELESS, log_shares
from nlp.features import Floats
from nlp.number_features import Found, Numbers
from nlp.number_stretches import Stretch
from nlp.seen_pieces import Look, SeenPieces

KINDS = (None, FactKind.CUSTOMER_NUMBER, FactKind.INVOICE_NUMBER, FactKind.ORDER_NUMBER)
_OURS = [SHAPELESS.index(kind) for kind in KINDS[1:]]  # columns of what the second reader says
_PLAIN = 0.98  # share of the likeliest kind of a stretch from which the second reader is not asked
_WE_SAY, _IT_SAYS = 0.65, 0.32  # what the log-odds of both count then (held-out writers)
_FAINT = 1e-4  # a chance that is nothing
_LEAST = 0.35  # share of the three kinds from which it is one of them
_ROUNDS = 3  # more change nothing


@dataclass(frozen=True)
class References:
    """Weights by hashed feature: 2 ** `number_features.BITS` x kinds."""

    weights: Floats

    def facts(self, text: str, taken: Sequence[Fact], look: Look | None = None) -> Iterator[Fact]:
        """The likeliest first; `taken`: facts of other kinds with a shape of their own; `look`: the second reader."""
        page = Numbers(text, taken)
        if not page.stretches:
            return
        found: list[Found] = []
        said: Floats | None = None
        for _ in range(_ROUNDS):
            scores = np.array([self.weights[row].sum(axis=0) for row in page.rows(sorted(found))], dtype=np.float32)
            chances = np.exp(log_shares(scores))
            if look is not None and chances.max(axis=1).min() < _PLAIN:
                said = _seen(SeenPieces(text, *look(text)), page.stretches) if said is None else said
                chances = np.exp(log_shares(_WE_SAY * scores + _IT_SAYS * said))
            before, found = found, _chosen(page.stretches, chances)
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


def _seen(seen: SeenPieces, stretches: Sequence[Stretch]) -> Floats:
    """What the second reader takes each for: logarithms, in the order of `KINDS`; alike where it saw nothing."""
    said = np.zeros((len(stretches), len(KINDS)), dtype=np.float32)
    for at, one in enumerate(stretches):
        chances = seen.chances[seen.within(one.start, one.end)]
        if len(chances):
            none = 1 - chances[:, _OURS].sum(axis=1, keepdims=True)
            said[at] = np.log(np.maximum(np.hstack([none, chances[:, _OURS]]), _FAINT)).mean(axis=0)
    return said
