"""House numbers that stand by themselves: the words around them tell."""

from __future__ import annotations

import pytest

from cases.reading import Fact, FactKind
from nlp.fact_houses import rows_of, small_numbers
from nlp.facts import facts_of
from nlp.model import Model


def houses(model: Model, text: str) -> list[str]:
    found = facts_of(text, model.tagger, model.references, model.houses)
    return [text[fact.start : fact.end] for fact in found if fact.kind is FactKind.HOUSE_NUMBER]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("De bezorger gooit de krant steeds bij 45 in de bus, maar wij wonen op 43.", ["45", "43"]),
        ("Mijn pakket ligt volgens jullie bij buurman nr 40, die heeft niks.", ["40"]),
        ("In mijn adres Vondelweg 118 zit een fout, het is 181.", ["118", "181"]),
        ("De huur van Torenstraat 8 gaat goed. Met vriendelijke groet,\nHarm Duursema, nr. 76", ["8", "76"]),
        ("U heeft mijn huisnummer verkeerd: 12 moet 12A zijn.", ["12", "12A"]),
        ("De bus komt om 9 uur en ik ben 76 jaar.", []),
        ("Ik heb 3 dozen besteld in maat 41 en er kwamen er 2.", []),
        ("Wij waren met 12 personen in week 31, kamer 14.", []),
    ],
)
def test_the_words_around_tell(model: Model, text: str, written: list[str]) -> None:
    assert houses(model, text) == written


def test_what_is_a_fact_already_or_counts_money_is_no_candidate() -> None:
    text = "Kerkpad 14 kost 12 euro, bij 16 € 9,50 en #8; bus 3 ook."
    street = Fact(FactKind.HOUSE_NUMBER, "14", 8, 10, False)
    assert [text[one.start : one.end] for one in small_numbers(text, [street])] == ["16", "bus 3"]


def test_a_long_list_ends_somewhere() -> None:
    text = " ".join(f"nummer {number}" for number in range(1, 400))
    numbers = small_numbers(text, ())
    assert len(numbers) == len(rows_of(text, (), numbers)) == 30
