"""Customer, invoice and order numbers: what a word before them, the talk before them or the tagger tells.

They have no check of their own. The number of a request, a ticket or a vacancy is none of these. From the surest way
to the loosest: a cue right before it, a word behind it, the tagger, the last cue in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cases.reading import Fact, FactKind
from nlp.fact_numbers import digits

_ANY_CASE = re.IGNORECASE
_FILL = (
    r"(?:[\s:#.,=(–-]|nummers?|nrs?\b|no\b(?!-)|num\b|number|numero|numéro|id\b|code\b|is\b|was\b|war\b|met\b|"
    r"het\b|bij\b|u\b|jullie\b|mijn\b|onze\b|van\s(?:mij|ons)|luidt|dat\b|"
    r"onder\b|n[°º]|№|nog\b|volgens\smij|dacht\sik|denk\sik|gewoon\b|ref\b|referentie|kenmerk|oud|nieuw|zit\b|"
    r"ben\b|ik\b|bekend|staat|staan|the\b|my\b|our\b|lautet|ist\b|est\b|van (?:de|het|mijn|die|deze|onze) \w+|"
    r"moet|zijn\b|wel\b|geloof ik|zou|hier|op (?:de|het|mijn|uw|jullie) \w+|op\b|(?-i:de)\b(?![ -]?\d)|"
    r"factuur\b|hebben\b|(?<=,\s)[a-zà-ÿ][^,.:\d\n]{3,40},\s|\([^()\d\n]{3,40}\)){0,9}"
)
_SPACED = (
    r"(?-i:[A-Z]{1,5})-\d{2,4}(?: \d{3})+|(?-i:(?!en|om|op|al|er|te|in|ik|of|nu|ca|nr|no)[a-z]{2}) \d{3,}(?: \d{2,})*|"
    r"(?-i:[A-Z]{1,4})(?: \d{1,4}){2,4}|(?-i:[A-Z]{2,5}) \d{2}-\d{2,5}|(?-i:[A-Z]{4,5}) \d{4,6}|"
    r"(?-i:[A-Z]{1,3}) \d{2,}(?:[./-]\d+)*(?: (?-i:[A-Z])(?=[.,;)\n]|$))?|"
    r"\d{1,4}(?: \d{2,4}){1,3}(?:/[A-Z]{1,2}(?![a-z])| \d(?!\d|[,.]\d))?"
    r"(?! ?(?:jan|feb|maart|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec|euro|\d))"
)
_PLAIN = r"(?:[A-Z]{1,6}[-./_#]?){0,2}\d(?:[A-Z\d]|[-./_](?=[A-Z\d]))*"
_NUMBER = rf"(?<![\w€])({_SPACED}|{_PLAIN})(?![\w%]|,\d|-\d)"
_MORE = re.compile(rf"\s?(?:,|en|of|and|und|et|&|\+)\s{{1,2}}{_NUMBER}", _ANY_CASE)
_NOT_THEIRS = (  # "...nummer" that is no number of a customer
    "buchungs?|rechnungs?|auftrags?|bestell(?:ings?)?|booking|lever|inkoop|po|opdracht|reis|fout|storings?|personeels?|pers|medewerkers?|werknemers?|vorderings?|aanslag|antwoord|"
    "lot|vergunnings?|claim|schade|polder|gespreks?|rol|beco?n?|art|verplichtingen|diagnostic|"
    "huis|huur|telefoon|tel|bel|mobiele?|gsm|fax|doorkies|service|info|alarm|nood|toestel|rekening|bank|creditcard|pin|"
    "burgerservice|bsn|sofi|paspoort|rijbewijs|document|kvk|btw|handelsregister|vestigings?|factuur|fact|nota|order|"
    "bestel|bestelbon|leverbon|inkooporder|bon|pakbon|boekings?|reserverings?|retour|pakket|zending|verzend|"
    "track|volg|serie|model|type|artikel|ean|imei|"
    "chassis|meter|kenteken|ticket|zaaks?|dossier|contract|polis|licentie|overeenkomst|case|incident|meldings?|aanvraag|verzoek|controle|reactie|vacature|"
    "proces|verbaal|versie|hoofd|post|kamer|pagina|magazine|ronde?|deel|rang|start|rug|stamboek"
)
_CUES = (
    (
        FactKind.CUSTOMER_NUMBER,
        r"(?:klant|relatie|debiteur(?:en)?|lid(?:maatschaps)?|leden|client|cliënt|abonnee|deelnemers?|"
        r"customer|client|kunden|account|contact|gebruikers?|membership|member|patiënt|"
        r"leerling|studenten|student|abonnements?|ab?bo|klantenkaart|pas|kaart|lidkaart|"
        r"rel|deb|kl)"
        r"(?:en)?(?:[ -]|\. ?)?(?:nummers?|nrs?|no|number|id|code|ref)\b"
        r"|\b(?:klant|customer|client|cliënt|cliënte|kunde|lid(?:maatschap)?|relatie|debiteur|abonnee|"
        r"ab?bo|abonnement(?= [A-Z]{0,4}-?\d{4})|account|\w*profiel|klantenkaart|lidkaart|spaarkaart|"
        r"deelnemer|huurder|cursist|donateur|gebruiker|"
        r"\w{4,14}account)(?:s|en)?\b(?=\W{0,3}(?:nummer|nr|no|onder|"
        r"met|number|(?-i:[A-Z]{1,4}) \d|[A-Z]{0,6}[-._#]?\d))"
        r"|\b(?:num[eé]ro|n[°ºo]\.?) (?:de )?client|\bklnr"
        r"|\b(?:nummer|nr\.?|code|kenmerk) (?:waaronder|waarmee|dat|is|bij|van mij bij)\b.{0,12}\b(?:u|jullie)\b"
        r"|(?<!besteld )(?<!geboekt )\bonder (?:het |mijn )?(?:nummer|nr)\b"
        r"|\bunder (?:the )?number\b|\bunter der nummer\b|\bsous le num[eé]ro\b"
        r"|(?<![\w-])(?:user(?:name)?|uid|inlognaam|login|(?:(?:klant|user|account|profiel|installatie)-?)?id)\b(?=\W{0,3}[a-z\d]{1,8}[-_]?\d)"
        r"|\blidm\.? ?nr\b|\b(?:kl|deb|rel)\. (?=[A-Z]{0,4}[-.]?\d)"
        rf"|\b(?!(?:{_NOT_THEIRS})(?:nummer|nr))[a-z]{{2,14}}(?:nummer|nr)\b"
        r"|\b(?:bekend|geregistreerd|ingeschreven|staan?|sta ik|klant|ken(?:t|nen) (?:u|jullie) (?:mij|ons)|"
        r"(?:u|jullie) ken(?:t|nen) (?:mij|me|ons)) (?:bij (?:u|jullie) )?(?:onder|met|als)\b(?= (?:het )?"
        r"(?:nummer|nr|(?-i:[A-Z]{1,4}) \d|[A-Z]{0,3}[-.]?\d{4}))"
        r"|\bbij (?:u|jullie) (?:[a-z]+ ){0,2}(?:onder|als)\b(?= (?-i:[A-Z]{0,4})[-./]?\d)"
        r"|\b(?:mijn|ons) (?:nummer|nr\.?) bij (?:u|jullie)\b\??",
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
        r"boeking|booking|boekings|(?:boekings|order|bestel|opdracht)bevestiging|reservering(?!scode)|buchung|buchungs|application|"
        r"webshoporder|inkoop(?:order)?|po|auftrags?|(?:reis|lever)(?=-?n)|vracht(?:brief)?|opdracht|bestel(?:bon)?|ordre)s?"
        r"(?:bon)?[ -]?(?:nummers?|nrs?|no|number|id|code)?\b"
        r"|\border(?:ed|de|ing)?\b|\b(?:geboekt|besteld) (?:onder|met)\b(?= [A-Z]{0,4}-?\d{4})",
    ),
)
_CUED = tuple((kind, re.compile(rf"\b(?:{cue}){_FILL}{_NUMBER}", _ANY_CASE)) for kind, cue in _CUES)
_STEMS = {  # one of these stands in every cue: they are looked for first; those of a customer are in most messages
    FactKind.INVOICE_NUMBER: re.compile(
        "fa[ck]tu|fakt|fact|invoice|rechnung|nota|rekening|kwitantie|aanmaning|declara"
    ),
    FactKind.ORDER_NUMBER: re.compile(
        "order|ordre|bestel|commande|pakket|zending|purchase|aankoop|retour|boek|book|reserv|buch|application|"
        "bon|vracht|opdracht|kaart|inkoop|po|auftrag|reis|lever"
    ),
}
_INVOICES = re.compile(r"fa[ck]tu|nota|invoice|boekhoud|kosten|betaal|voldaan|herinnering|rekening", _ANY_CASE)
_INVOICE_SHAPE = re.compile(
    r"(?<![\w./-])((?!20\d\d[-/]20[0-3]\d\b)(?:[A-Z]{1,3}[-.]?)?20[12]\d[-/.]?\d{3,6}|20[12]\d-\d{2}-\d{3}|F-?2\d[-/.]?\d{3,5})(?![\w-]|[./]\d)"
)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:\d\d|(?:19|20)\d\d))?")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_HOURS = re.compile(r"\d{1,2}-\d{1,2}")


def cued_facts(text: str) -> Iterator[Fact]:
    """Customer, invoice and order numbers: always after a word that says so."""
    low = text.lower()
    for kind, pattern in _CUED:
        for match in pattern.finditer(text) if kind not in _STEMS or _STEMS[kind].search(low) else ():
            if _FILED.search(text, max(match.start() - 64, 0), match.start()):
                continue
            more: re.Match[str] | None = match
            while more is not None and _believable(
                kind, more.group(1), text[more.end(1) : more.end(1) + 12], _is_named(text, match.start(1))
            ):
                yield Fact(kind, more.group(1).upper(), more.start(1), more.end(1), False)
                more = _MORE.match(text, more.end(1))
    if _INVOICES.search(text):  # "en ook 2024/131": the year gives it away
        for found in _INVOICE_SHAPE.finditer(text):
            if not _of_a_case(text, found.start()) and _cue_before(text, found.start()) not in ("customer", "order"):
                yield Fact(FactKind.INVOICE_NUMBER, found.group(1), found.start(1), found.end(1), False)


_BARE = re.compile(  # "nummer X-1": of what was the talk?
    r"(?:(?<!\w )(?<![\w-])(?<!pers\. )|\b(?:mijn|ons|us|m'n|mn|met|onder)(?: het| mijn)? )"
    r"(?:nr|nummer)\b[.:]? ?(?:(?:bij u )?is )?"
    r"((?:(?-i:[A-Z]{1,4})[-./ ]?\d|[1-9])[A-Z\d]*(?:[./-][A-Z\d]+)*)(?![\w-]| ?\d| (?:zwart|rood|hs|bis|huis)\b)",
    _ANY_CASE,
)
_TALK = re.compile(
    r"\b(?:(?P<order>\w*bestel\w*|\w*order|pakket\w*|pakje|paket|zending|boeking|geboekt|buchung|retour\w*|"
    r"gekocht|aankoop|annule\w+)|"
    r"(?P<customer>klant\w*|customer|kund\w*|cliente?|lid|leden\w*|abonn\w*|relatie\w*)|"
    r"(?P<invoice>\w*fa[ck]tu\w+|nota|rekening|rechnung|aanmaning)|"
    r"(?P<case>verzoek\w*|aanvraag|bezwaar|klacht|melding|aanslag|geregistreerd|ticket|zaak|vacature))\b",
    _ANY_CASE,
)
_OF_CUE = {"customer": FactKind.CUSTOMER_NUMBER, "invoice": FactKind.INVOICE_NUMBER, "order": FactKind.ORDER_NUMBER}


def bare_numbers(text: str) -> Iterator[Fact]:
    """Behind no more than "nummer": what was spoken of last tells the kind; a customer's when nothing was."""
    for match in _BARE.finditer(text):
        number = match.group(1)
        if len(digits(number)) < (2 if number[0].isalpha() else 4) or not _believable(
            FactKind.CUSTOMER_NUMBER, number, text[match.end() : match.end() + 12]
        ):
            continue
        talk = [found.lastgroup or "" for found in _TALK.finditer(text, max(match.start() - 150, 0), match.start())]
        if not talk or talk[-1] != "case":
            kind = _OF_CUE[talk[-1]] if talk else FactKind.CUSTOMER_NUMBER
            yield Fact(kind, number.upper(), match.start(1), match.end(1), False)


