"""Dutch words for stored values, as staff see them. Texts for requesters are in `web/texts/`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cases.types import Label
from web.audit_words import AUDIT
from web.letter_words import GROUNDS
from web.show import moment
from web.work_words import CLOSABLE, PAGES, URGENT_WORK, WORK, WORK_SHORT

__all__ = ["AUDIT", "CLOSABLE", "PAGES", "URGENT_WORK", "WORK", "WORK_SHORT"]  # named from here, like all words

LABELS: Mapping[str, str] = {
    "inzage": "Inzage",
    "correctie": "Correctie",
    "verwijdering": "Verwijdering",
    "klacht": "Klacht",
    "afmelden": "Afmelden",
    "overdracht": "Overdracht",
    "beperking": "Beperking",
    "bezwaar": "Bezwaar",
    "intrekken": "Toestemming intrekken",
    "besluit": "Automatisch besluit",
    "vraag": "Vraag",
    "status": "Stand van zaken",
    "annuleren": "Verzoek laten vallen",
    "overig": "Overig",
}
CHOICES = tuple(label for label in Label if label is not Label.OVERIG)

STATES: Mapping[str, str] = {
    "received": "ontvangen",
    "identifying": "wacht op bewijs van identiteit",
    "preparing": "wordt voorbereid",
    "awaiting_approval": "concept klaar",
    "executing": "goedgekeurd, gaat weg",
    "answered": "beantwoord",
    "refused": "afgewezen",
    "withdrawn": "ingetrokken",
    "transferred": "doorgestuurd",
    "expired": "gesloten: geen reactie",
}
AWAITING: Mapping[str, str] = {
    "nobody": "",
    "requester": "de verzoeker is aan zet",
    "staff": "wij zijn aan zet",
    "source": "een systeem is aan zet",
}
ASSURANCE: Mapping[int, str] = {
    0: "niets bekend",
    1: "adres alleen beweerd",
    2: "postvak bewezen met code",
    3: "code naar bekend adres",
    4: "tweede bewijs",
    5: "bevestigd door een medewerker",
}
IDENTIFIERS: Mapping[str, str] = {
    "email": "e-mailadres",
    "customer_number": "klantnummer",
    "domain": "domein",
    "phone": "telefoon",
    "invoice_number": "factuurnummer",
    "order_number": "bestelnummer",
    "first_order_month": "maand van eerste bestelling",
    "postcode": "postcode",
    "name": "naam",
}
AWAITED: Mapping[str, str] = {
    "": "geen vraag open",
    "code": "wacht op de code",
    "on_file": "hierheen ging een code voor een ander gesprek",
    "clarify": "wacht op verduidelijking",
    "other_address": "gevraagd: vroeg u dit vanaf een ander adres?",
    "choice": "gevraagd wat de verzoeker bedoelt",
    "address": "gevraagd naar het e-mailadres",
}
TERMS: Mapping[str, str] = {
    "legal": "Wettelijke termijn",
    "promise": "Belofte in de verklaring",
    "service": "Eigen norm",
    "identity_reminder": "Herinnering identiteit",
    "identity_silence": "Geen antwoord op de vraag wie dit is",
    "warn_day_14": "Waarschuwing dag 14",
    "warn_day_21": "Waarschuwing dag 21",
    "warn_5_days": "Waarschuwing: 5 werkdagen",
    "warn_2_days": "Waarschuwing: 2 werkdagen",
    "overdue": "Te laat",
    "draft_waiting": "Concept wacht",
    "link_expiry": "Link verloopt",
    "breach_72h": "Melding datalek (72 uur)",
    "kept_record_end": "Einde bewaartermijn",
}
MAIN_TERMS = frozenset({"legal", "promise", "service", "breach_72h", "kept_record_end"})

DECISIONS: Mapping[str, str] = {
    "granted": "ingewilligd",
    "partly": "deels ingewilligd",
    "refused": "afgewezen",
    "nothing_found": "niets gevonden",
    "information": "informatie",
    "transferred": "doorgestuurd",
}
DRAFTS: Mapping[str, str] = {
    "open": "wacht op goedkeuring",
    "second_person": "wacht op tweede persoon",
    "approved": "goedgekeurd",
    "void": "vervallen",
    "handed_back": "teruggegeven",
}
MODES: Mapping[str, str] = {"meekijken": "meekijken", "onder_toezicht": "onder toezicht", "aan": "aan"}
MODE_TEXTS: Mapping[str, str] = {
    "meekijken": "Het loket leest mee en laat zien wat het zou doen. Er gaat niets uit en er gaat geen zaak open.",
    "onder_toezicht": "Zaken gaan open; elk bericht naar buiten wacht op een klik van een medewerker.",
    "aan": "Ontvangstbevestigingen, codes en vragen gaan vanzelf. Antwoorden keurt altijd een medewerker goed.",
}
OUTCOMES: Mapping[str, str] = {
    "case": "een zaak",
    "follow_up": "een bericht bij een zaak",
    "triage": "een bericht om te beoordelen",
    "no_request": "geen verzoek",
    "machine": "automatische post",
}
DIALOGUE_MAILS: Mapping[str, str] = {
    "acknowledgement": "ontvangstbevestiging",
    "acknowledgement_with_code": "ontvangstbevestiging met code",
    "clarification": "vraag om verduidelijking",
    "human": "een medewerker neemt over",
    "status": "stand van zaken",
    "other_address": "vraag over een ander adres",
    "code_result": "antwoord op de code",
    "new_code": "nieuwe code",
    "withdrawn": "bevestiging van intrekken",
    "ask_address": "ontvangst, met de vraag naar een mailadres",
    "code_by_mail": "code per mail",
    "talk": "een kort antwoord in de chat",
}
ORIGINS: Mapping[str, str] = {
    "junk": "gevonden in de map met ongewenste mail",
    "dragged": "door een collega in de map Privacyloket gezet",
    "backlog": "van voor de start van het loket",
    "sent": "gevonden in Verzonden",
}
SENDER_LEVELS: Mapping[str, str] = {
    "unchecked": "niet gecontroleerd",
    "failed": "niet bevestigd: het adres kan vervalst zijn",
    "aligned": "bevestigd door de mailserver van het domein",
}
SENDER_CHECKED_BY: Mapping[str, str] = {
    "receiver": "gecontroleerd door onze mailserver",
    "arc": "gecontroleerd door een doorstuurder die wij kennen",
    "own": "zelf gecontroleerd",
}
SENDINGS: Mapping[str, str] = {
    "held": "wacht op een klik",
    "queued": "klaar om te gaan",
    "sending": "wordt verzonden",
    "sent": "verzonden",
    "uncertain": "onzeker of het aankwam",
    "failed": "niet verzonden",
    "cancelled": "teruggehaald",
}
MAIL_KINDS: Mapping[str, str] = {
    "acknowledgement": "ontvangstbevestiging",
    "identity_code": "code voor identiteit",
    "reminder": "herinnering",
    "clarification": "vraag om verduidelijking",
    "status": "stand van zaken",
    "code_result": "antwoord op code",
    "human": "medewerker neemt over",
    "colleague": "antwoord van een collega",
    "letter": "brief",
    "download_code": "code voor download",
    "staff_notice": "bericht aan medewerkers",
    "forward": "doorgestuurde post",
    "done": "antwoord van het loket zelf",
    "chat": "regel in de chat",
    "task": "taak voor wie een systeem bijhoudt",
    "recipient": "bericht aan een ontvanger (artikel 19)",
    "confirmation": "bevestiging van een wijziging",
    "transfer": "bericht aan een andere partij",
    "": "bericht",
}
CHANNELS: Mapping[str, str] = {
    "email": "e-mail",
    "telegram": "Telegram",
    "web": "chat op de site",
    "intercom": "Intercom",
}
ROLES: Mapping[str, str] = {"agent": "behandelaar", "approver": "beslisser", "admin": "beheerder"}
LOOKS: Mapping[str, str] = {"approve": "goedgekeurd", "second": "als tweede goedgekeurd", "hand_back": "teruggegeven"}
FINDINGS: Mapping[str, str] = {"found": "gevonden", "nothing": "niets gevonden", "failed": "MISLUKT"}

FLAGS: Mapping[str, str] = {
    "machine": "automatisch bericht",
    "on_behalf": "namens iemand anders",
    "minor": "minderjarige",
    "deceased": "overleden persoon",
    "processor_case": "gegevens bij een klant van ons",
    "also_other": "vraagt ook iets anders",
    "ap_named": "noemt de AP",
    "abusive": "scheldt",
    "possible_breach": "mogelijk datalek",
    "authority": "overheid of justitie",
    "distress": "in nood",
    "wants_human": "wil een mens",
    "privacy_word": "noemt privacy",
}

MACHINES: Mapping[str, str] = {
    "bounce": "melding dat post niet aankwam",
    "auto_reply": "automatisch antwoord",
    "list": "nieuwsbrief of mailinglijst",
    "receipt": "leesbevestiging",
    "report": "rapport van een mailserver",
    "own": "onze eigen post",
}
DETAILS: Mapping[str, str] = {
    "not_me": "iemand zei: dit was ik niet",
    "silent": "geen antwoord, ook niet na de herinnering: sluiten om stilte kan nu, bij Termijn en koppelen",
    "first_dropped": "het verzoek waarmee dit samen beantwoord werd, is ingetrokken: maak het los",
    "other_person": "afgesplitst: gaat over iemand anders dan wie schreef; vraag om een machtiging of neem contact op",
    "sent_wrong": "een bericht ging naar de verkeerde",
    "reported": "iemand meldt een mogelijk datalek",
    "no_answer": "de verzoeker gaf geen antwoord op onze vraag",
    "no_lists": "geen systeem kan dit zelf: haal dit adres met de hand van de lijsten voor reclame",
    "too_late": "de verzoeker wil het intrekken, maar het is al begonnen",
    "undone": "de verzoeker draaide een wijziging terug: kijk wat er gebeurde",
    "undo_failed": "terugdraaien lukte niet in elk systeem",
    "review": "de datum om opnieuw te kijken is er",
    "bounced": "het bericht kwam terug",
    "unreadable": "het bericht is niet te lezen",
    "stale": "steeds veranderde er iets onder het lezen",
    "code_locked": "te vaak een verkeerde code",
    "too_many_codes": "te veel codes gevraagd",
    "several_addresses": "in de systemen staan meer adressen bij wat is genoemd: welk is van wie?",
    "lookup": "een systeem gaf geen antwoord op de vraag welk adres bekend is",
    "proven": "nieuw bewijs van identiteit; kijk of het antwoord nog klopt",
    "page": "gevraagd op de pagina van de zaak",
    "prepare_failed": "voorbereiden lukte niet; het wordt opnieuw geprobeerd",
}
_DETAILS = (DETAILS, DECISIONS, FLAGS, TERMS, MACHINES, MAIL_KINDS)


def detail(code: str, source_names: Mapping[str, str] | None = None) -> str:
    """What stands beside a line of work: flags of the reading, a code, a system by its own name, or a name as it is."""
    return ", ".join(_detail(part, source_names or {}) for part in code.split(",") if part)


def _detail(part: str, source_names: Mapping[str, str]) -> str:
    return source_names.get(part) or next((known[part] for known in _DETAILS if part in known), part)


EVIDENCE: Mapping[str, str] = {
    "mailbox": "code uit dit postvak",
    "on_file": "code naar het adres dat wij kennen",
    "call_back": "teruggebeld op het bekende nummer",
    "letter_code": "code per brief",
    "counter": "aan de balie gezien",
    "id_copy": "afgeschermde kopie bekeken en gewist",
}
# Facts of the audit log: how they are called, and which say nothing to a reader (ids, digests, versions).
FACTS: Mapping[str, str] = {
    "before": "van",
    "after": "naar",
    "label": "soort",
    "labels": "soorten",
    "kind": "soort",
    "decision": "besluit",
    "ground": "grond",
    "outcome": "uitkomst",
    "purpose": "waarvoor",
    "method": "hoe",
    "level": "zekerheid",
    "result": "uitkomst",
    "number": "nummer",
    "people": "mensen",
    "channel": "kanaal",
    "reason": "reden",
    "second_look": "zelf als tweede",
    "size": "bytes",
}
_VALUES = (LABELS, STATES, WORK_SHORT, DECISIONS, MAIL_KINDS, FINDINGS, GROUNDS, SENDINGS, CHANNELS, EVIDENCE)


def when(stored: str) -> str:
    """A moment that was stored as text."""
    try:
        return moment(datetime.fromisoformat(stored))
    except (TypeError, ValueError):
        return str(stored)


def actor(code: str, staff_names: Mapping[str, str]) -> str:
    if code.startswith("staff:"):
        return staff_names.get(code.removeprefix("staff:"), "een collega")
    if code.startswith("operator:"):
        return code.removeprefix("operator:")
    return "de verzoeker" if code.startswith("requester:") else "het programma"


def facts(found: Mapping[str, Any]) -> str:
    """The facts of one audit entry on one line."""
    return " · ".join(f"{FACTS[name]}: {_fact(value)}" for name, value in found.items() if name in FACTS and value)


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_fact, value))
    if isinstance(value, bool):
        return "ja" if value else "nee"
    return next((known[value] for known in _VALUES if value and value in known), str(value))


def rows_for(text: tuple[str, ...]) -> int:
    """Lines of a text field, so that what stands in it can be read without scrolling."""
    lines = sum(1 + len(line) // 85 for part in text for line in part.split("\n")) + max(0, len(text) - 1)
    return min(max(lines + 1, 3), 24)
