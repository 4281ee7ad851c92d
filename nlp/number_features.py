"""What is to be seen of a number in a text: its looks, the words beside it, the cues in its sentence, its place.

Hashed features for `fact_references`, which says whose number it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

from cases.reading import Fact
from nlp.change_cues import closings
from nlp.fact_numbers import phone_facts
from nlp.number_cues import NO_CUE, Cue, cues_of
from nlp.number_stretches import MOST, Stretch, collapsed, plain, signs, stretches_of
from nlp.word_features import shape as written

BITS = 16
_MASK = (1 << BITS) - 1
_REACH = 90  # characters before a number in which a cue counts
_NEAR = 40  # characters before a number in which the writing of words counts: "Puck Jansen 7744120"
_LINK = 16  # characters between two numbers that may link them: "en", "tot en met"
_ANY_CASE = re.IGNORECASE
_BREAK = re.compile(r"(?<!nr)(?<!no)[.!?](?=\s+[A-ZÀ-Ý])|\n\n")
_NAMED = re.compile(r"(n[uoa]m{1,2}b?e?rs?|nrs?|no|id|code|kenmerk|#|n°)\W{0,3}(?:is |: ?|= ?)?$", _ANY_CASE)
_NEAR_BEHIND = re.compile(r"[^\d\n]{0,45}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d[\w./-]*|\n+|[^\w\s]")
_LAST_WORDS = re.compile(r"\w+|[^\w\s]")
_ROW = re.compile(r"[ \t|-]*[A-Z]{0,4}[-./]?\d")
_LETTERS = re.compile(r"[A-Za-z]*")
_OF_A_YEAR = re.compile(r"(?:[A-Za-z]{0,4}[-./]?)?20[0-3][0-9]")
_ENDING = re.compile(r"(?:s|en|n)?(?:n[uoa]m{1,2}b?e?rs?|nrs?|code|kenmerk|id|no)$")  # "numer" too
_IDLE = (  # between a number and the word that tells of what it is
    "is was het de mijn m mn me onze ons met onder van nr nrs no num nummer nummers number numero numéro code id the "
    "my our ist luidt lautet dat en of and bij jullie u nog op staat kenmerk ref referentie"
)
_OWNERS = "mijn m mn me ons onze uw jullie zijn haar hun my our je jouw"
_WHOSE = frozenset(_OWNERS.split())
_EMPTY = frozenset([*_IDLE.split(), *":.,#(-=–"])


class Found(NamedTuple):
    """A number that is recognised: which of the kinds of `fact_references`, and where."""

    start: int
    end: int
    kind: int


class Numbers:
    """The numbers of a text that may be somebody's, and what is to be seen of each."""

    def __init__(self, text: str, taken: Sequence[Fact]) -> None:
        self.text = text
        self.stretches = list(stretches_of(text, taken))[:MOST]

    def rows(self, found: Sequence[Found] = ()) -> list[list[int]]:
        """Feature buckets of each stretch. `found`: those recognised so far, in their order."""
        return [
            [*row, *_buckets(self._neighbours(one, found))]
            for one, row in zip(self.stretches, self._alone, strict=True)
        ]

    @cached_property
    def _alone(self) -> list[list[int]]:
        """Of each stretch what does not hang on what the others are."""
        return [_buckets(self._names(one)) for one in self.stretches]

    def _neighbours(self, one: Stretch, found: Sequence[Found]) -> Iterator[str]:
        """What the numbers beside it are, and those that look like it: lists and tables name their kind once."""
        value = self.text[one.start : one.end]
        shape, size = collapsed(value), len(value)
        others = [other for other in found if other.end <= one.start or one.end <= other.start]
        before = [other for other in others if other.end <= one.start][-1:]
        behind = [other for other in others if one.end <= other.start][:1]
        for side, other in [("b", other) for other in before] + [("a", other) for other in behind]:
            start, end = (other.end, one.start) if side == "b" else (one.end, other.start)
            gap = self.text[start:end].lower()
            written = self.text[other.start : other.end]
            like, alike = collapsed(written) == shape, len(written) == size
            of = f"{side}{other.kind}"
            yield from (f"K1{of}", f"K2{of}{like}{min(len(gap) // 15, 5)}", f"K3{of}{gap if len(gap) < _LINK else ''}")
            yield f"K4{of}{gap.strip() if len(gap) < _LINK else ''}{like}{alike}"
            yield f"K5{of}{like}{alike}{min(gap.count(chr(10)), 2)}"
        same = [other for other in others if collapsed(self.text[other.start : other.end]) == shape]
        for name, like_it in (("s", same), ("x", [other for other in same if other.end - other.start == size])):
            kinds = sorted({other.kind for other in like_it})
            yield from (f"K{name}{kind}" for kind in kinds)
            yield f"K{name}{kinds}"
        yield from (f"Kn{sorted({other.kind for other in others})}", f"Km{min(len(others), 4)}")
        itself = {other.kind for other in others if plain(self.text[other.start : other.end]) == plain(value)}
        yield from (f"Kv{kind}" for kind in sorted(itself))

    @cached_property
    def _words(self) -> tuple[list[str], list[int]]:
        found = [(match.group().lower(), match.start()) for match in _WORD.finditer(self.text)]
        return ["9" if word[0].isdigit() else word for word, _ in found], [start for _, start in found]

    @cached_property
    def _told(self) -> list[Cue]:
        return cues_of(self.text)

    @cached_property
    def _same(self) -> dict[str, list[int]]:
        """Where the same number stands, however it is spaced."""
        places: dict[str, list[int]] = {}
        for one in self.stretches:
            places.setdefault(plain(self.text[one.start : one.end]), []).append(one.start)
        return places

    def _near(self, start: int) -> int:
        """From where a cue counts for a number: its sentence, not too far away."""
        return max(start - _REACH, self._sentence(start))

    def _last_cue(self, before: int, since: int = -1) -> str:
        return next((cue.of for cue in reversed(self._told) if since < cue.end <= before), "")

    def _block(self, start: int) -> int:
        """Where the rows begin of which this one is: lines under each other that begin with a number."""
        line = self.text.rfind("\n", 0, start) + 1
        if self.text[line:start].strip():
            return start
        while (above := self.text.rfind("\n", 0, max(line - 1, 0)) + 1) < line and _ROW.match(self.text, above):
            line = above
        return line

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.end() for match in _BREAK.finditer(self.text)]

    @cached_property
    def _closings(self) -> list[int]:
        return closings(self.text)

    @cached_property
    def _phones(self) -> list[Fact]:
        return list(phone_facts(self.text))

    def _names(self, one: Stretch) -> Iterator[str]:
        shape = collapsed(self.text[one.start : one.end])
        yield ""
        yield from self._looks(one, shape)
        yield from self._beside(one, shape)
        yield from self._cued(one, shape)
        yield from self._placed(one, shape)

    def _looks(self, one: Stretch, shape: str) -> Iterator[str]:
        """What it looks like itself."""
        value = self.text[one.start : one.end]
        digits, letters = sum(map(str.isdigit, value)), _match(_LETTERS, value).lower()
        yield from (f"n{one.shape}", f"s{signs(value)}", f"S{shape}", f"l{len(value)}", f"p{letters[:5]}")
        yield from (f"d{min(digits, 12)}", f"d{min(digits, 12)}{value.isdigit()}", f"P{bool(letters)}{min(digits, 6)}")
        yield from (f"y{_OF_A_YEAR.match(value) is not None}{len(value) > 4}", f"0{value[0] == '0'}{min(digits, 11)}")

    def _beside(self, one: Stretch, shape: str) -> Iterator[str]:
        """The words before and behind, and parts of those that tell most."""
        before, behind = self._before(one.start), self._behind(one.end)
        yield from (f"b{place}{word}" for place, word in enumerate(before[:4]))
        yield from (f"B{word}" for word in before[:8])
        yield from (f"a{place}{word}" for place, word in enumerate(behind[:3]))
        yield from (f"A{word}" for word in behind[:6])
        yield from (f"b2{before[:2]}", f"b3{before[:3]}", f"bs{before[:1]}{shape}", f"a2{behind[:2]}")
        yield f"ba{before[:1]}{behind[:1]}"
        for place, word in enumerate([word for word in before if len(word) > 2 and word.isalpha()][:3]):
            for size in (3, 5):
                yield from (f"c{place}{word[:size]}", f"C{word[:size]}")
            yield from (f"e{place}{word[-size:]}" for size in (3, 5))
        for place, word in enumerate([word for word in behind if len(word) > 2 and word.isalpha()][:2]):
            yield from (f"f{place}{word[:4]}", f"f{place}{word[:6]}")
        stem, away = _telling(before)
        yield from (f"t{stem}", f"t{stem}{away}", f"ts{stem}{shape}")
        yield from self._named_by(before)
        yield from (f"g{part}" for part in _parts(stem, (3, 5)))
        stem, _ = _telling([word for word in behind if word != "9"])
        yield f"u{stem}"
        yield from (f"v{part}" for part in _parts(stem, (5,)))

    def _named_by(self, before: Sequence[str]) -> Iterator[str]:
        """By a word that ends in "-nummer" or the like: of what sort it is, whose it is said to be."""
        for away, word in enumerate(before[:5]):
            ending = _ENDING.search(word)
            if ending is not None:
                stem = word[: ending.start()]
                cue = next(iter(cues_of(word)), None)
                whose = next((other for other in before[away + 1 : away + 4] if other in _WHOSE), "")
                known = cue.of if cue is not None else f"{bool(stem)}"
                yield from (f"N{known}", f"N{known}{away}", f"N{known}{ending.group()}", f"NW{known}{whose}")
                return

    def _cued(self, one: Stretch, shape: str) -> Iterator[str]:
        """What the words that tell of numbers say, in its sentence, right behind it and in the whole message."""
        begin = self._near(one.start)
        before = [cue for cue in self._told if cue.end <= one.start]
        here = [cue for cue in before if cue.end > begin]
        last, other = (here[-1] if here else NO_CUE), (here[-2] if len(here) > 1 else NO_CUE)
        away = min((one.start - last.end) // 4, 6) if here else 9
        value = self.text[one.start : one.end]
        letters, digits = _match(_LETTERS, value).lower()[:3], min(sum(map(str.isdigit, value)), 6)
        idle = bool(here) and _EMPTY.issuperset(self._between(last.end, one.start))
        far = before[-1] if before else NO_CUE
        near = _NEAR_BEHIND.match(self.text, one.end)
        reach = near.end() if near is not None else one.end
        behind = next((cue for cue in self._told if cue.start >= one.end and cue.end <= reach), NO_CUE)
        of = last.of
        yield from (f"q{of}", f"q{of}{away}", f"qq{of}{other.of}", f"qs{of}{shape}", f"qp{of}{letters}")
        yield from (f"qd{of}{min(away, 3)}{digits}{value.isdigit()}", f"qi{of}{idle}", f"qi{of}{idle}{digits}")
        yield from (f"qb{of}{self._before(one.start)[:1]}", f"qf{far.of}{of}")
        yield from (f"r{behind.of}", f"r{of}{behind.of}", f"rd{of}{behind.of}{digits}{value.isdigit()}")
        sort = last.sort
        yield from (f"F{sort}", f"F{sort}{away}", f"FF{sort}{other.sort}", f"FS{sort}{shape}", f"Fi{sort}{idle}")
        yield from (f"Ff{far.sort}", f"Ff{far.sort}{sort}", f"Fa{behind.sort}")
        yield from (f"T{last.word}", f"T{last.word}{idle}", f"T2{other.word}", f"Tf{far.word}", f"Ta{behind.word}")
        kinds = sorted({cue.of for cue in self._told})
        yield from (f"k{kind}" for kind in kinds)
        yield f"k{kinds}"
        others = [place for place in self._same.get(plain(value), ()) if place != one.start]
        yield from (f"V{self._last_cue(place, self._near(place))}" for place in others)
        block = self._block(one.start)
        if block != one.start:
            above = self._last_cue(block)
            yield from (f"G{above}", f"G{above}{shape}")
        named = _NAMED.search(self.text, max(one.start - 20, 0), one.start)
        yield f"m{named is not None}{of}"
        if named is not None:
            yield from (f"m{named.group(1).lower()}", f"m{of}{away > 2}", f"mf{far.of}{of}", f"mf{far.of}{of}{digits}")

    def _placed(self, one: Stretch, shape: str) -> Iterator[str]:
        """Where it stands: on its line, in the signature, in a row with another, within another."""
        text = self.text
        begin, end = text.rfind("\n", 0, one.start) + 1, text.find("\n", one.end)
        first = not text[begin : one.start].strip()
        final = not text[one.end : end if end >= 0 else len(text)].strip(" .,)")
        yield from (f"L{first}", f"E{final}", f"LE{first}{final}", f"z{any(at <= one.start for at in self._closings)}")
        near = [other for other in self.stretches if other.start < one.end and one.start < other.end]
        longer = any(other.end - other.start > one.end - one.start for other in near)
        shorter = any(other.end - other.start < one.end - one.start for other in near)
        yield f"o{longer}{shorter}{one.shape}"
        before = [other for other in self.stretches if other.end <= one.start]
        if before:
            row = max(before, key=lambda other: other.end)
            gap = text[row.end : one.start].lower()
            if len(gap) < 12:
                like = collapsed(text[row.start : row.end]) == shape
                yield from (f"w{gap}", f"w{gap.strip()}{like}", f"wt{_telling(self._before(row.start))[0]}")
        yield f"h{any(phone.start <= one.start and one.end <= phone.end for phone in self._phones)}"
        yield from (f"x{text[max(one.start - size, 0) : one.start]}" for size in (1, 2))
        looks = [written(word) for word in _LAST_WORDS.findall(text, max(one.start - _NEAR, begin), one.start)[-3:]]
        left, right = text[max(one.start - 1, 0) : one.start], text[one.end : one.end + 1]
        yield from (f"W1{looks[-1:]}", f"W2{looks[-2:]}", f"W3{looks}", f"W4{looks[-2:]}{left}{right}")
        yield from (f"W5{left}{right}", f"W6{looks[-2:]}{first}{final}", f"W7{looks[-2:]}{shape}")
        yield from (f"X{text[one.end : one.end + size].lower()}" for size in (1, 3))

    def _before(self, start: int) -> list[str]:
        """The nearest first."""
        words, starts = self._words
        at = bisect_left(starts, start)
        return words[max(at - 9, 0) : at][::-1]

    def _behind(self, end: int) -> list[str]:
        words, starts = self._words
        at = bisect_left(starts, end)
        return words[at : at + 7]

    def _between(self, start: int, end: int) -> list[str]:
        words, starts = self._words
        return words[bisect_left(starts, start) : bisect_left(starts, end)]

    def _sentence(self, start: int) -> int:
        at = bisect_left(self._breaks, start + 1)
        return self._breaks[at - 1] if at else 0


def _telling(words: Sequence[str]) -> tuple[str, int]:
    """The nearest word that may tell of what a number is, without its "-nummer", and how far away it stands."""
    for away, word in enumerate(words):
        if word in (".", "!", "?", "\n\n"):
            break
        if word[0].isalpha() and word not in _EMPTY and (stem := _ENDING.sub("", word)):
            return stem, away
    return "", 9


def _buckets(names: Iterable[str]) -> list[int]:
    """In the same order every run: sums of floats hang on it."""
    return [crc32(name.encode("utf-8", "surrogatepass")) & _MASK for name in dict.fromkeys(names)]


def _parts(stem: str, sizes: Sequence[int]) -> list[str]:
    marked = f"<{stem}>"
    return [marked[at : at + size] for size in sizes for at in range(len(marked) - size + 1)]


def _match(pattern: re.Pattern[str], value: str) -> str:
    found = pattern.match(value)
    return found.group() if found is not None else ""
