"""Numbers that say what they are: bank account, phone, KvK, BTW, BSN.

Patterns find, `python-stdnum` and `phonenumbers` check. A number that fails its check is still what the sender gave
(people mistype): it comes out unchecked. A nine-digit number passes the BSN check one time in eleven, so a BSN is only
believed after a word that announces it. Numbers of customers, orders and invoices are in
`fact_references`, addresses in `fact_addresses`, dates in `fact_dates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import phonenumbers
from stdnum import iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.nl import bsn, btw

from cases.reading import Fact, FactKind
from nlp.number_cues import cues_of

_ANY_CASE = re.IGNORECASE
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}\b", _ANY_CASE)
_DOMAIN = re.compile(
    r"(?<![@\w.-])(?<!\bhost )(?:https?://)?(?:[a-zà-ÿ0-9](?:[a-zà-ÿ0-9-]{0,61}[a-zà-ÿ0-9])?\.){1,4}"
    r"(?:nl|be|com|net|org|eu|info|shop|de|fr|frl|gent|brussels|vlaanderen|amsterdam|online|store|site|app|"
    r"dev|io|co|uk|biz|nu|tv|me|cloud|test|example)"
    r"(?![\w@-])(?!\.\w)",
    _ANY_CASE,
)
_DOMAIN_HINT = re.compile(r"\w\.[a-z]{2}", _ANY_CASE)

_IBAN_SIZE = {
    "NL": 18, "BE": 16, "DE": 22, "FR": 27, "LU": 20, "GB": 22, "ES": 24, "IT": 27, "PL": 28, "LT": 20, "PT": 25,
    "AT": 20,
    "CH": 21, "IE": 22, "DK": 18, "SE": 24, "RO": 24, "BG": 22, "TR": 26, "EE": 20, "LV": 21, "FI": 18, "GR": 27,
    "HU": 28,
}  # fmt: skip
_IBAN = re.compile(
    rf"(?<![A-Z0-9])((?:{'|'.join(_IBAN_SIZE)})[ .-]?\d{{2}}(?:(?:[ .-]|  )?[A-Z0-9]){{10,34}})", _ANY_CASE
)
_IBAN_OF_DIGITS = frozenset(("BE", "DE", "ES", "PL", "LT", "PT", "AT", "DK", "SE", "EE", "FI", "HU"))
_DUTCH_IBAN = re.compile(r"NL\d\d[A-Z]{4}\d{8,11}", _ANY_CASE)
_VAT = re.compile(r"(?<![A-Z0-9])(NL[ .]?(?:\d[ .]?){9}B[ .]?\d{2})(?!\w)", _ANY_CASE)
_VAT_ABROAD = re.compile(
    r"\b(?:btw|vat|tva|ust|umsatzsteuer)\b.{0,60}?(?<!\w)((?:BE[ ]?[01]\d{3}[ .]?\d{3}[ .]?\d{3})|"
    r"(?:DE[ ]?\d{9})|(?:FR[ ]?\w\w[ ]?\d{9}))(?!\w)",
    _ANY_CASE | re.DOTALL,
)
_VAT_BELGIAN = re.compile(r"(?<![A-Z0-9])(BE[ ]?[01]\d{3}[ .]?\d{3}[ .]?\d{3})(?![ .-]?\d)", _ANY_CASE)
_ENTERPRISE = re.compile(r"ondernemings-?(?:nummer|nr)(?:(?!btw|vat|tva)[^\n]){0,100}$", _ANY_CASE)  # the Belgian KvK
_VAT_NEXT = re.compile(r".{0,40}?(?<!\w)(BE[ ]?[01]\d{3}[ .]?\d{3}[ .]?\d{3}|DE[ ]?\d{9})(?!\w)", _ANY_CASE | re.DOTALL)
_BSN = re.compile(
    r"\b(?:bsn|burgerservice-?nummer|sofi-?nummer)\w*\b[^\n]{0,50}?(?<![\w.])(\d{8,9}|"
    r"\d{2,4}(?:[ .-]\d{2,4}){2})(?![\w])",
    _ANY_CASE,
)
_ITS_NUMBER = re.compile(r"\w{0,6}[ .-]?(?:nummer|nr)", _ANY_CASE)
_BSN_NEXT = re.compile(r"[^\n]{1,60}?(?<![\w.])(\d{9})(?!\w)")
_KVK = re.compile(
    r"\b(?:kvk|k\.v\.k\.?|kamer van koophandel|handelsregister|chamber of commerce|coc|inschrijvings(?:nummer|nr)|"
    r"ondernemings(?:nummer|nr))(?![a-z])",
    _ANY_CASE,
)
_KVK_CUES = ("kvk", "k.v.k", "koophandel", "handelsregister", "chamber", "coc", "inschrijvings", "ondernemings")
_KVK_REACH = 100
_KVK_SIGNED = re.compile(r" \| (\d{8})(?= \||\s*$)", re.MULTILINE)  # in the line of a firm, between its other data
_EIGHT = re.compile(
    r"(?<![\w.+-])(?<!06 )([01]\d{3}\.\d{3}\.\d{3}|\d{8}|\d{2}[ .]\d{3}[ .]\d{3}|\d{4} \d{4}|"
    r"\d{2} \d{2} \d{2} \d{2})(?![\w-])(?!\.\d)"
)

_PHONE = re.compile(
    r"(?<![\w.,/-])(?:(?:\+|00)(?:31|32|49|33|44|48|90|212|597|352|"
    r"\d{2})[ .-]?(?:\(0\)[ .-]?)?\d(?:[ \-–./]{0,3}\d){6,10}"
    r"|0[89]00(?:[ -]?\d){4,8}|14[ -]0\d{2,3}"
    r"|\(0\d{1,3}\)[ –-]{0,3}\d(?:[ \-–./]{0,3}\d){5,7}|0\d(?:[ \-–./]{0,3}\d){7,8})(?![\w]|[-/.]\d)"
)
_PHONE_CUE = re.compile(
    r"\b(?:tel|telefoon\w*|gsm|mobiel\w*|mob|bel\w*|nummer|fax|whatsapp|app|phone|call)\b\.?:?[^\n\d]{0,24}$", _ANY_CASE
)
_NO_PHONE = re.compile(r"000|00\d{0,8}$")  # "meter E 0048 7719 20": too short for one from abroad
_RUNS_ON = re.compile(r"(?:\d{4} |\+\+)$")  # "EAN 8716 0000 4410 2297", "+++090/9337/55493+++"
_LOCAL = re.compile(r"(?<![\w.,/-])[1-9]\d{1,2}[ -]?\d{2,3}[ -]?\d{2}(?![\w-])")

_CODE = re.compile(r"\bcode\b\W{0,4}(?:(?:is|luidt|was)\W{1,3})?(\d{3}[ -]?\d{3})\b", _ANY_CASE)


def web_facts(text: str) -> Iterator[Fact]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Fact(FactKind.EMAIL, match.group().lower(), match.start(), match.end(), True)
    if _DOMAIN_HINT.search(text):
        for match in _DOMAIN.finditer(text):
            value = match.group().lower().removeprefix("https://").removeprefix("http://")
            yield Fact(FactKind.DOMAIN, value, match.end() - len(value), match.end(), True)


def number_facts(text: str) -> Iterator[Fact]:
    """Most telling kinds first."""
    low = text.lower()
    yield from _vats(text, low)
    yield from _ibans(text)
    if "bsn" in low or "burgerservice" in low or "sofi" in low:
        yield from _bsns(text)
    if " | " in text or any(cue in low for cue in _KVK_CUES):
        yield from _kvks(text)
    if "code" in low:
        for match in _CODE.finditer(text):
            yield Fact(FactKind.CODE, digits(match.group(1)), match.start(1), match.end(1), False)


def phone_facts(text: str) -> Iterator[Fact]:
    """Dutch and Belgian numbers, and foreign ones with their country code."""
    for match in _PHONE.finditer(text):
        fact = _phone(match.group(), match.start(), match.end())
        if fact.checked or not (_NO_PHONE.match(fact.value) or _RUNS_ON.search(text, 0, match.start())):
            yield fact
    for match in _LOCAL.finditer(text):
        if len(digits(match.group())) >= 6 and re.search(
            r"\b(?:tel|telefoon|fax)\b\.?:? ?$", text[max(match.start() - 12, 0) : match.start()], _ANY_CASE
        ):
            yield Fact(FactKind.PHONE, digits(match.group()), match.start(), match.end(), False)


def _phone(written: str, start: int, end: int) -> Fact:
    for region in ("NL", "BE"):
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return Fact(
                FactKind.PHONE,
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
                start,
                end,
                True,
            )
    return Fact(FactKind.PHONE, ("+" if written.startswith("+") else "") + digits(written), start, end, False)


def _ibans(text: str) -> Iterator[Fact]:
    place = 0
    while (match := _IBAN.search(text, place)) is not None:
        written = match.group(1)
        place = match.start(1) + 4
        bare = re.sub(r"[ .-]", "", written)
        size = _IBAN_SIZE[bare[:2].upper()]
        if len(bare) < size:
            if _DUTCH_IBAN.fullmatch(bare):  # a digit short: still meant as one
                yield Fact(FactKind.IBAN, bare.upper(), match.start(1), match.end(1), False)
            continue
        cut = _cut(written, size)
        if (cut < len(written) and written[cut : cut + 1].isdigit()) or sum(map(str.isdigit, bare[:size])) < size // 2:
            continue  # "de 20 bestelde ..." runs on in words
        value = bare[:size].upper()
        if value[:2] == "NL" and not _DUTCH_IBAN.fullmatch(value):
            continue
        if value[:2] in _IBAN_OF_DIGITS and not value[2:].isdigit():
            continue
        yield Fact(FactKind.IBAN, value, match.start(1), match.start(1) + cut, iban.is_valid(value))


def _cut(written: str, size: int) -> int:
    """Where the `size`-th sign ends, blanks and dots not counted."""
    seen = 0
    for at, char in enumerate(written):
        seen += char.isalnum()
        if seen == size:
            return at + 1
    return len(written)


def _vats(text: str, low: str) -> Iterator[Fact]:
    for match in _VAT.finditer(text):
        yield _vat(match, btw.validate)
    for match in _VAT_BELGIAN.finditer(text) if "be" in low else ():
        fact = _vat(match, vat.validate)
        yield replace(fact, kind=FactKind.KVK) if _ENTERPRISE.search(text, 0, match.start()) else fact
    if "btw" in low or "vat" in low or "tva" in low or "ust" in low:
        for first in _VAT_ABROAD.finditer(text):
            found: re.Match[str] | None = first
            while found is not None:
                yield _vat(found, vat.validate)
                found = _VAT_NEXT.match(text, found.end(1))


def _vat(match: re.Match[str], validate: Callable[[str], str]) -> Fact:
    value = re.sub(r"[ .]", "", match.group(1)).upper()
    return Fact(FactKind.VAT, value, match.start(1), match.end(1), _is_valid(value, validate))


def _is_valid(written: str, validate: Callable[[str], str]) -> bool:
    try:
        validate(written)
    except ValidationError:
        return False
    return True


def _bsns(text: str) -> Iterator[Fact]:
    """Behind the word; and what passes the check right behind one: "er staat 111222333, het juiste is 123456782"."""
    for match in _BSN.finditer(text):
        found: re.Match[str] | None = match
        while found is not None and not _of_another(text, found.start(), found.start(1)):
            value = digits(found.group(1))
            if len(value) in (8, 9):
                yield Fact(FactKind.BSN, value, found.start(1), found.end(1), bool(bsn.is_valid(value)))
            found = _BSN_NEXT.match(text, found.end(1))
            if found is not None and not bsn.is_valid(found.group(1)):
                break


def _of_another(text: str, start: int, end: int) -> bool:
    """Whether the number of a customer, an order, an invoice or a firm is named between: "BSN klopt, klantnr ..."."""
    return _KVK.search(text, start, end) is not None or any(
        cue.of != "other" and _ITS_NUMBER.match(text, start + cue.end) for cue in cues_of(text[start:end])
    )


def _kvks(text: str) -> Iterator[Fact]:
    """Eight digits near the word; "oud 01077245 nieuw 93110876" gives both."""
    for match in _KVK_SIGNED.finditer(text):
        yield Fact(FactKind.KVK, match.group(1), match.start(1), match.end(1), True)
    cues = [match.end() for match in _KVK.finditer(text)]
    for match in _EIGHT.finditer(text):
        cue = max((cue for cue in cues if cue <= match.start()), default=None)
        if cue is not None and match.start() - cue <= _KVK_REACH and not _of_another(text, cue, match.start()):
            cues.append(match.end())
            yield Fact(FactKind.KVK, digits(match.group(1)), match.start(1), match.end(1), True)


def digits(found: str) -> str:
    return "".join(char for char in found if char in "0123456789")
