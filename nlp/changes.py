"""Corrections: which value was, which value is to be. Built on the facts of a message and the words around them.

A unit is one value: a phone number, or street, number, postcode and town written together as one address. Each unit is
judged by the words before and behind it (old, new), and by what stands between two units of a kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cases.reading import Change, Fact, FactKind
from nlp.name_changes import name_changes

_ADDRESS = frozenset({FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE})
_FIELDS = {
    FactKind.EMAIL: "email", FactKind.PHONE: "phone", FactKind.IBAN: "iban", FactKind.KVK: "kvk", FactKind.VAT: "btw",
    FactKind.NAME: "name", FactKind.DATE: "date_of_birth", FactKind.STREET: "street",
    FactKind.HOUSE_NUMBER: "house_number", FactKind.POSTCODE: "postcode", FactKind.PLACE: "place",
}  # fmt: skip
_GLUE = re.compile(
    r"[\s,]{1,3}|\s?,?\s?(?:te|in|punt|komma|postcode|pc|huisnummer|nummer|nr\.?)(?:\s(?:postcode|te|in))?\s|"
    r"\s?[-|·]\s?|\s?\(|\)?,?\s"
)
_BIRTH = re.compile(r"\bgebo|\bgeb\.|\bbirth|\bverjaar|\bjarig|\bvan \d{1,2} \w+ \d{4} niet", re.IGNORECASE)
_CONTACT = re.compile(r"\bcontact ?(?:persoon|personen|person)|\baanspreekpunt|\bcontact is\b", re.IGNORECASE)
_OLD_BEFORE = re.compile(
    r"(?:\boude?|\bvorige?|\bwas|\bwaren|\bstaat(?: er)?(?: nu| nog| nog steeds)?(?: als| op|"
    r" bij jullie als)?|\bstond(?: als)?|\bniet(?: meer)?(?: (?:aan|op|in|naar|te zenden naar))?(?: de| het)?|"
    r"\bgeen|"
    r"\bipv|\bi\.p\.v\.|\bin plaats van|\binstead of|\brather than|\bvroeger|\bvoorheen|\bstatt|\bbisherige|"
    r"\balte|\bnot|\bvan|\bfrom|\bgeschreven als|\bheette|\bvermeldt u mij onder|\bpas|\bon nog)"
    r"(?: (?:ik |het |mijn |mn |onze |de |nog |op |papier |adres |nummer |huis |was |is |aan |naam |"
    r"Anschrift |war |winkel |nr |mail |mailadres |e-mailadres |e-mail )){0,4}[\s:=\"“'„(]{0,4}$",
    re.IGNORECASE,
)
_NEW_BEFORE = re.compile(
    r"(?:\bwonen|\bwoon|\bwoont|\bumgezogen|\bverhuisd|\bmoved to|\bit.s|\badres is|\bnieuwe?|\bnij|"
    r"\bmoet(?: dat)?(?: het)?(?: zijn| worden)?|\bmot(?: zijn)?|\bnaar|\bnu|\bwordt|"
    r"\bworden|\bvoortaan|\bmaar|→|->|\bjuiste|\bhet is|\bdat is|\bheet|\bheten|\bluidt|\bluiden|\blautet|"
    r"\bneue|\bauf|\bto|\bdoor|"
    r"\bis no|\bverander\w*(?: (?:het|dit|dat))?(?: naar| in)|\bwijzigen in|\baanpassen naar|\bvanaf nu|"
    r"\btoegevoegd|\btoevoegen|\bzet deze erin|\bbereikbaar op|\bgewijzigd in|\bsinds kort|\bsinds|"
    r"\bcorrecte?|\bgoede|\bwel)"
    r"(?: (?:is|het|we|wij|ik|sedert|de|nu|dat|dan|adres|nummer|mobiele?|telefoonnummer|06|gsm|"
    r"mailadres|e-mailadres|mail|e-mail|rekening|rekeningnummer|iban|huis|winkel|pand|naam|achternaam|"
    r"wordt|zijn|op|aan|in|te|mijn|mn|onze|weer|gewoon|officieel|kvk|btw)){0,4}[\s:=,\"“'„(]{0,4}$",
    re.IGNORECASE,
)
_NEW_BEHIND = re.compile(
    r"^[\s\"”'),.]{0,3}(?:ipv|i\.p\.v\.|in plaats van|en niet|niet|not|en geen|instead of|statt|et "
    r"pas|zijn|worden|wezen|is (?:mijn|ons|het) nieuwe?|heet ik nu)\b",
    re.IGNORECASE,
)
_OLD_BEHIND = re.compile(
    r"^[\s\"”'),.]{0,3}(?:verlaten|wordt|moet|naar|→|->|is (?:fout|verkeerd|oud|niet meer|opgeheven|"
    r"vervallen)|klopt niet|bestaat niet|doet het niet|vervalt|mag (?:eruit|weg)|zonder|dat was|te "
    r"worden vervangen|en (?:dat )?moet|staat fout)",
    re.IGNORECASE,
)
_BETWEEN_NEW = re.compile(
    r"(?:→|->|=>|\bit.s\b|\bwonen\b|\bwoon\b|\bmijn adres is\b|\bnaar\b|\bwordt\b|\bmaar\b|\bmoet\b|"
    r"\bnieuwe?\b|\bnij\b|\bnu\b|\bdoor\b|\bauf\b|\bto\b|"
    r"\bjuiste\b|\bis no\b|\bneue\b|\bdat is\b|\bhet is\b|\bik heet\b|\bheten\b|\bheet\b|\bluidt\b|\bmet 1\b|"
    r"\bvoor\b|\bter\b|\binto\b)",
    re.IGNORECASE,
)
_BETWEEN_OLD = re.compile(
    r"(?:\bipv\b|\bi\.p\.v\.|\bin plaats van\b|\ben niet\b|\bniet\b|\bnot\b|\bgeen\b|\binstead of\b|\bwas\b|"
    r"\boude?\b|\bet pas\b|\bstatt\b|\bstaat\b)",
    re.IGNORECASE,
)
_NEWS = re.compile(
    r"\b(?:nieuwe?|neue|new|verhuis\w*|umgezogen|moved|veranderd|gewijzigd|anders|aanpassen|wijzigen|"
    r"veranderen|wijziging|verkeerd\w*|fout\w*|klopt niet|onjuist\w*|verhuizing|changed)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\s*(?:met\s|hoogachtend|groet|vriendelijke|mvg|gr\b|bedankt|dank|alvast|mit|kind|best|regards|cordialement)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Unit:
    field: str
    start: int
    end: int


def changes_of(text: str, facts: Sequence[Fact]) -> tuple[Change, ...]:
    """What is to be put right; called for messages that ask for a correction."""
    units = list(_units(text, facts))
    found = name_changes(text)
    named = {change.field for change in found}
    fields = dict.fromkeys(unit.field for unit in units)
    for field in fields:
        if field in named:
            continue
        found += _of_field(text, field, [unit for unit in units if unit.field == field])
    return tuple(found)


def _units(text: str, facts: Sequence[Fact]) -> Iterator[_Unit]:
    birth = _BIRTH.search(text) is not None
    contact = _CONTACT.search(text) is not None
    group: list[Fact] = []
    for fact in [*facts, None]:
        if group and (
            fact is None
            or fact.kind not in _ADDRESS
            or not _GLUE.fullmatch(text[group[-1].end : fact.start])
            or _starts_anew(group, fact)
        ):
            yield _Unit(_group_field(group), group[0].start, group[-1].end)
            group = []
        if fact is None:
            continue
        if fact.kind in _ADDRESS:
            group.append(fact)
        elif fact.kind is FactKind.NAME and contact:
            yield _Unit("contact", fact.start, fact.end)
        elif fact.kind in _FIELDS and (fact.kind is not FactKind.DATE or birth):
            yield _Unit(_FIELDS[fact.kind], fact.start, fact.end)


def _starts_anew(group: Sequence[Fact], fact: Fact) -> bool:
    return fact.kind in {one.kind for one in group}


def _group_field(group: Sequence[Fact]) -> str:
    kinds = {fact.kind for fact in group}
    return (
        _FIELDS[group[0].kind]
        if len(group) == 1
        else "address"
        if FactKind.STREET in kinds or len(kinds) > 1
        else _FIELDS[group[0].kind]
    )


def _of_field(text: str, field: str, units: Sequence[_Unit]) -> list[Change]:
    """Pairs first; what is left over counts when its own words say that it is new."""
    found: list[Change] = []
    taken: set[_Unit] = set()
    for first, second in pairwise(units):
        if (
            first in taken
            or second.start - first.end > 260
            or text[first.start : first.end] == text[second.start : second.end]
        ):
            continue
        order = _order(text, first, second)
        if order:
            old, new = (first, second) if order > 0 else (second, first)
            found.append(Change(field, text[old.start : old.end], text[new.start : new.end]))
            taken |= {first, second}
    if not found:
        for unit in units:
            if _role(text, unit) > 0 and not _in_signature(text, unit):
                return [Change(field, None, text[unit.start : unit.end])]
        if (
            field not in ("name", "date_of_birth", "place")
            and len(units) == 1
            and not _in_signature(text, units[0])
            and _NEWS.search(text)
            and _role(text, units[0]) >= 0
        ):
            return [Change(field, None, text[units[0].start : units[0].end])]
    return found


def _order(text: str, first: _Unit, second: _Unit) -> int:
    """1: old before new, -1: new before old, 0: they do not belong together."""
    between = text[first.end : second.start]
    points = _role(text, second) - _role(text, first)
    if _BETWEEN_NEW.search(between):
        points += 1
    if _BETWEEN_OLD.search(between):
        points -= 1
    sides = bool(_role(text, first)) + bool(_role(text, second))
    if points == 0 or (not sides and not (_BETWEEN_NEW.search(between) or _BETWEEN_OLD.search(between))):
        return 0
    return 1 if points > 0 else -1


def _role(text: str, unit: _Unit) -> int:
    """Positive: new; negative: old; 0: nothing says."""
    before, behind = text[max(unit.start - 60, 0) : unit.start], text[unit.end : unit.end + 40]
    points = 0
    if _OLD_BEFORE.search(before):
        points -= 2
    elif _NEW_BEFORE.search(before):
        points += 2
    if _OLD_BEHIND.match(behind):
        points -= 1
    elif _NEW_BEHIND.match(behind):
        points += 1
    return points


def _in_signature(text: str, unit: _Unit) -> bool:
    closing = None
    for match in _CLOSING.finditer(text, 0, unit.start):
        closing = match
    return closing is not None and closing.start() > 0 and "." not in text[closing.end() : unit.start]
