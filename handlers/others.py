"""Finds values of other people in what the sources found, for staff to leave out (art. 15(4), 20(4) AVG).

Looked at: every text in a table of ours that is shown. Not flagged: what is the requester's own (proven addresses and
numbers, and the identity fields of records that hold one of these), the organisation's own addresses and phone, and
names in fields declared `about = "colleague"`: a colleague in function is no secret. In doubt it is flagged, and staff
say. What is done with it is in `masking`; how facts are read comes from outside (`FactsOf`). Pure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

from cases.others import Cell, Other, OtherKind, Review, Span, Spot
from cases.protocols import FieldInfo, FindStatus, Identifier, SourceInfo, SourceRole, TableInfo
from cases.reading import Fact, FactKind
from handlers.base import CaseFile
from handlers.masking import Treatment, treatment_of

FactsOf = Callable[[str], Sequence[Fact]]
READ_CELL = 20_000  # characters of one text that are looked through
READ_ALL = 500_000  # of a whole export: about a second
_CHUNK = 2_000  # a reader names so many facts of one text and no more
_AROUND = 40  # characters on either side
_SHORTEST_NAME = 2
_SHORTEST_FORM = 3  # of a value that is looked for everywhere
_ANY_CASE = 5  # from here capitals do not matter: "Jan" is no "3 jan"
_SHORTEST = 4  # a shorter number is the number of anything
_KINDS = {
    FactKind.EMAIL: OtherKind.EMAIL,
    FactKind.PHONE: OtherKind.PHONE,
    FactKind.IBAN: OtherKind.IBAN,
    FactKind.BSN: OtherKind.BSN,
    FactKind.NAME: OtherKind.NAME,
}
_NAMES = frozenset({"name", "first_name", "last_name", "initials", "company"})  # `FieldInfo.corrects`
_SURE = frozenset({FactKind.EMAIL, FactKind.PHONE, FactKind.IBAN})  # when the value passes its own check
_SMALL = frozenset(
    {
        "van", "de", "den", "der", "het", "ten", "ter", "op", "in", "te", "'t", "el", "al", "von", "la", "le", "di",
        "en", "of", "dhr", "heer", "mevr", "mevrouw", "mw", "fam", "familie",
    }
)  # fmt: skip
# Everybody has an address there: the domain says nothing about who is a colleague.
_PUBLIC_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.nl", "live.nl", "live.com", "msn.com",
        "yahoo.com", "icloud.com", "me.com", "ziggo.nl", "kpnmail.nl", "planet.nl", "hetnet.nl", "xs4all.nl",
        "home.nl", "upcmail.nl", "casema.nl", "proton.me", "protonmail.com", "gmx.net", "gmx.de", "telenet.be",
        "skynet.be",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Text:
    """One cell that is looked at."""

    cell: Cell
    text: str
    where: str
    field: FieldInfo
    own_record: bool


@dataclass(slots=True)
class _Own:
    """What is the requester's or the organisation's."""

    values: set[str] = field(default_factory=set)  # e-mail, phone and other numbers, as `_plain` writes them
    words: set[str] = field(default_factory=set)  # parts of names
    domains: set[str] = field(default_factory=set)  # colleagues have their addresses there


@dataclass(slots=True)
class _Found:
    kind: OtherKind
    value: str
    sure: bool
    places: list[tuple[_Text, int, int]] = field(default_factory=list)


def review(file: CaseFile, facts_of: FactsOf) -> Review:
    """Every value that may be about somebody else, each once, with all its places. CPU work."""
    texts = list(_texts(file))
    own, facts_of = _own(file, texts), cache(facts_of)  # many records say the same
    looked_at = [
        one for one in texts if one.field.about != "colleague" and not (one.own_record and _identity(one.field))
    ]
    found: dict[str, _Found] = {}
    left = READ_ALL
    for one in looked_at:
        read = min(len(one.text), READ_CELL, left)
        left -= read
        for kind, value, start, end, sure in _values(one, own, facts_of, read):
            key = _id(file, kind, value)
            first = found.setdefault(key, _Found(kind, value if kind is not OtherKind.UNREAD else "", sure))
            first.sure = first.sure and sure
            first.places.append((one, start, end))
    _again(looked_at, found)
    return _reviewed(found)


def _again(texts: Sequence[_Text], found: dict[str, _Found]) -> None:
    """A value that was seen in one text is left out of every other as well, also where a reader passed it by."""
    written = {
        text.text[start:end].strip(): key
        for key, one in found.items()
        for text, start, end in one.places
        if one.kind is not OtherKind.UNREAD
    }
    starts = [0, *accumulate(len(one.text) + 1 for one in texts)]
    everything = "\0".join(one.text for one in texts)
    small = _small(everything)
    taken = {(text.cell, at) for one in found.values() for text, start, end in one.places for at in (start, end - 1)}
    for form, key in sorted(written.items(), key=lambda item: -len(item[0])):
        if len(form) < _SHORTEST_FORM:
            continue
        any_case = len(form) >= _ANY_CASE
        for at in _occurrences(_small(form) if any_case else form, small if any_case else everything):
            number = bisect_right(starts, at) - 1
            text, start = texts[number], at - starts[number]
            places = {(text.cell, start), (text.cell, start + len(form) - 1)}
            if not places & taken:
                found[key].places.append((text, start, start + len(form)))
                taken |= places


def _small(text: str) -> str:
    """Without capitals, and of the same length."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _occurrences(form: str, text: str) -> Iterator[int]:
    """Where a form stands by itself, not as part of a word."""
    at = text.find(form)
    while at >= 0:
        around = text[at - 1 : at] + text[at + len(form) : at + len(form) + 1]
        if not any(map(str.isalnum, around)):
            yield at
        at = text.find(form, at + len(form))


