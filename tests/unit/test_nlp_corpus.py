"""The written form of the corpus: marks become spans, faults are named; quotes are blanked out in their place."""

from __future__ import annotations

from typing import Any

import pytest

from nlp.examples import Split, example_of
from nlp.marked import row_of, unmarked
from nlp.own_words import blanked

LINE: dict[str, Any] = {
    "id": "k01-1", "writer": "k01", "channel": "chat", "subject": "",
    "text": "ik heet ⟦name:Noor⟧, code ⟦postcode:1234 AB⟧",
    "labels": ["verwijdering"],
    "language": "nl", "form": "", "flags": ["minor"], "changes": [], "asked": None, "act": None,
}  # fmt: skip


def same(text: str) -> str:
    return text.strip()


def test_marks_become_spans() -> None:
    example = example_of(row_of(LINE, same), Split.TRAIN)
    assert example.text == "ik heet Noor, code 1234 AB"
    assert [example.text[fact.start : fact.end] for fact in example.facts or ()] == ["Noor", "1234 AB"]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"text": "ik heet ⟦name:Noor"}, "balance"),
        ({"text": "⟦nom:Noor⟧"}, "FactKind"),
        ({"text": "⟦name: Noor⟧"}, "blanks"),
        ({"labels": ["overig", "inzage"]}, "alone"),
        ({"labels": []}, "no label"),
        ({"labels": ["wissen"]}, "Label"),
        ({"flags": ["boos"]}, "Flag"),
        ({"language": "es"}, "language"),
        ({"changes": [{"field": "name", "old": None, "new": "Piet"}]}, "not written"),
        ({"text": "", "subject": " "}, "no text"),
    ],
)
def test_a_fault_is_named(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        row_of(LINE | changed, same)


def test_text_without_marks_stays() -> None:
    assert unmarked("gewoon [tekst]") == ("gewoon [tekst]", [])


def test_quotes_are_blanked_and_nothing_moves() -> None:
    text = "Wis alles.\n-- \nNoor Bos\n06-12345678\n\nOp 3 mei 2025 schreef Jan:\n> mijn nummer is 06-87654321"
    seen = blanked(text, "Wis alles.")
    assert len(seen) == len(text)
    assert seen.index("06-12345678") == text.index("06-12345678")
    assert "06-87654321" not in seen


def test_own_words_that_are_not_found_blank_nothing() -> None:
    assert blanked("een\ntwee", "drie") == "een\ntwee"
