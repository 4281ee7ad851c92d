"""Small acts of staff: write to a requester, give a conversation back to the assistant, look again, tick off."""

from __future__ import annotations

from sqlalchemy import select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError
from cases.letters import Block, BlockKind, Letter, paragraphs
from cases.types import ChannelKind, Form, OutboxKind, RequestState, WorkKind
from handlers.wording import Texts
from storage.models import Conversation, Request, WorkItem, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import Route, queue
from storage.queries.writing import close_work as close_lines
from storage.unit import Reads, Unit
from workflow.approval import prepare_again
from workflow.desk import Desk
from workflow.notices import write


def _newest_request(reads: Reads, conversation_id: str) -> RequestFacts:
    rows = table(Request)
    request_id = reads.value(
        select(rows.c.id).where(rows.c.conversation_id == conversation_id).order_by(rows.c.received_at.desc()).limit(1)
    )
    facts = request_facts(reads, request_id) if request_id else None
    if facts is None:
        raise RuleError("this conversation has no request")
    return facts


async def reply(desk: Desk, staff_id: str, conversation_id: str, text: str) -> None:
    """A member of staff writes to the requester, in plain words. No answer to a request: those are drafts."""
    words = paragraphs(text)
    if not words:
        raise InputError("empty")
    facts = await desk.store.read(lambda reads: _newest_request(reads, conversation_id))
    own = desk.organisation(facts.organisation)
    letter = _letter(own.texts[facts.form], facts, words, own.policy.name, own.policy.signature)
    post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.LETTER, letter)

    def settle(unit: Unit) -> None:
        outbox_id = unit.new_id()
        route = Route(
            facts.organisation, ChannelKind(facts.channel), facts.account, facts.address,
            desk.index(facts.organisation, "email", facts.address), facts.conversation_key_id, conversation_id,
            facts.case_id, (facts.last_message_id,) if facts.last_message_id else (),
        )  # fmt: skip
        queue(
            unit, route, post, outbox_id=outbox_id, not_before=unit.now + desk.limits.undo,
            message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
        )  # fmt: skip
        close_lines(unit, WorkKind.NEW_MESSAGE, actor=staff_actor(staff_id), case_id=facts.case_id)

    await desk.store.write(settle)
    desk.wake.outbox.set()


def _letter(texts: Texts, facts: RequestFacts, words: tuple[str, ...], name: str, signature: tuple[str, ...]) -> Letter:
    topic = texts.say(f"topic.{facts.label.value}")
    greeting = texts.say("frame.greeting_name", name=facts.name) if facts.name else texts.say("frame.greeting")
    closing = f"{texts.say('frame.closing')}\n{name}" if facts.form is Form.EN else "\n".join(signature)
    blocks = (
        Block(BlockKind.GREETING, "greeting", True, (greeting,)),
        Block(BlockKind.TEXT, "words", False, words),
        Block(BlockKind.CLOSING, "closing", True, (closing,)),
    )
    return Letter(texts.say("letter.subject", case=facts.case_number, topic=topic), facts.form, blocks)


async def hand_to_bot(desk: Desk, staff_id: str, conversation_id: str) -> None:
    """The assistant may speak again in this conversation; requests that waited for staff go on."""
    facts = await desk.store.read(lambda reads: _newest_request(reads, conversation_id))

    def settle(unit: Unit) -> None:
        unit.change(Conversation, conversation_id, human_since=None, frozen=False)
        actor = staff_actor(staff_id)
        unit.record(
            AuditTag.HUMAN_HANDED_BACK, organisation=facts.organisation, actor=actor, case=facts.case_id,
            subject=conversation_id,
        )  # fmt: skip
        close_lines(unit, WorkKind.HUMAN_WANTED, actor=actor, case_id=facts.case_id)

    await desk.store.write(settle)


async def search_again(desk: Desk, staff_id: str, request_id: str) -> None:
    """Asks the sources once more, whatever draft there is. RuleError where the identity is not proven yet."""

    def settle(unit: Unit) -> None:
        facts = request_facts(unit, request_id)
        if facts is None:
            raise RuleError("no such request")
        if facts.state is RequestState.PREPARING:
            unit.change(Request, request_id, wake_at=unit.now, attempts=0)
            return
        if facts.state not in (RequestState.AWAITING_APPROVAL, RequestState.RECEIVED):
            raise RuleError("this request is not at a point where sources are asked")
        prepare_again(unit, facts, staff_id)

    await desk.store.write(settle)
    desk.wake.requests.set()


async def close_work(desk: Desk, staff_id: str, work_id: str) -> None:
    """Ticks off one line. A line that stands for an undecided request can not be ticked off."""
    tied = {WorkKind.APPROVE.value, WorkKind.SECOND_APPROVAL.value, WorkKind.TRIAGE.value, WorkKind.QUARANTINE.value}

    def settle(unit: Unit) -> None:
        rows = table(WorkItem)
        row = unit.one(select(rows).where(rows.c.id == work_id))
        if row is None:
            raise RuleError("no such line")
        if row.kind in tied:
            raise InputError("decide_first")
        unit.change(WorkItem, work_id, closed_at=unit.now, closed_by=staff_actor(staff_id), same=None)
        unit.record(
            AuditTag.WORK_CLOSED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=work_id, kind=row.kind,
        )  # fmt: skip

    await desk.store.write(settle)
