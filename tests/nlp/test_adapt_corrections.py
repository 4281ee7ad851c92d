"""What the second reader learns of corrections: each piece has its role, also with the values of others."""

from __future__ import annotations

import re

import numpy as np

from cases.types import Label
from nlp.adapt_corrections import IGNORED, Correction, corrections, role_targets
from nlp.encoder import ROLES, Bounds
from nlp.examples import Example, Split, WrittenChange

MOVED = "Ik woon niet meer op Eikpad 3 maar op Lisdodde 12. Groet, Eikpad 3 mist u!"
PHONE = "06-11000001 wordt 06-11000002"


def written(text: str, field: str, old: str, new: str) -> Example:
    change = WrittenChange(field, old, new)
    labels = frozenset({Label.CORRECTIE})
    return Example(text, "w", "chat", labels, "", text, Split.TRAIN, text, facts=(), changes=(change,))


def words(text: str) -> Bounds:
    return [match.span() for match in re.finditer(r"\S+", text)]


def test_pieces_of_the_pair_that_stands_together_have_a_role_and_the_same_words_elsewhere_none() -> None:
    correction = Correction(MOVED, (WrittenChange("address", "Eikpad 3", "Lisdodde 12"),))
    found = role_targets(correction, words(MOVED))
    assert [found[0], found[-1]] == [IGNORED, IGNORED]
    said = [ROLES[role] if role >= 0 else "?" for role in found[1:-1]]
    roles = {"old address": ["Eikpad", "3"], "new address": ["Lisdodde", "12."], "?": ["Eikpad", "3"]}
    for role, expected in roles.items():
        assert [word for word, one in zip(MOVED.split(), said, strict=True) if one == role] == expected


def test_a_copy_holds_the_values_of_another_in_the_same_places() -> None:
    examples = [
        written(PHONE, "phone", "06-11000001", "06-11000002"),
        written("Niet 06-11000003, wel 06-11000004.", "phone", "06-11000003", "06-11000004"),
    ]
    found = corrections(examples, np.random.default_rng(4))
    assert [one.text for one in found[:2]] == [example.text for example in examples]
    assert {one.text for one in found[2:]} & {"06-11000003 wordt 06-11000004", "Niet 06-11000001, wel 06-11000002."}
    for one in found:
        (change,) = one.changes
        assert change.old is not None and change.old in one.text and change.new in one.text
