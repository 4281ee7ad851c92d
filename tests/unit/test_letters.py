"""Letters as lists of blocks: what an answer needs, what may be edited, what comes back from the store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import InputError, RuleError
from cases.letters import (
    ARTICLE_15,
    GROUND_FACTS,
    REQUIRED,
    Block,
    BlockKind,
    Letter,
    Table,
    edit_free,
    fill,
    from_json,
    missing,
    paragraphs,
    require_facts,
    slots,
    to_json,
)
from cases.types import Decision, Form, Label, RefusalGround

TEXT = st.text(max_size=40)
TABLES = st.builds(
    lambda header, rows: Table(header, tuple(rows)),
    st.tuples(TEXT, TEXT),
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3),
)


@st.composite
def letters(draw: st.DrawFn) -> Letter:
    keys = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=5))
    blocks = tuple(
        Block(
            kind=draw(st.sampled_from(BlockKind)),
            key=key,
            fixed=draw(st.booleans()),
            text=tuple(draw(st.lists(TEXT, max_size=3))),
            heading=draw(TEXT),
            items=tuple(draw(st.lists(TEXT, max_size=3))),
            table=draw(st.none() | TABLES),
            link=draw(TEXT),
            slot=draw(TEXT),
            hint=draw(TEXT),
        )
        for key in keys
    )
    return Letter(draw(TEXT), draw(st.sampled_from(Form)), blocks)


def complete(label: Label, decision: Decision) -> Letter:
    kinds = REQUIRED[label, decision]
    return Letter("Antwoord", Form.NL_U, tuple(Block(kind, kind.value, True, ("tekst",)) for kind in kinds))


@given(letters())
def test_a_stored_letter_comes_back_the_same(letter: Letter) -> None:
    assert from_json(to_json(letter)) == letter
    assert to_json(from_json(to_json(letter))) == to_json(letter)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"subject":"a","form":"fr","blocks":[]}', '{"subject":1,"form":"en","blocks":[{}]}']
)
def test_a_damaged_letter_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        from_json(text)


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("label", Label)
def test_each_required_block_is_missed_when_it_is_away_or_empty(label: Label, decision: Decision) -> None:
    letter = complete(label, decision)
    assert missing(letter, label, decision) == ()
    for index, block in enumerate(letter.blocks):
        without = Letter(letter.subject, letter.form, letter.blocks[:index] + letter.blocks[index + 1 :])
        blank = Block(block.kind, block.key, False, (" ", ""), heading="Kop", hint="Schrijf hier")
        unwritten = Letter(letter.subject, letter.form, (*without.blocks, blank))
        assert missing(without, label, decision) == (block.kind,)
        assert missing(unwritten, label, decision) == (block.kind,)


@pytest.mark.parametrize("label", Label)
def test_every_refusal_names_ground_facts_authority_and_court(label: Label) -> None:
    needed = {BlockKind.GROUND, BlockKind.FACTS, BlockKind.GRANTED, BlockKind.COMPLAINT_AP, BlockKind.COURT}
    for decision in (Decision.REFUSED, Decision.PARTLY):
        assert needed <= set(REQUIRED[label, decision])


def test_every_answer_names_reference_decision_contact_and_authority() -> None:
    needed = {BlockKind.REFERENCE, BlockKind.UNDERSTOOD, BlockKind.DECISION, BlockKind.CONTACT, BlockKind.COMPLAINT_AP}
    assert all(needed <= set(kinds) for kinds in REQUIRED.values())


def test_an_access_answer_has_all_of_article_15() -> None:
    assert len(ARTICLE_15) == 8
    assert set(ARTICLE_15) <= set(REQUIRED[Label.INZAGE, Decision.GRANTED])
    assert {BlockKind.SEARCHED, BlockKind.OFFER_OTHER} <= set(REQUIRED[Label.INZAGE, Decision.NOTHING_FOUND])


@pytest.mark.parametrize("ground", RefusalGround)
def test_a_ground_without_one_of_its_facts_is_blocked(ground: RefusalGround) -> None:
    facts = dict.fromkeys(GROUND_FACTS[ground], "feit")
    require_facts(ground, facts)
    for name in facts:
        for lacking in ({**facts, name: "  "}, {key: value for key, value in facts.items() if key != name}):
            with pytest.raises(InputError) as caught:
                require_facts(ground, lacking)
            assert caught.value.code == "ground_facts_missing"


LETTER = Letter(
    "Antwoord",
    Form.NL_JE,
    (
        Block(BlockKind.DECISION, "decision", True, ("Ja.",)),
        Block(BlockKind.TEXT, "note", False),
        Block(BlockKind.LINK, "download", True, ("Open",), slot="download_url"),
        Block(BlockKind.DONE, "done", True, ("Gedaan:",), slot="done_on"),
    ),
)


def test_free_blocks_take_the_words_of_staff() -> None:
    edited = edit_free(LETTER, {"note": "Eerste stuk.\nTweede regel.\r\n\r\n\n  \nNog een stuk.\x00"})
    assert edited.blocks[1].text == ("Eerste stuk.\nTweede regel.", "Nog een stuk.")
    assert edited.blocks[0] == LETTER.blocks[0]


@pytest.mark.parametrize("key", ["decision", "download", "nothing-like-this"])
def test_fixed_and_unknown_blocks_can_not_be_edited(key: str) -> None:
    with pytest.raises(RuleError):
        edit_free(LETTER, {"note": "goed", key: "anders"})


def test_a_pasted_document_is_refused() -> None:
    with pytest.raises(InputError):
        edit_free(LETTER, {"note": "a" * 20_001})


def test_slots_are_filled_once_and_named() -> None:
    assert slots(LETTER) == ("download_url", "done_on")
    filled = fill(LETTER, {"download_url": "https://loket.example/x"})
    assert filled.blocks[2].link == "https://loket.example/x"
    assert filled.blocks[2].text == ("Open",)
    assert slots(filled) == ("done_on",)
    assert fill(filled, {"done_on": "2 maart 2027"}).blocks[3].text == ("Gedaan:", "2 maart 2027")
    with pytest.raises(RuleError):
        fill(filled, {"download_url": "https://loket.example/y"})


def test_two_blocks_with_one_key_are_a_bug() -> None:
    with pytest.raises(RuleError):
        Letter("", Form.EN, (LETTER.blocks[0], LETTER.blocks[0]))


@given(st.text(max_size=200))
def test_paragraphs_hold_no_empty_lines_and_no_control_characters(text: str) -> None:
    for part in paragraphs(text):
        assert part.strip()
        assert all(line.strip() for line in part.split("\n"))
        assert all(char.isprintable() or char in "\n\t" for char in part)
