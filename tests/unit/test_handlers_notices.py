"""Automatic mail: says who writes, holds no data, and is the same for everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from inspect import signature

import pytest

from cases.letters import BlockKind, Letter
from cases.progress import Deed, Progress
from cases.types import Awaiting, ChannelKind, Form, Label, RequestState, Verb
from handlers import notices
from handlers.notices import About
from handlers.wording import wrong_form
from render.letter import LetterContext, letter_html, letter_text
from tests.support.case_files import ORGANISATIONS, about, policy_of

TODAY = date(2027, 2, 10)
RUNNING = Progress(
    Label.INZAGE, RequestState.IDENTIFYING, Awaiting.REQUESTER, datetime(2027, 2, 2, 9, tzinfo=UTC), date(2027, 3, 2)
)
DONE = Progress(
    Label.VERWIJDERING, RequestState.AWAITING_APPROVAL, Awaiting.STAFF, datetime(2027, 2, 2, 9, tzinfo=UTC),
    date(2027, 3, 2), deeds=(Deed(Verb.ERASE, "crm", date(2027, 2, 9)),),
)  # fmt: skip
WRITTEN = datetime(2027, 2, 1, 23, 30, tzinfo=UTC)
CTX = LetterContext("X")
NOTICES: dict[str, Callable[[About], Letter]] = {
    "acknowledgement": lambda a: notices.acknowledgement(a, identity_needed=False, also_other=True),
    "with_code": lambda a: notices.acknowledgement_with_code(
        a, code="482913", channel=ChannelKind.EMAIL, written_at=WRITTEN
    ),
    "code_mail": lambda a: notices.code_mail(a, code="482913", channel=ChannelKind.WEB, written_at=WRITTEN),
    "triage": notices.triage_acknowledgement,
    "wrong": lambda a: notices.code_wrong(a, left=2),
    "expired": notices.code_expired,
    "expired_renewed": lambda a: notices.code_expired(a, code="482913"),
    "locked": notices.code_locked,
    "other": notices.code_other_conversation,
    "accepted": notices.code_accepted,
    "reminder": notices.identity_reminder,
    "clarification": lambda a: notices.clarification(a, (Label.INZAGE, Label.VRAAG)),
    "status": lambda a: notices.status(a, (RUNNING, DONE), today=TODAY, systems={}),
    "status_unproven": notices.status_unproven,
    "withdrawn": lambda a: notices.withdrawn(a, (RUNNING,), systems={}),
    "withdrawn_late": lambda a: notices.withdrawn(a, (DONE,), systems={"crm": "Klantenbestand"}),
    "status_unknown": notices.status_unknown,
    "human": notices.human_handover,
    "download": lambda a: notices.download_code(a, code="482913", written_at=WRITTEN),
}


@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize("name", NOTICES)
def test_the_first_line_says_that_a_program_writes(name: str, organisation: str) -> None:
    case = about(organisation)
    text = letter_text(NOTICES[name](case), replace(CTX, demo=True))
    first = text.split("\n", 1)[0]
    assert "automatische assistent" in first
    assert "'mens'" in first
    phone = case.policy.contact.phone
    assert (phone in first) if phone else ("bel " not in first)


@pytest.mark.parametrize("name", NOTICES)
def test_hours_stand_beside_the_phone_when_they_are_known(name: str) -> None:
    policy = policy_of("whatnext")
    contact = replace(policy.contact, phone="085 000 00 00", hours="ma t/m vr 9-17")
    letter = NOTICES[name](about(policy=replace(policy, contact=contact)))
    assert letter.blocks[0].text[0].endswith("bel 085 000 00 00 (ma t/m vr 9-17).")


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("name", NOTICES)
def test_our_own_sentences_keep_to_one_form(name: str, form: Form) -> None:
    organisation = "weservit" if form is Form.NL_U else "whatnext"
    letter = NOTICES[name](about(organisation, form))
    assert letter.form is form
    assert all(block.fixed for block in letter.blocks)
    assert wrong_form(form, letter.subject + letter_text(letter, CTX)) == ()


def test_no_notice_takes_a_name_or_an_address() -> None:
    """They are the same for known and unknown people because they are given nothing to differ by."""
    for name, function in vars(notices).items():
        if callable(function) and not name.startswith("_") and getattr(function, "__module__", "") == notices.__name__:
            assert not {"name", "address", "known", "requester"} & set(signature(function).parameters), name


def test_a_receipt_says_what_the_law_asks() -> None:
    for needed in (True, False):
        text = letter_text(notices.acknowledgement(about(), identity_needed=needed), CTX)
        assert "2 februari 2027" in text
        assert "PL-2027-0012" in text
        assert "2 maart 2027" in text
        assert "kost je niets" in text
        assert "https://loket.example/z/abc" in text
        assert "https://loket.example/over" in text
        assert ("code terug" in text) is needed


def test_a_code_mail_says_when_how_and_about_what() -> None:
    text = letter_text(NOTICES["with_code"](about(labels=(Label.VERWIJDERING,))), CTX)
    assert "482913" in text
    assert "2 februari 2027" in text
    assert "via e-mail" in text
    assert "je gegevens wissen" in text
    assert "24 uur" in text
    assert "link klikken hoeft nooit" in text
    assert "wachtwoord" in text
    assert "BSN" in text
    assert "niet ik" in text


def test_no_page_is_mentioned_where_there_is_none() -> None:
    text = letter_text(NOTICES["with_code"](about(link="")), CTX)
    assert "pagina" not in text
    assert "Stuur deze code terug" in text


def test_a_code_for_another_conversation_tells_nothing_of_that_case() -> None:
    letter = notices.code_other_conversation(about())
    text = letter.subject + letter_text(letter, CTX)
    assert not any(value in text for value in ("PL-2027-0012", "2027", "/z/abc", "inzien"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("acknowledgement", "andere vraag"), ("with_code", "gaat om: je bericht")],
)
def test_a_message_without_a_label_is_another_question(name: str, words: str) -> None:
    assert words in letter_text(NOTICES[name](about(labels=())), CTX)


def test_choices_are_words_with_numbers() -> None:
    letter = notices.clarification(about(), (Label.INZAGE, Label.VRAAG))
    choices = next(block for block in letter.blocks if block.kind is BlockKind.CHOICES).items
    assert [choice[:3] for choice in choices] == ["1. ", "2. "]
    assert "welke gegevens" in choices[0]
    assert "vraag" in choices[1]


def test_status_says_whether_the_clock_stands_still() -> None:
    def said(*running: Progress) -> str:
        return letter_text(notices.status(about(), running, today=TODAY, systems={"crm": "Klantenbestand"}), CTX)

    assert "loopt gewoon door" in said(RUNNING) and "antwoord van jou" in said(RUNNING)
    still = said(replace(RUNNING, suspended_since=date(2027, 2, 5), suspended_for="specify"))
    assert "stil sinds 5 februari 2027" in still and "om welke gegevens" in still
    late = replace(RUNNING, told_on=date(2027, 2, 9))
    assert "te laat" in said(late)
    assert "te laat" not in said(replace(late, suspended_since=date(2027, 2, 5), suspended_for="identity"))
    assert "meer tijd nodig" in said(replace(RUNNING, extended_on=date(2027, 2, 8)))
    waits = replace(DONE, state=RequestState.EXECUTING, deeds=(), begins_on=date(2027, 2, 12))
    assert "beginnen er op 12 februari 2027" in said(waits)
    two = said(late, DONE)
    assert two.count("Antwoord uiterlijk op") == 2 and "je gegevens wissen: De termijn loopt gewoon door." in two
    assert "9 februari 2027: gegevens gewist in Klantenbestand" in two
    over = said(replace(RUNNING, state=RequestState.ANSWERED, told_on=date(2027, 2, 9)))
    assert "beantwoord" in over and "te laat" not in over and "uiterlijk" not in over


def test_dropping_says_what_was_done_and_what_can_not_be_stopped() -> None:
    def said(*dropped: Progress) -> str:
        return letter_text(notices.withdrawn(about(), dropped, systems={"crm": "Klantenbestand"}), CTX)

    assert "nog niets uitgevoerd" in said(RUNNING)
    assert "gewist in Klantenbestand" in said(DONE) and "niet terughalen" in said(DONE)
    begun = replace(DONE, state=RequestState.EXECUTING)
    assert not begun.stoppable and "niet meer stoppen" in said(begun)


def test_staff_notices_hold_number_kind_date_and_link() -> None:
    for today, word in ((date(2027, 2, 25), "5 dagen"), (date(2027, 3, 2), "vandaag"), (date(2027, 3, 3), "te laat")):
        letter = notices.staff_warning(
            case_number="PL-1", label=Label.INZAGE, told=date(2027, 3, 2), today=today, link="https://loket.example/s/1"
        )
        text = letter_text(letter, CTX)
        assert word in letter.subject
        assert all(part in text for part in ("PL-1", "inzage", "2 maart 2027", "https://loket.example/s/1"))
        assert "automatische assistent" not in text
    waiting = notices.staff_waiting(
        case_number="PL-1", label=Label.KLACHT, told=date(2027, 3, 2), link="https://x.example"
    )
    assert "klacht" in waiting.subject


@pytest.mark.parametrize("name", NOTICES)
def test_both_views_say_the_same(name: str) -> None:
    letter = NOTICES[name](about())
    html = letter_html(letter, CTX)
    for block in letter.blocks:
        for item in (*block.items, *(line for part in block.text for line in part.split("\n"))):
            assert item.replace("'", "&#x27;") in html
            assert item in letter_text(letter, CTX)
