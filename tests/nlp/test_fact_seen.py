"""What the second reader says decides over towns and house numbers. The log-probabilities are made by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cases.reading import Fact, FactKind
from nlp.encoder import SHAPELESS, Bounds
from nlp.fact_seen import looked_at, unclear
from nlp.facts import facts_of
from nlp.features import Floats

TEXT = "Wij zaten in Epe, nu op Zandweg 14 in Ommeren. Klant 55120."
STREETS = "Niet De Hanekamp maar Lange Zandweg en Kerkpad. Groet, Tjeerd"
WAS, NOW, NUMBER = (match.span() for match in re.finditer(r"Epe|Ommeren|55120", TEXT))
KINDS = {
    "Zandweg": FactKind.STREET, "14": FactKind.HOUSE_NUMBER, "Ommeren": FactKind.PLACE, "55120": FactKind.HOUSE_NUMBER,
    "De": FactKind.STREET, "Hanekamp": FactKind.STREET, "Lange": FactKind.STREET, "en": FactKind.STREET,
    "Kerkpad": FactKind.STREET, "Tjeerd": FactKind.NAME,
}  # fmt: skip


def look(text: str) -> tuple[Bounds, Floats]:
    bounds = [match.span() for match in re.finditer(r" ?\w+|\W", text)]
    said = np.full((len(bounds), len(SHAPELESS)), np.log(0.0005), dtype=np.float32)
    for row, (start, end) in enumerate(bounds):
        said[row, SHAPELESS.index(KINDS.get(text[start:end].strip()))] = np.log(0.98)
    return bounds, said


def told(*facts: Fact) -> list[tuple[FactKind, str]]:
    return [(fact.kind, TEXT[fact.start : fact.end]) for fact in looked_at(TEXT, facts, look)]


def test_a_town_it_doubts_is_left_out_and_what_it_alone_sees_is_put_beside() -> None:
    found = (Fact(FactKind.PLACE, "Epe", *WAS, False), Fact(FactKind.CUSTOMER_NUMBER, "55120", *NUMBER, False))
    assert told(*found) == [
        (FactKind.STREET, "Zandweg"),
        (FactKind.HOUSE_NUMBER, "14"),
        (FactKind.PLACE, "Ommeren"),
        (FactKind.CUSTOMER_NUMBER, "55120"),
    ]


def test_what_it_does_not_doubt_stays() -> None:
    assert (FactKind.PLACE, "Ommeren") in told(Fact(FactKind.PLACE, "Ommeren", *NOW, False))


def in_streets(kind: FactKind, words: str) -> Fact:
    start = STREETS.index(words)
    return Fact(kind, words, start, start + len(words), False)


def test_part_of_a_street_becomes_the_whole_and_two_streets_stay_two() -> None:
    found = [in_streets(FactKind.STREET, words) for words in ("Hanekamp", "Zandweg", "Kerkpad")]
    seen = looked_at(STREETS, found, look)
    assert [fact.value for fact in seen if fact.kind is FactKind.STREET] == ["De Hanekamp", "Zandweg", "Kerkpad"]


def test_a_name_inside_a_street_is_part_of_it_and_a_number_is_not() -> None:
    name, number = in_streets(FactKind.NAME, "De"), in_streets(FactKind.ORDER_NUMBER, "De")
    street = in_streets(FactKind.STREET, "Hanekamp")
    assert [fact.value for fact in looked_at(STREETS, (name, street), look)][:1] == ["De Hanekamp"]
    assert [fact.value for fact in looked_at(STREETS, (number, street), look)][:2] == ["De", "Hanekamp"]


def test_a_name_that_it_alone_sees_is_put_beside() -> None:
    assert (FactKind.NAME, "Tjeerd") in [(fact.kind, fact.value) for fact in looked_at(STREETS, (), look)]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Mijn klantnummer is 448812.", False),
        ("Contract 55120 mag weg.", False),
        ("Dorpsweg 3, 1234 AB Gouda", False),
        ("Wis mijn account.", False),
        ("Sinds 2019 ben ik klant.", False),
        ("Ik kom uit Gouda.", True),
        ("Wij wonen op 5, niet op 55.", True),
    ],
)
def test_it_is_asked_only_where_something_is_not_plain(text: str, asked: bool) -> None:
    assert unclear(text, facts_of(text)) is asked
