"""What the second reader says of the values in a correction: which was, which is to be, and of what kind it is.

It reads pieces of words (`encoder.ROLES`); here they become evidence for values, and values that nobody else found.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from nlp.encoder import KINDS, ROLES
from nlp.seen_pieces import LEAST, SeenPieces

_OLD, _NEW = ([at for at, role in enumerate(ROLES) if role.startswith(start)] for start in ("old", "new"))
_NOT_OLD, _NOT_NEW = ([at for at in range(len(ROLES)) if at not in side] for side in (_OLD, _NEW))
_OF_KIND = {kind: [at for at, role in enumerate(ROLES) if role.endswith(f" {kind}")] for kind in KINDS}
_SURE = 0.5  # a piece of a value


class SeenChanges(SeenPieces):
    def old(self, start: int, end: int) -> float:
        """Log-odds that what stands there is what was."""
        return self.odds(start, end, _OLD, _NOT_OLD)

    def new(self, start: int, end: int) -> float:
        """Log-odds that what stands there is what is to be."""
        return self.odds(start, end, _NEW, _NOT_NEW)

    def kind(self, start: int, end: int) -> tuple[str, float]:
        """The likeliest kind of a value, and its share of all kinds."""
        at = self.within(start, end)
        shares = {kind: float(self.chances[at][:, _OF_KIND[kind]].sum()) for kind in KINDS}
        kind = max(KINDS, key=lambda one: shares[one])
        return kind, shares[kind] / max(sum(shares.values()), LEAST)

    @cached_property
    def values(self) -> list[tuple[str, int, int]]:
        """Stretches that were or are to be, as whole words, and their kind."""
        return list(self._values())

    def _values(self) -> Iterator[tuple[str, int, int]]:
        sides = (self.chances[:, _OLD].sum(axis=1) > _SURE) * 1 + (self.chances[:, _NEW].sum(axis=1) > _SURE) * 2
        for pieces, _, start, end in self.stretches(sides.tolist()):
            chances = self.chances[pieces]
            yield max(KINDS, key=lambda kind: chances[:, _OF_KIND[kind]].sum()), start, end
