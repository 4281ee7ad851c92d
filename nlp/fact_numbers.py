"""Numbers that say what they are: bank account, phone, KvK, BTW, BSN, and the numbers that a cue word announces.

Patterns find, `python-stdnum` and `phonenumbers` check. A number that fails its check is still what the sender gave
(people mistype): it comes out unchecked. A nine-digit number passes the BSN check one time in eleven, so a BSN is only
believed after a word that announces it. Addresses are in `fact_addresses`, dates in `fact_dates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import phonenumbers
from stdnum import iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.nl import bsn, btw

from cases.reading import Fact, FactKind

_ANY_CASE = re.IGNORECASE
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}\b", _ANY_CASE)
_DOMAIN = re.compile(
    r"(?<![@\w.-])(?:https?://)?(?:[a-zà-ÿ0-9](?:[a-zà-ÿ0-9-]{0,61}[a-zà-ÿ0-9])?\.){1,4}"
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
_VAT_NEXT = re.compile(r".{0,40}?(?<!\w)(BE[ ]?[01]\d{3}[ .]?\d{3}[ .]?\d{3}|DE[ ]?\d{9})(?!\w)", _ANY_CASE | re.DOTALL)
_BSN = re.compile(
    r"\b(?:bsn|burgerservice-?nummer|sofi-?nummer)\w*\b[^\n]{0,50}?(?<![\w.])(\d{8,9}|"
    r"\d{2,4}(?:[ .-]\d{2,4}){2})(?![\w])",
    _ANY_CASE,
)
_KVK = re.compile(
    r"\b(?:kvk|k\.v\.k\.?|kamer van koophandel|handelsregister|chamber of commerce|coc)(?![a-z])", _ANY_CASE
)
_KVK_REACH = 70
_EIGHT = re.compile(r"(?<![\w.+-])(\d{8}|\d{2}[ .]\d{3}[ .]\d{3}|\d{4} \d{4}|\d{2} \d{2} \d{2} \d{2})(?![\w-])(?!\.\d)")

_PHONE = re.compile(
    r"(?<![\w.,/-])(?:(?:\+|00)(?:31|32|49|33|44|48|90|212|597|352|"
    r"\d{2})[ .-]?(?:\(0\)[ .-]?)?\d(?:[ \-–./]{0,3}\d){6,10}"
    r"|\(0\d{1,3}\)[ –-]{0,3}\d(?:[ \-–./]{0,3}\d){5,7}|0\d(?:[ \-–./]{0,3}\d){7,8})(?![\w]|[-/.]\d)"
)
_PHONE_CUE = re.compile(
    r"\b(?:tel|telefoon\w*|gsm|mobiel\w*|mob|bel\w*|nummer|fax|whatsapp|app|phone|call)\b\.?:?[^\n\d]{0,24}$", _ANY_CASE
)
_LOCAL = re.compile(r"(?<![\w.,/-])[1-9]\d{1,2}[ -]?\d{2,3}[ -]?\d{2}(?![\w-])")

_FILL = (
    r"(?:[\s:#.,=(–-]|nummers?|nrs?\b|no\b|num\b|number|numero|numéro|id\b|code\b|is\b|was\b|war\b|met\b|"
    r"het\b|bij\b|u\b|jullie\b|mijn\b|onze\b|van\s(?:mij|ons)|luidt|dat\b|"
    r"onder\b|n[°º]|№|nog\b|volgens\smij|dacht\sik|denk\sik|gewoon\b|ref\b|referentie|kenmerk|oud|nieuw|zit\b|"
    r"ben\b|ik\b|bekend|staat|staan|the\b|my\b|our\b|lautet|ist\b|est\b|van (?:de|het|mijn|die|deze|onze) \w+|"
    r"moet|zijn\b|wel\b|geloof ik|zou|hier|op (?:de|het|mijn|uw|jullie) \w+|op\b|de\b|factuur\b|hebben\b){0,9}"
)
_SPACED = (
    r"(?-i:[A-Z]{1,4})(?: \d{1,4}){2,4}|(?-i:[A-Z]{2,5}) \d{2}-\d{2,5}|(?-i:[A-Z]{4,5}) \d{4,6}|"
    r"(?-i:[A-Z]{1,3}) \d{2,}(?:[.-]\d+)*|\d{1,4}(?: \d{2,4}){1,3}(?: \d(?!\d|[,.]\d))?"
    r"(?! ?(?:jan|feb|maart|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec|euro|\d))"
)
_PLAIN = r"(?:[A-Z]{1,6}[-./]?){0,2}\d(?:[A-Z\d]|[-./](?=[A-Z\d]))*"
_NUMBER = rf"(?<![\w€])({_SPACED}|{_PLAIN})(?![\w%]|,\d)"
_MORE = re.compile(rf"\s?(?:,|en|of|and|und|et|&|\+)\s{{1,2}}{_NUMBER}", _ANY_CASE)
_NOT_THEIRS = (  # "...nummer" that is no number of a customer
    "huis|huur|telefoon|tel|bel|mobiele?|gsm|fax|doorkies|service|info|alarm|nood|toestel|rekening|bank|creditcard|pin|"
    "burgerservice|bsn|sofi|paspoort|rijbewijs|document|kvk|btw|handelsregister|vestigings?|factuur|fact|nota|order|"
    "bestel|bon|pakbon|boekings?|reserverings?|retour|pakket|zending|verzend|track|volg|serie|model|type|artikel|ean|imei|"
    "chassis|meter|kenteken|ticket|zaaks?|dossier|case|incident|meldings?|aanvraag|verzoek|controle|reactie|vacature|"
    "proces|verbaal|versie|hoofd|post|kamer|pagina|magazine|ronde?|deel|rang|start|rug|stamboek"
)
_CUES = (
    (
        FactKind.CUSTOMER_NUMBER,
        r"(?:klant|relatie|debiteur(?:en)?|lid(?:maatschaps)?|leden|client|cliënt|abonnee|deelnemers?|"
        r"customer|client|kunden|account|contact|gebruikers?|membership|member|contract|polis|patiënt|"
        r"leerling|studenten|student|personeels|abonnements?|klantenkaart|pas|kaart|lidkaart|dossier|rel|deb|kl)"
        r"(?:en)?(?:[ -]|\. ?)?(?:nummers?|nrs?|no|number|id|code|ref)\b"
        r"|\b(?:klant|customer|client|cliënt|cliënte|kunde|lid|relatie|debiteur|abonnee|contract|polis|account|"
        r"klantenkaart|lidkaart|spaarkaart|deelnemer|huurder|"
        r"dossier)\b(?=\W{0,3}(?:nummer|nr|no|onder|"
        r"met|number|[A-Z]{0,3}[-.]?\d))"
        r"|\b(?:num[eé]ro|n[°ºo]\.?) (?:de )?client|\bklnr"
        r"|\b(?:nummer|nr\.?|code|kenmerk) (?:waaronder|waarmee|dat|is|bij|van mij bij)\b.{0,12}\b(?:u|jullie)\b"
        r"|\bonder (?:het |mijn )?(?:nummer|nr)\b"
        rf"|\b(?!(?:{_NOT_THEIRS})(?:nummer|nr))[a-z]{{2,14}}(?:nummer|nr)\b"
        r"|\b(?:bekend|geregistreerd|ingeschreven|staan?|sta ik|klant) (?:bij (?:u|jullie) )?(?:onder|met)\b"
        r"(?= (?:het )?"
        r"(?:nummer|nr|[A-Z]{0,3}[-.]?\d{4}))",
    ),
    (
        FactKind.INVOICE_NUMBER,
        r"(?:pro ?forma[ -]?)?\w{0,10}(?:factuur|faktuur|fakturen|facturen|fact|invoice|facture|rechnungs?|"
        r"creditfactuur|creditnota|nota|rekening(?!-?n)|kwitantie|aanmaning|declaratie|verzamelfactuur)s?"
        r"[ -]?(?:nummers?|nrs?|no|number|id)?\b",
    ),
    (
        FactKind.ORDER_NUMBER,
        r"(?:order|bestel(?:ling(?:en)?)?|bestell|bestellung|commande|pakket|zending|purchase|aankoop|retour|"
        r"boeking|booking|reservering|reserverings|boekings|boekingsbevestiging|buchung|buchungs|application|"
        r"webshoporder|inkooporder|pakbon|vracht|opdracht|leverbon|bon|cadeaukaart|bestel|ordre)s?"
        r"[ -]?(?:nummers?|nrs?|no|number|id|code|bon)?\b"
        r"|\border(?:ed|de|ing)?\b",
    ),
)
_CUED = tuple((kind, re.compile(rf"\b(?:{cue}){_FILL}{_NUMBER}", _ANY_CASE)) for kind, cue in _CUES)
_STEMS = {  # one of these stands in every cue: they are looked for first
    FactKind.CUSTOMER_NUMBER: re.compile(
        "klant|relatie|debiteur|lid|leden|client|cliënt|abon|deeln|custom|kund|account|contact|gebruik|member|contract|"
        r"polis|pati|leerling|student|personeel|dossier|kaart|pas|huurder|rel\.|kl\.|nummer|nr|code|kenmerk|"
        "bekend|geregistreerd|ingeschreven|sta"
    ),
    FactKind.INVOICE_NUMBER: re.compile(
        "fa[ck]tu|fakt|fact|invoice|rechnung|nota|rekening|kwitantie|aanmaning|declara"
    ),
    FactKind.ORDER_NUMBER: re.compile(
        "order|ordre|bestel|commande|pakket|zending|purchase|aankoop|retour|boek|book|reserv|buch|application|bon|vracht|"
        "opdracht|kaart"
    ),
}
_INVOICES = re.compile(r"fa[ck]tu|nota|invoice|boekhoud|kosten|betaal|rekening", _ANY_CASE)
_INVOICE_SHAPE = re.compile(
    r"(?<![\w./-])((?:[A-Z]{1,3}[-.]?)?20[12]\d[-/.]?\d{3,6}|20[12]\d-\d{2}-\d{3}|F-?2\d[-/.]?\d{3,5})(?![\w-]|[./]\d)"
)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:\d\d|(?:19|20)\d\d))?")
_YEAR = re.compile(r"(?:19|20)\d{2}")
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
    if any(cue in low for cue in ("kvk", "k.v.k", "koophandel", "handelsregister", "chamber", "coc")):
        yield from _kvks(text)
    if "code" in low:
        for match in _CODE.finditer(text):
            yield Fact(FactKind.CODE, digits(match.group(1)), match.start(1), match.end(1), False)


def cued_facts(text: str) -> Iterator[Fact]:
    """Customer, invoice and order numbers: always after a word that says so."""
    low = text.lower()
    for kind, pattern in _CUED:
        for match in pattern.finditer(text) if _STEMS[kind].search(low) else ():
            following: re.Match[str] | None = match
            while following is not None and _believable(
                kind, following.group(1), text[following.end(1) : following.end(1) + 12]
            ):
                yield Fact(kind, following.group(1).upper(), following.start(1), following.end(1), False)
                following = _MORE.match(text, following.end(1))

    if _INVOICES.search(text):  # "en ook 2024/131": the year gives it away
        for found in _INVOICE_SHAPE.finditer(text):
            yield Fact(FactKind.INVOICE_NUMBER, found.group(1), found.start(1), found.end(1), False)


_SIGNED = re.compile(
    r"[ \t]*(?:,[ \t]*|\n|\(|[-|/·][ \t]*)(?:nr\.? |no\.? )?([A-Z]{1,4}-?\d{3,6}|\d{5,7})\)?[ \t]*(?=\n|$)"
)


def signed_numbers(text: str, names: Sequence[Fact]) -> Iterator[Fact]:
    """A number right behind the name that signs: people put their customer number there."""
    for name in names:
        match = _SIGNED.match(text, name.end)
        if match is not None and text.rfind("\n", 0, name.start) >= 0:
            yield Fact(FactKind.CUSTOMER_NUMBER, match.group(1), match.start(1), match.end(1), False)


def tagged_numbers(text: str, spans: Sequence[tuple[FactKind, int, int]]) -> Iterator[Fact]:
    """What the tagger takes for one, where no word right before it says so."""
    for kind, start, end in spans:
        if _believable(kind, text[start:end], text[end : end + 12]):
            yield Fact(kind, text[start:end].upper(), start, end, False)


def _believable(kind: FactKind, number: str, after: str) -> bool:
    count = len(digits(number))
    if re.match(
        r"\s?(?:euro?\b|€|jaar|dagen|weken|maanden|keer|x\b|uur|stuks|januari|februari|maart|april|mei|juni|"
        r"juli|augustus|september|oktober|november|december|jan|feb|mrt)",
        after,
    ):
        return False
    if _YEAR.fullmatch(number) or _DATE.fullmatch(number):
        return False
    if kind is FactKind.CUSTOMER_NUMBER and count and number[0].isalpha() and len(number) >= 4:
        return True  # announced, and written as none but a number is: PSH1
    if count == 2 and number.isalnum() and not number.isdigit() and len(number) >= 6:
        return True  # a booking code: CAR8KLQ2
    return count >= (3 if kind is FactKind.CUSTOMER_NUMBER or not number.isdigit() else 4) and count <= 16


def phone_facts(text: str) -> Iterator[Fact]:
    """Dutch and Belgian numbers, and foreign ones with their country code."""
    for match in _PHONE.finditer(text):
        yield _phone(match.group(), match.start(), match.end())
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
        yield _vat(match, vat.validate)
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
    for match in _BSN.finditer(text):
        value = digits(match.group(1))
        if len(value) in (8, 9):
            yield Fact(FactKind.BSN, value, match.start(1), match.end(1), bool(bsn.is_valid(value)))


def _kvks(text: str) -> Iterator[Fact]:
    """Eight digits near the word; "oud 01077245 nieuw 93110876" gives both."""
    reached = -1
    cues = [match.end() for match in _KVK.finditer(text)]
    for match in _EIGHT.finditer(text):
        near = any(0 <= match.start() - cue <= _KVK_REACH for cue in cues) or 0 <= match.start() - reached <= _KVK_REACH
        if near and reached != match.start():
            reached = match.end()
            yield Fact(FactKind.KVK, digits(match.group(1)), match.start(1), match.end(1), True)


def digits(found: str) -> str:
    return "".join(char for char in found if char in "0123456789")