_SIGNED = re.compile(
    r"[ \t]*(?:,[ \t]*|\n|\(|[-|/·][ \t]*)(?:nr\.? |no\.? )?([A-Z]{1,4}-?\d{3,6}|\d{5,7}|"
    r"[1-9]\d{0,4}(?:[.-]\d{2,4}){2})\)?[ \t]*(?=\n|$)"
)


def signed_numbers(text: str, names: Sequence[Fact]) -> Iterator[Fact]:
    """A number right behind the name that signs: people put their customer number there."""
    for name in names:
        match = _SIGNED.match(text, name.end)
        if match is not None and text.rfind("\n", 0, name.start) >= 0:
            yield Fact(FactKind.CUSTOMER_NUMBER, match.group(1), match.start(1), match.end(1), False)


_FILED = re.compile(
    r"\b(?:bericht|verzoek|melding|klacht|zaak|bezwaar)\w* (?:is|staat|werd|wordt)\b[^.\n]{0,30}$", _ANY_CASE
)
_BEFORE_IT = re.compile(r"(?<![\w./@-])(?:[A-Z\d]{1,5}[-./]?|[A-Za-z]{1,8}_)$")
_BEHIND_IT = re.compile(r"(?:[-./_]?[A-Za-z\d])*(?![@\w])")
_CASE = re.compile(
    r"\b(?:ref|referentie|verzoek|ticket|zaak|claim|melding|offerte|project|vacature|kenmerk|serie|artikel|"
    r"dossier(?!-?(?:nummer|nr))|licentie|ubn|handle|"
    r"proces-verbaal|"
    r"incident|personeels?|pers)(?:nummer|nr)?\W{1,3}(?:met |onder |is )?(?:nr\.? |nummer )?$",
    _ANY_CASE,
)


