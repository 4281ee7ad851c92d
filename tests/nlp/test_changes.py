"""Corrections: old and new told apart, in the usual ways of saying it. Sentences of the author, in no corpus."""

from __future__ import annotations

import pytest

from cases.reading import Change
from nlp.name_changes import part_alike
from nlp.reader import DutchReader


def changes(reader: DutchReader, text: str) -> tuple[Change, ...]:
    return reader.changes(text, reader.facts(text))


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (
            "Mijn nummer is niet meer 0165 32 08 71 maar 06 53 90 21 17",
            Change("phone", "0165 32 08 71", "06 53 90 21 17"),
        ),
        ("het moet 06-28117730 zijn ipv 06-28117703", Change("phone", "06-28117703", "06-28117730")),
        ("nieuw nummer: 06-20943381", Change("phone", None, "06-20943381")),
        ("Mail was jan@post.example, wordt j@bos.example", Change("email", "jan@post.example", "j@bos.example")),
        (
            "IBAN oud NL91ABNA0417164300 nieuw NL20INGB0001234567",
            Change("iban", "NL91ABNA0417164300", "NL20INGB0001234567"),
        ),
        (
            "verhuisd van Dorpsweg 3 naar Lindelaan 14, 3512 AB Utrecht",
            Change("address", "Dorpsweg 3", "Lindelaan 14, 3512 AB Utrecht"),
        ),
        ("Mijn naam is niet Jansen maar Janssen", Change("name", "Jansen", "Janssen")),
        ("achternaam gewijzigd van wiersma naar de haan.", Change("name", "wiersma", "de haan")),
        ("kvk was 18077321 wordt 90412268", Change("kvk", "18077321", "90412268")),
        ("Mijn huisnummer is 45b en niet 45.", Change("house_number", "45", "45b")),
        ("Er staat Eikenlaan 14, dat moet Berkenlaan 14 zijn.", Change("address", "Eikenlaan 14", "Berkenlaan 14")),
        ("Contactpersoon was Bas Kuiper, wordt Anouk Smits.", Change("contact", "Bas Kuiper", "Anouk Smits")),
        (
            'Op uw brieven staat "dhr. Pijpers". Ik ben mevr. Pijpers, graag aanpassen.',
            Change("salutation", "dhr.", "mevr."),
        ),
        ("Er staat Sahetapi, het moet Sahetapy zijn.", Change("name", "Sahetapi", "Sahetapy")),
        (
            "Mijn geboortedatum is 5 maart 1957, niet 3 mei 1957.",
            Change("date_of_birth", "3 mei 1957", "5 maart 1957"),
        ),
        ("Oud: 06-20943381\nNieuw: 06-53902117", Change("phone", "06-20943381", "06-53902117")),
        (  # a greeting behind a subject closes nothing
            "ons huis\n\nBeste mensen,\n\nIn de brief staat huisnummer 5, dat moet 55 zijn.\n\nGroet,\nMia Bos",
            Change("house_number", "5", "55"),
        ),
        ("Met ingang van 1 mei is ons nieuwe nummer 0523-118204.", Change("phone", None, "0523-118204")),
        ("Op mijn kaart staat J. Pietersn, dat moet Pietersen zijn.", Change("name", "Pietersn", "Pietersen")),
        ("Er staat Eikelaan 14, de straat heet Eikenlaan.", Change("street", "Eikelaan", "Eikenlaan")),
        (
            "Wij zijn verhuisd van Dorpsweg 3 naar Havenkade 312, 4de verdiep, 9000 Gent.",
            Change("address", "Dorpsweg 3", "Havenkade 312, 4de verdiep, 9000 Gent"),
        ),
    ],
)
def test_old_and_new(reader: DutchReader, text: str, change: Change) -> None:
    assert change in changes(reader, text)


@pytest.mark.parametrize("text", ["Bel mij op 06-12345678.", "Groet, Jan\nDorpsweg 3\n1234 AB Gouda", ""])
def test_a_value_that_only_stands_there_changes_nothing(reader: DutchReader, text: str) -> None:
    assert changes(reader, text) == ()


def test_what_stays_is_no_change(reader: DutchReader) -> None:
    text = "Wij zijn verhuisd naar Lindelaan 14, 3512 AB Utrecht. Ons telefoonnummer 030-2345678 blijft hetzelfde."
    assert changes(reader, text) == (Change("address", None, "Lindelaan 14, 3512 AB Utrecht"),)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("F.A.M. Cryns", "Crijns", "Cryns"),
        ("Faye Isa Blommestein", "Faye Isabel", "Faye Isa"),
        ("Mohamad Al Hamwi", "Mohammad Alhamwi", "Mohamad Al Hamwi"),  # spelt anew as a whole
        ("Kim de Vries", "Jansen", "Kim de Vries"),  # another name
        ("Mia Jansen-de Boer", "De Boer", "Mia Jansen-de Boer"),  # the other half goes
        ("Gebre Tesfay", "Tesfay", "Gebre Tesfay"),
        ("Bos", "Bosch", "Bos"),
    ],
)
def test_of_a_name_only_the_part_that_is_spelt_anew_was_wrong(old: str, new: str, part: str) -> None:
    assert part_alike(old, new) == part
