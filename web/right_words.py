"""Dutch words for what is carried out and settled on the way of a request, as staff see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

VERBS: Mapping[str, str] = {
    "correct": "verbeteren",
    "erase": "wissen",
    "anonymise": "gegevens weghalen",
    "restrict": "stilzetten",
    "lift": "weer in gebruik",
    "opt_out": "reclame uitzetten",
}
ACTIONS: Mapping[str, str] = {
    "waiting": "wacht",
    "done": "gedaan",
    "nothing": "was al zo",
    "by_hand": "een medewerker doet dit",
    "conflict": "intussen veranderd: niet gedaan",
    "failed": "mislukt",
    "unknown": "onzeker of het is gebeurd",
    "cancelled": "niet doorgegaan",
}
TASKS: Mapping[str, str] = {
    "open": "wacht op antwoord",
    "done": "gedaan",
    "nothing": "niets gevonden",
    "cancelled": "vervallen",
}
NOTICES: Mapping[str, str] = {
    "waiting": "nog te vertellen",
    "sent": "gemaild, nog niet bevestigd",
    "confirmed": "bevestigd",
    "impossible": "kon niet",
}
# Values of others in an export (`cases/others`).
OTHERS: Mapping[str, str] = {
    "email": "E-mailadres",
    "phone": "Telefoonnummer",
    "iban": "Rekeningnummer",
    "bsn": "Burgerservicenummer",
    "name": "Naam",
    "marked": "Veld over een ander",
    "unread": "Te lang om na te kijken: kijk zelf",
}
# What staff settle (`handlers/choices`): the question, and the words of its options.
CHOICES: Mapping[str, str] = {
    "customer": "Is dit nog klant?",
    "erasure": "Wat bedoelt deze klant met wissen?",
    "end_on": "Laatste dag van het contract",
    "statement": "Verklaring van de verzoeker, bij de gegevens te zetten",
    "purposes": "Om welke doelen gaat het? (sleutels uit het beleid, met komma's)",
    "weighing": "Uitkomst van de afweging",
    "interest": "Zwaarwegende reden om door te gaan",
    "why": "Waarom weegt die zwaarder dan de situatie van de verzoeker?",
    "ground": "Grond voor de beperking",
    "review_on": "Opnieuw bekijken op",
    "party": "Aan wie gaan de gegevens?",
    "party_name": "Naam van de andere partij",
    "review": "Uitkomst van de nieuwe beoordeling",
    "finding": "Is de klacht gegrond?",
    "other_person": "Keek er iemand anders dan de eerste behandelaar?",
    "answer": "Goedgekeurd antwoord (sleutel uit het beleid)",
}
OPTIONS: Mapping[str, str] = {
    "running": "ja, klant",
    "former": "nee, oud-klant",
    "unneeded": "alleen wat niet nodig is",
    "end_then_all": "eerst opzeggen, dan alles wissen",
    "only_ads": "alleen geen reclame meer",
    "stopped": "we stoppen",
    "overriding": "we gaan door, met zwaarwegende reden",
    "accuracy": "juistheid betwist (18(1)(a))",
    "unlawful": "onrechtmatig, maar niet wissen (b)",
    "claim": "nodig voor een rechtsvordering (c)",
    "objection": "bezwaar loopt (d)",
    "none": "geen van deze",
    "self": "aan de verzoeker",
    "other": "aan een andere partij",
    "upheld": "besluit blijft",
    "changed": "besluit veranderd",
    "founded": "gegrond",
    "partly": "deels gegrond",
    "rejected": "niet gegrond",
    "yes": "ja",
    "no": "nee",
}
DATES = frozenset({"end_on", "review_on"})
LONG = frozenset({"statement", "interest", "why"})
MANDATES: Mapping[str, str] = {
    "representative": "gemachtigde",
    "parent": "ouder",
    "guardian": "voogd, curator of bewindvoerder",
    "heirs": "nabestaande",
    "child": "kind onder 16",
}
SUSPENSIONS: Mapping[str, str] = {"identity": "wie iemand is", "specify": "welke gegevens iemand bedoelt"}
RISKS: Mapping[str, str] = {
    "": "nog niet beoordeeld",
    "none": "geen risico: alleen in het register",
    "risk": "risico: melden bij de AP",
    "high": "hoog risico: AP en de mensen zelf",
}
BREACHES: Mapping[str, str] = {"sent_wrong": "verkeerd verzonden", "reported": "gemeld"}

AD_CHANNELS: Mapping[str, str] = {
    "email": "e-mail",
    "post": "post",
    "phone": "telefoon",
    "sms": "sms en apps",
    "social": "sociale media",
}


def channels(chosen: Collection[str]) -> str:
    """Channels of advertising, in the order of the list."""
    return ", ".join(label for channel, label in AD_CHANNELS.items() if channel in chosen)


# What art. 34(2) asks to be told, each a sentence of the letter.
BREACH_FACTS: Mapping[str, str] = {
    "what": "Wat is er gebeurd?",
    "data": "Om welke gegevens gaat het?",
    "consequences": "Wat kan er nu gebeuren (mogelijke gevolgen)?",
    "measures": "Wat hebben wij gedaan of gaan wij doen?",
    "advice": "Wat kunnen de mensen zelf doen?",
}