def _of_a_case(text: str, start: int) -> bool:
    """A request, ticket or vacancy has a number too; that is no fact of the sender."""
    before = max(start - 64, 0)
    return (_CASE.search(text, before, start) or _FILED.search(text, before, start)) is not None


def _written_whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The tagger's words may be pieces of it: DK-0917-12P."""
    match = _BEFORE_IT.search(text, max(start - 8, 0), start)
    after = _BEHIND_IT.match(text, end)
    return match.start() if match is not None else start, after.end() if after is not None else end


def _by_talk(text: str, start: int) -> FactKind | None:
    """The kind, when the words right before speak of an order or an invoice and of nothing else."""
    said = {found.lastgroup or "" for found in _TALK.finditer(text, max(start - 40, 0), start)}
    return _OF_CUE.get(said.pop()) if len(said) == 1 else None


def tagged_numbers(text: str, spans: Sequence[tuple[FactKind, int, int]]) -> Iterator[Fact]:
    """What the tagger takes for one, where no word right before it says so."""
    for kind, first, last in spans:
        start, end = _written_whole(text, first, last)
        if (strong := _STRONG.match(text, start)) is not None:
            end = max(end, strong.end())
        if not text[end - 1].isalnum():
            continue
        cue = _cue_before(text, start)
        if cue != "other" and _believable(kind, text[start:end], text[end : end + 12]) and not _of_a_case(text, start):
            said = _OF_CUE.get(cue) or _by_talk(text, start) or _OF_CUE.get(_cue_behind(text, end))
            yield Fact(said or kind, text[start:end].upper(), start, end, False)