def _reviewed(found: dict[str, _Found]) -> Review:
    spans: dict[Cell, list[Span]] = {}
    for key, one in found.items():
        for text, start, end in one.places:
            spans.setdefault(text.cell, []).append(Span(start, end, key))
    others = tuple(  # what staff have to say something of comes first
        Other(key, one.kind, one.value, one.sure, len(one.places), tuple(_spot(*place) for place in one.places))
        for key, one in sorted(found.items(), key=lambda item: item[1].sure)
    )
    return Review(others, {cell: tuple(sorted(them, key=lambda s: s.start)) for cell, them in spans.items()})


def _texts(file: CaseFile) -> Iterator[_Text]:
    """Every text that would be shown, with whether its record names the requester."""
    handles = {_plain(one.value) for one in _proven(file)}
    for source, info, rows, columns in _tables(file):
        fields = {item.name: item for item in info.fields}
        shown = {
            index: fields[name]
            for index, name in enumerate(columns)
            if name in fields and treatment_of(file, fields[name]) is Treatment.SHOW
        }
        for number, row in enumerate(rows):
            own = any(not isinstance(value, bool) and _plain(str(value)) in handles for value in row)
            for index, item in shown.items():
                value = row[index]
                if item.about == "other" and value is not None and not isinstance(value, bool):
                    value = str(value)
                if isinstance(value, str) and value.strip():
                    where = f"{source.label}, {info.label}: {item.label}"
                    yield _Text((source.name, info.name, number, item.name), value, where, item, own)


def _tables(
    file: CaseFile,
) -> Iterator[tuple[SourceInfo, TableInfo, Sequence[Sequence[object]], Sequence[str]]]:
    sources = {source.name: source for source in file.sources}
    for answer in file.found:
        source = sources.get(answer.source)
        if source is None or answer.status is not FindStatus.FOUND:
            continue
        described = {part.name: part for part in source.tables if part.role is SourceRole.CONTROLLER}
        for part in answer.tables:
            if part.table in described:
                yield source, described[part.table], part.rows, part.columns


