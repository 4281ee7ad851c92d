"""The papers that the AVG asks of an organisation for this desk, in Dutch, filled from its policy.

The entry in the register of processing (art. 30), a processor agreement to sign with who runs the desk or a system
(art. 28), a paragraph for the privacy statement (art. 13) and a work instruction. Made from values, written by nobody
else: what only the organisation knows stands between brackets. Engineering input, not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cases.policy import IdCopy, Policy, Recipient, RecipientRole, level_needed, promises_for, service_days
from cases.types import STATUTORY, Assurance, Form, Label

_LEVELS: Mapping[Assurance, str] = {
    Assurance.NONE: "geen",
    Assurance.ADDRESS_CLAIMED: "alleen het adres van de afzender",
    Assurance.MAILBOX_PROVEN: "een code naar het adres van de afzender",
    Assurance.CODE_TO_KNOWN_ADDRESS: "een code naar een adres dat al bekend is",
    Assurance.SECOND_FACTOR: "een code en een tweede bewijs",
    Assurance.STAFF_CONFIRMED: "een medewerker stelt het vast",
}
_RIGHTS: Mapping[Label, str] = {
    Label.INZAGE: "inzage (artikel 15)",
    Label.CORRECTIE: "correctie (artikel 16)",
    Label.VERWIJDERING: "verwijdering (artikel 17)",
    Label.BEPERKING: "beperking (artikel 18)",
    Label.OVERDRACHT: "overdracht (artikel 20)",
    Label.BEZWAAR: "bezwaar (artikel 21 lid 1)",
    Label.AFMELDEN: "afmelden voor reclame (artikel 21 lid 2 en 3)",
    Label.INTREKKEN: "toestemming intrekken (artikel 7 lid 3)",
    Label.BESLUIT: "automatisch besluit (artikel 22)",
    Label.KLACHT: "klacht",
    Label.VRAAG: "vraag over privacy",
}


def avg_documents(policy: Policy) -> Mapping[str, str]:
    """File name → Markdown."""
    return {
        "verwerkingsregister.md": _register(policy),
        "verwerkersovereenkomst.md": _agreement(policy),
        "privacyverklaring.md": _paragraph(policy),
        "werkinstructie.md": _instruction(policy),
    }


def _head(policy: Policy, title: str) -> str:
    return (
        f"# {title}: {policy.name}\n\n"
        f"Gemaakt door `privacyloket avg {policy.key}` uit het beleid van {policy.valid_from:%d-%m-%Y}. Wat tussen "
        "[haken] staat, vult de organisatie zelf in. Laat een jurist meelezen.\n"
    )


# --- art. 30 ----------------------------------------------------------------------------------------------------------


def _mark_term(policy: Policy) -> str:
    years = policy.erasure.mark_years
    return f"{years} jaar" if years else "tot iemand zelf terugkomt"


def _register(policy: Policy) -> str:
    contact = policy.contact
    rows = [
        ("Verwerking", "Behandelen van verzoeken over persoonsgegevens (privacyloket)"),
        ("Verwerkingsverantwoordelijke", _line((policy.controller, *contact.address, contact.email, contact.phone))),
        ("Functionaris gegevensbescherming", contact.fg or "[geen, of naam en contactgegevens]"),
        ("Doel", "Rechten van betrokkenen uitvoeren en kunnen aantonen dat dat op tijd en goed is gebeurd"),
        ("Grondslag", "Artikel 6 lid 1 onder c AVG (artikel 12 en 15 tot en met 22); chat: onder f"),
        ("Betrokkenen", "Klanten, oud-klanten, bezoekers en anderen die een verzoek doen; hun vertegenwoordigers"),
        ("Gegevens", "Naam, adres waarmee iemand schrijft, berichten en bijlagen, wat iemand als bewijs geeft, wat in "
                     "de systemen is gevonden, brieven en besluiten"),
        ("Bijzondere gegevens", "Niet gevraagd. Wat iemand ongevraagd stuurt, wordt afgeschermd en gewist"),
        ("Kopie identiteitsbewijs", _id_copy(policy)),
        ("Ontvangers", "[mailprovider], [chatdienst, als die aan staat], wie een systeem met de hand beheert; bij een "
                       "wijziging ook de ontvangers hieronder (artikel 19)"),
        ("Doorgifte buiten de EER", "Geen door het loket zelf; zie de ontvangers"),
        ("Bewaartermijn", f"Register 5 jaar; wisregister {policy.erasure.ledger_years} jaar; niet-benaderenlijst (een "
                          f"kenmerk) {_mark_term(policy)}; brieven 2 jaar na afsluiten; export en bewijs 30 dagen; "
                          "kopie identiteitsbewijs tot de controle, dezelfde dag gewist; reservekopieën 35 dagen"),
        ("Beveiliging", "Versleuteld met een sleutel per zaak; code naar een bewezen adres; twee personen bij wissen "
                        "en afwijzen; tweede factor voor medewerkers; logboek met kenmerken zonder inhoud"),
        ("Automatische besluiten", "Geen. Een programma leest en bereidt voor; een medewerker beslist"),
        ("DPIA", "[afweging en datum; zie artikel 35]"),
    ]  # fmt: skip
    return "\n".join(
        (_head(policy, "Register van verwerkingen (artikel 30 AVG)"), _table(("Onderdeel", "Inhoud"), rows),
         "\n## Wie een wijziging hoort (artikel 19)\n", _recipients(policy.recipients))
    )  # fmt: skip


def _id_copy(policy: Policy) -> str:
    if policy.identity.id_copy is IdCopy.OFF:
        return "Wordt nooit gevraagd"
    return "Alleen bij een vastgelegde twijfel, afgeschermd (BSN, foto, nummer), en gewist op de dag van de controle"


def _recipients(recipients: Iterable[Recipient]) -> str:
    roles = {
        RecipientRole.PROCESSOR: "verwerker",
        RecipientRole.CONTROLLER: "zelf verantwoordelijk",
        RecipientRole.JOINT: "gezamenlijk verantwoordelijk",
    }
    rows = [
        (
            item.name if item.named else f"[naam invullen] {item.name}",
            roles[item.role],
            item.country or "[land]",
            item.safeguard if not item.eea else "binnen de EER",
            "ja" if item.told else "nee",
        )
        for item in recipients
    ]
    return _table(("Ontvanger", "Rol", "Land", "Waarborg", "Hoort een wijziging"), rows)


# --- art. 28 ----------------------------------------------------------------------------------------------------------


def _agreement(policy: Policy) -> str:
    processors = [item.name for item in policy.recipients if item.role is RecipientRole.PROCESSOR]
    known = "\n".join(f"- {name}" for name in processors) or "- [nog geen]"
    return f"""{_head(policy, "Verwerkersovereenkomst (artikel 28 AVG), model")}
