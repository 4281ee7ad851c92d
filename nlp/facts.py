"""Facts in a message: who, which number, which address; where they stand and whether they pass their own check.

Patterns find, `python-stdnum` and `phonenumbers` check. A nine-digit number passes the BSN check one time in eleven,
so a BSN is only believed after a word that announces it. Names and streets have no check and are never `checked`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

import phonenumbers
from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.nl import bsn, btw, postcode

from cases.reading import Fact, FactKind

_MOST = 40  # facts of one message; more is a list, not a request

_ANY_CASE = re.IGNORECASE
_HAS_DIGIT = re.compile(r"\d")
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}\b", _ANY_CASE)
_DOMAIN = re.compile(
    r"(?<![@\w.-])(?:https?://)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}"
    r"(?:nl|be|com|net|org|eu|info|shop|de|frl|amsterdam|online|example))(?![\w@-])",
    _ANY_CASE,
)
_DOMAIN_HINT = re.compile(r"\w\.[a-z]{2}")
_IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]){11,30})\b", _ANY_CASE)
_LITTLE = r"(?-i:en|is|of|de|in|op|te|ik|je|om|er|we|al|nu|zo|na|ze|af|bij|an|at|to|by)"  # "in 2024 en": no postcode
_POSTCODE = re.compile(rf"\b([1-9]\d{{3}}(?! {_LITTLE}\b) ?[A-Z]{{2}})\b(?![\d-])", _ANY_CASE)
_PHONE = re.compile(r"(?<![\w.-])(?:\+|00)?\d(?:[ \-.()/]{0,2}\d){8,13}(?![\w-])")
_VAT = re.compile(r"\b(NL[ .]?(?:\d[ .]?){9}B[ .]?\d{2})\b", _ANY_CASE)
_BSN = re.compile(
    r"\b(?:bsn|burgerservice-?nummer|sofi-?nummer)\b\D{0,20}(\d{8,9}|\d{2,4}(?:[ .]\d{2,4}){2})\b", _ANY_CASE
)
_KVK = re.compile(r"\b(?:kvk|kamer van koophandel|handelsregister)\b\D{0,24}(\d{8})\b", _ANY_CASE)
_ANNOUNCED = r"[ -]?(?:nummer|nr|no|id|code)?\b\.?(?: (?:is|was|van mij|luidt|met nummer))*[ :#.=]{0,4}"
_NUMBER = r"((?:[a-z]{1,5}[-.]?)?\d[\d./-]{2,14}\d)"
_CUSTOMER = r"\b(?:klant|relatie|debiteur(?:en)?|lid(?:maatschaps)?|client|cliënt)"
_NUMBERED = (
    (FactKind.CUSTOMER_NUMBER, re.compile(_CUSTOMER + _ANNOUNCED + _NUMBER, _ANY_CASE)),
    (FactKind.INVOICE_NUMBER, re.compile(r"\bfactuur" + _ANNOUNCED + _NUMBER, _ANY_CASE)),
    (FactKind.ORDER_NUMBER, re.compile(r"\b(?:order|bestel(?:ling)?)" + _ANNOUNCED + _NUMBER, _ANY_CASE)),
)
_CODE = re.compile(r"\bcode\b\W{0,4}(?:(?:is|luidt|was)\W{1,3})?(\d{3}[ -]?\d{3})\b", _ANY_CASE)
_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_MONTH_OF = {name: number for number, name in enumerate(_MONTHS, start=1)} | {"maa": 3}
_DATE_WORDS = re.compile(
    r"\b(\d{1,2})(?:e|ste|de)? (januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|"
    r"december|(?:jan|feb|mrt|apr|jun|jul|aug|sept?|okt|nov|dec)\b\.?) ((?:19|20)\d{2})\b",
    _ANY_CASE,
)
_DATE_DIGITS = re.compile(r"\b(\d{1,2})([-/.])(\d{1,2})\2((?:19|20)?\d{2})\b(?![\-/]\d)")
_DATE_ISO = re.compile(r"\b((?:19|20)\d{2})-(\d{2})-(\d{2})\b")
_KIND_OF_STREET = (
    r"(?:straat|weg|laan|plein|dijk|kade|gracht|singel|hof|pad|dreef|plantsoen|park|markt|steeg|wal|ring|hoek|baan|"
    r"lei|akker|veld|kamp|erf|oord|burg|brink|boulevard|sluis|haven|meent|donk|wijk|Meerdervoort)"
)
_STREET_HINT = re.compile(_KIND_OF_STREET + r"\s+\d")
_CAPITALISED = r"[A-ZÀ-Ý][\w'’-]*"
_SHORTENED = r"[A-Z][a-z]?\."
_WORD = rf"(?:{_CAPITALISED}|{_SHORTENED})"
_HOUSE_NUMBER = r"(\d{1,5}(?:[ -]?[a-zA-Z]{1,2}\b|-\d{1,3}|/\d{1,3})?)(?![\d%:])"
_STREET = re.compile(
    rf"\b((?:{_WORD}(?: (?:van|de|den|der|het|ten|ter|op|aan|{_WORD})){{0,4}} ?)?"
    rf"[A-Za-zÀ-ÿ'’-]*{_KIND_OF_STREET})\s+{_HOUSE_NUMBER}"
)
_NO_STREET = ("Adres ", "Ook ", "Mijn ", "Ons ", "Nieuwe ", "Nieuw ", "Het ", "Per ", "Op ", "In ", "Wij ", "Naar ")
_PLACE = re.compile(
    r"\b[1-9]\d{3} ?[A-Za-z]{2},?[ \n]{1,3}((?:['’]s-)?[A-ZÀ-Ý][\w'’-]+"
    rf"(?: (?:aan|den|de|op|bij|en|ter|{_CAPITALISED}))"
    r"{0,3})"
)
_NAME_PART = r"[A-ZÀ-Ý][\w'’-]+\.?"
_BETWEEN = r"van|de|den|der|het|ten|ter|el|al|von|la|le|di|'t|op|in|te|v\.d\."
_NAME = rf"(?:(?:[A-Z]\.){{1,4}} ?)?{_NAME_PART}(?: (?:{_BETWEEN}|{_NAME_PART})){{0,5}}"
_SAID_WORDS = ("naam", "ik heet", "ik ben", "t.n.v")
_SAID = re.compile(
    r"(?i:\b(?:mijn (?:volledige )?naam is|ik heet|naam ?:|met (?:mijn )?naam|"
    rf"ik ben (?:de )?(?:heer |mevrouw )?|t\.n\.v\.?|ten name van))\s+({_NAME})"
)
_SIGNED = re.compile(
    r"(?i:^[ \t]*(?:(?:met )?(?:vriendelijke?|hartelijke?|beste|mvg|fijne|warme) ?(?:groet(?:en|jes)?)?|"
    r"groet(?:en|jes)?|gr\.?|mvg|hoogachtend|vr\.? ?gr\.?)[ \t]*,?[ \t]*(?:van[ \t]+)?)"
    rf"\n?\s{{0,3}}({_NAME})[ \t]*(?:$|,)",
    re.MULTILINE,
)
_TRAILING = frozenset(
    ["van", "de", "den", "der", "het", "ten", "ter", "op", "in", "te", "en", "la", "le", "el", "al", "von", "di", "'t"]
)


def facts_of(text: str) -> tuple[Fact, ...]:
    """All facts in order of place; where two overlap the more certain kind stays."""
    kept: list[Fact] = []
    for fact in _candidates(text):
        if all(fact.end <= other.start or fact.start >= other.end for other in kept):
            kept.append(fact)
            if len(kept) >= _MOST:
                break
    return tuple(sorted(kept, key=lambda fact: fact.start))


def _candidates(text: str) -> Iterator[Fact]:
    """Most telling kinds first: a later one never takes a place that is taken."""
    if "@" in text:
        yield from _plain(FactKind.EMAIL, _EMAIL, text, 0, str.lower, checked=True)
    if _HAS_DIGIT.search(text):
        yield from _numbers(text, text.lower())
    if _DOMAIN_HINT.search(text):
        yield from _plain(FactKind.DOMAIN, _DOMAIN, text, 1, str.lower, checked=True)
    yield from _names(text)


def _numbers(text: str, low: str) -> Iterator[Fact]:
    yield from _checked(FactKind.VAT, _VAT, text, lambda found: "NL" + str(btw.validate(found)))
    yield from _checked(FactKind.IBAN, _IBAN, text, iban.validate, cut=True)
    if "bsn" in low or "burgerservice" in low or "sofi" in low:
        yield from _bsn(text)
    if "kvk" in low or "koophandel" in low or "handelsregister" in low:
        yield from _plain(FactKind.KVK, _KVK, text, 1, str, checked=True)
    if "code" in low:
        yield from _plain(FactKind.CODE, _CODE, text, 1, _digits, checked=False)
    for kind, pattern in _NUMBERED:
        yield from _plain(kind, pattern, text, 1, str.upper, checked=False)
    yield from _dates(text)
    yield from _phones(text)
    yield from _checked(FactKind.POSTCODE, _POSTCODE, text, _spaced_postcode)
    yield from _plain(FactKind.PLACE, _PLACE, text, 1, str, checked=False)
    if _STREET_HINT.search(text):
        yield from _streets(text)


def _plain(
    kind: FactKind, pattern: re.Pattern[str], text: str, group: int, clean: Callable[[str], str], *, checked: bool
) -> Iterator[Fact]:
    for match in pattern.finditer(text):
        yield Fact(kind, clean(match.group(group)), match.start(group), match.end(group), checked)


def _checked(
    kind: FactKind, pattern: re.Pattern[str], text: str, validate: Callable[[str], str], *, cut: bool = False
) -> Iterator[Fact]:
    """Only what passes its check. `cut`: the pattern may run on into the next word, so shorter pieces are tried."""
    for match in pattern.finditer(text):
        found = match.group(1)
        while found:
            try:
                value = validate(found)
            except ValidationError:
                shorter = found.rpartition(" ")[0] if cut else ""
                found = shorter
                continue
            yield Fact(kind, value, match.start(1), match.start(1) + len(found), True)
            break


def _spaced_postcode(found: str) -> str:
    value = str(postcode.validate(found))
    return f"{value[:4]} {value[-2:]}"


def _bsn(text: str) -> Iterator[Fact]:
    for match in _BSN.finditer(text):
        digits = _digits(match.group(1))
        yield Fact(FactKind.BSN, digits, match.start(1), match.end(1), bool(bsn.is_valid(digits)))


def _phones(text: str) -> Iterator[Fact]:
    """Dutch numbers, and foreign ones with their country code; only those the numbering plan knows."""
    for match in _PHONE.finditer(text):
        try:
            number = phonenumbers.parse(match.group(), "NL")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            yield Fact(FactKind.PHONE, value, match.start(), match.end(), True)


def _dates(text: str) -> Iterator[Fact]:
    for match in _DATE_WORDS.finditer(text):
        yield from _date(match, match.group(3), str(_MONTH_OF[match.group(2).lower()[:3]]), match.group(1))
    for match in _DATE_DIGITS.finditer(text):
        yield from _date(match, match.group(4), match.group(3), match.group(1))
    for match in _DATE_ISO.finditer(text):
        yield from _date(match, match.group(1), match.group(2), match.group(3))


def _date(match: re.Match[str], year: str, month: str, day: str) -> Iterator[Fact]:
    """Two-digit years: up to 40 is this century."""
    number = int(year)
    if number < 100:
        number += 2000 if number <= 40 else 1900
    try:
        value = date(number, int(month), int(day))
    except ValueError:
        return
    yield Fact(FactKind.DATE, value.isoformat(), match.start(), match.end(), True)


def _streets(text: str) -> Iterator[Fact]:
    for match in _STREET.finditer(text):
        name = match.group(1)
        for word in _NO_STREET:
            name = name.removeprefix(word)
        yield Fact(FactKind.STREET, name, match.end(1) - len(name), match.end(1), False)
        yield Fact(FactKind.HOUSE_NUMBER, match.group(2), match.start(2), match.end(2), False)


def _names(text: str) -> Iterator[Fact]:
    patterns = [_SIGNED]
    if any(words in text.lower() for words in _SAID_WORDS):
        patterns.append(_SAID)
    for pattern in patterns:
        for match in pattern.finditer(text):
            words = match.group(1).split(" ")
            while words and words[-1].lower() in _TRAILING:
                words.pop()
            value = " ".join(words).rstrip(".")
            if len(value) > 1:
                yield Fact(FactKind.NAME, value, match.start(1), match.start(1) + len(value), False)


def _digits(found: str) -> str:
    return "".join(char for char in found if char in "0123456789")
