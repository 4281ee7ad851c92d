"""Domain names: which belong together, and which try to look like another.

Alignment is the relaxed one of RFC 7489 3.1: the same organisational domain by the public suffix list that comes with
the library. Looks are compared by the label that was registered: homoglyphs and punycode (UTS 39), one or two letters
changed, a hyphen or word added, another top-level domain. A resemblance is a hint for staff, never a reason to refuse.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

MAX_DOMAIN = 253  # RFC 1035 2.3.4
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"))  # two letters that read as one
_DIGITS = str.maketrans("01345789", "oleastbg")
_WORD_LENGTH = 5  # a shorter name stands inside too many honest ones ("kpn" in "kpnvrienden" is enough to hyphenate)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def ascii_domain(domain: str) -> str:
    """Lower case, punycode, without the last dot; "" for what can not be a domain."""
    domain = domain.strip().rstrip(".").lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return domain if len(domain) <= MAX_DOMAIN and re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", domain) else ""


def domain_of(address: str) -> str:
    return ascii_domain(address.rpartition("@")[2])


@lru_cache(4096)
def organisational(domain: str) -> str:
    """`mail.shop.example.co.uk` → `example.co.uk`. A bare public suffix stands for itself."""
    return _suffixes().privatesuffix(domain) or domain


def aligned(one: str, other: str, *, strict: bool = False) -> bool:
    one, other = ascii_domain(one), ascii_domain(other)
    if not one or not other:
        return False
    return one == other or (not strict and organisational(one) == organisational(other))


@dataclass(frozen=True, slots=True)
class _Shape:
    domain: str
    registered: str  # example.nl
    label: str  # example
    skeleton: str  # the label as the eye takes it


def lookalike_of(domain: str, known: Iterable[str]) -> str:
    """The known domain that this one resembles; "" when it is one of them, or like none."""
    domain = ascii_domain(domain)
    shapes = _shapes(tuple(known))
    if not domain or any(shape.registered == organisational(domain) for shape in shapes):
        return ""
    theirs = _shape(domain)
    return next((ours.domain for ours in shapes if _resembles(theirs, ours)), "")


@lru_cache(64)
def _shapes(known: tuple[str, ...]) -> tuple[_Shape, ...]:
    """Asked for every mail, changed seldom: an organisation's customers may be thousands."""
    return tuple(_shape(domain) for candidate in known if (domain := ascii_domain(candidate)))


def _shape(domain: str) -> _Shape:
    registered = organisational(domain)
    label = _shown(registered.partition(".")[0])
    return _Shape(domain, registered, label, _skeleton(label))


def _shown(label: str) -> str:
    """Punycode as the letters that a mail program shows."""
    try:
        return label.encode("ascii").decode("idna") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _resembles(theirs: _Shape, ours: _Shape) -> bool:
    if f".{ours.registered}." in f".{theirs.domain}.":
        return True  # whatnext.example.kwaad.example
    if ours.label == theirs.label:
        return True  # another top-level domain
    mine, other = ours.skeleton, theirs.skeleton
    if mine == other or mine.replace("-", "") == other.replace("-", ""):
        return True
    if len(mine) > 2 and f"-{mine}-" in f"-{other}-":
        return True
    if len(mine) >= _WORD_LENGTH and (other.startswith(mine) or other.endswith(mine)):
        return True
    return _distance_at_most(mine, other, 0 if len(mine) < _WORD_LENGTH else 1 if len(mine) < 9 else 2)


@lru_cache(4096)
def _skeleton(label: str) -> str:
    """The label as the eye takes it."""
    if not label.isascii():
        label = "".join(_plain(letter) for letter in unicodedata.normalize("NFKC", label).lower())
    label = label.translate(_DIGITS)
    for pair, single in _PAIRS:
        label = label.replace(pair, single)
    return label


@lru_cache(1024)
def _plain(letter: str) -> str:
    """One letter as the ASCII letter that it looks like; itself when it looks like none."""
    bare = unicodedata.normalize("NFKD", letter)[0]
    if bare.isascii():
        return bare
    from confusable_homoglyphs import confusables  # noqa: PLC0415  85 ms and 6 MB that few names need

    twins = [entry["c"].lower() for entry in confusables.confusables_data.get(bare, ())]
    return next((twin for twin in twins if twin.isascii() and twin.isalnum()), bare)


def _distance_at_most(one: str, other: str, limit: int) -> bool:
    """Letters added, lost, changed, or two swapped (optimal string alignment)."""
    if abs(len(one) - len(other)) > limit or len(one) > 63 or len(other) > 63:
        return False
    if len(set(one) ^ set(other)) > 2 * limit:
        return False  # most names end here: one change touches two letters at most
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row = row, [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = last
        if min(row) > limit:
            return False
    return row[-1] <= limit