_NO_REFERENCE = re.compile(
    r"^\d{1,2}(?:\.\d){2,}$|^\d{1,3}(?:\.\d{1,3}){3}$|"
    r"\.(?:sql|csv|pdf|xlsx?|docx?|jpe?g|png|zip|txt|html?|json|xml|eml|msg)$",
    _ANY_CASE,
)  # a version, an address on the net, a file


def _believable(kind: FactKind, number: str, after: str, named: int = 0) -> bool:
    count = len(digits(number))
    if _NO_REFERENCE.search(number) or re.match(
        r"\s?(?:euro?\b|€|jaar|dagen|weken|maanden|keer|x\b|uur|stuks|januari|februari|maart|april|mei|juni|"
        r"juli|augustus|september|oktober|november|december|jan|feb|mrt)",
        after,
    ):
        return False
    if (
        _YEAR.fullmatch(number)
        or (not named and (_DATE.fullmatch(number) or _HOURS.fullmatch(number)))
        or (number[0] == "0" and number.isdigit() and 9 <= count <= 11)
    ):
        return False
    if (
        (kind is FactKind.CUSTOMER_NUMBER and count and number[0].isalpha() and len(number) >= 4)  # announced: PSH1
        or (kind is FactKind.ORDER_NUMBER and count > 1 and number[0].isalpha() and "-" in number)  # TX-55
        or (count == 2 and number.isalnum() and not number.isdigit() and len(number) >= 6)  # booking: CAR8KLQ2
    ):
        return True
    if named == 2 and kind is FactKind.CUSTOMER_NUMBER and count > 1:
        return count <= 16
    return count >= (3 if kind is FactKind.CUSTOMER_NUMBER or not number.isdigit() else 4) and count <= 16