def _own(file: CaseFile, texts: Sequence[_Text]) -> _Own:
    own = _Own({_plain(one.value) for one in _proven(file)} | {_plain(file.requester_address)})
    own.words |= _words(file.requester_name)
    contact = file.policy.contact
    own.values |= {_plain(contact.email), _plain(contact.phone)}
    domain = contact.email.rpartition("@")[2].lower()
    own.domains |= {domain} - _PUBLIC_MAIL - {""}
    for one in texts:
        if one.field.about == "colleague" or (one.own_record and one.field.corrects in (*_NAMES, "place")):
            own.words |= _words(one.text)
        if one.own_record and _identity(one.field):
            own.values.add(_plain(one.text))
    return own


def _proven(file: CaseFile) -> Iterator[Identifier]:
    """What the requester proved, and what systems gave for it on the way."""
    used = (one for answer in file.found for one in answer.used)
    return (one for one in (*file.identifiers, *used) if one.proven and len(one.value.strip()) >= _SHORTEST)


def _identity(item: FieldInfo) -> bool:
    """A field that says who its record is about; a firm's contact may be another."""
    return item.corrects not in ("", "contact") or item.about == "person"


def _values(one: _Text, own: _Own, facts_of: FactsOf, read: int) -> Iterator[tuple[OtherKind, str, int, int, bool]]:
    """Kind, value, place and whether it is sure."""
    if one.field.about == "other":
        if _plain(one.text) not in own.values and not _own_name(one.text, own):
            yield OtherKind.MARKED, one.text.strip(), 0, len(one.text), True
        return
    for start, piece in _pieces(one.text[:read]):
        for fact in facts_of(piece):
            kind = _KINDS.get(fact.kind)
            if kind is None or _is_own(fact, own):
                continue
            alone = fact.end - fact.start >= len(one.text.strip())  # the field is this value: it may be an old one
            sure = fact.kind in _SURE and fact.checked and not alone
            yield kind, fact.value, start + fact.start, start + fact.end, sure
    if read < len(one.text):
        source, table, _, column = one.cell
        yield OtherKind.UNREAD, f"{source}\x00{table}\x00{column}", read, len(one.text), False


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """In parts that end with a line or a sentence, else between words, so that no value is cut in two."""
    start = 0
    while start < len(text):
        end = start + _CHUNK
        if end < len(text):
            gaps = (text.rfind(gap, start, end) for gap in ("\n", ". ", " "))
            end = next((gap + 1 for gap in gaps if gap > start), end)
        yield start, text[start:end]
        start = end


def _is_own(fact: Fact, own: _Own) -> bool:
    if fact.kind is FactKind.NAME:
        return _own_name(fact.value, own)
    if _plain(fact.value) in own.values:
        return True
    return fact.kind is FactKind.EMAIL and fact.value.lower().rpartition("@")[2] in own.domains


def _own_name(text: str, own: _Own) -> bool:
    """Every part of it is part of the requester's own name: "mevr. Terpstra" is, "Jan Terpstra" is not.

    Letters alone ("V.O.F.") are nobody's name.
    """
    words = _words(text)
    return words <= own.words or all(len(word) < _SHORTEST_NAME for word in words)


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return {word for word in re.findall(r"[a-z']+", plain) if word not in _SMALL}


def _plain(value: str) -> str:
    """One way to write an address or a number: no blanks, no capitals, a phone without its country."""
    text = "".join(value.split()).casefold()
    digits = re.sub(r"[^\d+]", "", text)
    if len(digits.lstrip("+")) >= 9 and not re.search(r"[a-z@]", text):
        return re.sub(r"^(?:\+31|0031|0)", "", digits)
    return text


def _id(file: CaseFile, kind: OtherKind, value: str) -> str:
    """The same for the same value of the same request, so that a decision outlives a new draft."""
    plain = value if kind is OtherKind.UNREAD else _plain(value)
    return hashlib.sha256(f"{file.request_id}\x00{kind}\x00{plain}".encode("utf-8", "replace")).hexdigest()[:16]


def _spot(one: _Text, start: int, end: int) -> Spot:
    source, table, row, column = one.cell
    before = one.text[max(0, start - _AROUND) : start]
    after = one.text[end : end + _AROUND] if end < len(one.text) else ""
    return Spot(source, table, column, one.where, row + 1, before, after)
