"""Text to sparse features: hashed word and character n-grams, counted with numpy.

Lives here: folding of characters, n-gram hashing, the blocks a text is described by. Not here: weights (`model`),
fitting (`train`), sentence embeddings (`embeddings`).

Every n-gram hash comes out of one prefix sum over the text (a polynomial hash modulo 2^64), so no Python loop runs over
characters: a mail of 220 words has some 7,000 n-grams and must be counted in a fraction of a millisecond.

A later block is added in `occurrences` as one more `Block` with its own bucket range.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

CAP = 6_000  # characters that are read; a request says what it wants well before
BLOCK_BITS = 20  # buckets per block: 2^20, few collisions at this corpus size
_CHAR_SIZES = (2, 3, 4, 5)
_STEM = 5  # letters of a word that count in a pair: endings hardly matter over a distance
_LONG_STEM = 6
_REACH = 6  # words between the two of a pair
_SHORTEST = 3  # letters of a word in a pair
_NEGATIONS = (
    "niet geen nooit niks niets nie ni hoeft hoeven zonder geenszins noch neen not dont no pas nicht kein keine"
)
_NEGATED_AFTER = 4  # words behind a negation that it may be about
_NEGATED_BEFORE = 2

Codes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Buckets = npt.NDArray[np.int32]  # hashed features
Slots = npt.NDArray[np.int32]  # for each bucket its feature, -1 for none


class Block(IntEnum):
    """Each block is counted and scaled to its own length."""

    WORDS = 0
    CHARS = 1
    PAIRS = 2  # two words near each other, in any order
    NEGATED = 3  # words, and whether a negation stands near


# Chosen out of fold, without the test writers.
_LENGTHS = {Block.WORDS: 1.0, Block.CHARS: 1.0, Block.PAIRS: 1.0, Block.NEGATED: 0.7}


BUCKETS = len(Block) << BLOCK_BITS
_BOUNDS = np.arange(len(Block) + 1) << BLOCK_BITS

_SPACE = 32
_OTHER = 1  # emoji, rare scripts: one sign for all
_KEPT_SIGNS = frozenset("?!@€%/&+")
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - BLOCK_BITS)
_BASE = 0x100000001B3
_INVERSE = pow(_BASE, -1, 1 << 64)


def _powers(base: int, size: int) -> Codes:
    factors = np.full(size, base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


_POWERS = _powers(_BASE, CAP + 2)
_INVERSES = _powers(_INVERSE, CAP + 2)


def _fold(codepoint: int) -> int:
    """One sign for a character: lower case, no accent, every digit 0, most punctuation a blank."""
    char = chr(codepoint)
    if char in _KEPT_SIGNS:
        return codepoint
    base = unicodedata.normalize("NFKD", char)[0].lower()[0]
    if base.isdigit():
        return ord("0")
    if base.isalpha():
        return ord(base)
    return _OTHER if unicodedata.category(char) == "So" else _SPACE


_LIMIT = 0x3000
_FOLDED = np.array([*(_fold(codepoint) for codepoint in range(_LIMIT)), _OTHER], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Every n-gram of a text: its bucket and the character offset where it begins."""

    buckets: Ints
    offsets: Ints


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct features in ascending order and how often each stands in the text."""

    slots: Slots
    counts: Ints


class _Found:
    """Hashes and offsets as they are gathered; mixed into buckets once, because each numpy call has its price."""

    def __init__(self) -> None:
        self._hashes: list[Codes] = []
        self._offsets: list[Ints] = []
        self._blocks: list[int] = []

    def add(self, hashes: Codes, offsets: Ints, block: Block, salt: int) -> None:
        self._hashes.append(hashes + np.uint64(salt))
        self._offsets.append(offsets)
        self._blocks.append(int(block) << BLOCK_BITS)

    def mixed(self) -> Occurrences:
        hashes = np.concatenate(self._hashes)
        hashes *= _GOLDEN
        hashes ^= hashes >> np.uint64(29)
        hashes *= _GOLDEN
        hashes >>= _SHIFT
        buckets = hashes.astype(np.int64)
        buckets += np.repeat(self._blocks, [len(part) for part in self._hashes])
        return Occurrences(buckets, np.concatenate(self._offsets))


def folded(text: str) -> tuple[Codes, Ints]:
    """The signs that are counted (single blanks, one at each end) and the offset of each in the text."""
    points = np.frombuffer(text[: CAP - 2].encode("utf-32-le", "surrogatepass"), dtype="<u4")
    signs = _FOLDED[np.minimum(points, _LIMIT)]
    blank = signs == _SPACE
    keep = np.ones(len(signs), dtype=bool)
    keep[1:] = ~(blank[1:] & blank[:-1])
    offsets = np.flatnonzero(keep)
    signs = signs[offsets]
    if not len(signs) or bool((signs == _SPACE).all()):
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    before = 0 if signs[0] == _SPACE else 1
    after = 0 if signs[-1] == _SPACE else 1
    padded = np.full(len(signs) + before + after, _SPACE, dtype=np.uint64)
    padded[before : before + len(signs)] = signs
    places = np.empty(len(padded), dtype=np.int64)
    places[before : before + len(offsets)] = offsets
    places[0], places[-1] = offsets[0], offsets[-1]
    return padded, places


def occurrences(text: str) -> Occurrences:
    """All n-grams of a text, block by block."""
    signs, places = folded(text)
    if not len(signs):
        return Occurrences(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    size = len(signs)
    sums = np.zeros(size + 1, dtype=np.uint64)
    np.cumsum(signs * _POWERS[:size], out=sums[1:])
    blanks = signs == _SPACE
    edges = np.flatnonzero(blanks)
    starts, ends = edges[:-1] + 1, edges[1:]
    full = starts < ends
    starts, ends = starts[full], ends[full]
    words = (sums[ends] - sums[starts]) * _INVERSES[starts]
    found = _Found()
    found.add(words, places[starts], Block.WORDS, 1)
    found.add(words[:-1] * np.uint64(31) + words[1:], places[starts[:-1]], Block.WORDS, 2)
    _add_characters(found, sums, blanks, places)
    _add_pairs(found, _stems(sums, starts, ends, _STEM), ends - starts, places[starts])
    _add_negated(found, words, _stems(sums, starts, ends, _LONG_STEM), places[starts])
    return found.mixed()


def _add_characters(found: _Found, sums: Codes, blanks: npt.NDArray[np.bool_], places: Ints) -> None:
    """n-grams inside one word, its bounding blanks included (no blank in the middle)."""
    size = len(blanks)
    before = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(blanks, out=before[1:])
    for length in _CHAR_SIZES:
        if size < length:
            break
        count = size - length + 1
        begin = (before[length - 1 : length - 1 + count] == before[1 : 1 + count]).nonzero()[0]
        found.add((sums[begin + length] - sums[begin]) * _INVERSES[begin], places[begin], Block.CHARS, length)


def _stems(sums: Codes, starts: Ints, ends: Ints, size: int) -> Codes:
    """The hash of the first letters of each word."""
    return (sums[np.minimum(ends, starts + size)] - sums[starts]) * _INVERSES[starts]


def _add_pairs(found: _Found, stems: Codes, sizes: Ints, places: Ints) -> None:
    """Pairs of stems at a small distance, in any order: "gegevens ... weg", "weg met mijn gegevens"."""
    long = np.flatnonzero(sizes >= _SHORTEST)
    mixed = _mixed(stems[long])
    at = places[long]
    for lag in range(1, _REACH + 1):
        if len(mixed) <= lag:
            break
        found.add(mixed[lag:] + mixed[:-lag], at[:-lag], Block.PAIRS, 1)


def _add_negated(found: _Found, words: Codes, stems: Codes, places: Ints) -> None:
    """Every stem, marked when a negation stands shortly before or behind it."""
    negations = isin(words, _NEGATION_HASHES)
    near = np.zeros(len(words), dtype=bool)
    for lag in range(1, _NEGATED_AFTER + 1):
        near[lag:] |= negations[:-lag]
    for lag in range(1, _NEGATED_BEFORE + 1):
        near[:-lag] |= negations[lag:]
    found.add(stems + near.astype(np.uint64) * np.uint64(7919), places, Block.NEGATED, 1)


def _mixed(codes: Codes) -> Codes:
    """Spread over all bits, so that the sum of two tells which two."""
    spread = codes * _GOLDEN
    return (spread ^ (spread >> np.uint64(31))) * _GOLDEN


def _hash_of(word: str) -> np.uint64:
    codes = np.array([ord(char) for char in word], dtype=np.uint64)
    return np.uint64((codes * _POWERS[: len(codes)]).sum())


def isin(codes: Codes, wanted: Codes) -> npt.NDArray[np.bool_]:
    """`np.isin` for few sorted values, without what it spends on choosing a way."""
    places = np.searchsorted(wanted, codes)
    found: npt.NDArray[np.bool_] = wanted[np.minimum(places, len(wanted) - 1)] == codes
    return found


_NEGATION_HASHES = np.sort(np.array([_hash_of(word) for word in _NEGATIONS.split()], dtype=np.uint64))


def counted(slots: Slots) -> Counted:
    """How often each slot (a feature of the model, ascending by bucket) occurs; -1 is no feature."""
    known = np.sort(slots[slots >= 0])
    if not len(known):
        return Counted(known, np.empty(0, dtype=np.int64))
    edges = np.concatenate(([0], (known[1:] != known[:-1]).nonzero()[0] + 1, [len(known)]))
    return Counted(known[edges[:-1]], np.diff(edges))


def block_bounds(slots: Slots) -> Ints:
    """Where each block begins among the slots, and where the last one ends; `slots` maps buckets to slots."""
    used = np.flatnonzero(slots >= 0)
    return np.searchsorted(used, _BOUNDS)


def weighted(count: Counted, idf: Floats, bounds: Ints) -> Floats:
    """Sublinear term frequency times idf, each block scaled to its length."""
    values = (1.0 + np.log(count.counts)).astype(np.float32) * idf[count.slots]
    edges = np.searchsorted(count.slots, bounds)
    for block in Block:
        part = values[edges[block] : edges[block + 1]]
        norm = float(np.sqrt(np.dot(part, part)))
        if norm > 0:
            part *= _LENGTHS[block] / norm
    return values
