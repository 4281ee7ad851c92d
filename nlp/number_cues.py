"""The words that tell of what a number is: a member, a loan card, an invoice, a stay, a machine, a complaint.

Lives here: the table of cues, and finding them. What they mean for a number beside them is learned
(`number_features`, `train_references`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CUES = (  # sort of cue, of what it tells, in small letters; of two that begin together the first counts
    (
        "staff",
        "other",
        r"personeel|\bpers\b|medewerk|werknem|collega|in dienst|\bwerk (?:bij|voor)|loonstrook|salaris|rooster|"
        r"sollicit|vacature",
    ),
    (
        "ticket",
        "other",
        r"ticket|melding|\bmeld|\bcase|\bchatn|klacht|verzoek|bezwaar|zaak|dossier|incident|claim|schade|aangifte|"
        r"parketn|beschikking|vergunning|vordering|(?:ons|onze|eigen|uw) (?:ref|kenmerk)",
    ),
    ("contract", "other", r"offerte|contract|polis|licentie|licence|overeenkomst"),
    (
        "code",
        "other",
        r"gutschein|voucher|coupon|sleutel|(?<!\w)code\b|"
        r"(?:kortings|actie|toegangs|pin|upload|fout|foto|qr|inlog|meld)code|consent|barcode",
    ),
    ("bank", "other", r"betalingsk|\biban|bankrek|rekeningn|kvk|koophandel|btw|bedrag|bsn|mededeling|transactie|batch"),
    ("phone", "other", r"\btel\b|telefoon|mobiel|\bgsm\b|bel me"),
    (
        "thing",
        "other",
        r"\bart\b|art\.|pakbon|packing|kassabon|\bbon\b|seri[ea]|model|artikel|product|meter|kenteken|versie|fout|error|"
        r"project|huisn|postcode|proces|vestig|ean\b|imei|chassis|frame|certific|install|toestel|server|poort\b|"
        r"\bt(?:rack|race)|score|api\b|stand\b|lot(?:nummer|en)|kamer|lijn|bus\b|vlucht|stoel|wedstrijd|driver|machine|"
        r"rugnummer|startn|kluis",
    ),
    (
        "invoice",
        "invoice",
        r"fa[ck]tu|\bfact\b|nota\b|nota['’]?s|rekening|\brek\b|rechnung|invoice|\binv\b|aanmaning|reminder|declaratie|"
        r"kwitantie|credit(?!eur)|voldaan\b",
    ),
    ("stay", "order", r"boek|booking|reserv|\bres\b|buchung|inschrijving"),
    (
        "order",
        "order",
        r"order|bestel|pakket|pakje|pakske|paket|zending|lever(?!anc)|\bbst\b|opdracht|aankoop|gekocht|retour|\brma\b|"
        r"commande|vracht|\bpo\b",
    ),
    (
        "school",
        "customer",
        r"leerling|student|scholier|\blln|cursist|kandidaat|school\.?(?:nr|nummer)|kind(?:nr|nummer)",
    ),
    ("care", "customer", r"pati[eë]nt|\bpat(?:nr)?\b|verzekerde"),
    ("home", "customer", r"huurd?e?r?s?n|huurder|eigenaar"),
    (
        "member",
        "customer",
        r"\blid\b|\blid(?:m|n|k)|leden|member|donateur|deelnem|speldje|"
        r"(?:ver(?:enigings)?|bonds|aansluitings|inschrijf|registratie)\.?(?:nr|nummer)",
    ),
    (
        "reader",
        "customer",
        r"abb?onn?|\babo\b|lezer|lener|wikkel|adres(?:band|strook|label|drager)",
    ),
    ("user", "customer", r"account(?!ant)|gebruiker|\buser|\buid\b|profiel|login"),
    ("card", "customer", r"pas(?:nr|nummer|je)?\b|kaart(?:nr|nummer|je)?\b"),
    (
        "client",
        "customer",
        r"klant|relatie|\brel\b|\breln|debiteur|\bdeb(?:nr)?\b|cli[eë]nt|customer|\bcust\b|kunden|begunstig|afnemer|"
        r"crediteur|\bkl\b|\bklnr",
    ),
    (
        "known",
        "customer",
        r"\bbij (?:u|jullie)\b|\b(?:ge)?ken[dt]\b|\bbekend\b|\bsta(?:an)? (?:ik|wij|we)\b|"
        r"\bvind(?:t|en)? (?:u|jullie|je) (?:mij|me|ons)\b",
    ),
)
_OF = {sort: of for sort, of, _ in _CUES}
_LETTER = r"(?=[^\W\d_])"  # each begins with one: looked at first, it is half the time
_ANY = re.compile(_LETTER + "(?:" + "|".join(f"(?P<{sort}>{words})" for sort, _, words in _CUES) + ")")


class Cue(NamedTuple):
    of: str  # "customer", "invoice", "order" or "other"
    sort: str
    word: str
    start: int
    end: int


NO_CUE = Cue("", "", "", 0, 0)


def cues_of(text: str) -> list[Cue]:
    """In the order they stand."""
    low = text.replace("İ", "i").lower()  # no other letter grows when it is made small
    return [
        Cue(_OF[match.lastgroup], match.lastgroup, match.group(), *match.span())
        for match in _ANY.finditer(low)
        if match.lastgroup is not None
    ]
