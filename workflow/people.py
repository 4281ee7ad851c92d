"""Small acts of staff: write to a requester, give a conversation back to the assistant, look again, tick off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, staff_actor
from cases.dialogue import Awaited
from cases.errors import InputError, RuleError, Stale
from cases.identity import CodePurpose, ProofMethod, new_code
from cases.letters import Block, BlockKind, Letter, paragraphs
from cases.types import (
    OPEN_STATES,
    Assurance,
    Awaiting,
    ChannelKind,
    Form,
    InboundOutcome,
    OutboxKind,
    OutboxStatus,
    RequestState,
    WorkKind,
)
from handlers import chat, notices
from handlers.notices import About
from handlers.wording import Texts
from storage.models import CaseIdentifier, Conversation, Inbound, Link, Message, Outbox, Request, WorkItem, table
from storage.queries.request_facts import RequestFacts, newest_request, request_facts
from storage.queries.writing import close_work as close_lines
from storage.queries.writing import move_request
from storage.unit import Unit
from workflow import mailbox
from workflow.approval import may_decide, prepare_again
from workflow.desk import Desk
from workflow.notices import about, to_requester, write, write_chat
from workflow.opening import ready, write_code


async def reply(desk: Desk, staff_id: str, conversation_id: str, text: str) -> None:
    """A member of staff writes to the requester, in plain words. No answer to a request: those are drafts."""
    words = paragraphs(text)
    if not words:
        raise InputError("empty")
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))
    own = desk.organisation(facts.organisation)
    letter = _letter(own.texts[facts.form], facts, words, own.policy.name, own.policy.signature)
    if facts.chat:
        spoken = chat.staff_says(_at(desk, facts), words)
        post = await desk.in_thread(write_chat, desk, facts.organisation, OutboxKind.LETTER, spoken)
    else:
        post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.LETTER, letter)

    def settle(unit: Unit) -> None:
        to_requester(unit, desk, facts, post, wait=desk.limits.undo)
        close_lines(
            unit, WorkKind.NEW_MESSAGE, actor=staff_actor(staff_id), same=f"{WorkKind.NEW_MESSAGE}:{conversation_id}"
        )

    await desk.store.write(settle)
    desk.wake.outbox.set()


def _at(desk: Desk, facts: RequestFacts) -> About:
    return about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip


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
    """The assistant may speak again; requests that waited for staff go on, with a fresh code where proof lacks.

    InputError `not_allowed`: a freeze is lifted only by somebody who may decide.
    """
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))
    own = desk.organisation(facts.organisation)
    code = new_code(own.policy.identity.code_digits)
    at = _at(desk, facts)
    letter = notices.code_mail(at, code=code, channel=ChannelKind(facts.channel), written_at=facts.received_at)
    post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.IDENTITY_CODE, letter)
    needs = facts.assurance < Assurance.MAILBOX_PROVEN
    back = await desk.in_thread(write_chat, desk, facts.organisation, OutboxKind.CHAT, chat.back(at, ask=needs))

    def settle(unit: Unit) -> None:
        actor = staff_actor(staff_id)
        if facts.frozen:  # "niet ik" is lifted only by somebody who may decide
            may_decide(unit, staff_id, facts.organisation)
        unit.change(Conversation, conversation_id, human_since=None, frozen=False)
        _case_link_again(unit, conversation_id)
        unit.record(
            AuditTag.HUMAN_HANDED_BACK, organisation=facts.organisation, actor=actor, case=facts.case_id,
            subject=conversation_id,
        )  # fmt: skip
        close_lines(
            unit, WorkKind.HUMAN_WANTED, WorkKind.HANDLE, WorkKind.IDENTITY_STUCK, actor=actor, case_id=facts.case_id
        )
        if facts.chat:  # the program says that it is back; where proof lacks it asks for the address, as at first
            to_requester(unit, desk, facts, back)
            proven = _go_on(unit, desk, conversation_id, actor)
            awaited = Awaited.NOTHING if proven or not needs else Awaited.ADDRESS
            unit.change(Conversation, conversation_id, awaited=awaited.value)
            return
        if _go_on(unit, desk, conversation_id, actor):
            return
        unit.change(Conversation, conversation_id, awaited=Awaited.CODE.value)
        outbox_id = to_requester(unit, desk, facts, post)
        write_code(
            unit, desk, facts.organisation, conversation_id, code, CodePurpose.MAILBOX, case_id=facts.case_id,
            sent_to=desk.index(facts.organisation, "email", facts.address), outbox_id=outbox_id,
        )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.outbox.set()
    desk.wake.requests.set()


def _case_link_again(unit: Unit, conversation_id: str) -> None:
    """A freeze ended the links; the page of the case may be opened again, exports get new links with new drafts."""
    links = table(Link)
    unit.execute(
        links.update().where(links.c.conversation_id == conversation_id, links.c.kind == "case").values(revoked_at=None)
    )


def _go_on(unit: Unit, desk: Desk, conversation_id: str, actor: str) -> bool:
    """Moves what waited for staff or for proof; whether nothing of it still needs proof."""
    requests = table(Request)
    waiting = (RequestState.RECEIVED.value, RequestState.IDENTIFYING.value)
    rows = unit.rows(
        select(requests.c.id).where(requests.c.conversation_id == conversation_id, requests.c.state.in_(waiting))
    )
    all_proven = True
    for row in rows:
        facts = request_facts(unit, row.id)
        assert facts is not None
        proven = ready(desk.organisation(facts.organisation).policy, facts.label, facts.assurance)
        all_proven &= proven
        move_request(
            unit, row.id, RequestState.PREPARING if proven else RequestState.IDENTIFYING, actor=actor,
            awaiting=(Awaiting.NOBODY if proven else Awaiting.REQUESTER).value, wake_at=unit.now if proven else None,
        )  # fmt: skip
    return all_proven


async def confirm_identity(desk: Desk, staff_id: str, conversation_id: str, method: ProofMethod) -> None:
    """A person made sure who this is (called back on the number on file, saw them at the counter, a code by post).

    The last rung of the ladder: what was named in this conversation counts as theirs from here on.
    """
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))

    def settle(unit: Unit) -> None:
        conversations, identifiers = table(Conversation), table(CaseIdentifier)
        row = unit.one(select(conversations).where(conversations.c.id == conversation_id))
        assert row is not None
        may_decide(unit, staff_id, facts.organisation)
        if row.frozen:
            raise InputError("frozen")
        evidence = {**(row.evidence or {}), method.value: unit.now.isoformat()}
        unit.change(
            Conversation, conversation_id, if_={"version": row.version}, assurance=int(Assurance.STAFF_CONFIRMED),
            evidence=evidence, awaited=Awaited.NOTHING.value, version=row.version + 1,
        )  # fmt: skip
        unit.execute(identifiers.update().where(identifiers.c.conversation_id == conversation_id).values(proven=True))
        actor = staff_actor(staff_id)
        unit.record(
            AuditTag.IDENTITY_CONFIRMED, organisation=facts.organisation, actor=actor, case=facts.case_id,
            subject=conversation_id, method=method.value,
        )  # fmt: skip
        close_lines(unit, WorkKind.IDENTITY_STUCK, actor=actor, case_id=facts.case_id)
        _go_on(unit, desk, conversation_id, actor)

    await desk.store.write(settle)
    desk.wake.requests.set()


async def not_a_request(desk: Desk, staff_id: str, case_id: str) -> None:
    """The program took something for a request that is none: its requests end in the name of who says so.

    The messages go back to INBOX, unread. InputError `not_allowed` for who may not decide; Stale when a letter is
    on its way.
    """

    def settle(unit: Unit) -> None:
        requests, messages, inbound = table(Request), table(Message), table(Inbound)
        rows = unit.rows(select(requests).where(requests.c.case_id == case_id))
        if not rows:
            raise RuleError("no such case")
        organisation, actor = rows[0].organisation_id, staff_actor(staff_id)
        may_decide(unit, staff_id, organisation)
        if any(row.state == RequestState.EXECUTING.value for row in rows):
            raise Stale("a letter is on its way")
        for row in rows:
            if RequestState(row.state) in OPEN_STATES:
                move_request(unit, row.id, RequestState.WITHDRAWN, actor=actor, failure="geen privacyverzoek")
        conversations = table(Conversation)
        unit.execute(
            conversations.update()
            .where(conversations.c.case_id == case_id)
            .values(awaited=Awaited.NOTHING.value, human_since=unit.now)
        )
        theirs = select(messages.c.inbound_id).where(messages.c.case_id == case_id, messages.c.incoming)
        for row in unit.rows(select(inbound).where(inbound.c.id.in_(theirs))):
            unit.change(Inbound, row.id, outcome=InboundOutcome.NO_REQUEST.value)  # dragged later, it is taken in again
            mailbox.give_back(unit, desk, row)
        _nothing_leaves(unit, case_id, actor)
        unit.record(
            AuditTag.MESSAGE_TRIAGED, organisation=organisation, actor=actor, case=case_id, outcome="no_request"
        )

    await desk.store.write(settle)
    desk.wake.mailbox.set()


def _nothing_leaves(unit: Unit, case_id: str, actor: str) -> None:
    """What waits to be sent in this case is not sent any more."""
    outbox = table(Outbox)
    waiting = outbox.c.status.in_([OutboxStatus.HELD.value, OutboxStatus.QUEUED.value])
    unit.execute(
        outbox.update()
        .where(outbox.c.case_id == case_id, waiting, outbox.c.claim_token.is_(None))
        .values(status=OutboxStatus.CANCELLED.value)
    )
    close_lines(unit, WorkKind.RELEASE, WorkKind.NEW_MESSAGE, WorkKind.HANDLE, actor=actor, case_id=case_id)


async def search_again(desk: Desk, staff_id: str, request_id: str) -> None:
    """Asks the sources once more, whatever draft there is. InputError `identity_first` without proof of identity."""

    def settle(unit: Unit) -> None:
        facts = request_facts(unit, request_id)
        if facts is None:
            raise RuleError("no such request")
        if facts.state is RequestState.PREPARING:
            unit.change(Request, request_id, wake_at=unit.now, attempts=0)
            return
        if facts.state not in (RequestState.AWAITING_APPROVAL, RequestState.RECEIVED):
            raise RuleError("this request is not at a point where sources are asked")
        if not ready(desk.organisation(facts.organisation).policy, facts.label, facts.assurance):
            raise InputError("identity_first")
        prepare_again(unit, desk, facts, staff_id)

    await desk.store.write(settle)
    desk.wake.requests.set()


def _gone(unit: Unit, line: Row[Any]) -> bool:
    """What the line is about can not be decided any more: our copy was erased, or the message waits no more."""
    inbound, outbox = table(Inbound), table(Outbox)
    if line.outbox_id is not None:
        status = unit.value(select(outbox.c.status).where(outbox.c.id == line.outbox_id))
        return bool(line.kind == WorkKind.RELEASE.value and status != OutboxStatus.HELD.value)
    if line.inbound_id is None:
        return False
    return bool(unit.value(select(inbound.c.data_key_id).where(inbound.c.id == line.inbound_id)) is None)


async def close_work(desk: Desk, staff_id: str, work_id: str) -> None:
    """Ticks off one line. A line that stands for an undecided request can not be ticked off."""
    undecided = (
        WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, WorkKind.TRIAGE, WorkKind.QUARANTINE, WorkKind.SEND_UNCERTAIN,
        WorkKind.RELEASE, WorkKind.BACKLOG, WorkKind.SPAM_LISTED, WorkKind.COLLEAGUE_ANSWER,
    )  # fmt: skip

    def settle(unit: Unit) -> None:
        rows = table(WorkItem)
        row = unit.one(select(rows).where(rows.c.id == work_id))
        if row is None:
            raise RuleError("no such line")
        if row.kind in undecided and not _gone(unit, row):
            raise InputError("decide_first")
        unit.change(WorkItem, work_id, closed_at=unit.now, closed_by=staff_actor(staff_id), same=None)
        unit.record(
            AuditTag.WORK_CLOSED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=work_id, kind=row.kind,
        )  # fmt: skip

    await desk.store.write(settle)
