"""What anybody would understand must be understood: plain requests of the five main types, and plain everyday mail.

Written apart from the corpus: no sentence stands there.
"""

from __future__ import annotations

import pytest

from cases.reading import Certainty
from cases.types import Label
from nlp.examples import load_examples
from nlp.reader import DutchReader

CLEAR = {
    Label.INZAGE: [
        "Graag ontvang ik een kopie van alle persoonsgegevens die u van mij verwerkt.",
        "Welke gegevens hebben jullie van mij opgeslagen?",
        "Ik wil op grond van artikel 15 AVG inzage in mijn gegevens.",
        "Kunnen jullie mij een overzicht sturen van wat jullie over mij bewaren?",
        "Hoi, ik wil graag weten welke info jullie van mij hebben.",
        "Hierbij doe ik een inzageverzoek.",
        "Kunt u mij laten weten wat er in mijn dossier staat?",
        "stuur mij alles wat jullie van mij weten",
        "Ik zou mijn gegevens willen inzien, kan dat?",
        "Gaarne een afschrift van de gegevens die over mij zijn vastgelegd.",
    ],
    Label.CORRECTIE: [
        "Ik ben verhuisd, kunnen jullie mijn adres aanpassen?",
        "Mijn naam is verkeerd gespeld, wilt u dat corrigeren?",
        "Mijn e-mailadres is gewijzigd, graag aanpassen in uw administratie.",
        "Wilt u mijn telefoonnummer veranderen in 06 12345678?",
        "Mijn geboortedatum staat niet goed in uw systeem, graag verbeteren.",
        "Het adres dat u van mij heeft klopt niet meer. Het nieuwe is Lindelaan 4 in Gouda.",
        "Graag mijn achternaam wijzigen, ik ben getrouwd.",
        "Jullie hebben een oud rekeningnummer van mij, kunnen jullie dat vervangen door het nieuwe?",
        "Ik verzoek u mijn onjuiste gegevens te rectificeren.",
        "mijn voornaam staat fout in mijn account, kan dat aangepast worden",
    ],
    Label.VERWIJDERING: [
        "Wilt u al mijn persoonsgegevens verwijderen?",
        "Verwijder mijn account en alle gegevens die daarbij horen.",
        "Ik wil dat jullie alles wat jullie van mij hebben wissen.",
        "Ik doe een beroep op het recht om vergeten te worden.",
        "Kunnen jullie mijn gegevens uit jullie systeem halen en vernietigen?",
        "Graag mijn profiel met al mijn data deleten.",
        "Hierbij verzoek ik u mijn gegevens te wissen conform artikel 17 AVG.",
        "Ik ben geen klant meer, gooi mijn gegevens alstublieft weg.",
        "haal mij uit jullie bestand en verwijder al mijn gegevens",
        "Wilt u mijn klantaccount en persoonlijke informatie volledig verwijderen?",
    ],
    Label.KLACHT: [
        "Ik wil een klacht indienen over hoe jullie met mijn persoonsgegevens omgaan.",
        "Jullie hebben mijn gegevens gelekt, ik dien hierbij een klacht in.",
        "Ik heb een klacht: mijn verzoek om inzage is zonder reden geweigerd.",
        "Ik ben zeer ontevreden over de manier waarop u mijn privacy schendt.",
        "Ik kreeg de factuur van een andere klant met zijn adres erop. Dat is onacceptabel.",
        "Jullie hebben mijn telefoonnummer zonder te vragen aan een ander bedrijf gegeven. Dat vind ik schandalig.",
        "Hierbij een formele klacht over de afhandeling van mijn AVG-verzoek.",
        "Mijn adres stond zichtbaar in een mail aan al uw klanten, daar ben ik boos over.",
        "Ik beklaag mij erover dat u mijn gegevens ondanks uw belofte niet heeft gewist.",
        "klacht: jullie medewerker heeft mijn privégegevens aan mijn ex doorgegeven",
    ],
    Label.AFMELDEN: [
        "Ik wil de nieuwsbrief niet meer ontvangen.",
        "Graag afmelden voor de mailing.",
        "Haal mij van de mailinglijst af alstublieft.",
        "Stop met het sturen van reclame.",
        "Kunt u mij uitschrijven voor de nieuwsbrief?",
        "Ik wil geen aanbiedingen meer per mail.",
        "Bel mij niet meer voor verkoop.",
        "uitschrijven nieuwsbrief aub",
        "Wilt u mij geen folders en reclamepost meer sturen?",
        "Ik krijg steeds reclamemails van jullie, hou daar mee op.",
    ],
}
EVERYDAY = [
    "Mijn website laadt heel traag sinds vanochtend, kunnen jullie ernaar kijken?",
    "Ik ben het wachtwoord van mijn mailbox vergeten.",
    "Wat kost een domeinnaam per jaar?",
    "Kunnen jullie een offerte maken voor een nieuwe webshop?",
    "De factuur van maart heb ik al betaald.",
    "Wanneer wordt mijn bestelling bezorgd?",
    "Het SSL-certificaat van onze site is verlopen.",
    "Ik wil graag solliciteren op de functie van webdeveloper, mijn cv zit in de bijlage.",
    "Bedankt voor de snelle hulp!",
    "Kan de afspraak van dinsdag naar donderdag?",
]


@pytest.mark.parametrize(("label", "text"), [(label, text) for label, texts in CLEAR.items() for text in texts])
def test_a_clear_request_is_recognised(reader: DutchReader, label: Label, text: str) -> None:
    """Never set aside, and the right label is acted on or stands first among the choices of the question."""
    reading = reader.read("", text)
    assert reading.labels != (Label.OVERIG,)
    best = max(reading.probabilities, key=lambda each: reading.probabilities[each])
    assert label in reading.labels or best is label


@pytest.mark.parametrize("label", CLEAR)
def test_clear_requests_are_mostly_read_exactly(reader: DutchReader, label: Label) -> None:
    readings = [reader.read("", text) for text in CLEAR[label]]
    assert sum(reading.labels == (label,) for reading in readings) >= 7, [reading.labels for reading in readings]


@pytest.mark.parametrize("label", CLEAR)
def test_the_suite_is_large_enough_and_not_in_the_corpus(label: Label) -> None:
    known = {example.text for example in load_examples()}
    assert len(CLEAR[label]) >= 10
    assert not known & set(CLEAR[label])


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_mail_is_no_request(reader: DutchReader, text: str) -> None:
    reading = reader.read("", text)
    assert not [label for label in reading.labels if label is not Label.OVERIG]
    assert max(reading.probabilities, key=lambda each: reading.probabilities[each]) is Label.OVERIG


def test_most_everyday_mail_needs_nobody(reader: DutchReader) -> None:
    certain = [reader.read("", text) for text in EVERYDAY]
    assert sum(reading.certainty is Certainty.CERTAIN for reading in certain) >= 8