Partijen: **{policy.controller}** (verantwoordelijke) en **[naam van de verwerker]** (verwerker).

## 1. Onderwerp
De verwerker [beheert het privacyloket | levert het systeem …] en verwerkt daarbij gegevens van mensen die een verzoek
doen, en van klanten van {policy.name}. De overeenkomst duurt zo lang als de dienst.

## 2. Instructies
De verwerker verwerkt alleen op schriftelijke instructie van de verantwoordelijke, ook bij doorgifte buiten de EER.
Een instructie die volgens de verwerker tegen de wet ingaat, meldt hij meteen.

## 3. Geheimhouding en beveiliging
Wie bij de gegevens kan, heeft geheimhouding beloofd. De verwerker versleutelt opslag en verbindingen, beperkt toegang
tot wie het nodig heeft, gebruikt een tweede factor voor beheer, en test herstel van reservekopieën.

## 4. Andere verwerkers
Een nieuwe verwerker wordt [30] dagen tevoren gemeld; de verantwoordelijke kan bezwaar maken. Dezelfde plichten gelden
voor hem. {policy.name} werkt nu met:

{known}

## 5. Hulp bij verzoeken
De verwerker geeft een verzoek dat bij hem binnenkomt binnen [1] werkdag door en voert een wijziging, wissing of
stilzetting uit binnen [5] werkdagen na de vraag, met een bevestiging waarin de datum staat.

## 6. Datalek
De verwerker meldt een inbreuk zonder onnodige vertraging en uiterlijk binnen [24] uur, met wat er is gebeurd, om welke
gegevens het gaat en wat er is gedaan. De verantwoordelijke heeft 72 uur (artikel 33).

## 7. Einde
Bij het einde wist de verwerker alle gegevens of geeft ze terug, naar keuze van de verantwoordelijke, en bevestigt dat.
Reservekopieën zijn binnen [35] dagen overschreven.

## 8. Controle
De verwerker geeft wat nodig is om dit aan te tonen en werkt mee aan een controle.

