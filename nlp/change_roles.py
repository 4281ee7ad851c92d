"""Of each value in a correction: is it the old one, the new one, or neither? A log-linear model on the words around.

Lives here: values as units, their features, scoring. Which old belongs to which new is in `changes`; fitting is in
`train_roles`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

import numpy as np

from cases.reading import Fact, FactKind
from nlp.change_cues import cues
from nlp.features import Buckets, Floats
from nlp.tokens import tokens_of

BITS = 15
_BEFORE, _BEHIND, _BETWEEN = 8, 6, 10  # words that are looked at
_NEAR = 200  # characters to the neighbour

_ADDRESS = frozenset({FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE})
_FIELDS = {
    FactKind.EMAIL: "email", FactKind.PHONE: "phone", FactKind.IBAN: "iban", FactKind.KVK: "kvk", FactKind.VAT: "btw",
    FactKind.NAME: "name", FactKind.DATE: "date_of_birth", FactKind.STREET: "street",
    FactKind.HOUSE_NUMBER: "house_number", FactKind.POSTCODE: "postcode", FactKind.PLACE: "place",
}  # fmt: skip
ADDRESS_FIELDS = frozenset({"address", "street", "house_number", "postcode", "place"})
_GLUE = re.compile(
    r"[\s,]{1,3}|\s?,?\s?(?:te|in|à|punt|komma|postcode|pc|huisnummer|nummer|nr\.?)(?:\s(?:postcode|te|in))?\s|"
    r"\s?[-|·]\s?|\s?\(|\)?,?\s"
)
_BIRTH = re.compile(r"\bgebo|\bgeb\.|\bbirth|\bverjaar|\bjarig|\bvan \d{1,2} \w+ \d{4} niet", re.IGNORECASE)
_CONTACT = re.compile(
    r"\bcontact ?(?:persoon|personen|person)|\baanspreekpunt|\bcontact is\b|\bnoodcontact|\bopvolg(?:er|ster|t)\b|"
    r"\bwerkt (?:hier|daar) niet meer|\bter attentie van\b|\b(?:zijn|haar|diens) plaats\b|"
    r"\bnieuwe (?:inkoper|directeur|eigenaar|penningmeester|beheerder|voorzitter|secretaris|boekhouder)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\s*(?:met\s|hoogachtend|groet|vriendelijke|mvg|gr\b|bedankt|dank|alvast|mit|kind|best|regards|cordialement)",
    re.IGNORECASE | re.MULTILINE,
)


_REACHED = re.compile(  # where the sender can be reached is no correction
    r"\b(?:bel|app|sms|mail|whatsapp|contact)\w*(?: (?:mij|me|ons|gerust|maar|even|dan|anders|liever|terug|u|je)){0,3} "
    r"(?:op|naar|via|onder) (?:het nummer )?$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[a-z]{2}[.!?] +[A-Z]|[^\n]{70}")


class Role(IntEnum):
    NONE = 0
    OLD = 1
    NEW = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """One value: a phone number, or street, number, postcode and town written together as one address."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Roles:
    weights: Floats  # 2 ** BITS x roles

    def of(self, text: str, units: Sequence[Unit]) -> list[Role]:
        scores = [self.weights[row].sum(axis=0) for row in unit_features(text, units)]
        roles = [Role(int(score.argmax())) for score in scores]
        newer = [float(score[Role.NEW] - score[Role.OLD]) for score in scores]
        for at, other in _neighbours(text, units, roles):  # both new, or both old: one of them is the other
            if roles[at] is roles[other]:
                weaker = min(at, other, key=lambda one: newer[one] if roles[at] is Role.NEW else -newer[one])
                roles[weaker] = Role.OLD if roles[at] is Role.NEW else Role.NEW
        return roles


def _neighbours(text: str, units: Sequence[Unit], roles: Sequence[Role]) -> Iterator[tuple[int, int]]:
    """Two different values of a kind, one shortly behind the other; a third would make it a list."""
    kinds: dict[str, list[int]] = {}
    for at, unit in enumerate(units):
        if roles[at] is not Role.NONE:
            same = kinds.setdefault(family(unit.field), [])
            if text[unit.start : unit.end] not in [text[units[one].start : units[one].end] for one in same]:
                same.append(at)
    for same in kinds.values():
        if len(same) == 2 and units[same[1]].start - units[same[0]].end <= _NEAR:
            yield same[0], same[1]


def family(field: str) -> str:
    """Fields among which an old and a new value may belong together."""
    return "address" if field in ADDRESS_FIELDS else "name" if field in ("name", "contact") else field


