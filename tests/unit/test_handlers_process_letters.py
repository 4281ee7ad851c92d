"""Letters on the way and to special persons: reasons that are facts, dates that stay, no data, the right tone."""

from __future__ import annotations

from datetime import date

import pytest

from cases.errors import InputError
from cases.letters import BlockKind, ProcessLetter, missing, missing_process
from cases.types import Decision, Form, Label
from handlers.person_letters import MandateKind, child_letter, heirs_letter, mandate_letter
from handlers.process_letters import (
    BreachFacts,
    ExtensionReason,
    breach_letter,
    extension_letter,
    joined_letter,
    late_letter,
    lifting_letter,
    narrow_letter,
    silence_letter,
    split_letter,
)
from handlers.wording import load_texts, wrong_form
from render.letter import LetterContext, letter_text
from tests.support.case_files import case_file, policy_of

LATER = date(2027, 5, 2)


def text_of(letter: object) -> str:
    return letter_text(letter, LetterContext("X"))  # type: ignore[arg-type]


def test_an_extension_has_a_reason_both_dates_and_the_authority() -> None:
    letter = extension_letter(case_file(), ExtensionReason.NUMBER, "drie verzoeken in een week.", new_date=LATER)
    assert missing_process(letter, ProcessLetter.EXTENSION) == ()
    text = text_of(letter)
    assert "drie verzoeken in een week." in text
    assert "2 mei 2027" in text
    assert "2 maart 2027" in text


@pytest.mark.parametrize("words", ["", "  \n "])
def test_no_letter_without_its_reason(words: str) -> None:
    with pytest.raises(InputError):
        extension_letter(case_file(), ExtensionReason.COMPLEXITY, words, new_date=LATER)
    with pytest.raises(InputError):
        lifting_letter(case_file(), since=LATER, on=LATER, why=words)
    with pytest.raises(InputError):
        joined_letter(case_file(), [words])


def test_lateness_is_an_apology_and_never_an_extension() -> None:
    letter = late_letter(case_file(), new_date=LATER)
    assert missing_process(letter, ProcessLetter.LATE) == ()
    assert "spijt ons" in text_of(letter)
    assert "verleng" not in text_of(letter)
    assert "rechter" in text_of(letter)


@pytest.mark.parametrize("label", [Label.INZAGE, Label.CORRECTIE, Label.VERWIJDERING, Label.OVERDRACHT])
def test_closing_for_silence_is_a_whole_refusal_that_can_be_opened_again(label: Label) -> None:
    letter = silence_letter(case_file(label), asked_on=date(2027, 2, 3))
    assert missing(letter, label, Decision.REFUSED) == ()
    assert "3 februari 2027" in text_of(letter)
    assert "weer openen" in text_of(letter)


def test_a_freeze_ends_after_the_person_has_heard() -> None:
    letter = lifting_letter(case_file(), since=date(2027, 2, 10), on=LATER, why="het adres is nagekeken")
    assert missing_process(letter, ProcessLetter.LIFTING) == ()
    assert "voor die dag" in text_of(letter)


def test_joined_and_split_keep_the_date() -> None:
    split = split_letter(case_file(), "PL-2027-0013", other_told=date(2027, 2, 16))
    for letter in (joined_letter(case_file(), ["PL-2027-0013"]), split):
        assert "PL-2027-0013" in text_of(letter)
        assert "2 maart 2027" in text_of(letter)
    assert "PL-2027-0013 krijg" in text_of(split)
    assert "16 februari 2027" in text_of(split), "each part has its own date"


def test_narrowing_is_an_offer_and_no_condition() -> None:
    letter = narrow_letter(case_file(), "alleen de facturen")
    assert missing_process(letter, ProcessLetter.NARROW) == ()
    assert "Dit hoeft niet" in text_of(letter)
    assert "2 maart 2027" in text_of(letter)


def test_a_breach_letter_tells_what_article_34_asks() -> None:
    facts = BreachFacts(
        date(2027, 2, 8), "een brief ging naar een ander", "naam", "misbruik", "link weg", "let op", True
    )
    letter = breach_letter(policy_of("nexxt"), load_texts(Form.NL_U), "PL-2027-0012", facts)
    assert missing_process(letter, ProcessLetter.BREACH) == ()
    text = text_of(letter)
    assert all(word in text for word in ("8 februari 2027", "misbruik", "link weg", "let op", "gemeld bij"))
    with pytest.raises(InputError):
        breach_letter(
            policy_of("nexxt"),
            load_texts(Form.NL_U),
            "x",
            BreachFacts(LATER, "", "naam", "a", "b", "c", reported=False),
        )


def test_heirs_first_read_a_word_of_condolence() -> None:
    letter = heirs_letter(case_file(organisation="weservit"))
    assert missing_process(letter, ProcessLetter.HEIRS) == ()
    kinds = [block.kind for block in letter.blocks]
    condolence = letter.blocks[kinds.index(BlockKind.GREETING) + 1]
    assert "Gecondoleerd" in condolence.text[0]


@pytest.mark.parametrize("organisation", ["whatnext", "weservit"])
def test_a_child_is_told_what_it_can_do_alone_in_the_je_form(organisation: str) -> None:
    letter = child_letter(case_file(organisation=organisation))
    assert missing_process(letter, ProcessLetter.CHILD) == ()
    assert letter.form is Form.NL_JE
    assert wrong_form(Form.NL_JE, text_of(letter)) == ()
    (can_do,) = [block for block in letter.blocks if block.kind is BlockKind.CAN_DO]
    assert len(can_do.items) == 4


@pytest.mark.parametrize("kind", MandateKind)
def test_a_mandate_is_asked_without_a_copy_of_an_id(kind: MandateKind) -> None:
    letter = mandate_letter(case_file(), kind)
    assert missing_process(letter, ProcessLetter.MANDATE) == ()
    assert "Stuur geen kopie van een paspoort" in text_of(letter)
