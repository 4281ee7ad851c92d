"""Nothing is set aside with a privacy word in the sender's own words: however sure the reader is, a person looks."""

from __future__ import annotations

import numpy as np
import pytest

from cases.reading import Certainty, Flag, Reading, careful
from cases.types import Label
from nlp.decide import LABELS, REQUESTS
from nlp.encoder import ROLES, SHAPELESS, Bounds
from nlp.examples import load_examples
from nlp.features import Floats
from nlp.model import FLAGS, Model
from nlp.reader import DutchReader

WITH_PRIVACY_WORD = [
    "Kan de nieuwsbriefmodule op onze webshop worden bijgewerkt?",
    "Hoe maak ik een privacyverklaring voor mijn eigen site?",
    "Verwijder aub de oude dns-records van de server.",
    "Bestel nu uw AVG-certificaat met 20% korting!",
    "Wij bieden een training over datalekken, interesse?",
    "Onze klantgegevens worden niet goed overgenomen door de koppeling.",
    "Ik heb een klacht over de bezorging van mijn pakket.",
    "Ik maak bezwaar tegen de hoogte van factuur 2024-19.",
    "Het toestemmingsvinkje op ons formulier doet het niet.",
    "Mijn account is geblokkeerd, ik kan niet inloggen.",
]
HIDDEN_REQUESTS = [
    "De site doet het weer, dank. O ja, wat weten jullie eigenlijk allemaal van mij? Stuur dat eens op.",
    "Factuur is betaald. Verwijder daarna ook maar mijn gegevens.",
    "Leuke offerte, maar die nieuwsbrief mag stoppen.",
    "Mijn mailbox zit vol. En kunnen jullie mijn persoonsgegevens wissen als ik wegga?",
    "Ik zeg mijn abonnement op en wil dat al mijn gegevens worden gewist.",
    "Graag mijn domein opzeggen. Trouwens, mijn adres klopt niet, dat moet Lindelaan 4 zijn.",
    "Bestelling is binnen! Wel raar dat er een brief voor iemand anders bij zat met haar adres.",
    "Wachtwoord werkt weer. Mag ik nog een kopie van wat er over mij is vastgelegd?",
]


def _at_the_desk(reader: DutchReader, subject: str, text: str) -> Reading:
    return careful(reader.read(subject, text))


@pytest.mark.parametrize("text", WITH_PRIVACY_WORD)
def test_a_privacy_word_goes_to_a_person(reader: DutchReader, text: str) -> None:
    reading = _at_the_desk(reader, "", text)
    assert Flag.PRIVACY_WORD in reading.flags
    assert reading.labels != (Label.OVERIG,)
    assert reading.evidence, "staff see why"


@pytest.mark.parametrize("text", WITH_PRIVACY_WORD)
def test_a_privacy_word_in_the_subject_counts(reader: DutchReader, text: str) -> None:
    assert _at_the_desk(reader, text, "Zie onderwerp.").labels != (Label.OVERIG,)


@pytest.mark.parametrize("text", HIDDEN_REQUESTS)
def test_a_request_inside_another_matter_is_not_set_aside(reader: DutchReader, text: str) -> None:
    assert reader.read("", text).labels != (Label.OVERIG,)


class SureOfNone:
    """A second reader that sees no request anywhere."""

    def margins(self, text: str) -> Floats:
        said = [12.0 if label is Label.OVERIG else -12.0 for label in LABELS] + [-12.0] * len(FLAGS)
        return np.array([said, said], dtype=np.float32)

    def roles(self, text: str) -> tuple[Bounds, Floats]:
        return [], np.zeros((0, len(ROLES)), dtype=np.float32)

    def kinds(self, text: str) -> tuple[Bounds, Floats]:
        return [], np.zeros((0, len(SHAPELESS)), dtype=np.float32)


def test_a_request_that_the_words_see_is_not_set_aside(model: Model) -> None:
    words, both = DutchReader(model), DutchReader(model, SureOfNone())
    seen = {text: max(words.read("", text).probabilities[one] for one in REQUESTS) > 0.5 for text in HIDDEN_REQUESTS}
    assert sum(seen.values()) >= 4
    for text in filter(seen.__getitem__, seen):
        assert both.read("", text).labels != (Label.OVERIG,), text
    assert both.read("", "Hoe laat zijn jullie zaterdag open?").labels == (Label.OVERIG,)


def test_what_is_set_aside_never_holds_a_privacy_word(model: Model) -> None:
    reader = DutchReader(model)
    for example in load_examples()[::3]:
        reading = _at_the_desk(reader, example.subject, example.text)
        if reading.labels == (Label.OVERIG,):
            assert reading.certainty is Certainty.CERTAIN, example.id
            assert Flag.PRIVACY_WORD not in reading.flags, example.id


def test_nothing_to_read_is_never_certain(reader: DutchReader) -> None:
    for text in ("", " ", "\n\n", "?", "...", "\u200b"):
        reading = reader.read("", text)
        assert reading.labels == (), text
        assert reading.certainty is Certainty.TRIAGE, text