_CUE_WORD = re.compile(  # the words that tell of what a number is, and those that tell it is of something else
    r"(?P<other>ticket|melding|sleutel|betalingsk|sollicit|\bcase|\bchatn|\bart\b|gutschein|voucher|klacht|verzoek|bezwaar|zaak(?!\w*klant)|offerte|"
    r"contract|polis|dossier|licentie|overeenkomst|pakbon|kassabon|\bbon\b|seri[ea]|model|artikel|product|meter|kenteken|iban|bankrek|rekeningn|kvk|koophandel|btw|\btel\b|telefoon|mobiel|"
    r"versie|fout|error|personeel|\bpers\b|vacature|project|huisn|postcode|claim|incident|proces|schade|vestiging|ean\b|imei|"
    r"chassis|certific|install|consent|toestel|\bcode|bedrag|bsn|aangifte|parketn|beschikking|vergunning|vordering|"
    r"server|poort\b|\bt(?:rack|race)|barcode|score|api\b|\b\w*stand\b|(?:ons|onze|eigen) (?:ref|dossier|kenmerk))"
    r"|(?P<invoice>fa[ck]tu|\bfact\b|\b\w{0,8}nota\b|rekening|rechnung|invoice|aanmaning|declaratie|kwitantie)"
    r"|(?P<order>order|bestel|pakket|pakje|paket|zending|levering|\b\w{0,6}bon\b|boeking|booking|reserver(?!ingscode)|opdracht|aankoop|"
    r"annul|retour|\brma\b|aanvraag|commande|buchung)"
    r"|(?P<customer>klant|relatie|debiteur|\bdeb(?:nr)?\b|\blid\b|\blid(?:m|n|k)|cli[eë]nt|abonn|account(?!ant)|"
    r"\b\w{0,10}(?:pas|kaart)(?:nr|nummer)?\b|deelnem|customer|member|kunden|"
    r"huurder|leerling|donateur|cursist)",
    _ANY_CASE,
)
_STRONG = re.compile(
    r"(?<![\w€./,@-])(?<!EUR )((?-i:[A-Z]{1,5})(?<!EUR) \d{2,5}(?: \d{2,4})*|\d{2,4}(?: \d{2,4}){1,3}(?: \d(?!\d))?|"
    r"(?:[A-Z]{1,5}[-./_#]?){0,2}\d(?:[A-Z\d]|[-./_](?=[A-Z\d]))*)"
    r"(?![\w%@]|,[\d-]|-\d| ?(?:€|euro|x\b|cm\b|mm\b|kg\b|kwh|m2|m3))",
    _ANY_CASE,
)
_QUANTITY = re.compile(
    r"[1-9]\d{2,}00|\d(?:\.\d{1,2}){2,}|\d\d?\.\d\d|[1-9]\d{0,2}(?:\.\d{3})+|"
    r"(?:19|20)\d\d[-/](?:19|20)\d\d|\d\d? \d\d? (?:19|20)\d\d"
)
_NUMBER_WORD = re.compile(
    r"(?:(?:nummers?|nrs?\b|number|\bno\b)\W{0,3}(?:is )?|"
    r"(?P<sure>\b(?:klant|debiteur|relatie|(?<!\d )lid|abonnee|kl|deb|rel)(?:nummer|nr)?[.:]?) )$",
    _ANY_CASE,
)
_REACH = 60
_BREAK = re.compile(r"(?<!nr)(?<!no)[.!?](?=\s+[A-ZÀ-Ý])|\n\n")