def units_of(text: str, facts: Sequence[Fact]) -> Iterator[Unit]:
    birth = _BIRTH.search(text) is not None
    contact = _CONTACT.search(text) is not None
    group: list[Fact] = []
    for fact in [*facts, None]:
        if group and (
            fact is None
            or fact.kind not in _ADDRESS
            or not _GLUE.fullmatch(text[group[-1].end : fact.start])
            or fact.kind in {one.kind for one in group}
        ):
            field = _FIELDS[group[0].kind] if len(group) == 1 else "address"
            yield Unit(field, group[0].start, group[-1].end)
            group = []
        if fact is None:
            continue
        if fact.kind in _ADDRESS:
            group.append(fact)
        elif fact.kind is FactKind.NAME and contact:
            yield Unit("contact", fact.start, fact.end)
        elif fact.kind in (FactKind.PHONE, FactKind.EMAIL) and _REACHED.search(
            text, max(fact.start - 60, 0), fact.start
        ):
            continue
        elif fact.kind in _FIELDS and (fact.kind is not FactKind.DATE or birth):
            yield Unit(_FIELDS[fact.kind], fact.start, fact.end)


def unit_features(text: str, units: Sequence[Unit]) -> list[Buckets]:
    """Feature buckets of each unit: the words around it, those between it and its neighbours of a kind, its place."""
    page = _page(text)
    families = [family(unit.field) for unit in units]
    rows: list[Buckets] = []
    for at, unit in enumerate(units):
        kind = families[at]
        same = [other for other in range(len(units)) if families[other] == kind]
        place = same.index(at)
        names = [
            "", f"f{unit.field}", f"F{kind}", f"o{min(place, 2)}{min(len(same), 3)}{kind}", f"x{_alone(text, unit)}",
            f"z{_signs(text, unit)}", *cues(text, unit.start, unit.end), *_around(page, unit, kind),
        ]  # fmt: skip
        for side, number in (("p", place - 1), ("n", place + 1)):
            other = units[same[number]] if 0 <= number < len(same) else None
            names += _between(page, side, unit, other)
        hashed = {crc32(name.encode("utf-8", "surrogatepass")) % (1 << BITS) for name in names}
        rows.append(np.array(sorted(hashed), dtype=np.int32))
    return rows


@dataclass(frozen=True, slots=True)
class _Page:
    text: str
    words: list[str]  # in lower case, every number alike
    starts: list[int]

    def at(self, offset: int) -> int:
        """Number of the first word that begins at or behind `offset`."""
        return bisect_left(self.starts, offset)


def _page(text: str) -> _Page:
    tokens = tokens_of(text)
    words = ["9" if token.text[0].isdigit() else token.low for token in tokens]
    return _Page(text, words, [token.start for token in tokens])


def _around(page: _Page, unit: Unit, kind: str) -> Iterator[str]:
    first, last = page.at(unit.start), page.at(unit.end)
    before, behind = page.words[max(first - _BEFORE, 0) : first][::-1], page.words[last : last + _BEHIND]
    for side, near in (("b", before), ("a", behind)):
        yield from (f"{side}{place}{word}" for place, word in enumerate(near[:4]))
        yield from (f"{side}{kind}{word}" for word in near[:2])
        yield from (f"{side}*{word}" for word in near)
        yield f"{side}2{' '.join(near[:2])}"
        yield f"{side}3{' '.join(near[:3])}"
        yield f"{side}n{' '.join(near[1:3])}"
    yield f"ab{' '.join(before[:1])}_{' '.join(behind[:1])}"


def _between(page: _Page, side: str, unit: Unit, other: Unit | None) -> Iterator[str]:
    """What stands between a value and the one of its kind before ("p") or behind it ("n")."""
    if other is None or abs(other.start - unit.start) > _NEAR:
        yield f"{side}-"
        return
    between = page.words[page.at(min(unit.end, other.end)) : page.at(max(unit.start, other.start))]
    if len(between) <= 2 * _BETWEEN:
        yield from (f"{side}{word}" for word in between[:_BETWEEN])
    else:
        yield f"{side}far"
    yield f"{side}{' '.join(between[:3])}|{len(between) > 3}"
    yield from (f"{side}{cue}" for cue in cues(page.text, other.start, other.end))
    if page.text[other.start : other.end] == page.text[unit.start : unit.end]:
        yield f"{side}same"


def _alone(text: str, unit: Unit) -> bool:
    """On a line of its own."""
    begin, end = text.rfind("\n", 0, unit.start) + 1, text.find("\n", unit.end)
    return text[begin : unit.start].strip() == "" and text[unit.end : end if end >= 0 else len(text)].strip() == ""


def _signs(text: str, unit: Unit) -> bool:
    """In the signature: behind a closing, with no sentence between."""
    closing = None
    for match in _CLOSING.finditer(text, 0, unit.start):
        closing = match
    return closing is not None and closing.start() > 0 and not _SENTENCE.search(text, closing.end(), unit.start)
