"""House numbers that stand by themselves: "bij de buren op 31", "1180 moet 1108 zijn", "W. Hulshof, nr. 12".

Those behind a street or a postcode, and announced ones, are found by patterns (`fact_addresses`). Of any other small
number the words around tell: a log-linear model over them. The second reader adds nothing here.
Fitting is in `train_houses`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np

from cases.reading import Fact, FactKind
from nlp.fact_addresses import ADDITION
from nlp.features import Floats
from nlp.number_cues import cues_of
from nlp.number_stretches import signs

BITS = 14
_MASK = (1 << BITS) - 1
_MOST = 30  # numbers of one message; more is a list
_REACH = 60  # characters to either side in which a cue counts
_LINK = 25  # characters between it and a fact that may link them
_UNIT = 14  # characters in which a word tells of what it counts
_SHORT = 200  # characters of a message that says one thing
_NEXT = 4  # between house numbers of neighbours
_LEAST = 0.5  # log-odds from which it is one (on held-out writers)
_ANY_CASE = re.IGNORECASE
_NUMBER = re.compile(
    rf"(?<![\w€#@.,/:+-])(?:(?:bus|unit) )?[1-9]\d{{0,3}}{ADDITION}(?![\w%€]|[.,:/-]\d| ?(?:euro|eur|procent)\b)"
)
_ADDRESS = (FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE)
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+|\d[\w./-]*|\n+|[^\w\s]")
_HOME = re.compile(
    r"(adres|straat|\bweg\b|laan\b)|(bu(?:u|re)r|\bburen|overkant|hiernaast|beneden|boven)|(\bwoon|wone|woont|gewoond|huis)"
    r"|(bezorg|lever|pakje|pakket|\bpost|krant|bode\b|chauffeur|facteur)|(verhui|omgenummer|hernummer|naamsborden?)"
    r"|(flat|app\b|appartement|\bbus\b|toevoeging|trap|deur|bel\b)",
    _ANY_CASE,
)
_THING = re.compile(
    r"\b(jaar|jaren|uur|dagen|weken|maanden|keer|stuks?|personen|maat|kamer|stoel|rij|zaal|week|groep|"
    r"cm|mm|km|kg|meter|min(?:uten)?|euro|gram|liter|flessen|dozen|tafel|lijn|plek|plaats|pagina|artikel|art|lid|versie)"
    r"\b"
)


class Small(NamedTuple):
    """A number that may be that of a house."""

    start: int
    end: int


@dataclass(frozen=True)
class Houses:
    """Weights by hashed feature: 2 ** `BITS` x (is none, is one)."""

    weights: Floats

    def odds(self, text: str, taken: Sequence[Fact]) -> list[tuple[Small, float]]:
        """Log-odds of each small number that is no fact yet."""
        numbers = small_numbers(text, taken)
        return [
            (one, float(np.diff(self.weights[row].sum(axis=0))[0]))
            for one, row in zip(numbers, rows_of(text, taken, numbers), strict=True)
        ]

    def facts(self, text: str, taken: Sequence[Fact]) -> Iterator[Fact]:
        for one, odds in self.odds(text, taken):
            if odds > _LEAST:
                value = " ".join(text[one.start : one.end].split())
                yield Fact(FactKind.HOUSE_NUMBER, value, one.start, one.end, False)


def small_numbers(text: str, taken: Sequence[Fact]) -> list[Small]:
    found = [Small(*match.span()) for match in _NUMBER.finditer(text)]
    free = [one for one in found if all(one.end <= fact.start or fact.end <= one.start for fact in taken)]
    return free[:_MOST]


def rows_of(text: str, taken: Sequence[Fact], numbers: Sequence[Small]) -> list[list[int]]:
    """Feature buckets of each."""
    if not numbers:
        return []
    page = _Page(text, taken, numbers)
    return [[crc32(name.encode()) & _MASK for name in page.names(one)] for one in numbers]


class _Page:
    """A text, and what is to be seen of its small numbers."""

    def __init__(self, text: str, taken: Sequence[Fact], numbers: Sequence[Small]) -> None:
        self._text = text
        self._taken = taken
        found = [(match.group().lower(), match.start()) for match in _WORD.finditer(text)]
        self._words = ["9" if word[0].isdigit() else word for word, _ in found]
        self._starts = [start for _, start in found]
        self._homes = [(match.start(), match.end(), match.lastindex or 0) for match in _HOME.finditer(text)]
        self._values = [text[one.start : one.end] for one in numbers]
        kinds = {fact.kind for fact in taken}
        self._kinds = [f"K{kind.value}{kind in kinds}" for kind in _ADDRESS]
        self._kinds += [f"H={sort}" for sort in sorted({sort for _, _, sort in self._homes})]
        houses = [text[fact.start : fact.end] for fact in taken if fact.kind is FactKind.HOUSE_NUMBER]
        self._houses = [digits_of(house) for house in houses]

    def names(self, one: Small) -> Iterator[str]:
        value = self._text[one.start : one.end]
        yield from self._kinds
        yield from ("0", f"v{signs(value)}", f"d{len(digits_of(value))}", f"Q{len(self._text) < _SHORT}")
        yield from self._beside(one)
        yield from self._near(one)
        yield from self._facts(one)
        yield from self._others(value)

    def _beside(self, one: Small) -> Iterator[str]:
        """The words around it."""
        first, last = bisect_left(self._starts, one.start), bisect_left(self._starts, one.end)
        before = ["^"] * 4 + self._words[max(first - 4, 0) : first]
        behind = self._words[last : last + 3] + ["$"] * 3
        for at in range(1, 5):
            yield from (f"b{at}{before[-at]}", f"nb{before[-at]}")
        for at in range(3):
            yield from (f"a{at}{behind[at]}", f"na{behind[at]}")
        yield f"B2{before[-2]} {before[-1]}"
        yield f"B3{before[-3]} {before[-2]} {before[-1]}"
        yield f"BA{before[-1]} {behind[0]}"
        yield f"A2{behind[0]} {behind[1]}"
        begin = self._text.rfind("\n", 0, one.start) + 1
        line = self._text[one.end :].partition("\n")[0]
        yield f"L{self._text[begin : one.start].strip() == ''}{line.strip() == ''}"
        yield f"E{one.start > len(self._text) - _REACH}"

    def _near(self, one: Small) -> Iterator[str]:
        """The cues around it."""
        before = [(end, sort) for _, end, sort in self._homes if one.start - _REACH <= end <= one.start]
        behind = {sort for start, _, sort in self._homes if one.end <= start <= one.end + _REACH}
        yield from (f"H<{sort}" for sort in sorted({sort for _, sort in before}))
        yield from (f"H>{sort}" for sort in sorted(behind))
        yield f"H{bool(before)}{bool(behind)}"
        for end, sort in before[-1:]:
            yield f"h{sort}{(one.start - end) // 12}"
        near = self._text[max(one.start - _UNIT, 0) : one.start].lower()
        yield from (f"t{word}" for word in _THING.findall(near)[-1:])
        yield from (f"T{word}" for word in _THING.findall(self._text[one.end : one.end + _UNIT].lower())[:1])
        told = [cue.sort for cue in cues_of(self._text[max(one.start - _REACH, 0) : one.start])[-1:]]
        yield f"C{told}"

    def _facts(self, one: Small) -> Iterator[str]:
        """The facts beside it."""
        left = [fact for fact in self._taken if fact.end <= one.start][-1:]
        right = [fact for fact in self._taken if one.end <= fact.start][:1]
        for side, fact in [("l", fact) for fact in left] + [("r", fact) for fact in right]:
            gap = self._text[fact.end : one.start] if side == "l" else self._text[one.end : fact.start]
            yield f"F{side}{fact.kind.value}{min(len(gap) // 8, 6)}"
            if len(gap) < _LINK:
                yield f"G{side}{fact.kind.value}{_DIGITS.sub('9', gap.lower())}"

    def _others(self, value: str) -> Iterator[str]:
        """House numbers it is like: "1180" and "1108", "12" and "12A", next door."""
        digits = digits_of(value)
        yield f"S{digits in self._houses}{bool(self._houses)}"
        yield f"s{any(sorted(other) == sorted(digits) and other != digits for other in self._houses)}"
        yield f"n{any(0 < abs(int(other[:6]) - int(digits)) <= _NEXT for other in self._houses)}"
        swapped = any(sorted(other) == sorted(value) and other != value for other in self._values)
        yield f"m{swapped}{self._values.count(value) > 1}"


def digits_of(value: str) -> str:
    """The first digits of a house number; "0" where it has none ("rood")."""
    found = _DIGITS.search(value)
    return found.group() if found else "0"
