"""Refusals: the ground with the facts of this case, authority and court, and words that may not leave."""

from __future__ import annotations

import pytest

from cases.errors import InputError
from cases.letters import GROUND_FACTS, BlockKind, missing
from cases.types import Decision, Form, Label, RefusalGround
from handlers.refusals import done_blocks, forbidden, ground_blocks, refusal_letter
from handlers.registry import HANDLERS
from render.letter import LetterContext, letter_text
from tests.support.case_files import ORGANISATIONS, case_file

FREE = {RefusalGround.UNFOUNDED, RefusalGround.EXCESSIVE}
KEEP = {
    "category": "twee facturen",
    "law": "artikel 52 lid 4 AWR",
    "why": "ze horen bij onze boekhouding.",
    "until": "31 december 2033",
}


def facts_of(ground: RefusalGround) -> dict[str, str]:
    return {name: f"feit over {name}" for name in GROUND_FACTS[ground]}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("ground", RefusalGround)
@pytest.mark.parametrize("label", [Label.INZAGE, Label.CORRECTIE, Label.VERWIJDERING])
def test_a_refusal_is_complete_and_names_its_facts(label: Label, ground: RefusalGround, form: Form) -> None:
    file = case_file(label, "nexxt", form=form)
    letter = refusal_letter(file, ground, facts_of(ground), "De rest krijgt iedereen.", override_reason="beoordeeld")
    assert missing(letter, label, Decision.REFUSED) == ()
    text = letter_text(letter, LetterContext("X"))
    assert all(value in text for value in facts_of(ground).values())
    assert file.policy.authority.complaint_url in text
    assert "35" in next(block.text[0] for block in letter.blocks if block.kind is BlockKind.COURT)


@pytest.mark.parametrize("ground", RefusalGround)
def test_a_ground_without_its_facts_makes_no_letter(ground: RefusalGround) -> None:
    facts = facts_of(ground)
    facts.popitem()
    with pytest.raises(InputError) as caught:
        refusal_letter(case_file(Label.VERWIJDERING), ground, facts, "", override_reason="x")
    assert caught.value.code == "ground_facts_missing"


def test_what_is_granted_has_to_be_written() -> None:
    letter = refusal_letter(case_file(Label.VERWIJDERING), RefusalGround.LEGAL_DUTY, KEEP, " ")
    assert missing(letter, Label.VERWIJDERING, Decision.REFUSED) == (BlockKind.GRANTED,)


def test_a_kept_record_names_category_law_and_end_date() -> None:
    letter = refusal_letter(case_file(Label.VERWIJDERING), RefusalGround.LEGAL_DUTY, KEEP, "De rest is gewist.")
    table = next(block.table for block in letter.blocks if block.kind is BlockKind.KEPT)
    assert table is not None
    assert table.rows == (("twee facturen", "artikel 52 lid 4 AWR", "31 december 2033"),)
    assert ".." not in letter_text(letter, LetterContext("X"))


@pytest.mark.parametrize("ground", sorted(FREE))
def test_a_promise_blocks_a_ground_until_an_administrator_gives_a_reason(ground: RefusalGround) -> None:
    file = case_file(Label.INZAGE, "whatnext")
    assert ground in file.policy.blocked_grounds
    with pytest.raises(InputError) as caught:
        refusal_letter(file, ground, facts_of(ground), "Vraag gerust minder.")
    assert caught.value.code == "ground_blocked"
    assert refusal_letter(file, ground, facts_of(ground), "Vraag gerust minder.", override_reason="besluit beheerder")


@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize(
    "words",
    [
        "Wij moeten alles 7 jaar bewaren",
        "Alle gegevens blijven zeven jaar staan",
        "We keep all your data for seven years",
        "Dat volgt uit de Wet bewaarplicht telecommunicatiegegevens",
        "Dat moet van de telecombewaarplicht",
    ],
)
def test_wrong_law_never_leaves(organisation: str, words: str) -> None:
    file = case_file(Label.VERWIJDERING, organisation)
    for facts, free_text in (({**KEEP, "why": words}, ""), ({**KEEP, "law": words}, ""), (KEEP, words)):
        with pytest.raises(InputError) as caught:
            refusal_letter(file, RefusalGround.LEGAL_DUTY, facts, free_text)
        assert caught.value.code == "never_say"


def test_the_requesters_own_words_may_say_anything() -> None:
    file = case_file(Label.VERWIJDERING, as_understood="Jullie bewaren alles 7 jaar, waarom is dat dashboard er niet?")
    letter = refusal_letter(file, RefusalGround.LEGAL_DUTY, KEEP, "De rest is gewist.")
    assert forbidden(letter, file.policy) == ()


def test_a_partial_refusal_says_what_was_done_too() -> None:
    file = case_file(Label.BEPERKING, as_understood="Mijn adres klopt niet")
    drafted = HANDLERS[Label.BEPERKING].prepare(file)
    done = done_blocks(drafted.letter, Label.BEPERKING)
    letter = refusal_letter(file, RefusalGround.LEGAL_DUTY, KEEP, "De rest staat stil.", done=done)
    assert missing(letter, Label.BEPERKING, Decision.PARTLY) == ()
    kinds = [block.kind for block in letter.blocks]
    assert kinds.index(BlockKind.RESTRICTION) < kinds.index(BlockKind.GROUND) < kinds.index(BlockKind.COURT)


def test_a_ground_shows_its_facts_or_waits_for_them() -> None:
    file = case_file(Label.BEZWAAR)
    for ground in RefusalGround:
        assert not any(block.empty for block in ground_blocks(file, ground, facts_of(ground)))
        lacking = ground_blocks(file, ground, {})
        assert [block.kind for block in lacking if block.empty] == [BlockKind.FACTS]


def test_a_claim_names_its_amount_and_the_day_it_is_looked_at_again() -> None:
    facts = {"claim": "factuur 12", "amount": "€ 80", "what_kept": "de factuur", "review_on": "1 juni 2027"}
    letter = refusal_letter(case_file(Label.VERWIJDERING), RefusalGround.LEGAL_CLAIM, facts, "De rest is gewist.")
    text = letter_text(letter, LetterContext("X"))
    assert "€ 80" in text
    assert "1 juni 2027" in text