def _is_named(text: str, start: int) -> int:
    """1: right behind "number"; 2: right behind a word for a customer."""
    match = _NUMBER_WORD.search(text, max(start - 18, 0), start)
    return 0 if match is None else 2 if match["sure"] else 1


def _cue_before(text: str, start: int) -> str:
    """The last word in this sentence that tells of what a number is: the name of its class, or ""."""
    first = max(start - _REACH, 0)
    for stop in _BREAK.finditer(text, first, start):
        first = stop.end()
    return next((found.lastgroup or "" for found in reversed(list(_CUE_WORD.finditer(text, first, start)))), "")


_FOUND_BY = re.compile(  # "Op de wikkel staat X, daarmee vindt u mij"
    r"[^.!?\n\d]{0,20}\b(?:(?:daar|hier|waar)(?:aan|mee|onder|bij)\b[^.!?\n]{0,30}(?:vind|herken|opzoek|kent\b)|"
    r"(?:kunt|kunnen|kun|kan) (?:u|jullie|je) (?:mij|me|ons) [^.!?\n\d]{0,20}(?:vind|herken|opzoek))",
    _ANY_CASE,
)


def _cue_behind(text: str, end: int) -> str:
    """The first such word behind it, where no other number comes between: "88120 is er niet, die bestelling"."""
    near = _NEAR.match(text, end)
    found = _CUE_WORD.search(text, end, near.end() if near is not None else end)
    return found.lastgroup or "" if found is not None and not _ITS_OWN.match(text, found.end()) else ""


_NEAR = re.compile(r"[^\d\n]{0,45}")
_ITS_OWN = re.compile(r"[a-z]*\W{0,3}(?:(?:nummer|nr)\W{0,3})?[A-Za-z]{0,4}[-./]?\d")


def told_numbers(text: str) -> Iterator[Fact]:
    """Written as a number of something is, in a sentence that spoke of a customer, an invoice or an order last."""
    for match in _STRONG.finditer(text):
        number = match.group(1)
        count = len(digits(number))
        named = _is_named(text, match.start())
        least = 5 if number.isdigit() else 4 if number.replace(" ", "").isdigit() else 3
        if count < (least if not named else 3) or (not named and _QUANTITY.fullmatch(number)):
            continue
        kind = _OF_CUE.get(_cue_before(text, match.start())) if count < 9 or number[0] != "0" else None
        if kind is None and not _cue_before(text, match.start()):
            kind = _OF_CUE.get(_cue_behind(text, match.end())) if not _of_a_case(text, match.start()) else None
        if kind is None and _FOUND_BY.match(text, match.end()):
            kind = FactKind.CUSTOMER_NUMBER
        if (
            kind is not None
            and _believable(kind, number, text[match.end() : match.end() + 12], named)
            and not (kind is FactKind.CUSTOMER_NUMBER and _of_a_case(text, match.start()))
        ):
            yield Fact(kind, number.upper(), match.start(1), match.end(1), False)


_NAMED_BEHIND = re.compile(
    rf"{_NUMBER}(?:\)|\s?[,=:(-])?\s?(?:(?:is|zijn|was|waren|als|dat is|dat zijn|dat was|staat als)\s)?"
    r"(?:(?:mijn|m'n|me|ons|onze|het|de|jullie|uw)\s)?(?:(?P<customer>(?:klant|relatie|debiteur(?:en)?|cli[eë]nt|"
    r"lid(?:maatschaps)?|abonnee|abonnements?|account)-?(?:nummers?|nr|id|code)\b)|"
    r"(?P<invoice>(?:factuur|nota)-?(?:nummers?|nrs?)\b)|"
    r"(?P<order>(?:order|bestel(?:lings)?|boekings?)-?(?:nummers?|nrs?)\b))"
    r"(?!\W{0,3}(?:is |: ?)?[A-Z]{0,4}[-.]?\d)",
    _ANY_CASE,
)
_HAS_NUMBER_WORD = re.compile(r"nummer|nrs?\b|code\b|id\b", _ANY_CASE)
_ONE_MORE_BEFORE = re.compile(rf"{_NUMBER}(?:,| en|,? en|/| &| \+)? ?$", _ANY_CASE)


