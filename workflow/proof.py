"""What a right code changes, and what too many wrong ones do (design, section 5). Rows only, in the caller's unit.

The judging is in `cases/identity`; here the one conversation that asked is raised, and its requests go on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, requester_actor
from cases.dialogue import Awaited
from cases.errors import RuleError
from cases.identity import CodePurpose, CodeState, level_after
from cases.types import (
    Assurance,
    Awaiting,
    DraftStatus,
    Label,
    OutboxKind,
    OutboxStatus,
    RequestState,
    WorkKind,
)
from storage.claims import RELEASED
from storage.models import CaseIdentifier, Conversation, Draft, IdentityCode, Link, Outbox, Request, table
from storage.queries.snapshots import Thread
from storage.queries.writing import close_work, move_request, open_work, raise_content_version
from storage.unit import Unit
from workflow import silence
from workflow.actions import stop_actions
from workflow.desk import Desk
from workflow.opening import ready
from workflow.take_back import take_back, waiting


def wrong_code(unit: Unit, conversation_id: str, newest: CodeState) -> None:
    """A wrong guess costs an attempt of every code that stands open here: more codes are not more guesses."""
    codes = table(IdentityCode)
    unit.change(
        IdentityCode, newest.id, if_={"attempts_left": newest.attempts_left}, attempts_left=newest.attempts_left - 1
    )
    others = (codes.c.conversation_id == conversation_id) & codes.c.link_id.is_(None) & (codes.c.id != newest.id)
    unit.execute(
        codes.update()
        .where(others, codes.c.used_at.is_(None), codes.c.void_at.is_(None), codes.c.attempts_left > 0)
        .values(attempts_left=codes.c.attempts_left - 1)
    )


ASSURED = timedelta(days=14)  # after that a new request asks a new proof


def lock(unit: Unit, organisation: str, conversation_id: str, case_id: str | None) -> None:
    """Too many wrong codes: none of this conversation counts any more, the bot is silent, a person looks."""
    codes = table(IdentityCode)
    unit.execute(
        codes.update()
        .where(codes.c.conversation_id == conversation_id, codes.c.link_id.is_(None), codes.c.used_at.is_(None))
        .values(void_at=unit.now)
    )
    unit.change(Conversation, conversation_id, human_since=unit.now, awaited=Awaited.NOTHING.value)
    unit.record(AuditTag.CODE_LOCKED, organisation=organisation, actor=PROGRAM, case=case_id, subject=conversation_id)
    open_work(unit, WorkKind.IDENTITY_STUCK, organisation, same=conversation_id, case_id=case_id, detail="code_locked")


def freeze(unit: Unit, organisation: str, conversation_id: str) -> None:
    """ "Niet ik": nothing of this conversation goes on until a person has looked.

    Its codes and links end, its drafts are overtaken, an approved letter that has not left is taken back.
    """
    conversations, codes, links = table(Conversation), table(IdentityCode), table(Link)
    row = unit.one(select(conversations).where(conversations.c.id == conversation_id))
    if row is None:
        return
    unit.change(Conversation, conversation_id, frozen=True, awaited=Awaited.NOTHING.value, version=row.version + 1)
    mine = codes.c.conversation_id == conversation_id
    unit.execute(codes.update().where(mine, codes.c.used_at.is_(None)).values(void_at=unit.now))
    unit.execute(
        links.update()
        .where(links.c.conversation_id == conversation_id, links.c.revoked_at.is_(None))
        .values(revoked_at=unit.now)
    )
    unit.record(
        AuditTag.CONVERSATION_FROZEN, organisation=organisation, actor=requester_actor(conversation_id),
        case=row.case_id, subject=conversation_id,
    )  # fmt: skip
    open_work(
        unit, WorkKind.IDENTITY_STUCK, organisation, same=f"frozen:{conversation_id}", case_id=row.case_id,
        detail="not_me",
    )  # fmt: skip
    if row.case_id is not None:
        _take_back(unit, organisation, conversation_id, row.case_id)


def _take_back(unit: Unit, organisation: str, conversation_id: str, case_id: str) -> None:
    raise_content_version(unit, case_id)
    requests, outbox, drafts = table(Request), table(Outbox), table(Draft)
    for request in unit.rows(select(requests).where(requests.c.conversation_id == conversation_id)):
        back = [
            take_back(unit, row, actor=PROGRAM, draft=DraftStatus.VOID)
            for row in waiting(unit, outbox.c.request_id == request.id)
        ]
        stop_actions(unit, request.id)
        leaving = (outbox.c.request_id == request.id) & (outbox.c.kind == OutboxKind.LETTER.value)
        leaving &= outbox.c.status.in_([OutboxStatus.SENDING.value, OutboxStatus.UNCERTAIN.value])
        if (
            request.state == RequestState.EXECUTING.value
            and not any(back)
            and unit.one(select(outbox.c.id).where(leaving)) is None
        ):
            approved = (drafts.c.request_id == request.id) & (drafts.c.status == DraftStatus.APPROVED.value)
            unit.execute(drafts.update().where(approved).values(status=DraftStatus.VOID.value))
            move_request(
                unit, request.id, RequestState.AWAITING_APPROVAL, actor=PROGRAM, awaiting=Awaiting.STAFF.value,
                decision=None,
            )  # fmt: skip


def prove(unit: Unit, desk: Desk, organisation: str, thread: Thread, purpose: CodePurpose, code_id: str) -> None:
    conversations = table(Conversation)
    row = unit.one(select(conversations).where(conversations.c.id == thread.id))
    assert row is not None
    prove_conversation(unit, desk, row, purpose, code_id)


def prove_conversation(unit: Unit, desk: Desk, row: Row[Any], purpose: CodePurpose, code_id: str) -> None:
    """A code was right: raises the level of this one conversation, and lets its requests go on."""
    identifiers, codes = table(CaseIdentifier), table(IdentityCode)
    code = unit.one(select(codes.c.identifier_id, codes.c.sent_to_index).where(codes.c.id == code_id))
    if purpose is CodePurpose.MAILBOX and row.ident_index and (code is None or code.sent_to_index != row.ident_index):
        raise RuleError("this code went to another address than the one it would prove")
    evidence = dict(row.evidence or {})
    evidence[purpose.value] = unit.now.isoformat()
    level = max(
        Assurance(row.assurance),
        level_after(
            mailbox_proven=CodePurpose.MAILBOX.value in evidence,
            address_on_file=False,
            code_on_file=CodePurpose.ON_FILE.value in evidence,
        ),
    )
    proven = identifiers.c.conversation_id == row.id
    if purpose is CodePurpose.MAILBOX:
        mine = row.ident_index or row.address_index
        proven &= (identifiers.c.kind == "email") & (identifiers.c.value_index == mine)
    else:
        proven &= identifiers.c.id == (code.identifier_id if code is not None else "")
    unit.execute(identifiers.update().where(proven).values(proven=True))
    awaited = Awaited.CODE if _other_code_open(unit, row.id, purpose) else Awaited.NOTHING
    unit.change(
        Conversation, row.id, if_={"version": row.version}, assurance=int(level), evidence=evidence,
        awaited=awaited.value, assured_until=unit.now + ASSURED, version=row.version + 1,
    )  # fmt: skip
    close_work(unit, WorkKind.IDENTITY_STUCK, actor=requester_actor(row.id), same=f"identity_stuck:{row.id}")
    unit.record(
        AuditTag.CODE_ACCEPTED, organisation=row.organisation_id, actor=requester_actor(row.id), case=row.case_id,
        subject=code_id, purpose=purpose.value, level=level.name.lower(),
    )  # fmt: skip
    if row.case_id is not None:
        let_go_on(unit, desk, row, level)
        if purpose is CodePurpose.ON_FILE and level >= Assurance.CODE_TO_KNOWN_ADDRESS:
            _look_again(unit, row)


def _other_code_open(unit: Unit, conversation_id: str, purpose: CodePurpose) -> bool:
    """Whether the other of the two proofs may still come in: to this mailbox, or to the address on file."""
    codes = table(IdentityCode)
    query = select(codes.c.id).where(
        codes.c.conversation_id == conversation_id, codes.c.link_id.is_(None), codes.c.used_at.is_(None),
        codes.c.void_at.is_(None), codes.c.attempts_left > 0, codes.c.expires_at > unit.now,
        codes.c.purpose != purpose.value,
    )  # fmt: skip
    return unit.one(query) is not None


def _look_again(unit: Unit, row: Row[Any]) -> None:
    """The second proof came after the sources were asked with the first: what was drafted knew too little."""
    requests, drafts = table(Request), table(Draft)
    states = [RequestState.PREPARING.value, RequestState.AWAITING_APPROVAL.value]
    found = unit.rows(select(requests.c.id).where(requests.c.conversation_id == row.id, requests.c.state.in_(states)))
    for request in found:
        waits = drafts.c.status.in_([DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value])
        void = drafts.update().where(drafts.c.request_id == request.id, waits).values(status=DraftStatus.VOID.value)
        unit.execute(void)
        actor = requester_actor(row.id)
        close_work(unit, WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, actor=actor, request_id=request.id)
        move_request(
            unit, request.id, RequestState.PREPARING, actor=actor, awaiting=Awaiting.NOBODY.value, wake_at=unit.now,
            attempts=0, **RELEASED,
        )  # fmt: skip
    if found:
        raise_content_version(unit, row.case_id)
    else:  # answered meanwhile, or on a path with a person
        open_work(unit, WorkKind.NEW_MESSAGE, row.organisation_id, same=row.id, case_id=row.case_id, detail="proven")


def let_go_on(unit: Unit, desk: Desk, row: Row[Any], level: Assurance) -> None:
    """Requests that waited for this much proof are prepared, also those that were to be closed for silence."""
    silence.heard(unit, desk, row.id, unit.now, actor=requester_actor(row.id))
    requests = table(Request)
    policy = desk.organisation(row.organisation_id).policy
    waiting = select(requests).where(
        requests.c.conversation_id == row.id, requests.c.state == RequestState.IDENTIFYING.value
    )
    for request in unit.rows(waiting):
        if ready(policy, Label(request.label), level):
            move_request(
                unit, request.id, RequestState.PREPARING, actor=requester_actor(row.id),
                awaiting=Awaiting.NOBODY.value, wake_at=unit.now,
            )  # fmt: skip
