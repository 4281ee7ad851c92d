"""What is seen of a number: the cues around it, and what the numbers beside it turned out to be."""

from __future__ import annotations

import numpy as np
import pytest

from cases.reading import FactKind
from nlp.fact_references import KINDS, References
from nlp.facts import facts_of
from nlp.model import Model
from nlp.number_cues import cues_of
from nlp.number_features import BITS, Found, Numbers

CUSTOMER = KINDS.index(FactKind.CUSTOMER_NUMBER)
TWO = "Deze: 4417, deze: 90-12."
FIRST = Found(6, 10, CUSTOMER)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Mijn lidnummer staat op de factuur", [("customer", "member"), ("invoice", "invoice")]),
        ("Ik werk bij jullie, personeelsnr", [("other", "staff"), ("other", "staff")]),
        ("De accountant belde over de rekeningnr", [("other", "bank")]),
        ("Onze boeking, en de bestelling", [("order", "stay"), ("order", "order")]),
        ("Dag allemaal", []),
    ],
)
def test_cues(text: str, told: list[tuple[str, str]]) -> None:
    assert [(cue.of, cue.sort) for cue in cues_of(text)] == told


def test_a_cue_stands_where_it_is_written() -> None:
    text = "İİ Mijn KLANTnummer"
    (cue,) = cues_of(text)
    assert (text[cue.start : cue.end], cue.word) == ("KLANT", "klant")


def test_a_number_is_seen_with_what_stands_beside_it_but_not_with_itself() -> None:
    page = Numbers(TWO, ())
    assert [TWO[one.start : one.end] for one in page.stretches] == ["4417", "90-12"]
    alone, beside = page.rows(), page.rows([FIRST])
    assert alone[0] == beside[0] and alone[1] != beside[1]


def test_what_the_neighbours_are_counts_in_the_next_round() -> None:
    """Only the first is known by itself, the second by the first alone."""
    page = Numbers(TWO, ())
    (first, second), (_, beside) = map(set, page.rows()), map(set, page.rows([FIRST]))
    weights = np.zeros((1 << BITS, len(KINDS)), dtype=np.float32)
    weights[list(first - second), CUSTOMER] = 1
    weights[list(second - first), 0] = 1
    assert [one.start for one in References(weights).facts(TWO, ())] == [6]
    weights[list(beside - second), CUSTOMER] = len(second)
    assert sorted(one.start for one in References(weights).facts(TWO, ())) == [6, 18]


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("Wij zijn bij u patiënt 1077, 1078 en 1079.", FactKind.CUSTOMER_NUMBER, ["1077", "1078", "1079"]),
        ("Lidnummers:\nPeter 8817\nIlse 8818\nFleur 9240", FactKind.CUSTOMER_NUMBER, ["8817", "8818", "9240"]),
        (
            "Mijn bestelling 88120 is er niet, 88121 en 88122 ook niet.",
            FactKind.ORDER_NUMBER,
            ["88120", "88121", "88122"],
        ),
        ("Facturen 18-2201 en 18-2239 heb ik nooit gehad.", FactKind.INVOICE_NUMBER, ["18-2201", "18-2239"]),
        ("Ons klantnummer is 310.", FactKind.CUSTOMER_NUMBER, ["310"]),
        ("Ik werk bij jullie, personeelsnummer 20418.", FactKind.CUSTOMER_NUMBER, []),
    ],
)
def test_lists_and_tables_name_their_kind_once(model: Model, text: str, kind: FactKind, values: list[str]) -> None:
    found = facts_of(text, references=model.references)
    assert [text[fact.start : fact.end] for fact in found if fact.kind is kind] == values


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("Factuur van mei\n\nHoi, 24-0117 klopt niet.", FactKind.INVOICE_NUMBER, "24-0117"),  # behind its subject
        ("Vraag over mijn bestelling\n\nHallo, 88-20417 is er nog niet.", FactKind.ORDER_NUMBER, "88-20417"),
        ("Mijn klantnumer is 448812", FactKind.CUSTOMER_NUMBER, "448812"),
        ("me lidnummr 88 412", FactKind.CUSTOMER_NUMBER, "88 412"),
        ("Factuur VK 250338 heb ik betaald", FactKind.INVOICE_NUMBER, "VK 250338"),
        ("lidnr 118/44 902", FactKind.CUSTOMER_NUMBER, "118/44 902"),
    ],
)
def test_the_subject_counts_and_nobody_needs_to_spell(model: Model, text: str, kind: FactKind, written: str) -> None:
    found = facts_of(text, references=model.references)
    assert [(fact.kind, text[fact.start : fact.end]) for fact in found] == [(kind, written)]


@pytest.mark.parametrize("number", ["QK7 R2M", "FIT 3 0 7 1 8"])
def test_a_number_in_groups_is_one_stretch(number: str) -> None:
    text = f"Het gaat om {number}, dat weet u."
    assert number in [text[one.start : one.end] for one in Numbers(text, ()).stretches]
