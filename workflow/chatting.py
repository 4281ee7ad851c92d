"""The words of one chat turn, and the code mail that goes with it. Pure work, no rows (`workflow/answering` asks)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cases.calendar import local_date
from cases.chat_dialogue import NEW_CODE, PERSON, WISH
from cases.dialogue import Awaited, Mail, Talk, Turn
from cases.identity import CodeResult
from cases.letters import Block
from cases.progress import Progress
from cases.reading import Flag, Reading
from cases.types import OutboxKind
from handlers import chat
from handlers.notices import About
from storage.queries.snapshots import Thread
from storage.queries.writing import Post
from workflow.desk import Desk
from workflow.notices import write_chat

KINDS = {
    Mail.ACKNOWLEDGEMENT: OutboxKind.ACKNOWLEDGEMENT,
    Mail.ASK_ADDRESS: OutboxKind.ACKNOWLEDGEMENT,
    Mail.CODE_BY_MAIL: OutboxKind.CODE_RESULT,
    Mail.CODE_RESULT: OutboxKind.CODE_RESULT,
    Mail.CLARIFICATION: OutboxKind.CLARIFICATION,
    Mail.HUMAN: OutboxKind.HUMAN,
    Mail.STATUS: OutboxKind.STATUS,
    Mail.WITHDRAWN: OutboxKind.STATUS,
    Mail.TALK: OutboxKind.CHAT,
}
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CodeMail:
    """The mail with a code, to the address typed in a chat."""

    address: str
    code: str
    post: Post
    outbox_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """All that the words of one turn depend on."""

    organisation: str
    turn: Turn
    reading: Reading
    about: About
    thread: Thread | None
    standing: tuple[Progress, ...]  # the requests that a status is about, the first to be due first
    systems: Mapping[str, str]  # source → what it is called
    first: bool  # of the conversation
    opened: bool  # this turn opened requests
    result: CodeResult | None = None
    code_goes: bool = False  # a fresh code leaves with this turn


def line(desk: Desk, said: Said) -> Post | None:
    """The chat line of a turn; None when the program keeps silent."""
    blocks = _blocks(desk, said)
    if blocks is None:
        return None
    letter = chat.line(said.about, *blocks, first=said.first)
    return write_chat(desk, said.organisation, KINDS[said.turn.mail], letter, _choices(said))


def limit_line(desk: Desk, said: Said) -> Post:
    """What is said instead when the address may get no code now (`workflow/settling` counts)."""
    blocks = (*_receipt(said, None), chat.code_limit(said.about)) if said.opened else (chat.code_limit(said.about),)
    letter = chat.line(said.about, *blocks, first=said.first)
    return write_chat(
        desk, said.organisation, OutboxKind.CODE_RESULT, letter, ((PERSON, chat.person_words(said.about)),)
    )


def _receipt(said: Said, then: Block | None) -> tuple[Block, ...]:
    return chat.receipt(said.about, then=then, also_other=Flag.ALSO_OTHER in said.reading.flags)


def _blocks(desk: Desk, said: Said) -> tuple[Block, ...] | None:
    about, turn = said.about, said.turn
    match turn.mail:
        case Mail.ACKNOWLEDGEMENT:
            return _receipt(said, chat.no_identity(about))
        case Mail.ASK_ADDRESS:
            return _receipt(said, chat.ask_address(about))
        case Mail.CODE_BY_MAIL:
            if not said.code_goes:
                return (chat.code_limit(about),)
            sent = chat.code_sent(about)
            return _receipt(said, sent) if said.opened else (sent,)
        case Mail.CODE_RESULT:
            return _code(desk, said)
        case Mail.CLARIFICATION:
            return (chat.clarification(about),)
        case Mail.HUMAN:
            has_case = said.opened or (said.thread is not None and said.thread.case_id is not None)
            return (chat.human(about, has_case=has_case),)
        case Mail.STATUS:
            return (_status(desk, said),)
        case Mail.WITHDRAWN:
            return (chat.withdrawn(about, said.standing, systems=said.systems),)
        case Mail.TALK if turn.talk is not None:
            return (chat.talk(about, turn.talk, language=said.reading.language),)
    return None


def _status(desk: Desk, said: Said) -> Block:
    if not said.standing:
        return chat.status_unknown(said.about)
    return chat.status(said.about, said.standing[0], today=local_date(desk.now()))


def _code(desk: Desk, said: Said) -> tuple[Block, ...]:
    about, thread = said.about, said.thread
    if said.result is CodeResult.ACCEPTED and thread is not None:
        if thread.case_id is None:  # the code was asked to go on with a case begun elsewhere
            return (_status(desk, said),)
        return (chat.code_accepted(about),)
    if said.result is CodeResult.WRONG and thread is not None:
        left = min((code.attempts_left for code in thread.codes), default=1) - 1
        return (chat.code_wrong(about, left=max(left, 1)),)
    if said.result is CodeResult.EXPIRED:
        return (chat.code_expired(about) if said.code_goes else chat.code_limit(about),)
    return (chat.code_locked(about) if said.result is CodeResult.LOCKED else chat.code_none(about),)


def _choices(said: Said) -> Choices:
    """Two or three quick replies, never more; always a person among them where something is asked."""
    about, turn = said.about, said.turn
    person = (PERSON, chat.person_words(about))
    if turn.choices:
        return (*((f"{WISH}{label.value}", chat.choice_words(about, label)) for label in turn.choices[:2]), person)
    waits_for_code = turn.awaited is Awaited.CODE or turn.talk is Talk.CODE_OPEN or turn.mail is Mail.CODE_RESULT
    if waits_for_code and said.result not in (CodeResult.ACCEPTED, CodeResult.LOCKED):
        return (NEW_CODE, chat.new_code_words(about)), person
    if turn.awaited is Awaited.ADDRESS or turn.talk in (Talk.ADDRESS_UNCLEAR, Talk.NO_ADDRESS, Talk.ASK_ADDRESS):
        return (person,)
    return ()
