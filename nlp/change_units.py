"""Where the values stand that a correction may be about: every stretch that may be meant, of any field.

Which one was and which one is to be is not told here (`change_roles`, `changes`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from cases.reading import Fact, FactKind
from nlp.change_roles import Page, Unit
from nlp.facts import SEEN
from nlp.name_changes import name_spans, salutation_spans
from nlp.tokens import Token, tokens_of

Values = Sequence[tuple[str, int, int]]  # kind, start, end

_ADDRESS = frozenset({FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE})
FIELDS = {
    FactKind.EMAIL: "email", FactKind.PHONE: "phone", FactKind.IBAN: "iban", FactKind.KVK: "kvk", FactKind.VAT: "btw",
    FactKind.DATE: "date_of_birth", FactKind.STREET: "street",
    FactKind.HOUSE_NUMBER: "house_number", FactKind.POSTCODE: "postcode", FactKind.PLACE: "place",
}  # fmt: skip
_KIND_OF = {field: kind for kind, field in FIELDS.items() if kind in _ADDRESS}
_PARTS = frozenset({"address", "street", "house_number", "postcode", "place"})
_SHAPED = frozenset(FIELDS.values()) - _PARTS
_GLUE = re.compile(
    r"[\s,]{1,3}|\s?,?\s?(?:te|in|à|punt|komma|postcode|pc|huisnummer|nummer|nr\.?)(?:\s(?:postcode|te|in))?\s|"
    r"\s?[-|·]\s?|\s?\(|\)?,?\s"
)
_SUFFIX = re.compile(
    r"-[A-Za-z]{1,3}(?![\w-])| bis [A-Z](?![\w.-])|,? (?:ws|hs|huis|bis|rd|zw|rood|zwart|boven|(?:chalet|stal|"
    r"unit|kamer|bus|poort) \w+(?![.]\d)|k\.\d+|"
    r"(?:een|één|twee|drie|vier|\d) ?hoog|\d ?(?:e|de|ste) (?:etage|verdiep(?:ing)?)|[A-Z](?![\w.-]))(?! \d)(?![\w-])"
)
_BEFORE_STREET = re.compile(
    r"(?:(?:Aan|Achter|Op|Onder|Bij|Kleine|Grote|Oude|Nieuwe|Lange|Korte|Kromme|Hoge|Lage) (?:(?:de|den|het|'t) )?|"
    r"(?:kromme|lange|korte|grote|kleine|oude|nieuwe|admiraal|burgemeester|koningin|prins|prinses|"
    r"generaal) (?:de )?|De )$"
)
_BOX = re.compile(r"\bpostbus $", re.IGNORECASE)
_LEADING = re.compile(r"(?:Statt|Vervang|Eerst|Nu|Was|Wordt|Naar|Oud|Nieuw|Adres|Vroeger|Voorheen) (?=[A-Z])")
_NUMBERED = re.compile(
    r"(?<![\w.,/@€-])(?:bus )?\d{1,4}(?: bus \w{1,4}| ?- ?\d{1,3}|-?[IVX]{1,4}\b| [IVX]{1,3}\b|-[A-Za-z]{1,2}\b|"
    r" ?[A-Za-z](?:-\w+)?(?![\w'’])"
    r"| (?:bis|hs|zwart|rood|boven)(?: [A-Z]\b)?)?(?![\w%@€]|[.,:/-]\d)"
)
_STREETS = re.compile(
    r"(?<![\w@.-])(?:(?:[A-Z][\w'’-]*|(?:[A-Z]\.)+) (?:(?:van|der|de|den) ){0,2}){0,3}"
    r"(?:[A-Z]?[a-zà-ÿ'’-]{3,20}(?:straat|laan|plein|kade|gracht|singel|hof|dreef|steeg|strjitte|dyk|plaats|dijk)|"
    r"[A-Z][a-z'’-]{2,20}(?:weg|pad|park|wal|baan))(?:-(?:Oost|West|Noord|Zuid))?(?![\w@.-]*[\w@])"
)
_HOUSED = re.compile(
    r"huis|nummer|\bnr|\bbus\b|woon|bij de buren|\bzit op|Hausnummer|toevoeging|hoesnummer", re.IGNORECASE
)
_BIRTH = re.compile(
    r"\bgebo|dag en maand|\bjaren oud|\b(?:kom|uit) (?:19|20)\d\d|\bgeb\.|\bbirth|\bverjaar|\bjarig|"
    r"\bvan \d{1,2} \w+ \d{4} niet|\bborn\b|\bbin ik van\b|\bben (?:ik )?van (?:\d|het jaar)",
    re.IGNORECASE,
)
_ODD_DATE = re.compile(
    r"(?<![\w.,/-])(?:3[01]|[12]\d|0?[1-9]) (?:(?:0\d|1[0-2]) (?:19|20)\d\d|"
    r"(?:januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december) (?:19|20)\d\d)(?!\w)",
    re.IGNORECASE,
)
_LONG_AGO = re.compile(r"(?:19\d\d|200\d|201[0-5])$")
_YEAR = re.compile(
    r"(?<![\w.,/@-])(?<!mei )(?<!ber )(?<!ari )(?<!uli )(?<!uni )(?<!art )(?<!ril )(?<!tus )(?:19[2-9]\d|"
    r"20[01]\d)(?![\w@]|[.,/-]\d)"
)
_ODD_VAT = re.compile(r"(?<!\w)(?:(?:NL|BE|DE)[\d. ]{6,14}\d(?:\.?B\d{0,2})?|B0\d)(?!\w)")
_ODD_KVK = re.compile(r"(?<![\w.])0\d{3}\.\d{3}\.\d{3}(?!\d)")
_CONTACT = re.compile(
    r"\bcontact ?(?:persoon|personen|person)|\baanspreekpunt|\bcontact is\b|\bals contact\b|\bnoodcontact|"
    r"\bopvolg(?:er|ster|t)\b|"
    r"\bwerkt (?:hier|daar) niet meer|\bter attentie van\b|\b(?:zijn|haar|diens) plaats\b|t\.a\.v\.|ansprechpartner|"
    r"\b(?:technisch|administratief|eerste|tweede) contact|tech-c|met pensioen|uit dienst|is weg\b|eruit\b|"
    r"persoon wordt|"
    r"\bneemt (?:het|dit|dat|zijn|haar|mijn) [^.\n]{0,20}over\b|\bgebeld\b|\bpenning\b|\bscriba\b|\bbewindvoerder\b|"
    r"\b(?:inkoper|directeur|eigenaar|penningmeester|beheerder|voorzitter|secretaris|boekhouder)\b",
    re.IGNORECASE,
)
_SHOWS = {  # what a value of such a field has, however it is written
    "email": re.compile(r"@|\bat\b|apenst", re.IGNORECASE),
    "iban": re.compile(r"[A-Z]{2} ?\d\d|^(?:\D*\d){1,10}\D*$", re.IGNORECASE),  # an EAN code is longer
    **dict.fromkeys(("phone", "kvk", "btw", "date_of_birth", "postcode"), re.compile(r"\d")),
}
_ME = re.compile(r"\b(?:ondergetekende|mijzelf|mij|ik|ikzelf|mezelf)\b", re.IGNORECASE)
_MOST = 24  # units of a family


def family(field: str) -> str:
    """Fields among which an old and a new value may belong together."""
    return "address" if field in _PARTS else "name" if field in ("name", "contact") else field


def page_of(text: str, facts: Sequence[Fact], seen: Values = ()) -> Page:
    """The values of a message; what stands far behind, or is the umpteenth of its kind, belongs to a list."""
    text = text[:SEEN]
    tokens = tokens_of(text)
    contact = [match.start() for match in _CONTACT.finditer(text)]
    contact += [start for kind, start, _ in seen if kind == "contact"]
    units: list[Unit] = []
    count: Counter[str] = Counter()
    found = list(_units(text, [fact for fact in facts if fact.end <= SEEN], tokens, bool(contact)))
    for unit in [*found, *_more(text, found, seen)]:
        count[family(unit.field)] += 1
        if count[family(unit.field)] <= _MOST:
            units.append(unit)
    units.sort(key=lambda unit: (unit.start, unit.end))
    return Page(text, tokens, units, [family(unit.field) for unit in units], contact)


def _units(text: str, facts: Sequence[Fact], tokens: Sequence[Token], contact: bool) -> Iterator[Unit]:
    yield from _addresses(text, facts)
    birth = _BIRTH.search(text) is not None
    spans: dict[tuple[str, int, int], set[str]] = {}
    for fact in facts:
        field = FIELDS.get(fact.kind)
        if (
            field is not None
            and fact.kind not in _ADDRESS
            and (fact.kind is not FactKind.DATE or birth or _LONG_AGO.search(text, fact.start, fact.end))
        ):
            spans.setdefault((field, fact.start, fact.end), set()).add("fact")
    odd = [("date_of_birth", _ODD_DATE), ("btw", _ODD_VAT), ("kvk", _ODD_KVK), ("date_of_birth", _YEAR)]
    for field, pattern in odd:
        for match in pattern.finditer(text):
            if (birth or field != "date_of_birth") and not any(
                f == field and a < match.end() and match.start() < b for f, a, b in spans
            ):
                spans.setdefault((field, *match.span()), set()).add("odd")
    for start, end, source in name_spans(text, facts, tokens):
        spans.setdefault(("name", start, end), set()).add(source)
    for start, end, source in salutation_spans(text):
        spans.setdefault(("salutation", start, end), set()).add(source)
    for (field, start, end), sources in spans.items():
        yield Unit(field, start, end, text[start:end], frozenset(sources))
    if contact:
        yield from _senders(text, facts)


def _more(text: str, units: Sequence[Unit], seen: Values) -> Iterator[Unit]:
    """Values as the second reader sees them, where they are not known so."""
    known = {(family(unit.field), unit.start, unit.end) for unit in units}
    facts = [unit for unit in units if "fact" in unit.sources]
    for kind, start, end in seen:
        field = "name" if kind == "contact" else kind
        another = field in _SHAPED and any(unit.start < end and start < unit.end for unit in facts)
        shows = field not in _SHOWS or _SHOWS[field].search(text, start, end) is not None
        if end <= len(text) and shows and not another and (family(field), start, end) not in known:
            part = _KIND_OF.get(field)
            parts = (Fact(part, text[start:end], start, end, False),) if part is not None else ()
            yield Unit(field, start, end, text[start:end], frozenset({"seen"}), parts)


def _senders(text: str, facts: Sequence[Fact]) -> Iterator[Unit]:
    """Where the sender speaks of himself: the name he signs with."""
    names = [fact for fact in facts if fact.kind is FactKind.NAME]
    last = [
        fact
        for fact in names
        if text.rfind("\n", 0, fact.start) >= 0 and text[text.rfind("\n", 0, fact.start) : fact.start].strip() == ""
    ]
    if last:
        for match in _ME.finditer(text, 0, last[-1].start):
            yield Unit(
                "name",
                match.start(),
                match.end(),
                text[last[-1].start : last[-1].end],
                frozenset({"me", match.group().lower()}),
            )


def _addresses(text: str, facts: Sequence[Fact]) -> Iterator[Unit]:
    group: list[Fact] = []
    covered: list[tuple[int, int]] = []
    for number, fact in enumerate([*facts, None]):
        if group and fact is not None and _is_in_front(group, fact, facts[number + 1 : number + 2]):
            del group[0]
        if group and (
            fact is None
            or fact.kind not in _ADDRESS
            or not _glued(text, group[-1], fact)
            or fact.kind in {one.kind for one in group}
        ):
            unit = _address(text, group)
            covered.append((unit.start, unit.end))
            yield unit
            group = []
        if fact is not None:
            if fact.kind in _ADDRESS:
                group.append(fact)
            elif fact.kind is not FactKind.NAME:  # a street may be called after somebody
                covered.append((fact.start, fact.end))
    for match in _STREETS.finditer(text):
        start, end = match.span()
        if not any(start < to and at < end for at, to in covered):
            covered.append((start, end))
            part = Fact(FactKind.STREET, match.group(), start, end, False)
            yield Unit("street", start, end, match.group(), frozenset({"word"}), (part,))
    if _HOUSED.search(text):
        for match in _NUMBERED.finditer(text):
            start, end = match.span()
            if not any(start < to and at < end for at, to in covered):
                part = Fact(FactKind.HOUSE_NUMBER, match.group(), start, end, False)
                yield Unit("house_number", start, end, match.group(), frozenset({"number"}), (part,))


def _is_in_front(group: Sequence[Fact], fact: Fact, behind: Sequence[Fact]) -> bool:
    """The first of the group is a room, or the name of a house: "kamer 14, Boomkamp 2", "De Pol, Polseweg 3, Urk"."""
    first = group[0].kind
    if first is FactKind.PLACE:
        return fact.kind is first and len(group) > 2
    return first is FactKind.HOUSE_NUMBER and fact.kind is FactKind.STREET and [one.kind for one in behind] == [first]


def _glued(text: str, last: Fact, fact: Fact) -> bool:
    start = last.end
    if last.kind is FactKind.HOUSE_NUMBER and (more := _SUFFIX.match(text, start, fact.start)):
        start = more.end()
    return _GLUE.fullmatch(text, start, fact.start) is not None


def _address(text: str, group: Sequence[Fact]) -> Unit:
    parts = [_whole(text, fact) for fact in group]
    if parts[0].kind is FactKind.HOUSE_NUMBER and (
        box := _BOX.search(text, max(parts[0].start - 12, 0), parts[0].start)
    ):
        parts.insert(0, Fact(FactKind.STREET, text[box.start() : box.end() - 1], box.start(), box.end() - 1, False))
    start, end = parts[0].start, parts[-1].end
    end += text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")"
    field = FIELDS[parts[0].kind] if len(parts) == 1 else "address"
    return Unit(field, start, end, text[start:end], frozenset({"fact"}), tuple(parts))


def _whole(text: str, fact: Fact) -> Fact:
    """With what belongs to it: "Achter de" before a street, "2e etage" behind a number."""
    start, end = fact.start, fact.end
    if fact.kind is FactKind.HOUSE_NUMBER and (more := _SUFFIX.match(text, end)):
        end = more.end()
    if fact.kind is FactKind.STREET:
        if lead := _LEADING.match(text, start, end):
            start = lead.end()
        elif before := _BEFORE_STREET.search(text, max(start - 30, 0), start):
            start = before.start()
    return Fact(fact.kind, text[start:end], start, end, False)
