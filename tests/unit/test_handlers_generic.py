"""No label without a draft, and no draft that could leave before a person has written the outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cases.errors import InputError
from cases.letters import BlockKind, edit_free, missing
from cases.policy import portable
from cases.protocols import FindStatus, Found
from cases.types import Decision, Label
from handlers.base import Needs
from handlers.generic import approved_answer
from handlers.redirect import redirect_letter
from handlers.refusals import forbidden
from handlers.registry import HANDLERS
from render.letter import LetterContext, letter_text
from tests.support.case_files import BOOKS, CRM, ORGANISATIONS, case_file, nothing_in


def test_every_label_has_its_handler() -> None:
    assert set(HANDLERS) == set(Label)
    assert all(handler.label is label for label, handler in HANDLERS.items())


@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize("label", Label)
def test_a_draft_lacks_only_what_staff_must_write_and_then_is_complete(label: Label, organisation: str) -> None:
    file = case_file(label, organisation)
    prepared = HANDLERS[label].prepare(file)
    free = {block.kind: block for block in prepared.letter.blocks if not block.fixed}
    lacking = missing(prepared.letter, label, prepared.decision)
    assert set(lacking) <= set(free)
    assert all(free[kind].hint for kind in lacking)
    written = edit_free(prepared.letter, {free[kind].key: "Dit is de uitkomst." for kind in lacking})
    assert missing(written, label, prepared.decision) == ()
    assert forbidden(written, file.policy) == ()


@pytest.mark.parametrize("label", Label)
def test_no_hint_reaches_the_requester(label: Label) -> None:
    letter = HANDLERS[label].prepare(case_file(label)).letter
    hints = [block.hint for block in letter.blocks if block.hint]
    text = letter_text(letter, LetterContext("X"))
    assert hints
    assert not any(hint in text for hint in hints)


@pytest.mark.parametrize("label", [label for label in Label if HANDLERS[label].needs is Needs.CONTROLLER_SOURCES])
def test_nothing_found_is_the_same_answer_for_every_right(label: Label) -> None:
    prepared = HANDLERS[label].prepare(case_file(label, **nothing_in(CRM, BOOKS)))
    assert prepared.decision is Decision.NOTHING_FOUND
    assert missing(prepared.letter, label, prepared.decision) == ()


def test_a_failed_source_stands_in_an_erasure_draft_too() -> None:
    found = (Found("crm", FindStatus.NOTHING), Found("books", FindStatus.FAILED))
    prepared = HANDLERS[Label.VERWIJDERING].prepare(case_file(Label.VERWIJDERING, sources=(CRM, BOOKS), found=found))
    assert prepared.decision is not Decision.NOTHING_FOUND
    assert any(
        block.kind is BlockKind.NOT_ASKED and block.items == ("Boekhouding",) for block in prepared.letter.blocks
    )


def test_portability_lists_what_is_in_scope() -> None:
    file = case_file(Label.OVERDRACHT)
    letter = HANDLERS[Label.OVERDRACHT].prepare(file).letter
    rows = next(block.table.rows for block in letter.blocks if block.kind is BlockKind.SCOPE and block.table)
    expected = {category.label: portable(file.policy, category) for category in file.policy.categories}
    assert {label: answer == "ja" for label, answer in rows} == expected
    assert set(expected.values()) == {True, False}


def test_a_question_gets_the_approved_answer_and_staff_may_change_it() -> None:
    plain = case_file(Label.VRAAG)
    answer = plain.policy.answers[0]
    file = replace(plain, as_understood=f"Ik heb een vraag: {' '.join(answer.words)}?")
    assert approved_answer(file) == answer
    prepared = HANDLERS[Label.VRAAG].prepare(file)
    block = next(part for part in prepared.letter.blocks if part.kind is BlockKind.ANSWER)
    assert block.text[0] == answer.text
    assert not block.fixed
    assert any(answer.topic in note for note in prepared.staff_notes)
    assert approved_answer(replace(plain, as_understood="xyzzy")) is None


def test_other_requests_in_the_case_are_named() -> None:
    letter = HANDLERS[Label.INZAGE].prepare(case_file(also=(Label.INZAGE, Label.VERWIJDERING))).letter
    understood = next(block for block in letter.blocks if block.kind is BlockKind.UNDERSTOOD)
    assert "je gegevens wissen" in understood.text[1]
    assert "je gegevens inzien" not in understood.text[1]


def test_data_of_a_customer_are_redirected_where_the_policy_says_so() -> None:
    letter = redirect_letter(case_file(organisation="winkeltjes"))
    assert any(block.kind is BlockKind.REDIRECT and not block.empty for block in letter.blocks)
    with pytest.raises(InputError):
        redirect_letter(case_file(organisation="whatnext"))
