"""What the tagger sees of each word: a row of hashed features, made with numpy for all words of a text at once.

A feature is a sum of up to three parts (a word, its shape, what the lists know of it, its place on the page), mixed and
cut to a bucket. Which parts go together stands in `_TEMPLATES`; a new feature is a line there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from nlp.tokens import Token

BITS = 17

Buckets = npt.NDArray[np.int32]

_LISTS = tomllib.loads((Path(__file__).parent / "gazetteer.toml").read_text(encoding="utf-8"))
FIRST_NAMES = frozenset(_LISTS["first_names"].split())
TOWNS = frozenset(_LISTS["towns"].split())
LONG_TOWNS = frozenset(tuple(name.replace("-", " - ").split()) for name in _LISTS["long_towns"]) | frozenset(
    tuple(name.split()) for name in _LISTS["long_towns"]
)
_TOWN_BEGINS = frozenset(name[0] for name in LONG_TOWNS)
_TOWN_NAMES = TOWNS | frozenset(name.lower() for name in _LISTS["long_towns"])
_PARTICLES = frozenset(_LISTS["particles"].split())
_STREET_ENDS = tuple(_LISTS["street_ends"].split())
_TITLES = frozenset(_LISTS["titles"].split())
_CLOSING = frozenset(_LISTS["closings"].split())
_KIN = frozenset(_LISTS["kin"].split())
_BUSINESS = frozenset(_LISTS["business"].split())

_REACH = 3  # words to either side
_PER_STEP = ("w", "g", "s", "k")  # word, what the lists know, shape, title or kin
_ONLY_HERE = ("p3", "e3", "e4")  # first and last letters
_OF_PLACE = ("l", "ll", "c", "n", "t", "m")  # on its line, in the text, behind a closing, line length, town, capitals
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
    ("",), ("m",), ("p3",), ("e3",), ("e4",), ("g-1", "g+0", "g+1"), ("s+0", "g+0", "m"), ("w-1", "g+0"), ("w+1", "g+0"),
    ("s-1", "s+0", "s+1"), ("l", "g+0"), ("ll", "g+0"), ("c", "g+0"), ("t", "m"), ("n", "g+0"),
    ("k-1", "s+0", "g+0"), ("w-2", "w-1"), ("g-2", "g-1", "g+0"),
)  # fmt: skip
_PARTS = np.array(
    [[_COLUMNS[name] for name in (*names, "", "")[:3]] for names in _TEMPLATES], dtype=np.int64
).T  # three rows: which column each template takes first, second, third
_SALTS = np.array([crc32(repr(names).encode()) for names in _TEMPLATES], dtype=np.uint64) << np.uint64(20)
_FACTORS = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_SHIFT = np.uint64(64 - BITS)

_Word = tuple[int, int, int, int, int, int, int]
_NOTHING: _Word = (1, 2, 3, 0, 0, 0, 0)  # before the first and behind the last word


def is_town(name: str) -> bool:
    return name.lower() in _TOWN_NAMES


def features_of(
    tokens: Sequence[Token], everyday: frozenset[int], *, rare: frozenset[int] = frozenset()
) -> Buckets:
    """Feature buckets, a row for each word. `rare`: words that stand in no other message, as if it were new."""
    count = len(tokens)
    edge = [_NOTHING] * _REACH
    words = np.array([*edge, *(_word(token, everyday, rare) for token in tokens), *edge], dtype=np.uint64)
    wide = len(_PER_STEP)
    columns = np.concatenate(
        [
            *(words[step : step + count, :wide] for step in range(2 * _REACH + 1)),
            words[_REACH : _REACH + count, wide:],
            np.array(_places(tokens), dtype=np.uint64),
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


def _word(token: Token, everyday: frozenset[int], rare: frozenset[int]) -> _Word:
    """Everyday words come again in every message and are kept. Names are in no cache: they are somebody's."""
    if not token.text[0].isalpha():
        return _kept(shape(token.text), "", False)
    key = key_of(token.low)
    common = key in everyday and key not in rare
    return (_kept if common else _described)(token.text, token.low, common)


def _described(written: str, low: str, common: bool) -> _Word:
    """Hashes of the word, what the lists know of it, its shape, title or kin, and its first and last letters."""
    if not low:  # a sign, or digits: the shape says all
        sign = key_of(written)
        return (sign, sign, sign, 0, sign, sign, sign)
    form = shape(written)
    if low in _PARTICLES:
        known = "P"
    else:
        first = low in FIRST_NAMES or ("-" in low and low.split("-")[0] in FIRST_NAMES)
        known = ("F" if first else "") + ("T" if low in TOWNS else "") + ("B" if low in _BUSINESS else "")
        known += "S" if len(low) > 4 and low.endswith(_STREET_ENDS) else ""
        known += ("c" if common else "u") + ("A" if form[0] == "A" else "a")
    relation = 2 * (low in _TITLES) + (low in _KIN)
    return (key_of(low), key_of(known), key_of(form), relation, key_of(low[:3]), key_of(low[-3:]), key_of(low[-4:]))


_kept = lru_cache(maxsize=65_536)(_described)


def shape(word: str) -> str:
    if word.isdigit():
        return f"9{min(len(word), 5)}"
    if not word[0].isalpha():
        return "9" if any(map(str.isdigit, word)) else word[0]
    if word.isupper():
        return "A" if len(word) == 1 else "A." if "." in word else "AA"
    if word[0].isupper():
        return "Aa" if word[1:].islower() or word[1:] == "" else "AaA" if any(map(str.isupper, word[1:])) else "Aa"
    return "a"


def _places(tokens: Sequence[Token]) -> list[tuple[int, int, int, int, int, int, int]]:
    """Where each word stands: the columns of `_OF_PLACE`, and an empty one."""
    last = tokens[-1].line
    closings = {token.line for token in tokens if token.low in _CLOSING}
    towns = _long_towns([token.low for token in tokens])
    capitals = _capitals(tokens)
    rows = []
    for at, (_, _, _, _, line, place, left) in enumerate(tokens):
        behind = next((back for back in (0, 1, 2, 3) if line - back in closings), 9)
        rows.append(
            (
                min(place, 3) * 4 + min(left, 3) + 1,
                min(line, 2) * 4 + min(last - line, 3) + 1,
                behind * 3 + min(place, 2) + 1,
                min(place + left, 6) * 16 + behind + 1,
                1 + (at in towns),
                capitals,
                0,
            )
        )
    return rows


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
                    found.update(range(at, at + size))
    return found
