"""Sentences: Dutch abbreviations do not end one, a blank line does."""

from __future__ import annotations

from functools import cache

import pytest
from spacy.language import Language

from nlp.pipeline import make_pipeline, read_doc, sentence_bounds


@cache
def pipeline() -> Language:
    return make_pipeline(None)


def sentences(text: str) -> list[str]:
    doc = read_doc(pipeline(), text)
    return [text[start:end] for start, end in sentence_bounds(doc, text)]


@pytest.mark.parametrize(
    "text",
    [
        "Mijn klantnr. 44812 staat op de factuur van 3 jan. jl. met een fout erin.",
        "Graag t.a.v. dhr. Jansen, m.b.t. mijn verzoek d.d. 4 mrt. vorig jaar.",
        "Dat kan a.s. maandag i.p.v. dinsdag, bijv. om tien uur.",
        "Ik ontvang s.v.p. een kopie o.b.v. art. 15 van de wet.",
    ],
)
def test_abbreviations_do_not_end_a_sentence(text: str) -> None:
    assert sentences(text) == [text]


def test_ordinary_ends() -> None:
    text = "Ik ben verhuisd. Wilt u dat verwerken?! Dank!"
    assert sentences(text) == ["Ik ben verhuisd.", "Wilt u dat verwerken?!", "Dank!"]


def test_a_blank_line_ends_a_sentence() -> None:
    assert sentences("Goedemiddag\n\nWis mijn gegevens\n\ngr. Jan") == ["Goedemiddag", "Wis mijn gegevens", "gr. Jan"]


def test_a_wrapped_line_does_not() -> None:
    assert sentences("Wilt u mijn\ngegevens wissen?") == ["Wilt u mijn\ngegevens wissen?"]
