"""What the tagger sees of each word: a row of hashed features, made with numpy for all words of a text at once.

A feature is a sum of up to three parts (a word, its shape, what the lists know of it, its place on the page), mixed and
cut to a bucket. Which parts go together stands in `_TEMPLATES`; a new feature is a line there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from nlp.features import Buckets
from nlp.tokens import Token

BITS = 18

_LISTS = tomllib.loads((Path(__file__).parent / "gazetteer.toml").read_text(encoding="utf-8"))
FIRST_NAMES = frozenset(_LISTS["first_names"].split())
LAST_NAMES = frozenset(_LISTS["last_names"].split())
TOWNS = frozenset(_LISTS["towns"].split())
LONG_TOWNS = frozenset(tuple(name.replace("-", " - ").split()) for name in _LISTS["long_towns"]) | frozenset(
    tuple(name.split()) for name in _LISTS["long_towns"]
)
_TOWN_BEGINS = frozenset(name[0] for name in LONG_TOWNS)
_TOWN_NAMES = TOWNS | frozenset(name.lower() for name in _LISTS["long_towns"])
PARTICLES = frozenset(_LISTS["particles"].split())
_STREET_ENDS = tuple(_LISTS["street_ends"].split())
_TITLES = frozenset(_LISTS["titles"].split())
_CLOSING = frozenset(_LISTS["closings"].split())
_KIN = frozenset(_LISTS["kin"].split())
BUSINESS = frozenset(_LISTS["business"].split())
_ANNOUNCE = tuple(tuple(stems.split()) for stems in _LISTS["announce"])

_REACH = 3  # words to either side
_PER_STEP = ("w", "g", "s", "k")  # word, what the lists know, shape, what it announces
_HEARD = 8  # words after which an announcement is forgotten
_ONLY_HERE = ("p3", "e3", "e4")  # first and last letters
_OF_PLACE = ("l", "ll", "c", "n", "t", "m", "q")  # on its line, in the text, behind a closing, line length, town,
# capitals, what was announced shortly before
_COLUMNS = {
    name: at
    for at, name in enumerate(
        [
            *(f"{part}{step:+d}" for step in range(-_REACH, _REACH + 1) for part in _PER_STEP),
            *_ONLY_HERE,
            *_OF_PLACE,
            "",
        ]
    )
}
_TEMPLATES = (
    *((f"{part}{step:+d}",) for step in range(-_REACH, _REACH + 1) for part in "wgs" if part != "s" or abs(step) < 3),
    ("",), ("m",), ("p3",), ("e3",), ("e4",), ("g-1", "g+0", "g+1"), ("s+0", "g+0", "m"), ("w-1", "g+0"),
    ("w+1", "g+0"),
    ("s-1", "s+0", "s+1"), ("l", "g+0"), ("ll", "g+0"), ("c", "g+0"), ("t", "m"), ("n", "g+0"),
    ("k-1", "s+0", "g+0"), ("w-2", "w-1"), ("g-2", "g-1", "g+0"),
    ("q", "s+0"), ("q", "g+0"), ("s+0", "s+1", "s+2"), ("s-2", "s-1", "s+0"), ("w+1", "w+2"), ("w-1", "s+0"),
)  # fmt: skip
FEATURES = len(_TEMPLATES)
_PARTS = np.array(
    [[_COLUMNS[name] for name in (*names, "", "")[:3]] for names in _TEMPLATES], dtype=np.int64
).T  # three rows: which column each template takes first, second, third
_SALTS = np.array([crc32(repr(names).encode()) for names in _TEMPLATES], dtype=np.uint64) << np.uint64(20)
_FACTORS = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_SHIFT = np.uint64(64 - BITS)

_Word = tuple[int, int, int, int, int, int, int]
_NOTHING: _Word = (1, 2, 3, 0, 0, 0, 0)  # before the first and behind the last word


_FIRM_ENDS = ("bouw", "werken", "techniek", "bedrijf", "beheer", "service", "services", "advies", "consult", "zorg")
_QUARTERS = ("-noord", "-zuid", "-oost", "-west", "-eind", "-binnen", "-buiten", "-dorp", "-haven", "-centrum")


def is_town(name: str) -> bool:
    low = name.lower()
    return low in _TOWN_NAMES or (low.endswith(_QUARTERS) and low.rpartition("-")[0] in _TOWN_NAMES)


def is_business(word: str) -> bool:
    """A word of the name of a firm."""
    low = word.lower()
    return low in BUSINESS or low.endswith(_FIRM_ENDS)


class Lexicon:
    """The words that stand in lower case in many messages, by hash: they are seldom names.

    What an everyday word is described by is kept, it comes again in every message. Names are not: they are somebody's.
    """

    def __init__(self, everyday: frozenset[int]) -> None:
        self.everyday = everyday
        self._kept: dict[str, _Word] = {}

    def knows(self, low: str) -> bool:
        return not low[0].isalpha() or key_of(low) in self.everyday

    def words(self, tokens: Sequence[Token], rare: frozenset[int]) -> list[_Word]:
        kept = self._kept
        return [kept.get(token.text) or self._word(token.text, token.low, rare) for token in tokens]

    def _word(self, written: str, low: str, rare: frozenset[int]) -> _Word:
        key = key_of(low)
        common = key in self.everyday and key not in rare
        word = _described(written, low, common) if written[0].isalpha() else _sign(shape(written))
        if not rare and (common or len(written) == 1):
            self._kept[written] = word
        return word


def features_of(tokens: Sequence[Token], lexicon: Lexicon, *, rare: frozenset[int] = frozenset()) -> Buckets:
    """Feature buckets, a row for each word. `rare`: words that stand in no other message, as if it were new."""
    count = len(tokens)
    edge = [_NOTHING] * _REACH
    words = np.array([*edge, *lexicon.words(tokens, rare), *edge], dtype=np.uint64)
    wide = len(_PER_STEP)
    columns = np.concatenate(
        [
            *(words[step : step + count, :wide] for step in range(2 * _REACH + 1)),
            words[_REACH : _REACH + count, wide:],
            _places(tokens, words[_REACH : _REACH + count, 3] >> np.uint64(2)),
        ],
        axis=1,
    )
    first, second, third = (columns[:, rows] * factor for rows, factor in zip(_PARTS, _FACTORS, strict=True))
    mixed = first + second + third + _SALTS
    mixed ^= mixed >> np.uint64(29)
    mixed *= _FACTORS[0]
    return (mixed >> _SHIFT).astype(np.int32)


def key_of(low: str) -> int:
    """The hash by which a word is known to be an everyday one."""
    return crc32(low.encode("utf-8", "surrogatepass"))


def _sign(written: str) -> _Word:
    """A sign, or digits: the shape says all."""
    sign = key_of(written)
    return (sign, sign, sign, 0, sign, sign, sign)


def _described(written: str, low: str, common: bool) -> _Word:
    """Hashes of the word, what the lists know of it, its shape, title or kin, and its first and last letters."""
    form = shape(written)
    if low in PARTICLES:
        known = "P"
    else:
        first = low in FIRST_NAMES or ("-" in low and low.split("-", maxsplit=1)[0] in FIRST_NAMES)
        known = ("F" if first else "") + ("T" if low in TOWNS else "") + ("B" if low in BUSINESS else "")
        known += "L" if low.split("-", maxsplit=1)[0] in LAST_NAMES else ""
        known += "S" if len(low) > 4 and low.endswith(_STREET_ENDS) else ""
        known += ("c" if common else "u") + ("A" if form[0] == "A" else "a")
    announces = next((number for number, stems in enumerate(_ANNOUNCE, start=1) if low.startswith(stems)), 0)
    relation = 4 * announces + 2 * (low in _TITLES) + (low in _KIN)
    return (key_of(low), key_of(known), key_of(form), relation, key_of(low[:3]), key_of(low[-3:]), key_of(low[-4:]))


_DIGITS = re.compile(r"\d+")


def shape(word: str) -> str:
    """How it is written; of digits how many stand together, as 4-2-3."""
    if not word[0].isalpha():
        return _DIGITS.sub(lambda run: str(min(len(run.group()), 9)), word[:24]) if word[0].isdigit() else word[0]
    if word.isupper():
        return "A" if len(word) == 1 else "A." if "." in word else "AA"
    if word[0].isupper():
        return "Aa" if word[1:].islower() or word[1:] == "" else "AaA" if any(map(str.isupper, word[1:])) else "Aa"
    return "a"


def _places(tokens: Sequence[Token], announced: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Where each word stands: the columns of `_OF_PLACE`, and an empty one."""
    line, place, left = np.array([token[4:] for token in tokens]).T
    last = tokens[-1].line
    behind = np.full(last + 4, 9)  # lines since a closing, for each line
    for closing in sorted({token.line for token in tokens if token.low in _CLOSING}):
        behind[closing : closing + 4] = (0, 1, 2, 3)
    columns = np.zeros((len(tokens), len(_OF_PLACE) + 1), dtype=np.uint64)
    columns[:, 0] = np.minimum(place, 3) * 4 + np.minimum(left, 3)
    columns[:, 1] = np.minimum(line, 2) * 4 + np.minimum(last - line, 3)
    columns[:, 2] = behind[line] * 3 + np.minimum(place, 2)
    columns[:, 3] = np.minimum(place + left, 6) * 16 + behind[line]
    columns[list(_long_towns([token.low for token in tokens])), 4] = 1
    columns[:, 5] = _capitals(tokens)
    at = np.arange(len(tokens))
    heard = np.maximum.accumulate(np.where(announced > 0, at, 0))
    near = at - heard <= _HEARD
    columns[near, 6] = announced[heard[near]] * np.uint64(2) + (at - heard > 2)[near]
    return columns


def _capitals(tokens: Sequence[Token]) -> int:
    """How the whole is written: 1 no words, 2 in capitals, 3 without any, 4 as usual."""
    words = [token.text for token in tokens if token.text[0].isalpha()]
    if not words:
        return 1
    if sum(map(str.isupper, words)) > 0.6 * len(words):
        return 2
    return 4 if any(word[0].isupper() for word in words) else 3


def _long_towns(lows: Sequence[str]) -> set[int]:
    """Places of the words that make up a town of several words."""
    found: set[int] = set()
    for at, low in enumerate(lows):
        if low in _TOWN_BEGINS:
            for size in (2, 3, 4, 5):
                if tuple(lows[at : at + size]) in LONG_TOWNS:
                    found.update(range(at, min(at + size, len(lows))))
    return found
