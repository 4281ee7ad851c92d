"""Corrections: which value was, which value is to be. Built on the facts of a message and the words around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from cases.reading import Change, Fact, FactKind
from nlp.change_roles import Option, Page, Role, Roles, Unit
from nlp.facts import SEEN
from nlp.features import Floats
from nlp.name_changes import name_spans, salutation_spans, titles_alone
from nlp.tokens import Token, tokens_of

_ADDRESS = frozenset({FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE})
_FIELDS = {
    FactKind.EMAIL: "email", FactKind.PHONE: "phone", FactKind.IBAN: "iban", FactKind.KVK: "kvk", FactKind.VAT: "btw",
    FactKind.DATE: "date_of_birth", FactKind.STREET: "street",
    FactKind.HOUSE_NUMBER: "house_number", FactKind.POSTCODE: "postcode", FactKind.PLACE: "place",
}  # fmt: skip
_PARTS = frozenset({"address", "street", "house_number", "postcode", "place"})
_GLUE = re.compile(
    r"[\s,]{1,3}|\s?,?\s?(?:te|in|à|punt|komma|postcode|pc|huisnummer|nummer|nr\.?)(?:\s(?:postcode|te|in))?\s|"
    r"\s?[-|·]\s?|\s?\(|\)?,?\s"
)
_SUFFIX = re.compile(
    r"-[A-Za-z]{1,3}(?![\w-])| bis [A-Z](?![\w.-])|,? (?:ws|hs|huis|bis|rd|zw|rood|zwart|boven|(?:chalet|stal|"
    r"unit|kamer|bus|poort) \w+(?![.]\d)|k\.\d+|"
    r"(?:een|één|twee|drie|vier|\d) ?hoog|\d ?e (?:etage|verdieping)|[A-Z](?![\w.-]))(?! \d)(?![\w-])"
)
_BEFORE_STREET = re.compile(
    r"(?:(?:Aan|Achter|Op|Onder|Bij|Kleine|Grote|Oude|Nieuwe|Lange|Korte|Kromme|Hoge|Lage) (?:(?:de|den|het|'t) )?|"
    r"(?:kromme|lange|korte|grote|kleine|oude|nieuwe|admiraal|burgemeester|koningin|prins|prinses|"
    r"generaal) (?:de )?|De )$"
)
_BOX = re.compile(r"\bpostbus $", re.IGNORECASE)
_LEADING = re.compile(r"(?:Eerst|Nu|Was|Wordt|Naar|Oud|Nieuw|Adres|Vroeger|Voorheen) (?=[A-Z])")
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
_ME = re.compile(r"\b(?:ondergetekende|mijzelf|mij|ik|ikzelf|mezelf)\b", re.IGNORECASE)
_EAGER, _EAGER_ALONE = 0.6, 0.1  # a pair that is nearly sure is better shown than left out; one without an old less so
_AT_LEAST = 1.5  # the likeliest is believed so much more where nothing else is found
_MOST = 24  # units of a family
_ALONE = 2  # of a family are asked
_PAIRS = 7
_SAME_PERSON = 3  # so alike: another spelling


def family(field: str) -> str:
    """Fields among which an old and a new value may belong together."""
    return "address" if field in _PARTS else "name" if field in ("name", "contact") else field


def changes_of(text: str, facts: Sequence[Fact], roles: Roles) -> tuple[Change, ...]:
    """What is to be put right; called for messages that ask for a correction."""
    page = page_of(text, facts)
    if not page.units:
        return ()
    scores = roles.of_units(page)
    options = list(options_of(page, scores))
    if not options:
        return ()
    sure = roles.of_options(page, scores, options) + np.array(
        [_EAGER_ALONE if option.old is None else _EAGER for option in options]
    )
    if sure.max() <= 0:  # something is to be changed, or it would not be asked
        sure = np.where(sure == sure.max(), sure + _AT_LEAST, -1.0)
    return tuple(_chosen(page, options, sure))


def _chosen(page: Page, options: Sequence[Option], scores: Floats) -> Iterator[Change]:
    """The surest first; a value is used once, and no new value is itself replaced."""
    used: list[tuple[str, int, int]] = []
    done: set[tuple[str, str]] = set()
    found: list[tuple[int, Change]] = []
    for at in np.argsort(-scores, kind="stable"):
        if scores[at] <= 0:
            break
        option = options[at]
        change = change_of(page, option)
        units = [page.units[number] for number in (option.new, option.old) if number is not None]
        kind = page.families[option.new]
        spans = [(kind, unit.start, unit.end) for unit in units]
        values = {(kind, unit.value) for unit in units}
        if change is None or values & done or any(_overlap(one, two) for one in spans for two in used):
            continue
        used += spans
        done |= values
        found.append((page.units[option.new].start, change))
    yield from (change for _, change in sorted(found, key=lambda one: one[0]))


def _overlap(one: tuple[str, int, int], two: tuple[str, int, int]) -> bool:
    return one[0] == two[0] and one[1] < two[2] and two[1] < one[2]


def page_of(text: str, facts: Sequence[Fact]) -> Page:
    """The values of a message; what stands far behind, or is the umpteenth of its kind, belongs to a list."""
    text = text[:SEEN]
    tokens = tokens_of(text)
    contact = [match.start() for match in _CONTACT.finditer(text)]
    units: list[Unit] = []
    count: Counter[str] = Counter()
    for unit in _units(text, [fact for fact in facts if fact.end <= SEEN], tokens, bool(contact)):
        count[family(unit.field)] += 1
        if count[family(unit.field)] <= _MOST:
            units.append(unit)
    units.sort(key=lambda unit: (unit.start, unit.end))
    return Page(text, tokens, units, [family(unit.field) for unit in units], contact)


def options_of(page: Page, scores: Floats | None = None) -> Iterator[Option]:
    """What may replace what. With scores: of the likeliest only."""
    open_to = [at for at in range(len(page.units)) if _may_change(page, at)]
    for kind in sorted({page.families[at] for at in open_to}):
        same = [at for at in open_to if page.families[at] == kind]
        field = "name" if kind == "name" else kind
        alone = [at for at in same if not page.signed[at] and "stays" not in page.said[at]]
        pairs = [(old, new) for old in same for new in same if _differ(page.units[old], page.units[new])]
        if scores is not None:
            alone = sorted(alone, key=lambda at: -scores[at, Role.NEW] - scores[at, Role.ALONE])[:_ALONE]
            pairs = sorted(pairs, key=lambda pair: -scores[pair[0], Role.OLD] - scores[pair[1], Role.NEW])[:_PAIRS]
        yield from (Option(None, new, field) for new in alone)
        yield from (Option(old, new, field) for old, new in pairs)
        if kind == "name" and page.contact:
            yield from (Option(None, new, "contact") for new in alone)
            yield from (Option(old, new, "contact") for old, new in pairs if page.likeness(old, new) < _SAME_PERSON)


def _may_change(page: Page, at: int) -> bool:
    """Neither where the sender can be reached nor how he signs; but he may be the one to be talked to."""
    if page.signed[at]:
        return bool(page.contact) and page.families[at] == "name"
    return "reached" not in page.cued[at]


def _differ(one: Unit, two: Unit) -> bool:
    return one.value != two.value and (one.end <= two.start or two.end <= one.start)


def change_of(page: Page, option: Option) -> Change | None:
    """The part that changes, where one part of an address does."""
    new = page.units[option.new]
    if option.old is None:
        return Change(new.field if option.field == "address" else option.field, None, new.value)
    old = page.units[option.old]
    if option.field == "salutation":
        return Change("salutation", *titles_alone(old.value, new.value))
    if option.field != "address":
        return Change(option.field, old.value, new.value)
    ours, theirs = _by_kind(old), _by_kind(new)
    shared = ours.keys() & theirs.keys()
    other = [kind for kind in shared if _low(page, ours[kind]) != _low(page, theirs[kind])]
    if (
        len(other) == 1
        and len(shared) > 1
        and shared in (ours.keys(), theirs.keys())
        and "postbus" not in old.value.lower()
    ):
        part = other[0]
    elif len(shared) == 1 and min(len(ours), len(theirs)) == 1:
        part = min(shared)
    else:
        return Change(new.field if new.field == old.field else "address", old.value, new.value)
    if part not in other:
        return None
    return Change(_FIELDS[part], _text(page, ours[part]), _text(page, theirs[part]))


def _by_kind(unit: Unit) -> dict[FactKind, Fact]:
    return {part.kind: part for part in unit.parts}


def _text(page: Page, fact: Fact) -> str:
    return page.text[fact.start : fact.end]


def _low(page: Page, fact: Fact) -> str:
    return _text(page, fact).lower()


def _units(text: str, facts: Sequence[Fact], tokens: Sequence[Token], contact: bool) -> Iterator[Unit]:
    yield from _addresses(text, facts)
    birth = _BIRTH.search(text) is not None
    spans: dict[tuple[str, int, int], set[str]] = {}
    for fact in facts:
        field = _FIELDS.get(fact.kind)
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
    for fact in [*facts, None]:
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
            else:
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
    field = _FIELDS[parts[0].kind] if len(parts) == 1 else "address"
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
