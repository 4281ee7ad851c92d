"""The dialogue of a chat as a table: what is known, what somebody types, what is said. And what may never happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.chat_dialogue import OFFERED, asked, decide, typed_address
from cases.dialogue import Awaited, Known, Mail, Talk, Turn
from cases.messages import ChatFile, ChatMessage
from cases.reading import Asked, Certainty, Fact, FactKind, Flag, Reading, Reply, ReplyKind
from cases.types import Assurance, InboundOutcome, Label, WorkKind
from intake.chat import plain_message
from tests.support.case_files import policy_of
from tests.support.thorough import tries
from tests.unit.test_dialogue import known, reading

POLICY = policy_of("whatnext")
OTHER = Reply(ReplyKind.OTHER)
TOPIC = reading(Label.OVERIG)
UNSURE = reading(certainty=Certainty.TRIAGE, likely={Label.INZAGE: 0.4, Label.CORRECTIE: 0.3, Label.BEZWAAR: 0.2})
CASE: dict[str, Any] = {"assurance": Assurance.NONE, "address_known": False, "awaited": Awaited.ADDRESS}
NO_CASE: dict[str, Any] = CASE | {"has_case": False, "open_labels": frozenset(), "awaited": Awaited.NOTHING}
PROVEN: dict[str, Any] = {
    "assurance": Assurance.MAILBOX_PROVEN, "address_known": True, "awaited": Awaited.NOTHING,
}  # fmt: skip
ADDRESS = Fact(FactKind.EMAIL, "Anna@Post.example", 0, 17, checked=True)


def turn(
    text: str, read: Reading = TOPIC, reply: Reply = OTHER, here: Known | None = None, *, shared: bool = False,
    **chat: Any,
) -> Turn:  # fmt: skip
    message = ChatMessage("anna", text, "1", **chat)
    return decide(plain_message(message), message, read, reply, here, POLICY, shared=shared)


# --- opening ----------------------------------------------------------------------------------------------------------


def test_a_request_opens_and_asks_for_the_address() -> None:
    said = turn("ik wil mijn gegevens inzien", reading(Label.INZAGE))
    assert said.open == (Label.INZAGE,)
    assert (said.mail, said.awaited) == (Mail.ASK_ADDRESS, Awaited.ADDRESS)


def test_two_wishes_are_opened_together() -> None:
    assert turn("kopie en wissen", reading(Label.INZAGE, Label.VERWIJDERING)).open == (Label.INZAGE, Label.VERWIJDERING)


def test_a_plain_question_needs_no_address() -> None:
    assert turn("hoe lang bewaart u iets?", reading(Label.VRAAG)).mail is Mail.ACKNOWLEDGEMENT
    assert turn("ik wil geen reclame", reading(Label.AFMELDEN)).mail is Mail.ASK_ADDRESS
    assert turn("een klacht", reading(Label.KLACHT)).mail is Mail.ASK_ADDRESS


def test_whom_the_portal_vouches_for_is_asked_nothing() -> None:
    said = turn("inzage graag", reading(Label.INZAGE), vouched=(("email", "anna@post.example"),))
    assert (said.mail, said.awaited) == (Mail.ACKNOWLEDGEMENT, None)


def test_a_quick_reply_says_what_it_says_and_no_more() -> None:
    said = turn("Je gegevens wissen", UNSURE, choice="wish:verwijdering")
    assert (said.open, said.mail) == ((Label.VERWIJDERING,), Mail.ASK_ADDRESS)
    assert turn("x", TOPIC, choice="wish:alles").open == ()
    assert turn("Een medewerker", UNSURE, choice="human").mail is Mail.HUMAN


def test_a_wish_after_the_end_gets_a_case_and_a_proof_of_its_own() -> None:
    over = known(**(PROVEN | {"open_labels": frozenset()}))
    said = turn("en wis nu alles", reading(Label.VERWIJDERING), OTHER, over)
    assert said.new_conversation and said.mail is Mail.ASK_ADDRESS


# --- the address and the code -----------------------------------------------------------------------------------------


def test_the_typed_address_gets_a_code() -> None:
    said = turn("anna@post.example", replace(TOPIC, facts=(ADDRESS,)), Reply(ReplyKind.ADDRESS), known(**CASE))
    assert (said.mail, said.address, said.awaited) == (Mail.CODE_BY_MAIL, "anna@post.example", Awaited.CODE)


def test_a_mistyped_address_may_be_typed_again_before_the_proof_and_not_after() -> None:
    waits = known(**(CASE | {"awaited": Awaited.CODE, "address_known": True}))
    assert turn("anna@post.example", replace(TOPIC, facts=(ADDRESS,)), OTHER, waits).address == "anna@post.example"
    proven = known(**(PROVEN | {"awaited": Awaited.CODE}))
    assert turn("anna@post.example", replace(TOPIC, facts=(ADDRESS,)), OTHER, proven).address == ""


@pytest.mark.parametrize("text", ["geen", "anna at post", "anna@post", "a@b.example c@d.example"])
def test_what_is_no_address_gets_no_code(text: str) -> None:
    facts = tuple(Fact(FactKind.EMAIL, part, 0, 1, checked=True) for part in text.split() if "@" in part)
    assert typed_address(replace(TOPIC, facts=facts), Reply(ReplyKind.OTHER)) == ""


def test_a_code_counts_only_where_one_is_asked() -> None:
    code = Reply(ReplyKind.CODE, "123456")
    waits = known(**(CASE | {"awaited": Awaited.CODE, "address_known": True}))
    assert turn("123456", TOPIC, code, waits).code == "123456"
    assert turn("123456", TOPIC, code, known(**CASE)).code == ""
    assert turn("123456", TOPIC, code, None).code == ""


def test_a_new_code_goes_to_the_address_that_is_known() -> None:
    waits = known(**(CASE | {"awaited": Awaited.CODE, "address_known": True}))
    assert turn("nieuwe code", TOPIC, Reply(ReplyKind.NEW_CODE), waits).mail is Mail.CODE_BY_MAIL


def test_without_an_address_a_person_is_offered() -> None:
    assert turn("heb ik niet", TOPIC, Reply(ReplyKind.NO), known(**CASE)).talk is Talk.NO_ADDRESS
    street = Reply(ReplyKind.ADDRESS, value="Dorpsstraat 1")
    assert turn("Dorpsstraat 1", TOPIC, street, known(**CASE)).talk is Talk.ADDRESS_UNCLEAR


def test_each_question_reads_the_answer_in_its_own_way() -> None:
    assert asked(None) is None
    assert asked(known(**CASE)) is Asked.ADDRESS
    assert asked(known()) is Asked.CODE


# --- talk -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("hallo", Talk.HELLO), ("Goedemorgen!", Talk.HELLO), ("hallo\ndaar", Talk.HELLO), ("hi there", Talk.HELLO),
        ("/start", Talk.HELLO),
        ("dank je wel", Talk.THANKS), ("Oké, bedankt!", Talk.THANKS), ("thanks", Talk.THANKS),
        ("dankjewel", Talk.THANKS),
        ("ok", Talk.OK), ("prima", Talk.OK), ("👍", Talk.OK),
    ],
)  # fmt: skip
def test_small_talk_gets_a_line_and_opens_nothing(text: str, talk: Talk) -> None:
    said = turn(text, UNSURE)
    assert (said.talk, said.open, said.work) == (talk, (), ())


def test_hello_offers_two_wishes() -> None:
    assert turn("hallo", UNSURE).choices == OFFERED


def test_small_talk_repeats_the_question_that_stands() -> None:
    assert turn("ok", TOPIC, OTHER, known(**CASE)).talk is Talk.ASK_ADDRESS
    assert turn("ok", TOPIC, OTHER, known(**(CASE | {"awaited": Awaited.CODE}))).talk is Talk.CODE_OPEN


def test_another_topic_is_sent_elsewhere() -> None:
    for here in (None, known(**NO_CASE), known(**PROVEN)):
        said = turn("hoe laat gaat u open?", TOPIC, OTHER, here)
        assert (said.talk, said.open, said.work) == (Talk.OTHER_TOPIC, (), ())


def test_abuse_gets_a_calm_line() -> None:
    assert turn("stelletje ...", reading(Label.OVERIG, flags=(Flag.ABUSIVE,))).talk is Talk.CALM


def test_a_chat_that_people_share_is_left_alone() -> None:
    for text, read in (("hallo", UNSURE), ("hoe laat gaat u open?", TOPIC), ("hm", UNSURE)):
        said = turn(text, read, shared=True)
        assert said.mail is Mail.NONE
    assert turn("inzage graag", reading(Label.INZAGE), shared=True).mail is Mail.ASK_ADDRESS


def test_an_edit_starts_no_new_talk() -> None:
    assert turn("hallo", UNSURE, edits="0").mail is Mail.NONE
    assert turn("inzage graag", reading(Label.INZAGE), edits="0").open == (Label.INZAGE,)


def test_files_are_sent_elsewhere() -> None:
    file = ChatFile("paspoort.jpg", "image/jpeg", 9)
    assert turn("", UNSURE, files=(file,)).talk is Talk.NO_FILES
    assert turn("", UNSURE, OTHER, known(**PROVEN), files=(file,)).talk is Talk.NO_FILES  # nobody kept it
    kept = ChatFile("paspoort.jpg", "image/jpeg", 9, file_id="bewijs-1")
    assert turn("", UNSURE, OTHER, known(**PROVEN), files=(kept,)).talk is Talk.FILE


# --- doubt and people -------------------------------------------------------------------------------------------------


def test_doubt_asks_once_with_two_choices_then_a_person_takes_over() -> None:
    first = turn("iets met mijn gegevens", UNSURE)
    assert first.mail is Mail.CLARIFICATION and first.awaited is Awaited.CLARIFY
    assert first.choices == (Label.INZAGE, Label.CORRECTIE)
    assert WorkKind.TRIAGE in first.work
    again = known(**(NO_CASE | {"awaited": Awaited.CLARIFY, "choices": first.choices}))
    second = turn("tja", UNSURE, OTHER, again)
    assert (second.mail, second.human) == (Mail.HUMAN, True)
    chosen = turn("1", UNSURE, Reply(ReplyKind.CHOICE, choice=1), again)
    assert chosen.open == (Label.INZAGE,)


@pytest.mark.parametrize("here", [None, known(**NO_CASE), known(**CASE), known(**PROVEN)])
def test_mens_at_any_moment(here: Known | None) -> None:
    said = turn("mens", TOPIC, Reply(ReplyKind.HUMAN), here)
    assert (said.mail, said.human) == (Mail.HUMAN, True)
    assert said.work


def test_after_mens_the_program_is_silent_but_a_code_counts() -> None:
    silent = known(human=True)
    for text in ("hallo", "mens", "bedankt", "hoe laat gaat u open?"):
        assert turn(text, TOPIC, OTHER, silent).mail is Mail.NONE
    assert turn("123456", TOPIC, Reply(ReplyKind.CODE, "123456"), silent).code == "123456"


def test_distress_goes_to_a_person_at_once() -> None:
    for read in (reading(Label.OVERIG, flags=(Flag.DISTRESS,)), reading(Label.INZAGE, flags=(Flag.DISTRESS,))):
        said = turn("ik weet het niet meer", read)
        assert (said.talk, said.human) == (Talk.DISTRESS, True)


@pytest.mark.parametrize("language", ["de", "fr"])
def test_another_language_goes_to_a_person(language: str) -> None:
    said = turn("…", replace(UNSURE, language=language))
    assert (said.talk, said.human) == (Talk.LANGUAGE, True)


@pytest.mark.parametrize("flag", [Flag.MINOR, Flag.DECEASED, Flag.ON_BEHALF, Flag.AUTHORITY])
def test_paths_of_their_own_are_opened_for_a_person(flag: Flag) -> None:
    said = turn("namens mijn moeder", reading(Label.INZAGE, flags=(flag,)))
    assert said.open == (Label.INZAGE,) and said.by_staff and said.human
    assert said.mail in (Mail.HUMAN, Mail.NONE)


def test_not_me_stops_everything() -> None:
    said = turn("dit was ik niet", TOPIC, Reply(ReplyKind.NOT_ME), known(**CASE))
    assert said.freeze and said.talk is Talk.STOPPED


# --- a case begun elsewhere, a change of mind -------------------------------------------------------------------------


def test_a_case_begun_elsewhere_is_told_of_only_after_a_proof() -> None:
    said = turn("hoe staat het met mijn verzoek?", reading(Label.STATUS))
    assert (said.talk, said.awaited, said.open) == (Talk.STATUS_ADDRESS, Awaited.ADDRESS, ())


def test_a_change_of_mind_is_carried_out_only_for_the_proven_person() -> None:
    drop, never = reading(Label.ANNULEREN), Reply(ReplyKind.NEVER_MIND)
    assert turn("laat maar", drop, never, known(**PROVEN)).withdraw
    unproven = turn("laat maar", drop, never, known(**CASE))
    assert not unproven.withdraw and unproven.talk is Talk.PASSED_ON
    assert WorkKind.NEW_MESSAGE in unproven.work


# --- whatever comes in ------------------------------------------------------------------------------------------------

_READINGS = st.builds(
    lambda labels, certainty, flags, language: reading(
        *labels, certainty=certainty, flags=tuple(flags), language=language
    ),
    st.lists(st.sampled_from(Label), max_size=3, unique=True), st.sampled_from(Certainty),
    st.sets(st.sampled_from(Flag), max_size=2), st.sampled_from(["nl", "en", "de", ""]),
)  # fmt: skip
_REPLIES = st.builds(Reply, st.sampled_from(ReplyKind), st.sampled_from(["", "123456"]), st.integers(0, 3))
_KNOWN = st.none() | st.builds(
    known,
    assurance=st.sampled_from([Assurance.NONE, Assurance.ADDRESS_CLAIMED, Assurance.MAILBOX_PROVEN]),
    awaited=st.sampled_from([Awaited.NOTHING, Awaited.ADDRESS, Awaited.CODE, Awaited.CLARIFY]),
    human=st.booleans(), frozen=st.booleans(), has_case=st.booleans(), address_known=st.booleans(),
)  # fmt: skip


@tries(200)
@given(st.sampled_from(["hallo", "ok", "iets", "anna@post.example", ""]), _READINGS, _REPLIES, _KNOWN, st.booleans())
def test_never(text: str, read: Reading, reply: Reply, here: Known | None, shared: bool) -> None:
    said = turn(text, read, reply, here, shared=shared)
    if here is not None and (here.human or here.frozen):
        assert said.mail in (Mail.NONE, Mail.CODE_RESULT) or not here.human
    if said.withdraw:
        assert here is not None and here.assurance >= Assurance.MAILBOX_PROVEN
    if said.mail is Mail.TALK:
        assert said.talk is not None
    assert len(said.choices) <= 2
    assert said.mail is not Mail.ACKNOWLEDGEMENT_WITH_CODE, "a chat has no mail to put the code in"
    if said.open and said.mail is Mail.ACKNOWLEDGEMENT:
        address = here is not None and here.address_known and here.has_case
        assert set(said.open) == {Label.VRAAG} or address or (here is not None and here.address_known)
    if said.outcome is InboundOutcome.TRIAGE:
        assert said.work
