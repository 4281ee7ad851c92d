"""The rights that freeze, take along or explain: what is planned, what is filled in, what a person writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from cases.errors import InputError
from cases.letters import BlockKind, missing, slots
from cases.policy import AutomatedDecisions, Category, Sensitivity, portable
from cases.progress import Deed, Progress
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, SourceInfo, SourceRole, TableInfo
from cases.types import Awaiting, Decision, Form, Label, RequestState, RestrictionGround, Verb
from handlers.choices import CHOICES, offered, question
from handlers.registry import HANDLERS
from handlers.vraag import answers_for
from tests.support.case_files import case_file
from tests.support.drafts import block, holding, prepared, text_of

# --- beperking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "ground"),
    [
        ("Mijn adres klopt niet, gebruik het zolang niet", RestrictionGround.ACCURACY),
        ("Bewaar alles, ik heb het nodig voor een rechtszaak", RestrictionGround.CLAIM),
        ("Jullie mogen niet met mijn gegevens werken, maar wis ze niet", RestrictionGround.UNLAWFUL),
        ("Zet mijn gegevens stil tot mijn bezwaar is bekeken", RestrictionGround.OBJECTION),
    ],
)
def test_the_ground_of_a_restriction_is_read_or_settled(words: str, ground: RestrictionGround) -> None:
    made = prepared(Label.BEPERKING, words=words)
    assert made.restriction is ground
    assert made.review_on == date(2027, 4, 11)
    settled = prepared(Label.BEPERKING, words=words, chosen={"ground": "claim", "review_on": "2027-06-01"})
    assert (settled.restriction, settled.review_on) == (RestrictionGround.CLAIM, date(2027, 6, 1))


def test_without_a_ground_a_person_decides() -> None:
    made = prepared(Label.BEPERKING, words="Gebruik mijn gegevens even niet")
    assert made.restriction is None
    assert missing(made.letter, Label.BEPERKING, made.decision) == (BlockKind.RESTRICTION,)
    beside = prepared(Label.BEPERKING, words="Gebruik ze even niet", also=(Label.CORRECTIE,))
    assert beside.restriction is RestrictionGround.ACCURACY
    refused = prepared(Label.BEPERKING, words="x", chosen={"ground": "none"})
    assert set(missing(refused.letter, Label.BEPERKING, Decision.REFUSED)) == {BlockKind.FACTS, BlockKind.GRANTED}


@pytest.mark.parametrize("day", ["2027-02-10", "morgen"])
def test_a_review_lies_ahead(day: str) -> None:
    with pytest.raises(InputError):
        prepared(Label.BEPERKING, chosen={"ground": "claim", "review_on": day})


def test_what_a_system_can_not_freeze_is_done_by_hand_and_recipients_are_told() -> None:
    able = prepared(Label.BEPERKING, words="klopt niet", **holding("statistics", can=frozenset({Verb.RESTRICT})))
    unable = prepared(Label.BEPERKING, words="klopt niet", **holding("statistics"))
    assert [action.by_hand for action in (*able.actions, *unable.actions)] == [False, True]
    assert able.tell == ("google",)
    assert block(able.letter, BlockKind.RECIPIENTS_TOLD).items == ("Google (Analytics)",)


def test_processor_tables_are_never_frozen() -> None:
    made = prepared(Label.BEPERKING, words="klopt niet")
    said = " ".join(action.description for action in made.actions)
    assert "Klanten" in said and "Facturen" in said
    assert "Bezoekers" not in said


def test_what_is_done_by_hand_is_one_task_per_system() -> None:
    fields = (FieldInfo("value", "Waarde", "contact"),)
    tables = tuple(TableInfo(name, name, SourceRole.CONTROLLER, fields) for name in ("a", "b"))
    found = tuple(FoundTable(info.name, ("value",), (("x",),), keys=("1",)) for info in tables)
    made = prepared(
        Label.BEPERKING,
        words="klopt niet",
        sources=(SourceInfo("own", "Eigen", tables),),
        found=(Found("own", FindStatus.FOUND, found),),
    )
    (action,) = made.actions
    assert action.by_hand
    assert action.description.startswith("Eigen, a, b: 2 regel(s)")


# --- overdracht -------------------------------------------------------------------------------------------------------


def test_portability_takes_what_was_provided_on_consent_or_contract() -> None:
    file = case_file(Label.OVERDRACHT)
    made = HANDLERS[Label.OVERDRACHT].prepare(file)
    rows = block(made.letter, BlockKind.SCOPE).table.rows
    expected = {
        category.label: portable(file.policy, category) and category.sensitivity is not Sensitivity.SECRET
        for category in file.policy.categories
    }
    assert {label: answer == "ja" for label, answer in rows} == expected
    assert made.export is not None
    assert [table.name for table in made.export.tables] == ["customers"]  # invoices rest on a legal duty
    assert made.export.tables[0].columns == ("name", "iban")  # and no password
    assert made.actions == ()


def test_a_promise_without_limits_is_kept() -> None:
    made = prepared(Label.OVERDRACHT, "nexxt")
    assert made.export is not None
    assert {table.name for table in made.export.tables} == {"customers", "invoices"}
    derived = replace(case_file(organisation="nexxt").policy.categories[0], provided=False)
    assert isinstance(derived, Category)
    assert not portable(case_file(organisation="nexxt").policy, derived)


def test_another_party_gets_nothing_by_this_letter() -> None:
    made = prepared(Label.OVERDRACHT, chosen={"party": "other", "party_name": "Andere Hosting B.V."})
    assert slots(made.letter) == ()
    assert "Andere Hosting B.V" in text_of(made.letter)
    nameless = prepared(Label.OVERDRACHT, chosen={"party": "other"})
    assert missing(nameless.letter, Label.OVERDRACHT, nameless.decision) == (BlockKind.DELIVERY,)


def test_nothing_to_take_along_is_a_refusal_that_offers_access() -> None:
    made = prepared(Label.OVERDRACHT, **holding("invoices"))
    assert (made.decision, made.export) == (Decision.REFUSED, None)
    assert "inzage" in text_of(made.letter)
    assert missing(made.letter, Label.OVERDRACHT, Decision.REFUSED) == ()


# --- besluit, klacht --------------------------------------------------------------------------------------------------


def test_where_no_computer_decides_the_letter_says_so() -> None:
    made = prepared(Label.BESLUIT)
    assert made.decision is Decision.INFORMATION
    assert missing(made.letter, Label.BESLUIT, made.decision) == ()


def test_where_one_does_a_person_writes_logic_and_outcome() -> None:
    file = case_file(Label.BESLUIT)
    used = replace(file.policy, automated_decisions=AutomatedDecisions(used=True, text="Een computer beslist mee."))
    made = HANDLERS[Label.BESLUIT].prepare(replace(file, policy=used, chosen={"review": "changed"}))
    assert "Het besluit is veranderd" in text_of(made.letter)
    assert set(missing(made.letter, Label.BESLUIT, made.decision)) == {BlockKind.LOGIC, BlockKind.HUMAN}


def test_a_rejected_complaint_is_a_refusal_with_the_court() -> None:
    made = prepared(Label.KLACHT, chosen={"finding": "rejected", "other_person": "yes"})
    kinds = {part.kind for part in made.letter.blocks}
    assert made.decision is Decision.REFUSED
    assert {BlockKind.COURT, BlockKind.OBJECT, BlockKind.COMPLAINT_AP} <= kinds
    assert "Iemand anders" in text_of(made.letter)
    assert set(missing(made.letter, Label.KLACHT, made.decision)) == {BlockKind.FINDINGS, BlockKind.FACTS}
    open_yet = prepared(Label.KLACHT)
    assert "praten" in text_of(open_yet.letter)
    assert open_yet.staff_notes


def test_a_choice_that_is_none_is_an_error() -> None:
    with pytest.raises(InputError):
        prepared(Label.KLACHT, chosen={"finding": "misschien"})


# --- vraag, status, annuleren -----------------------------------------------------------------------------------------


def test_one_clear_approved_answer_is_sent_by_the_program() -> None:
    made = prepared(Label.VRAAG, "weservit", "Wat houden jullie bij in het portaal?")
    answer = block(made.letter, BlockKind.ANSWER)
    assert made.by_program
    assert answer.fixed
    assert "25 mei 2018" in answer.text[1]
    assert "Toegang portaal" in answer.text[1]
    assert missing(made.letter, Label.VRAAG, made.decision) == ()


def test_a_doubtful_question_is_answered_by_a_person() -> None:
    several = prepared(Label.VRAAG, words="Hoe lang bewaren jullie mijn telefoonnummer, en met wie delen jullie het?")
    none = prepared(Label.VRAAG, words="xyzzy")
    english = prepared(Label.VRAAG, words="cookies", form=Form.EN)
    assert not any(made.by_program for made in (several, none, english))
    assert not block(several.letter, BlockKind.ANSWER).fixed
    assert missing(none.letter, Label.VRAAG, none.decision) == (BlockKind.ANSWER,)
    settled = prepared(Label.VRAAG, words="xyzzy", chosen={"answer": "phone"})
    assert block(settled.letter, BlockKind.ANSWER).text[0].startswith("We gebruiken je telefoonnummer")


def test_short_words_of_an_answer_are_whole_words() -> None:
    def keys(words: str) -> set[str]:
        return {answer.key for answer in answers_for(case_file(Label.VRAAG, as_understood=words))}

    assert keys("Wie is jullie FG?") == {"fg"}
    assert keys("Kan ik dit afgeven?") == set()


def test_a_silent_statement_is_said_to_be_silent() -> None:
    made = prepared(Label.VRAAG, words="Hebben jullie een functionaris?")
    assert "zegt hier niets over" in text_of(made.letter)


ASKED = Progress(
    Label.VERWIJDERING, RequestState.AWAITING_APPROVAL, Awaiting.STAFF, datetime(2027, 2, 2, 9, tzinfo=UTC),
    date(2027, 3, 2),
)  # fmt: skip


def test_the_state_of_things_is_filled_from_the_case() -> None:
    made = prepared(Label.STATUS, standing=(ASKED,))
    assert made.by_program and missing(made.letter, Label.STATUS, made.decision) == ()
    assert "een medewerker bekijkt het antwoord" in text_of(made.letter) and "2 maart 2027" in text_of(made.letter)
    still = prepared(
        Label.STATUS, standing=(replace(ASKED, suspended_since=date(2027, 2, 5), suspended_for="specify"),)
    )
    assert "5 februari 2027" in text_of(still.letter)


def test_the_state_of_nothing_is_read_by_a_person() -> None:
    unknown = prepared(Label.STATUS)
    assert not unknown.by_program and not block(unknown.letter, BlockKind.STAGE).fixed
    assert "geen open verzoek" in text_of(unknown.letter)


def test_dropping_a_request_says_what_had_been_done() -> None:
    assert "nog niets uitgevoerd" in text_of(prepared(Label.ANNULEREN, standing=(ASKED,)).letter)
    deeds = (Deed(Verb.ERASE, "crm", date(2027, 2, 9)), Deed(Verb.OPT_OUT, "mailings", date(2027, 2, 9)))
    done = prepared(Label.ANNULEREN, standing=(replace(ASKED, deeds=deeds),)).letter
    assert block(done, BlockKind.CLOSED).items == (
        "9 februari 2027: gegevens gewist in Klantenbestand", "9 februari 2027: afgemeld in Mailinglijst",
    )  # fmt: skip
    assert "niet terughalen" in text_of(done)
    nothing = prepared(Label.ANNULEREN)
    assert missing(nothing.letter, Label.ANNULEREN, nothing.decision) == (BlockKind.CLOSED,)


# --- what staff settle ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", CHOICES)
def test_every_choice_has_a_question_and_words_for_its_values(label: Label) -> None:
    policy = case_file().policy
    for choice in CHOICES[label]:
        assert question(choice)
        values = offered(policy, choice)
        assert all(words for _, words in values)
        assert not choice.options or tuple(value for value, _ in values) == choice.options
