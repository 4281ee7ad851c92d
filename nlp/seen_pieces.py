"""What the second reader says of the pieces of a text (`encoder`), asked for stretches of that text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np

from nlp.encoder import Bounds
from nlp.features import Floats

Look = Callable[[str], tuple[Bounds, Floats]]  # what the second reader sees in a text, a piece a row

_FAR = 5.0  # log-odds: no piece is surer than that
LEAST = 1e-6  # a chance that is nothing
_ABBREVIATED = re.compile(
    r"(?:\b[A-Z]|[BN]\.V|\b(?:mevr|dhr|mw|mvr|drs?|mr|ir|ing|prof|fam|mrs|ms|mej))\.$", re.IGNORECASE
)
_OUTER = " \t\r\n,;:!?\"“”„‘’'«»()<>*"


@dataclass(frozen=True)
class SeenPieces:
    text: str
    bounds: Bounds
    said: Floats  # pieces x what each may be, log-probabilities

    @cached_property
    def chances(self) -> Floats:
        return np.exp(self.said)

    def within(self, start: int, end: int) -> list[int]:
        """Numbers of the pieces that stand there, if only in part."""
        return [number for number, (first, last) in enumerate(self.bounds) if first < end and start < last]

    def odds(self, start: int, end: int, ours: Sequence[int], others: Sequence[int]) -> float:
        """Mean log-odds over the pieces of a stretch; 0 where there are none."""
        at = self.within(start, end)
        if not at:
            return 0.0
        chances = np.maximum(self.chances[at], LEAST)
        odds = np.log(chances[:, ours].sum(axis=1)) - np.log(chances[:, others].sum(axis=1))
        return float(np.clip(odds, -_FAR, _FAR).mean())

    def stretches(self, sorts: Sequence[int]) -> Iterator[tuple[slice, int, int, int]]:
        """Neighbours of one sort that is not 0: the pieces, the sort, and where they stand as whole words."""
        begin = 0
        for sort, same in groupby(sorts):
            end = begin + len(list(same))
            if sort:
                start, stop = _whole(self.text, self.bounds[begin][0], self.bounds[end - 1][1])
                if start < stop:
                    yield slice(begin, end), sort, start, stop
            begin = end


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """As whole words, without what stands around them."""
    start = max(start, 0)
    while start > 0 and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    found = text[start:end]
    start += len(found) - len(found.lstrip(_OUTER))
    end = max(start, end - (len(found) - len(found.rstrip(_OUTER))))
    if text[start:end].endswith(".") and not _ABBREVIATED.search(text, start, end):
        end -= 1
    return start, end
