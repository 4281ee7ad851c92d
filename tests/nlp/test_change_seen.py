"""What the second reader says of pieces becomes evidence for values. The log-probabilities are made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nlp.change_seen import SeenChanges
from nlp.change_units import page_of
from nlp.encoder import ROLES, Bounds

TEXT = "Bel niet meer Joost-Jan maar Els Bos."
PIECES: list[tuple[str, str]] = [
    ("Bel", ""), (" niet", ""), (" meer", ""), (" Joo", "old contact"), ("st-J", "old contact"), ("an", ""),
    (" maar", ""), (" Els", "new contact"), (" Bos.", "new contact"),
]  # fmt: skip


@pytest.fixture
def seen() -> SeenChanges:
    bounds: Bounds = []
    said = np.full((len(PIECES), len(ROLES)), np.log(0.01), dtype=np.float32)
    at = 0
    for row, (piece, role) in enumerate(PIECES):
        bounds.append((at, at + len(piece)))
        at += len(piece)
        said[row, ROLES.index(role)] = np.log(1 - 0.01 * (len(ROLES) - 1))
    return SeenChanges(TEXT, bounds, said)


def test_values_are_whole_words_without_what_stands_around_them(seen: SeenChanges) -> None:
    assert [(kind, TEXT[start:end]) for kind, start, end in seen.values] == [
        ("contact", "Joost-Jan"),
        ("contact", "Els Bos"),
    ]


def test_what_was_and_what_is_to_be_are_told_apart(seen: SeenChanges) -> None:
    old, new = TEXT.index("Joost"), TEXT.index("Els")
    assert seen.old(old, old + 6) > 0 > seen.new(old, old + 6)
    assert seen.new(new, new + 7) > 0 > seen.old(new, new + 7)


@pytest.mark.parametrize(
    ("kind", "value", "is_one"),
    [("email", "jan@post.example", True), ("email", "Ledenhuis", False), ("phone", "vandaag", False)],
)
def test_what_can_not_be_such_a_value_is_none(kind: str, value: str, is_one: bool) -> None:
    text = f"Het wordt {value} vanaf nu."
    units = page_of(text, [], [(kind, 10, 10 + len(value))]).units
    assert (kind in {unit.field for unit in units}) is is_one


def test_a_place_behind_the_last_piece_says_nothing(seen: SeenChanges) -> None:
    assert seen.old(500, 510) == 0.0
