"""Persons, streets and towns: a small log-linear tagger over words, learned from the marked facts of the corpus.

Names have no shape of their own, least of all in mail without capitals; where they stand, what stands around them and
lists of first names and towns tell together. Lives here: features, scoring, decoding. Fitting is in `train_tagger`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np

from cases.reading import FactKind
from nlp.features import Floats
from nlp.tokens import Token

BITS = 17
TAGGED = (FactKind.NAME, FactKind.STREET, FactKind.PLACE)


class Tag(IntEnum):
    """Begin and inside of each kind; neighbours of one kind that are two facts need the begin."""

    O = 0  # noqa: E741 - the field's name for "outside"
    B_NAME = 1
    I_NAME = 2
    B_STREET = 3
    I_STREET = 4
    B_PLACE = 5
    I_PLACE = 6


_LISTS = tomllib.loads((Path(__file__).parent / "gazetteer.toml").read_text(encoding="utf-8"))
FIRST_NAMES = frozenset(_LISTS["first_names"].split())
TOWNS = frozenset(_LISTS["towns"].split())
LONG_TOWNS = frozenset(tuple(name.replace("-", " - ").split()) for name in _LISTS["long_towns"]) | frozenset(
    tuple(name.split()) for name in _LISTS["long_towns"]
)
_TOWN_NAMES = TOWNS | frozenset(name.lower() for name in _LISTS["long_towns"])
PARTICLES = frozenset(_LISTS["particles"].split())
_STREET_ENDS = tuple(_LISTS["street_ends"].split())
_TITLES = frozenset(_LISTS["titles"].split())
_CLOSING = frozenset(_LISTS["closings"].split())
_KIN = frozenset(_LISTS["kin"].split())
_BUSINESS = frozenset(_LISTS["business"].split())


def shape(word: str) -> str:
    if word.isdigit():
        return f"9{min(len(word), 5)}"
    if not word[0].isalpha():
        return "9" if any(map(str.isdigit, word)) else word[0]
    if word.isupper():
        return "A" if len(word) == 1 else "A." if "." in word else "AA"
    if word[0].isupper():
        return "Aa" if not any(map(str.isupper, word[1:])) else "AaA"
    return "a"


_MASK = (1 << BITS) - 1
_BEYOND = {step: crc32(f"{step}|-".encode()) & _MASK for step in (-3, -2, -1, 0, 1, 2, 3)}


@dataclass(frozen=True, slots=True)
class Tagger:
    """Weights by hashed feature, and the words that stand in lower case in many messages: they are seldom names."""

    weights: Floats  # 2 ** BITS x tags
    everyday: frozenset[int]  # hashes

    def spans(self, tokens: Sequence[Token]) -> list[tuple[FactKind, int, int]]:
        if not tokens:
            return []
        rows = features_of(tokens, self.everyday)
        ends = np.cumsum([0, *(len(row) for row in rows)])
        flat = np.fromiter((value for row in rows for value in row), dtype=np.int64, count=int(ends[-1]))
        scores = np.add.reduceat(self.weights[flat], ends[:-1], axis=0)
        return list(_decoded(tokens, scores))


def is_town(name: str) -> bool:
    return name.lower() in _TOWN_NAMES


def everyday_of(tokens: Sequence[Token]) -> set[int]:
    return {crc32(token.low.encode("utf-8", "surrogatepass")) for token in tokens if token.text.islower()}


def features_of(
    tokens: Sequence[Token], everyday: frozenset[int], *, rare: frozenset[int] = frozenset()
) -> list[list[int]]:
    """Feature buckets of each word. `rare`: words that stand in no other message, as if the message were new."""
    base = [_own(token, everyday, rare) for token in tokens]
    towns = _long_towns(tokens)
    last_line = tokens[-1].line
    closings = {token.line for token in tokens if token.low in _CLOSING}
    mostly = _case(tokens)
    rows: list[list[int]] = []
    for at, token in enumerate(tokens):
        row: list[int] = []
        for step in (-3, -2, -1, 0, 1, 2, 3):
            other = at + step
            if 0 <= other < len(tokens):
                word = base[other]
                row += _kept(step, *word) if "c" in word[2] else _near(step, *word)
            else:
                row.append(_BEYOND[step])
        names = ["bias", mostly]
        low, signs, gazette = base[at]
        before = base[at - 1] if at else ("", "", "")
        after = base[at + 1] if at + 1 < len(tokens) else ("", "", "")
        names += (
            f"p{low[:3]}", f"e{low[-3:]}", f"E{low[-4:]}", f"gg{before[2]}{gazette}{after[2]}",
            f"sg{signs}{gazette}{mostly}",
            f"bw{before[0]}{gazette}", f"ab{after[0]}{gazette}", f"ss{before[1]}{signs}{after[1]}",
            f"l{min(token.place, 3)}{min(token.left, 3)}{gazette}",
            f"ll{min(token.line, 2)}{min(last_line - token.line, 3)}{gazette}",
            f"c{_after_closing(token.line, closings)}{gazette}{min(token.place, 2)}", f"t{at in towns}{mostly}",
            f"n{min(token.place + token.left, 6)}{gazette}{_after_closing(token.line, closings)}",
            f"k{before[0] in _TITLES}{before[0] in _KIN}{signs}{gazette}",
        )  # fmt: skip
        if at > 1:
            names.append(f"2b{base[at - 2][0]}_{before[0]}")
            names.append(f"2g{base[at - 2][2]}{before[2]}{gazette}")
        row += [crc32(name.encode("utf-8", "surrogatepass")) & _MASK for name in names]
        rows.append(row)
    return rows


def _near(step: int, low: str, signs: str, gazette: str) -> tuple[int, ...]:
    """What a word says about the one `step` places before or after it."""
    names = (f"{step}w{low}", f"{step}g{gazette}", f"{step}s{signs}")
    return tuple(crc32(name.encode("utf-8", "surrogatepass")) & _MASK for name in names[: 2 if abs(step) == 3 else 3])


# Everyday words come again in every message. Names and numbers are in no cache: they are somebody's.
_kept = lru_cache(maxsize=65_536)(_near)


def _own(token: Token, everyday: frozenset[int], rare: frozenset[int]) -> tuple[str, str, str]:
    """The word (digits as one sign), its shape, and what the lists know of it."""
    low, signs = token.low, shape(token.text)
    if signs[0] == "9":
        return signs, signs, signs
    key = crc32(low.encode("utf-8", "surrogatepass"))
    if low in PARTICLES:
        gazette = "P"
    else:
        first = low in FIRST_NAMES or ("-" in low and low.split("-")[0] in FIRST_NAMES)
        gazette = ("F" if first else "") + ("T" if low in TOWNS else "") + ("B" if low in _BUSINESS else "")
        if len(low) > 4 and low.endswith(_STREET_ENDS):
            gazette += "S"
        if low[0].isalpha():
            gazette += "c" if key in everyday and key not in rare else "u"
            gazette += "A" if signs[0] == "A" else "a"
    return low, signs, gazette


def _case(tokens: Sequence[Token]) -> str:
    words = [token.text for token in tokens if token.text[0].isalpha()]
    if not words:
        return "none"
    if sum(map(str.isupper, words)) > 0.6 * len(words):
        return "upper"
    return "lower" if not any(word[0].isupper() for word in words) else "mixed"


def _after_closing(line: int, closings: set[int]) -> int:
    for back in (0, 1, 2, 3):
        if line - back in closings:
            return back
    return 9


def _long_towns(tokens: Sequence[Token]) -> set[int]:
    found: set[int] = set()
    lows = [token.low for token in tokens]
    for size in (2, 3, 4, 5):
        for at in range(len(lows) - size + 1):
            if tuple(lows[at : at + size]) in LONG_TOWNS:
                found.update(range(at, at + size))
    return found


_INSIDE = {Tag.B_NAME: Tag.I_NAME, Tag.B_STREET: Tag.I_STREET, Tag.B_PLACE: Tag.I_PLACE}
_ALLOWED = np.zeros((len(Tag), len(Tag)))  # from, to: inside only after its own kind
for _inside in _INSIDE.values():
    _ALLOWED[:, _inside] = -1e6
for _begin, _inside in _INSIDE.items():
    _ALLOWED[_begin, _inside] = _ALLOWED[_inside, _inside] = 0.0
_KINDS = {Tag.B_NAME: FactKind.NAME, Tag.B_STREET: FactKind.STREET, Tag.B_PLACE: FactKind.PLACE}


def _decoded(tokens: Sequence[Token], scores: Floats) -> Iterator[tuple[FactKind, int, int]]:
    """The best allowed row of tags (Viterbi), as spans in the text."""
    best = scores[0] + _ALLOWED[Tag.O]
    back: list[np.ndarray[tuple[int], np.dtype[np.intp]]] = []
    for row in scores[1:]:
        ways = best[:, None] + _ALLOWED
        back.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + row
    tags = [int(best.argmax())]
    for step in reversed(back):
        tags.append(int(step[tags[-1]]))
    tags.reverse()
    at = 0
    while at < len(tags):
        begin = tags[at]
        if begin in _KINDS:
            stop = at + 1
            while stop < len(tags) and tags[stop] == _INSIDE[Tag(begin)]:
                stop += 1
            yield _KINDS[Tag(begin)], tokens[at].start, tokens[stop - 1].end
            at = stop
        else:
            at += 1