def numbers_named_behind(text: str) -> Iterator[Fact]:
    """ "55120 en 55128 dat zijn de bestelnummers": the word comes last."""
    for match in _NAMED_BEHIND.finditer(text) if _HAS_NUMBER_WORD.search(text) else ():
        kind = _OF_CUE[match.lastgroup or ""]
        number: re.Match[str] | None = match
        while number is not None and _believable(kind, number.group(1), ""):
            yield Fact(kind, number.group(1).upper(), number.start(1), number.end(1), False)
            number = _last_before(text, number.start(1))


def _last_before(text: str, end: int) -> re.Match[str] | None:
    return next((m for at in range(max(end - 16, 0), end) if (m := _ONE_MORE_BEFORE.match(text, at, end))), None)


_UNIT = r"(?:nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen)"
_IN_WORDS = (
    rf"(?:dubbel {_UNIT}|(?:{_UNIT}(?:en|ën))?(?:twin|der|veer|vijf|zes|zeven|tach|negen)tig|"
    rf"(?:der|veer|vijf|zes|zeven|ach|negen)tien|tien|elf|twaalf|{_UNIT})(?![a-zà-ÿ])"
)
_PIECE = rf"(?:{_IN_WORDS}|\d{{1,6}}(?![\w.,/-]*\d)|(?-i:[A-Z])(?: van [a-zà-ÿ]+)?(?!\w))"
_IN_PIECES = rf"(?<!\w)(?P<pieces>{_PIECE}(?: (?:(?:dash|streepje?|slash|punt) )?{_PIECE}){{1,9}})"
_ENDED = r"(?![\w%€]|[-./]\w|,\d| ?(?:keer|x\b|euro|dagen|jaar))"
_NAMED = tuple(
    (
        kind,
        re.compile(
            rf"\b(?:{words})(?P<named>s?[ -]?(?:nummer|nr|code)s?\b\.?)?(?:[\s:(=#.]|is\b|luidt\b|daar\b|"
            rf"bij (?:u|jullie)\b){{1,5}}(?:{_IN_PIECES}|(?P<little>[1-9]\d{{0,2}})){_ENDED}",
            _ANY_CASE,
        ),
    )
    for kind, words in (
        (
            FactKind.CUSTOMER_NUMBER,
            r"klant|relatie|debiteur(?:en)?|lid(?:maatschap)?|cli[eë]nt|abonn?ee|abonnement|account|"
            r"profiel|deelnemer|mijn(?= nummer)",
        ),
        (FactKind.INVOICE_NUMBER, r"factuur|nota|rekening"),
        (FactKind.ORDER_NUMBER, r"order|bestel(?:ling)?|boeking|vracht"),
    )
)
_OTHER_ROW = re.compile(r"(?:0|nul )[1-9a-z]\w{0,3}(?: ?\w+){2,}$|nul zes|\d\d? \d\d? (?:19|20)\d\d")  # a phone, a date


def dictated_numbers(text: str) -> Iterator[Fact]:
    """In pieces, as they are spoken or copied: "klantnummer 77 0 55", "vier vier acht een twee"; or very short."""
    for kind, pattern in _NAMED:
        for match in pattern.finditer(text):
            if match["little"] is not None:
                if match["named"] and kind is not FactKind.ORDER_NUMBER:
                    yield Fact(kind, match["little"], match.start("little"), match.end("little"), False)
            elif (any(map(str.isdigit, match["pieces"])) or match["named"]) and not _OTHER_ROW.match(match["pieces"]):
                value = " ".join(match["pieces"].split()).upper()
                yield Fact(kind, value, match.start("pieces"), match.end("pieces"), False)
