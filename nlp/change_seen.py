"""What the second reader says of the values in a correction: which was, which is to be, and of what kind it is.

It reads pieces of words (`encoder.ROLES`); here they become evidence for values, and values that nobody else found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nlp.change_roles import Unit
from nlp.encoder import KINDS, ROLES, Bounds
from nlp.features import Floats

_FAR = 5.0  # log-odds: no piece is surer than that
_OLD, _NEW = ([at for at, role in enumerate(ROLES) if role.startswith(start)] for start in ("old", "new"))
_NOT_OLD, _NOT_NEW = ([at for at in range(len(ROLES)) if at not in side] for side in (_OLD, _NEW))
_OF_KIND = {kind: [at for at, role in enumerate(ROLES) if role.endswith(kind)] for kind in KINDS}
_SURE = 0.5  # a piece of a value
_SURELY = 3.0  # log-odds
_OUTER = " \t\r\n,;:!?\"“”„‘’'«»()<>*"


@dataclass(frozen=True)
class Seen:
    bounds: Bounds
    said: Floats  # pieces x roles, log-probabilities

    @cached_property
    def _chances(self) -> Floats:
        return np.exp(self.said)

    def old(self, start: int, end: int) -> float:
        """Log-odds that what stands there is what was."""
        return self._odds(start, end, _OLD, _NOT_OLD)

    def new(self, start: int, end: int) -> float:
        """Log-odds that what stands there is what is to be."""
        return self._odds(start, end, _NEW, _NOT_NEW)

    def surely_new(self, unit: Unit) -> bool:
        return self.new(unit.start, unit.end) > _SURELY

    def kind(self, start: int, end: int, kind: str, other: str) -> float:
        """Log-odds of two kinds of value."""
        return self._odds(start, end, _OF_KIND[kind], _OF_KIND[other])

    def _odds(self, start: int, end: int, one: list[int], other: list[int]) -> float:
        at = [number for number, (first, last) in enumerate(self.bounds) if first < end and start < last]
        if not at:
            return 0.0
        chances = np.maximum(self._chances[at], 1e-6)
        odds = np.log(chances[:, one].sum(axis=1)) - np.log(chances[:, other].sum(axis=1))
        return float(np.clip(odds, -_FAR, _FAR).mean())

    def values(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Stretches that were or are to be, as whole words, and their kind."""
        sides = (self._chances[:, _OLD].sum(axis=1) > _SURE) * 1 + (self._chances[:, _NEW].sum(axis=1) > _SURE) * 2
        begin = 0
        for at in range(1, len(sides) + 1):
            if at == len(sides) or sides[at] != sides[begin]:
                if sides[begin]:
                    start, end = _whole(text, self.bounds[begin][0], self.bounds[at - 1][1])
                    if start < end:
                        yield max(KINDS, key=lambda kind: self._chances[begin:at, _OF_KIND[kind]].sum()), start, end
                begin = at


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    start = max(start, 0)
    while start > 0 and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    found = text[start:end]
    start += len(found) - len(found.lstrip(_OUTER))
    return start, max(start, end - (len(found) - len(found.rstrip(_OUTER))))
