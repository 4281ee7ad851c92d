"""Of the values in a correction: which is to be, and which was it? A log-linear model over pairs of values.

Each value is asked for the one it replaces: another of its kind, none that is told, or it replaces nothing. What speaks
for a pair is the sum of what speaks for its old value, for its new value, and for the two together. Lives here: values
as units, features, scoring. Where the values stand is in `changes`; fitting is in `train_roles`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from zlib import crc32

import numpy as np

from cases.reading import Fact
from nlp.change_cues import CLASS, closings, cues, gender, headings, said, signs
from nlp.features import Floats
from nlp.name_changes import title_sort
from nlp.tokens import Token

BITS = 15
_MASK = (1 << BITS) - 1
_BEFORE, _BEHIND, _BETWEEN = 7, 6, 9  # words that are looked at
_FAR = 25
_GAPS = (0, 1, 2, 4, 7, 12, 25, 50)
_OPENING = 45  # characters: there the desk is greeted
_CLASSED = 4  # words with a class, before and behind

_STOP = re.compile(  # "..., het telefoonnummer blijft": what stays is told by itself
    r"[.!?;](?=\s)|\n|,(?= (?:en )?(?:het|de|mijn|ons|onze) (?:\w+ )?\w*(?:nummer|adres|mail|telefoon|gsm|naam|"
    r"rekening|iban)\w* (?:blijf|wijzig|verander|is (?:goed|juist|hetzelfde)))",
    re.IGNORECASE,
)


_PLAINLY = frozenset({"fact", "tagged", "quoted", "capitals", "title", "odd"})  # whoever reads sees a value there


class Role(IntEnum):
    """Columns of the weights. What stands alone is new, but for nothing told; pairs have their weights there too."""

    ALONE = 0
    OLD = 1
    NEW = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """One value: a phone number, or street, number, postcode and town written together as one address."""

    field: str
    start: int
    end: int
    value: str  # as written; for "ondergetekende" the name below the letter
    sources: frozenset[str] = frozenset()
    parts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """`new` replaces `old` (numbers of units; None when not told)."""

    old: int | None
    new: int
    field: str


@dataclass(frozen=True, slots=True)
class Roles:
    weights: Floats  # 2 ** BITS x roles

    def of_units(self, page: Page) -> Floats:
        """units x roles"""
        return self._sums(page.unit_rows())

    def of_options(self, page: Page, units: Floats, options: Sequence[Option]) -> Floats:
        pairs = self._sums([page.option_row(option) for option in options])[:, Role.ALONE]
        new = units[[option.new for option in options], Role.NEW]
        other = [
            units[option.new, Role.ALONE] if option.old is None else units[option.old, Role.OLD] for option in options
        ]
        return np.asarray(pairs + new + np.array(other, dtype=np.float32))

    def _sums(self, rows: Sequence[list[int]]) -> Floats:
        starts = [0, *accumulate(len(row) for row in rows[:-1])]
        flat = np.fromiter(chain.from_iterable(rows), dtype=np.int32)
        return np.asarray(np.add.reduceat(self.weights[flat], starts, axis=0))


@lru_cache(maxsize=1 << 16)
def _bucket(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass")) & _MASK


@dataclass
class Page:
    """A message with its values, as the model sees it."""

    text: str
    tokens: Sequence[Token]
    units: Sequence[Unit]
    families: Sequence[str]
    contact: Sequence[int]  # where it speaks of who is to be talked to

    def __post_init__(self) -> None:
        self.words = ["9" if token.text[0].isdigit() else token.low for token in self.tokens]
        self.classes = [CLASS.get(token.low, "") for token in self.tokens]
        self.starts = [token.start for token in self.tokens]
        self.spans = [(self.at(unit.start), self.at(unit.end)) for unit in self.units]
        self.stops = [match.start() for match in _STOP.finditer(self.text)]
        self.closings = closings(self.text)
        self.headings = headings(self.text)
        self.plain = [not unit.sources.isdisjoint(_PLAINLY) for unit in self.units]
        self.taken = {
            number
            for plain, (first, last) in zip(self.plain, self.spans, strict=True)
            if plain
            for number in range(first, last)
        }

    def at(self, offset: int) -> int:
        """Number of the first word that begins at or behind `offset`."""
        return bisect_left(self.starts, offset)

    @cached_property
    def grams(self) -> list[frozenset[str]]:
        return [_grams(unit.value.lower()) for unit in self.units]

    def likeness(self, one: int, two: int) -> int:
        return _like(self.grams[one], self.grams[two])

    @cached_property
    def said(self) -> list[frozenset[str]]:
        """What the sentence of each unit says."""
        found = []
        sentences: dict[tuple[int, int], frozenset[str]] = {}
        for unit in self.units:
            at = bisect_left(self.stops, unit.start)
            first = self.stops[at - 1] if at else 0
            at = bisect_left(self.stops, unit.end)
            last = self.stops[at] if at < len(self.stops) else len(self.text)
            if (first, last) not in sentences:
                sentences[first, last] = said(self.text[first:last], bool(self.contact))
            found.append(sentences[first, last])
        return found

    @cached_property
    def gender(self) -> str:
        return gender(self.text)

    @cached_property
    def cued(self) -> list[list[str]]:
        return [list(cues(self.text, unit.start, unit.end)) for unit in self.units]

    @cached_property
    def signed(self) -> list[bool]:
        return [signs(self.text, self.closings, unit.start, unit.end) for unit in self.units]

    @cached_property
    def near(self) -> list[tuple[list[str], list[str]]]:
        """Classes of the words before (nearest first) and behind each unit; "." where a sentence ends."""
        return [
            (
                self._classes(range(first - 1, max(first - 13, -1), -1)),
                self._classes(range(last, min(last + 12, len(self.words)))),
            )
            for first, last in self.spans
        ]

    def _classes(self, numbers: range) -> list[str]:
        found: list[str] = []
        for number in numbers:
            word = self.words[number]
            if kind := self.classes[number]:
                found.append(kind)
            elif word in ".!?\n\n" or word == "\n":
                found.append(".")
            elif word in ":(":
                found.append(word)
            elif number in self.taken and (not found or found[-1] != "X"):
                found.append("X")
            if len(found) == _CLASSED:
                break
        return found

    def unit_rows(self) -> list[list[int]]:
        """Feature buckets of each unit: what it is, the words around it, its place among those of its kind."""
        values: dict[tuple[str, str], int] = {}
        for kind, unit in zip(self.families, self.units, strict=True):
            values[kind, unit.value] = values.get((kind, unit.value), 0) + 1
        kinds = {
            kind: [at for at, other in enumerate(self.families) if other == kind and self.plain[at]]
            for kind in set(self.families)
        }
        rows = []
        for at, unit in enumerate(self.units):
            kind = self.families[at]
            same = kinds[kind]
            place = bisect_left(same, at)
            names = ["", f"F{kind}", f"f{unit.field}", f"z{kind}{self.signed[at]}", f"x{self._alone(unit)}",
                     f"o{min(place, 2)}{min(len(same), 3)}{kind}", f"m{kind}{min(values[kind, unit.value], 3)}",
                     f"l{kind}{place + 1 >= len(same)}", f"k{kind}{bool(self.contact)}"]  # fmt: skip
            names += self._shape(unit, kind)
            names += self._around(at, kind)
            if unit.field == "name":
                names += self._within(unit) or ["whole"]
            names += [f"y{what}" for what in self.said[at]]
            for cue in self.cued[at]:
                names += [f"c{cue}", f"c{kind}{cue}"]
            names.append(f"h{self._under(at)}")
            rows.append([_bucket(name) for name in dict.fromkeys(names)])
        return rows

    def _within(self, unit: Unit) -> list[str]:
        """Part of a longer name: at its begin, at its end, or inside."""
        return [
            f"over{one.start < unit.start}{unit.end < one.end}"
            for one in self.units
            if one.field == "name" and one.start <= unit.start and unit.end <= one.end and one is not unit
        ]

    def _under(self, at: int) -> str:
        """Under a heading "oud:" or "nieuw:"."""
        return next((name for end, name in reversed(self.headings) if end <= self.units[at].start), "")

    def _shape(self, unit: Unit, kind: str) -> Iterator[str]:
        yield from (f"s{kind}{source}" for source in unit.sources)
        yield f"S{kind}{' '.join(sorted(unit.sources))}"
        yield f"w{kind}{min(unit.value.count(' '), 3)}"
        yield f"u{kind}{unit.value[:1].isupper()}"
        yield f"d{kind}{any(map(str.isdigit, unit.value))}"
        yield f"t{kind}{min(len(unit.value), 4)}"
        yield f"P{kind}{_pattern(unit.value)}"
        if kind == "salutation":
            sort = title_sort(unit.value)
            yield from (f"v{sort}", f"v{unit.value.lower().split()[0]}")
            yield from (f"vo{unit.start < _OPENING}", f"v{sort}{unit.start < _OPENING}")
            other = {title_sort(one.value) for one, its in zip(self.units, self.families, strict=True) if its == kind}
            yield f"V{sort}{''.join(sorted(other - {sort}))}"
        if kind == "address":
            yield f"p{' '.join(str(part.kind) for part in unit.parts)}"
        first = self.text.rfind("\n", 0, unit.start) + 1
        if self.text[first : unit.start].strip() == "":
            yield f"b0{kind}"

    def _around(self, at: int, kind: str) -> Iterator[str]:
        first, last = self.spans[at]
        before, behind = self.words[max(first - _BEFORE, 0) : first][::-1], self.words[last : last + _BEHIND]
        for side, near, classes in (("b", before, self.near[at][0]), ("a", behind, self.near[at][1])):
            yield from (f"{side}{place}{word}" for place, word in enumerate(near[:3]))
            yield from (f"{side}{kind}{word}" for word in near[:2])
            yield from (f"{side}*{word}" for word in near)
            yield f"{side}2{' '.join(near[:2])}"
            for long in (1, 2, 3):
                yield f"{side}C{' '.join(classes[:long])}"
            yield f"{side}K{kind}{' '.join(classes[:2])}"
            for name in classes:
                if name == ".":
                    break
                yield f"{side}D{name}"
                yield f"{side}D{kind}{name}"
        yield f"ab{' '.join(self.near[at][0][:1])}_{' '.join(self.near[at][1][:1])}"

    def _alone(self, unit: Unit) -> bool:
        """On a line of its own."""
        begin, end = self.text.rfind("\n", 0, unit.start) + 1, self.text.find("\n", unit.end)
        behind = self.text[unit.end : end if end >= 0 else len(self.text)]
        return self.text[begin : unit.start].strip() == "" and behind.strip(" .,") == ""

    def option_row(self, option: Option) -> list[int]:
        kind = self.families[option.new]
        names = [f"=f{option.field}{option.old is None}"]
        if option.field == "contact":
            names += self._person(option)
        if option.old is None:
            names += self._lone(option.new, kind)
        else:
            names += self._place(option.old, option.new, kind)
            names += self._values(option.old, option.new, kind)
        return [_bucket(name) for name in dict.fromkeys(names)]

    def _lone(self, new: int, kind: str) -> Iterator[str]:
        """What speaks for a new value whose old one is not told: no other stands there, least of all one like it."""
        value = self.units[new].value
        same = [at for at, family in enumerate(self.families) if family == kind and at != new and self.plain[at]]
        others = {self.units[at].value: at for at in same if self.units[at].value != value}
        yield from (f"=0{kind}{min(len(others), 3)}", f"=0{min(len(others), 3)}", f"=0z{self.signed[new]}")
        yield from (f"=0s{what}" for what in self.said[new])
        yield f"=0l{kind}{max((self.likeness(at, new) for at in others.values()), default=0)}"
        yield f"=0o{kind}{any('old before' in self.cued[at] for at in same)}"

    def _place(self, old: int, new: int, kind: str) -> Iterator[str]:
        """Where the two stand and what stands between them."""
        order, left, right = ("on", old, new) if old < new else ("no", new, old)
        first, last = self.spans[left][1], self.spans[right][0]
        gap = sum(last - first > step for step in _GAPS)
        stops = bisect_left(self.stops, self.units[right].start) - bisect_left(self.stops, self.units[left].end)
        among = sum(self.families[at] == kind and self.plain[at] for at in range(left + 1, right))
        yield from (f"={order}", f"={order}{kind}", f"=g{gap}", f"=g{kind}{gap}", f"=s{min(stops, 3)}")
        yield from (f"=a{min(among, 3)}", f"=a{kind}{min(among, 3)}")
        classes = self._classes(range(first, min(last, first + _FAR)))
        yield f"=C{order}{' '.join(classes)}"
        if last - first <= _FAR:
            yield from (f"=c{order}{name}" for name in set(classes))
        if last - first <= _BETWEEN:
            yield from (f"=w{order}{word}" for word in self.words[first:last])
            yield f"=b{order}{' '.join(self.words[first:last][:4])}"
        before, behind = " ".join(self.near[left][0][:1]), " ".join(self.near[right][1][:1])
        yield f"=n{order}{before}|{' '.join(classes[:2])}|{behind}"
        yield f"=m{order}{before}|{' '.join(classes[:1])}"
        yield f"=h{self._under(old)}{self._under(new)}"
        cued = [
            cue in self.cued[at]
            for at in (old, new)
            for cue in ("old before", "new before", "old behind", "new behind")
        ]
        yield f"=i{order}{cued[0]}{cued[5]}{cued[2]}{cued[7]}"
        yield f"=z{self.signed[old]}{self.signed[new]}{kind}"

    def _values(self, old: int, new: int, kind: str) -> Iterator[str]:
        """How alike the two are."""
        one, two = self.units[old], self.units[new]
        like = self.likeness(old, new)
        yield from (f"=l{like}", f"=l{kind}{like}")
        small, large = sorted((one.value.lower(), two.value.lower()), key=len)
        if small in large:
            yield f"=in{kind}{old < new}{len(one.value) < len(two.value)}"
        if small != large and sorted(small) == sorted(large):
            yield f"=turned{kind}"
        ours, theirs = one.value.split(), two.value.split()
        yield f"=t{kind}{len(ours) == len(theirs)}{len(one.value) == len(two.value)}"
        yield f"=S{kind}{ours[0] == theirs[0]}{ours[-1] == theirs[-1]}"
        yield from (f"=q{kind}{source}" for source in one.sources & two.sources)
        if kind == "salutation":
            was, now = title_sort(one.value), title_sort(two.value)
            yield from (f"=v{was}{now}", f"=v{old < new}{was}{now}", f"=vo{one.start < _OPENING}{two.start < _OPENING}")
            if self.gender:
                yield f"=vg{was == self.gender}{now == self.gender}"
        if kind == "address":
            kinds = ["".join(str(part.kind)[0] for part in unit.parts) for unit in (one, two)]
            yield from (f"=p{kinds[0] == kinds[1]}", f"=P{kinds[0]}>{kinds[1]}")

    def _person(self, option: Option) -> Iterator[str]:
        """What speaks for another person rather than for another name of the same."""
        yield from (f"#k{option.old is None}", f"#c{'comes' in self.said[option.new]}{option.old is None}")
        yield f"#ln{'leaves' in self.said[option.new]}"
        for side, at in (("n", option.new), ("o", option.old)):
            if at is not None:
                apart = min((abs(spot - self.units[at].start) for spot in self.contact), default=999)
                yield f"#e{side}{sum(apart > step for step in (15, 30, 60, 120))}"
                first, last = self.spans[at]
                words = {*self.words[max(first - 10, 0) : first], *self.words[last : last + 8]}
                yield from (f"#{word}" for word in words)
                yield from {f"#C{CLASS.get(word, '')}" for word in words}
                yield from (f"#s{source}" for source in self.units[at].sources)
        if option.old is not None:
            old, new = self.said[option.old], self.said[option.new]
            yield from (
                f"#m{'leaves' in old}{'comes' in new}{old is new}",
                f"#lo{'leaves' in old}",
                f"#co{'comes' in old}",
            )
            yield f"#me{'me' in self.units[option.old].sources}{'me' in self.units[option.new].sources}"
            yield f"#l{self.likeness(option.old, option.new)}"
            one, two = self.units[option.old].value.split(), self.units[option.new].value.split()
            yield f"#first{one[0] == two[0]}{one[-1] == two[-1]}"


def _pattern(value: str) -> str:
    """Large, small and numbered words, at most five."""
    return "".join("9" if word[0].isdigit() else "X" if word[0].isupper() else "x" for word in value.split()[:5])


def _grams(value: str) -> frozenset[str]:
    padded = f" {value} "
    return frozenset(padded[at : at + 2] for at in range(len(padded) - 1))


def _like(one: frozenset[str], two: frozenset[str]) -> int:
    """How alike, 0 to 4."""
    share = 2 * len(one & two) / (len(one) + len(two))
    return (share >= 0.25) + (share >= 0.45) + (share >= 0.6) + (share >= 0.8)