Ondertekening: ____________________ ({policy.controller})    ____________________ (verwerker)
"""


# --- art. 13 ----------------------------------------------------------------------------------------------------------


def _paragraph(policy: Policy) -> str:
    """In the form of address of the statement itself."""
    je = policy.form is Form.NL_JE
    you, your, has, wants, dont = (
        ("je", "je", "heb je", "wil je", "je hoeft") if je else ("u", "uw", "hebt u", "wilt u", "u hoeft")
    )
    where = _line((policy.contact.email or "[mailadres]", policy.contact.phone))
    proposed = "\n".join(f"- {row.proposed}" for row in policy.differences)
    return f"""{_head(policy, "Tekst voor de privacyverklaring (artikel 13 AVG)")}
## {your.capitalize()} verzoeken over {your} gegevens

{has.capitalize()} een vraag of een verzoek over {your} gegevens? Schrijf naar {where}. {you.capitalize()} krijgt binnen
een maand antwoord en het kost niets. Een programma op onze eigen server leest {your} bericht en bereidt het antwoord
voor. Een medewerker beslist. Er wordt niets automatisch besloten. {wants.capitalize()} liever een medewerker?
Antwoord dan 'mens'.

Om zeker te weten dat {you} het bent, sturen we een code. Een wachtwoord of burgerservicenummer vragen we nooit, en
{dont} geen kopie van een identiteitsbewijs te sturen{
        ""
        if policy.identity.id_copy is IdCopy.OFF
        else ", behalve als er een bijzondere twijfel is; die kopie is dan afgeschermd en dezelfde dag weer gewist"
    }.

We bewaren brieven over een verzoek 2 jaar, de regel in ons register 5 jaar, en een export 30 dagen. We doen dit omdat
de wet het vraagt (artikel 6 lid 1 onder c AVG). {policy.complaint.authority} {policy.authority.website}

## Zinnen die de verklaring nu anders zegt

Uit de vergelijking met de wet (`privacyloket check`):

{proposed}
"""


# --- work instruction -------------------------------------------------------------------------------------------------


def _instruction(policy: Policy) -> str:
    rows = [
        (_RIGHTS[label], _term(policy, label), _LEVELS[level_needed(policy, label)], _who(label)) for label in _RIGHTS
    ]
    blocked = f"\nDeze gronden zijn geblokkeerd: {policy.blocked_why}\n" if policy.blocked_grounds else ""
    return f"""{_head(policy, "Werkinstructie")}
## Elke dag
1. Open de werklijst. Wat vandaag moet, staat bovenaan; een verzoek telt vanaf de dag van ontvangst.
2. Kijk bij "te beoordelen": is dit een verzoek? Bij twijfel wel.
3. Lees elk concept. Klopt wat er is begrepen, wat er is gevonden en wat er gaat veranderen? Keur dan goed.
4. Wissen en afwijzen keurt een tweede persoon goed.
5. Sleept u een mail naar de map Privacyloket, dan begint een zaak met de echte datum van ontvangst.

## Per verzoek
{_table(("Verzoek", "Termijn", "Bewijs van wie het is", "Wie antwoordt"), rows)}

## Altijd
- Geen kopie van een identiteitsbewijs als gewone stap. Ongevraagd gekregen? Wissen.
- Een systeem dat niet antwoordt, is niet leeg. Zoek opnieuw voordat de brief weggaat.
- Een kopie mag anderen niet schaden: zeg van elke waarde van een ander of die mee mag (artikel 15 lid 4 AVG).
- Afwijzen: artikel, de feiten van dit geval, wat wel kan, einddatum, Autoriteit Persoonsgegevens en rechter.
- Verlengen kan alleen in de eerste maand en met een reden. Te laat is geen verlenging: excuses en een nieuwe datum.
- Iets naar de verkeerde gestuurd? Meteen "verkeerd verzonden". De 72 uur lopen, ook in het weekend.
- Een kind, een erfgenaam, een gemachtigde, politie of rechter: een mens handelt het af, met de brief die klaarligt.
- Woorden die nooit mogen (`never_say` in het beleid) houdt het programma tegen; schrijf ze dan anders.
{blocked}"""


def _term(policy: Policy, label: Label) -> str:
    parts = ["1 maand"] if label in STATUTORY else []
    if days := service_days(policy, label):
        parts.append(f"streven: {days} werkdag{'en' if days > 1 else ''}")
    parts += [f"beloofd: {promise.days} dagen" for promise in promises_for(policy, label) if promise.days]
    return "; ".join(parts)


def _who(label: Label) -> str:
    if label is Label.AFMELDEN:
        return "het programma; bij twijfel een medewerker"
    if label is Label.VRAAG:
        return "het programma bij één goedgekeurd antwoord; anders een medewerker"
    return "medewerker, en een tweede persoon" if label is Label.VERWIJDERING else "medewerker"


def _line(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines)
