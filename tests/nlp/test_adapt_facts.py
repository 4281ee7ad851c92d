"""What the second reader learns of numbers: where they stand, also with other digits."""

from __future__ import annotations

import re

import numpy as np

from cases.reading import FactKind
from nlp.adapt_facts import kind_targets, marked
from nlp.encoder import SHAPELESS
from nlp.examples import Example, Span, Split

TEXT = "Klant KL-0448.12 sinds 2019, bel 0612 op ticket 77120. Nogmaals: KL-0448.12."
NUMBER = "KL-0448.12"


def written(text: str) -> Example:
    spans = [Span(FactKind.CUSTOMER_NUMBER, one.start(), one.end()) for one in re.finditer(re.escape(NUMBER), text)]
    return Example("a", "w", "chat", frozenset(), "", text, Split.TRAIN, text, facts=tuple(spans))


def test_a_number_is_learned_with_other_digits_of_the_same_make_too() -> None:
    as_written, copy = marked([written(TEXT)], np.random.default_rng(3))
    assert as_written.text == TEXT
    assert copy.facts == as_written.facts
    made = r"Klant KL-0[1-9]{3}\.[1-9]{2} sinds 2019, bel 0[1-9]{3} op ticket [1-9]{4}0\. .*"
    assert re.fullmatch(made, copy.text)
    first, second = (copy.text[start:end] for _, start, end in copy.facts)
    assert first == second != NUMBER
    pieces = [match.span() for match in re.finditer(r"\S+", copy.text)]
    told = [SHAPELESS[sort] for sort in kind_targets(copy, pieces)[1:-1]]
    assert [at for at, kind in enumerate(told) if kind is FactKind.CUSTOMER_NUMBER] == [1, 10]


def test_a_message_without_such_a_number_has_no_copy() -> None:
    assert len(marked([written("Ticket 77120 staat nog open")], np.random.default_rng(3))) == 1
