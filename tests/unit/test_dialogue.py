"""The dialogue as a table: what is known, what comes in, what happens. And what may never happen, whatever comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.dialogue import Awaited, Known, Mail, Turn, decide, form_for
from cases.messages import ParsedMessage
from cases.policy import level_needed
from cases.reading import Certainty, Fact, FactKind, Flag, Reading, Reply, ReplyKind
from cases.types import DESTRUCTIVE, Assurance, Form, InboundOutcome, Label, MachineKind, WorkKind
from tests.support.case_files import policy_of
from tests.support.thorough import tries

POLICY = policy_of("whatnext")
CASELESS = (Label.STATUS, Label.ANNULEREN, Label.OVERIG)
NUMBER = Fact(FactKind.CUSTOMER_NUMBER, "WN10001", 0, 7, checked=True)


def message(machine: MachineKind | None = None) -> ParsedMessage:
    return ParsedMessage(
        subject="", from_name="", from_address="a@post.example", reply_to="", to=(), message_id="", references=(),
        date_header=None, text="x", own_words="x", quoted="", attachments=(), machine=machine, auto_suppressed=False,
        content_digest=b"",
    )  # fmt: skip


def reading(
    *labels: Label, certainty: Certainty = Certainty.CERTAIN, flags: tuple[Flag, ...] = (),
    facts: tuple[Fact, ...] = (), likely: dict[Label, float] | None = None, language: str = "nl",
) -> Reading:  # fmt: skip
    return Reading(
        labels=labels, probabilities=likely or dict.fromkeys(labels, 0.95), certainty=certainty, evidence={},
        language=language, form=None, flags=frozenset(flags), facts=facts, model_version="test",
    )  # fmt: skip


def known(**changes: Any) -> Known:
    """A conversation with a case that waits for a code, answered under our own mail from its own address."""
    values: dict[str, Any] = {
        "conversation_id": "c", "threaded": True, "same_address": True, "assurance": Assurance.ADDRESS_CLAIMED,
        "elsewhere": False, "awaited": Awaited.CODE, "choices": (), "human": False, "frozen": False,
        "open_labels": frozenset({Label.INZAGE}), "has_case": True,
    }  # fmt: skip
    return Known(**(values | changes))


PROVEN: dict[str, Any] = {"assurance": Assurance.MAILBOX_PROVEN, "awaited": Awaited.NOTHING}
CLARIFYING: dict[str, Any] = {
    "awaited": Awaited.CLARIFY, "choices": (Label.INZAGE, Label.VERWIJDERING), "open_labels": frozenset(),
    "has_case": False,
}  # fmt: skip
ON_FILE: dict[str, Any] = {
    "awaited": Awaited.ON_FILE, "elsewhere": True, "open_labels": frozenset(), "has_case": False,
}  # fmt: skip
ASKED: dict[str, Any] = ON_FILE | {"awaited": Awaited.OTHER_ADDRESS}

TALK = reading(Label.OVERIG)
UNSURE = reading(certainty=Certainty.ASK, likely={Label.INZAGE: 0.45, Label.VRAAG: 0.3, Label.KLACHT: 0.05})
OTHER = Reply(ReplyKind.OTHER)
CODE = Reply(ReplyKind.CODE, "123456")


@dataclass(frozen=True)
class Line:
    name: str
    reading: Reading
    reply: Reply
    known: Known | None
    expected: dict[str, Any] = field(default_factory=dict)


LINES = (
    # the first message
    Line("a clear wish", reading(Label.INZAGE), OTHER, None,
         {"outcome": InboundOutcome.CASE, "open": (Label.INZAGE,), "mail": Mail.ACKNOWLEDGEMENT_WITH_CODE,
          "awaited": Awaited.CODE}),
    Line("two wishes", reading(Label.INZAGE, Label.VERWIJDERING), OTHER, None,
         {"open": (Label.INZAGE, Label.VERWIJDERING), "mail": Mail.ACKNOWLEDGEMENT_WITH_CODE}),
    Line("an opt-out asks no code", reading(Label.AFMELDEN), OTHER, None,
         {"outcome": InboundOutcome.CASE, "open": (Label.AFMELDEN,), "mail": Mail.ACKNOWLEDGEMENT, "awaited": None}),
    Line("certainly nothing", TALK, OTHER, None, {"outcome": InboundOutcome.NO_REQUEST, "mail": Mail.NONE}),
    Line("unsure, asked back", UNSURE, OTHER, None,
         {"outcome": InboundOutcome.TRIAGE, "mail": Mail.CLARIFICATION, "choices": (Label.INZAGE, Label.VRAAG),
          "work": (WorkKind.TRIAGE,)}),
    Line("very unsure", reading(certainty=Certainty.TRIAGE), OTHER, None,
         {"outcome": InboundOutcome.TRIAGE, "mail": Mail.NONE, "work": (WorkKind.TRIAGE,)}),
    Line("status without a case opens none", reading(Label.STATUS), OTHER, None,
         {"outcome": InboundOutcome.TRIAGE, "open": ()}),
    Line("for somebody else", reading(Label.INZAGE, flags=(Flag.ON_BEHALF,)), OTHER, None,
         {"open": (Label.INZAGE,), "by_staff": True, "human": True, "mail": Mail.HUMAN, "work": (WorkKind.HANDLE,)}),
    Line("an authority gets no automatic word", reading(Label.INZAGE, flags=(Flag.AUTHORITY,)), OTHER, None,
         {"by_staff": True, "mail": Mail.NONE}),
    Line("a human from the first word", reading(Label.INZAGE, flags=(Flag.WANTS_HUMAN,)), OTHER, None,
         {"open": (Label.INZAGE,), "human": True, "mail": Mail.HUMAN, "awaited": None}),
    # codes
    Line("the code", TALK, CODE, known(), {"code": "123456", "mail": Mail.CODE_RESULT, "work": ()}),
    Line("the code in a new mail from the same address", TALK, CODE, known(threaded=False),
         {"code": "123456", "mail": Mail.CODE_RESULT}),
    Line("the code from another mailbox", TALK, CODE, known(same_address=False),
         {"mail": Mail.OTHER_ADDRESS, "new_conversation": True, "vouch": False}),
    Line("a code that nobody asked for", TALK, CODE, known(**PROVEN), {"code": "", "mail": Mail.STATUS}),
    Line("a new code", TALK, Reply(ReplyKind.NEW_CODE), known(), {"mail": Mail.NEW_CODE}),
    Line("a new code when none is open", TALK, Reply(ReplyKind.NEW_CODE), known(**PROVEN), {"mail": Mail.NONE}),
    # the other mailbox
    Line("the silent code sent back from where it went", TALK, CODE, known(**ON_FILE),
         {"mail": Mail.OTHER_ADDRESS, "awaited": Awaited.OTHER_ADDRESS, "vouch": False}),
    Line("a yes before we asked", TALK, Reply(ReplyKind.YES), known(**ON_FILE),
         {"mail": Mail.OTHER_ADDRESS, "vouch": False}),
    Line("a yes to our question", TALK, Reply(ReplyKind.YES), known(**ASKED), {"vouch": True, "mail": Mail.NONE}),
    Line("a yes by From alone", TALK, Reply(ReplyKind.YES), known(**ASKED, threaded=False),
         {"vouch": False, "outcome": InboundOutcome.TRIAGE}),
    Line("not me", TALK, Reply(ReplyKind.NOT_ME), known(**ON_FILE), {"freeze": True, "mail": Mail.NONE}),
    Line("not me by From alone", TALK, Reply(ReplyKind.NOT_ME), known(threaded=False),
         {"freeze": False, "work": (WorkKind.NEW_MESSAGE,), "open": ()}),
    # a human, please
    Line("mens", TALK, Reply(ReplyKind.HUMAN), known(),
         {"human": True, "mail": Mail.HUMAN, "work": (WorkKind.HUMAN_WANTED,)}),
    Line("mens again", TALK, Reply(ReplyKind.HUMAN), known(human=True), {"mail": Mail.NONE}),
    Line("silent while a person is busy", reading(Label.STATUS), OTHER, known(human=True),
         {"mail": Mail.NONE, "work": (WorkKind.NEW_MESSAGE,)}),
    Line("a code counts silently", TALK, CODE, known(human=True), {"code": "123456", "mail": Mail.NONE}),
    Line("frozen stays frozen", TALK, CODE, known(frozen=True), {"code": "", "mail": Mail.NONE}),
    # talk within a case
    Line("status", reading(Label.STATUS), OTHER, known(**PROVEN), {"mail": Mail.STATUS, "withdraw": False}),
    Line("status that sounds like never mind", reading(Label.STATUS, Label.ANNULEREN), OTHER, known(**PROVEN),
         {"mail": Mail.STATUS, "withdraw": False}),
    Line("never mind, proven", reading(Label.ANNULEREN), Reply(ReplyKind.NEVER_MIND), known(**PROVEN),
         {"withdraw": True}),
    Line("never mind, by the model alone", reading(Label.ANNULEREN), OTHER, known(**PROVEN),
         {"withdraw": False, "work": (WorkKind.NEW_MESSAGE,)}),
    Line("never mind, by the words alone", TALK, Reply(ReplyKind.NEVER_MIND), known(**PROVEN),
         {"withdraw": False, "work": (WorkKind.NEW_MESSAGE,)}),
    Line("never mind, not proven", reading(Label.ANNULEREN), Reply(ReplyKind.NEVER_MIND), known(),
         {"withdraw": False, "work": (WorkKind.NEW_MESSAGE,)}),
    Line("never mind, by From alone", reading(Label.ANNULEREN), Reply(ReplyKind.NEVER_MIND),
         known(**PROVEN, threaded=False), {"withdraw": False, "work": (WorkKind.NEW_MESSAGE,)}),
    Line("thanks", TALK, OTHER, known(**PROVEN), {"changes_content": False, "open": ()}),
    Line("a fact", reading(Label.OVERIG, facts=(NUMBER,)), OTHER, known(**PROVEN), {"changes_content": True}),
    Line("a new wish in a proven thread", reading(Label.OVERDRACHT), OTHER, known(**PROVEN),
         {"open": (Label.OVERDRACHT,), "mail": Mail.ACKNOWLEDGEMENT, "new_conversation": False}),
    Line("one that can not be undone is proven anew", reading(Label.VERWIJDERING), OTHER, known(**PROVEN),
         {"open": (Label.VERWIJDERING,), "mail": Mail.ACKNOWLEDGEMENT_WITH_CODE, "new_conversation": False}),
    Line("a wish from a mailbox that only got a code", reading(Label.INZAGE), OTHER, known(**ON_FILE),
         {"open": (Label.INZAGE,), "new_conversation": True, "mail": Mail.ACKNOWLEDGEMENT_WITH_CODE}),
    Line("not me, from where our mail was forwarded to", TALK, Reply(ReplyKind.NOT_ME), known(same_address=False),
         {"freeze": True}),
    Line("a new wish in a thread that is not proven", reading(Label.VERWIJDERING), OTHER, known(),
         {"open": (Label.VERWIJDERING,), "mail": Mail.ACKNOWLEDGEMENT_WITH_CODE}),
    Line("a new wish in a mail of its own", reading(Label.VERWIJDERING), OTHER, known(**PROVEN, threaded=False),
         {"new_conversation": True, "mail": Mail.ACKNOWLEDGEMENT_WITH_CODE}),
    Line("the same wish again", reading(Label.INZAGE), OTHER, known(), {"open": (), "work": (WorkKind.NEW_MESSAGE,)}),
    # the clarifying question
    Line("a number", TALK, Reply(ReplyKind.CHOICE, choice=2), known(**CLARIFYING), {"open": (Label.VERWIJDERING,)}),
    Line("a number that was not offered", TALK, Reply(ReplyKind.CHOICE, choice=3), known(**CLARIFYING),
         {"open": (), "outcome": InboundOutcome.TRIAGE}),
    Line("a plain answer", reading(certainty=Certainty.ASK, likely={Label.INZAGE: 0.7, Label.VERWIJDERING: 0.1}), OTHER,
         known(**CLARIFYING), {"open": (Label.INZAGE,)}),
    Line("a vague answer", reading(certainty=Certainty.ASK, likely={Label.INZAGE: 0.4, Label.VERWIJDERING: 0.1}), OTHER,
         known(**CLARIFYING), {"open": (), "work": (WorkKind.TRIAGE,)}),
    Line("another wish than the ones offered", reading(Label.CORRECTIE), OTHER, known(**CLARIFYING),
         {"open": (Label.CORRECTIE,)}),
)  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_one_turn(line: Line) -> None:
    turn = decide(message(), line.reading, line.reply, line.known, POLICY)
    assert {name: getattr(turn, name) for name in line.expected} == line.expected


@pytest.mark.parametrize("kind", MachineKind)
def test_a_machine_is_never_answered(kind: MachineKind) -> None:
    for found in (None, known(), known(**ASKED)):
        for read in (TALK, reading(Label.INZAGE), UNSURE):
            turn = decide(message(kind), read, CODE, found, POLICY)
            assert turn.mail is Mail.NONE and not turn.open and not turn.code
            assert turn.outcome in (InboundOutcome.MACHINE, InboundOutcome.TRIAGE)


def test_the_language_of_the_answer() -> None:
    assert form_for(POLICY, reading(language="en")) is Form.EN
    assert form_for(POLICY, reading(language="de")) is POLICY.form


# --- whatever comes in ------------------------------------------------------------------------------------------------

labels = st.lists(st.sampled_from(Label), unique=True, max_size=4).map(tuple)
readings = st.builds(
    Reading,
    labels=labels,
    probabilities=st.dictionaries(st.sampled_from(Label), st.floats(0, 1)),
    certainty=st.sampled_from(Certainty),
    evidence=st.just({}),
    language=st.sampled_from(["nl", "en", "de", "fr", ""]),
    form=st.none(),
    flags=st.frozensets(st.sampled_from(Flag), max_size=3),
    facts=st.sampled_from([(), (NUMBER,)]),
    model_version=st.just("any"),
)
replies = st.builds(
    Reply, kind=st.sampled_from(ReplyKind), code=st.sampled_from(["", "123456"]), choice=st.integers(-1, 4)
)
conversations = st.none() | st.builds(
    Known,
    conversation_id=st.just("c"),
    threaded=st.booleans(),
    same_address=st.booleans(),
    assurance=st.sampled_from(Assurance),
    elsewhere=st.booleans(),
    awaited=st.sampled_from(Awaited),
    choices=labels,
    human=st.booleans(),
    frozen=st.booleans(),
    open_labels=st.frozensets(st.sampled_from(Label), max_size=3),
    has_case=st.booleans(),
)
messages = st.sampled_from([message(), *(message(kind) for kind in MachineKind)])


@tries(300)
@given(messages, readings, replies, conversations)
def test_what_may_never_happen(incoming: ParsedMessage, read: Reading, reply: Reply, found: Known | None) -> None:
    """`decide` always answers, and no reading alone opens, ends or vouches for anything that needs more."""
    turn = decide(incoming, read, reply, found, POLICY)
    assert isinstance(turn, Turn)
    assert not set(turn.open) & set(CASELESS), "these open no matter by themselves"
    if turn.withdraw:
        assert found is not None and found.threaded and found.same_address and not found.frozen
        assert found.assurance >= Assurance.MAILBOX_PROVEN and reply.kind is ReplyKind.NEVER_MIND
    if turn.vouch:
        assert found is not None and found.threaded and found.same_address and not found.frozen
        assert reply.kind is ReplyKind.YES and found.awaited is Awaited.OTHER_ADDRESS and found.elsewhere
    if turn.freeze:
        assert found is not None and found.threaded
    if any(label in DESTRUCTIVE and level_needed(POLICY, label) > Assurance.ADDRESS_CLAIMED for label in turn.open):
        assert turn.mail is Mail.ACKNOWLEDGEMENT_WITH_CODE or turn.human or turn.by_staff, "proven anew, or by a person"
    if turn.open and any(level_needed(POLICY, label) > Assurance.ADDRESS_CLAIMED for label in turn.open):
        proven = found is not None and found.assurance >= Assurance.MAILBOX_PROVEN and not turn.new_conversation
        assert turn.mail is Mail.ACKNOWLEDGEMENT_WITH_CODE or turn.human or turn.by_staff or proven
    if found is not None and found.same_address and (found.human or found.frozen):
        assert turn.mail in (Mail.NONE, Mail.HUMAN) and not (found.human and turn.mail is Mail.HUMAN)
    if turn.outcome is InboundOutcome.NO_REQUEST:
        assert read.labels == (Label.OVERIG,) and read.certainty is Certainty.CERTAIN
    if turn.outcome is InboundOutcome.TRIAGE:
        assert WorkKind.TRIAGE in turn.work, "doubt is seen by a person"
    heard = turn.mail is not Mail.NONE or turn.code or turn.vouch or turn.withdraw or turn.open
    silent = (InboundOutcome.NO_REQUEST, InboundOutcome.MACHINE)
    assert heard or turn.work or turn.outcome in silent, "nothing is read and forgotten"
