"""What the second reader says weighs in only where a number is in doubt. Its log-probabilities are made by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cases.reading import FactKind
from nlp.encoder import SHAPELESS, Bounds
from nlp.fact_references import KINDS, References
from nlp.facts import facts_of
from nlp.features import Floats
from nlp.model import Model
from nlp.number_features import BITS
from nlp.seen_pieces import Look

UNDECIDED = References(np.zeros((1 << BITS, len(KINDS)), dtype=np.float32))
DOUBTFUL = "Ik sta bij u als 441820, mijn broer als 77315."


def look_for(kind: FactKind | None, chance: float = 0.98) -> Look:
    def look(text: str) -> tuple[Bounds, Floats]:
        bounds = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
        said = np.full((len(bounds), len(SHAPELESS)), np.log((1 - chance) / (len(SHAPELESS) - 1)), dtype=np.float32)
        said[:, SHAPELESS.index(kind)] = np.log(chance)
        return bounds, said

    return look


def told(text: str, references: References, look: Look | None = None) -> list[tuple[FactKind, str]]:
    return sorted((fact.kind, text[fact.start : fact.end]) for fact in references.facts(text, (), look))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not None])
def test_where_the_words_leave_a_doubt_the_second_reader_tells_the_kind(kind: FactKind) -> None:
    assert told(DOUBTFUL, UNDECIDED, look_for(kind)) == [(kind, "441820"), (kind, "77315")]


@pytest.mark.parametrize("kind", [None, FactKind.HOUSE_NUMBER, FactKind.PLACE])
def test_what_it_takes_for_something_else_is_none_of_them(kind: FactKind | None) -> None:
    assert told(DOUBTFUL, UNDECIDED, look_for(kind)) == []


def test_it_is_asked_only_in_doubt(model: Model) -> None:
    def never(text: str) -> tuple[Bounds, Floats]:
        raise AssertionError(f"asked about {len(text)} characters")

    for text in ("Mijn klantnummer is 448812.", "Bestelnummer: 88-20417 is niet gekomen.", "Wis mijn account."):
        assert told(text, model.references, never) == told(text, model.references)


def test_facts_of_a_message_take_it_along() -> None:
    found = facts_of(DOUBTFUL, references=UNDECIDED, look=look_for(FactKind.CUSTOMER_NUMBER))
    assert [DOUBTFUL[fact.start : fact.end] for fact in found if fact.kind is FactKind.CUSTOMER_NUMBER] == [
        "441820",
        "77315",
    ]
