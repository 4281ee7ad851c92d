"""Calling off an erasure that waits, and undoing a change that opens accounts: both by a link, both for a while.

The page behind the link shows a button; a GET does nothing (mail scanners open links). A changed e-mail address, bank
account or login is told to the old and the new address, and to the one on file, and can be undone for 72 hours
(law.md 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, requester_actor, staff_actor
from cases.calendar import local_date
from cases.errors import InputError, Stale
from cases.identity import CodePurpose
from cases.protocols import Change
from cases.types import (
    OPEN_STATES,
    ActionStatus,
    Awaiting,
    ChannelKind,
    DraftStatus,
    Form,
    OutboxKind,
    RequestState,
    Verb,
    WorkKind,
)
from handlers import doing_notices
from handlers.notices import About
from storage.models import Approval, Conversation, Draft, IdentityCode, Link, SourceAction, table
from storage.queries.progress import OfPerson, of_person
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import Post, Route, move_request, open_work, queue
from storage.seal import token_digest
from storage.unit import Reads, Unit
from workflow.actions import UNDO, cancel_actions
from workflow.desk import Desk
from workflow.notices import about, to_requester, write
from workflow.opening import new_token

CALL_OFF, UNDO_LINK = "call_off", "undo"


@dataclass(frozen=True, slots=True)
class UndoPage:
    """What the page behind such a link shows."""

    organisation: str
    form: Form  # of the conversation: English is answered in English
    case_number: str
    kind: str  # CALL_OFF or UNDO_LINK
    until: datetime
    over: bool  # too late, or done already


def keep_link(unit: Unit, facts: RequestFacts, kind: str, token: str, until: datetime) -> None:
    """A link of this kind; only the digest of its secret is kept."""
    unit.add(
        Link, id=unit.new_id(), organisation_id=facts.organisation, kind=kind, token_digest=token_digest(token),
        conversation_id=facts.conversation_id, request_id=facts.id, created_at=unit.now, expires_at=until,
    )  # fmt: skip


def page(reads: Reads, token: str) -> UndoPage | None:
    row = _link(reads, token)
    if row is None:
        return None
    facts = request_facts(reads, row.request_id)
    assert facts is not None
    over = row.expires_at <= reads.now or row.revoked_at is not None
    if row.kind == CALL_OFF:
        over |= facts.state is not RequestState.EXECUTING
    return UndoPage(row.organisation_id, facts.form, facts.case_number, row.kind, row.expires_at, over)


def _link(reads: Reads, token: str) -> Row[Any] | None:
    rows = table(Link)
    kinds = rows.c.kind.in_([CALL_OFF, UNDO_LINK])
    return reads.one(select(rows).where(rows.c.token_digest == token_digest(token), kinds))


async def use(desk: Desk, token: str) -> None:
    """The button was pressed. InputError `no_link`; Stale: too late, or done already."""
    row = await desk.store.read(lambda reads: _link(reads, token))
    if row is None:
        raise InputError("no_link")
    if row.revoked_at is not None or row.expires_at <= desk.now():
        raise Stale("this link is over")
    if row.kind == CALL_OFF:
        await desk.store.write(lambda unit: called_off_by_requester(unit, row.request_id, row.conversation_id))
        return
    await _undo(desk, row)


# --- an erasure that waits ------------------------------------------------------------------------------------------


def called_off_by_requester(unit: Unit, request_id: str, conversation_id: str) -> None:
    """The proven requester drops what was approved and has not begun. Stale: it has."""
    if not cancel_actions(unit, request_id):
        raise Stale("there is nothing to call off")
    _void(unit, request_id)
    move_request(
        unit, request_id, RequestState.WITHDRAWN, actor=requester_actor(conversation_id),
        awaiting=Awaiting.NOBODY.value, decision=None,
    )  # fmt: skip


def drop(unit: Unit, conversation_id: str, requests: Sequence[tuple[str, RequestState]]) -> list[str]:
    """The proven requester drops what is open; gives those for which it is too late: a letter or a change has begun."""
    late = []
    for request_id, state in requests:
        if state is RequestState.EXECUTING:
            try:
                called_off_by_requester(unit, request_id, conversation_id)
            except Stale:
                late.append(request_id)
        elif state in OPEN_STATES:
            move_request(unit, request_id, RequestState.WITHDRAWN, actor=requester_actor(conversation_id))
    return late


def drop_as_told(unit: Unit, facts: RequestFacts, told: OfPerson) -> None:
    """A wish to drop what is open, read by staff, of a proven requester. Stale: it is no longer as the letter says."""
    if of_person(unit, facts.id) != told:
        raise Stale("a request went on while the letter was written")
    drop(unit, facts.conversation_id, [(request_id, one.state) for request_id, one in told if one.stoppable])


def called_off_by_staff(unit: Unit, request_id: str, staff_id: str) -> None:
    """Staff take the approval back while it waits: the draft is open again, for two people where it needs two."""
    actor = staff_actor(staff_id)
    if not cancel_actions(unit, request_id):
        raise Stale("there is nothing to call off")
    facts = request_facts(unit, request_id)
    assert facts is not None
    drafts, links = table(Draft), table(Link)
    draft = unit.one(
        select(drafts).where(drafts.c.request_id == request_id, drafts.c.status == DraftStatus.APPROVED.value)
    )
    assert draft is not None
    unit.change(Draft, draft.id, status=DraftStatus.OPEN.value, version=draft.version + 1)
    unit.add(
        Approval, id=unit.new_id(), organisation_id=facts.organisation, draft_id=draft.id, staff_id=staff_id,
        act="undo", package_digest=draft.package_digest, at=unit.now,
    )  # fmt: skip
    unit.execute(
        links.update().where(links.c.request_id == request_id, links.c.kind == CALL_OFF).values(revoked_at=unit.now)
    )
    move_request(
        unit, request_id, RequestState.AWAITING_APPROVAL, actor=actor, awaiting=Awaiting.STAFF.value, decision=None
    )
    unit.record(
        AuditTag.ACTION_CANCELLED, organisation=facts.organisation, actor=actor, case=facts.case_id, subject=request_id
    )
    open_work(
        unit, WorkKind.APPROVE, facts.organisation, same=request_id, case_id=facts.case_id, request_id=request_id,
        draft_id=draft.id, due_on=facts.told_on, detail=draft.decision,
    )  # fmt: skip


def _void(unit: Unit, request_id: str) -> None:
    drafts = table(Draft)
    unit.execute(
        drafts.update()
        .where(drafts.c.request_id == request_id, drafts.c.status == DraftStatus.APPROVED.value)
        .values(status=DraftStatus.VOID.value)
    )


# --- a change that opens accounts ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Word of a change that opens accounts, with the secret of its way back."""

    token: str
    until: datetime
    post: Post


def confirmation(desk: Desk, facts: RequestFacts, row: Row[Any], content: dict[str, Any]) -> Confirmation:
    """The mail about such a change. CPU work, outside of any transaction."""
    token, until = new_token(), desk.now() + UNDO
    letter = doing_notices.changed(
        _about(desk, facts), fields=sorted(_fields(desk, facts, row, content)), until=until,
        undo_link=f"{desk.base_url}/ongedaan/{token}",
    )  # fmt: skip
    return Confirmation(token, until, write(desk, facts.organisation, OutboxKind.CONFIRMATION, letter))


def confirm(unit: Unit, desk: Desk, facts: RequestFacts, content: dict[str, Any], made: Confirmation) -> None:
    """Tells the old and the new address, and the one on file, as soon as it was changed: each has a way back."""
    keep_link(unit, facts, UNDO_LINK, made.token, made.until)
    to_requester(unit, desk, facts, made.post, request_id=facts.id)
    for address in sorted((_addresses(content) | _on_file(unit, facts)) - {facts.address.lower()}):
        _to(unit, desk, facts, made.post, address)


def _fields(desk: Desk, facts: RequestFacts, row: Row[Any], content: dict[str, Any]) -> set[str]:
    source = desk.organisation(facts.organisation).sources.get(row.source)
    parts = source.describe().tables if source is not None else ()
    known = {one.name: one.corrects for part in parts if part.name == row.table_name for one in part.fields}
    return {known.get(column) or column for column in content["values"]}


def _addresses(content: dict[str, Any]) -> set[str]:
    """Old and new e-mail addresses among the changed values."""
    values = [value for part in ("values", "expected") for value in content[part].values()]
    return {value.strip().lower() for value in values if isinstance(value, str) and value.count("@") == 1}


def _on_file(reads: Reads, facts: RequestFacts) -> set[str]:
    """The address whose code came back in this conversation: who writes from elsewhere may not be its owner."""
    talks, codes = table(Conversation), table(IdentityCode)
    proven = select(codes.c.sent_to_index).where(
        codes.c.conversation_id == facts.conversation_id, codes.c.purpose == CodePurpose.ON_FILE.value,
        codes.c.used_at.is_not(None),
    )  # fmt: skip
    found = reads.rows(
        select(talks.c.id, talks.c.address, talks.c.data_key_id).where(
            talks.c.asking_id == facts.conversation_id, talks.c.address_index.in_(proven)
        )
    )
    return {
        reads.keys.data(reads, row.data_key_id).open_text(row.address, f"conversation.address:{row.id}").lower()
        for row in found
    }


def _to(unit: Unit, desk: Desk, facts: RequestFacts, post: Post, address: str) -> None:
    own, outbox_id = desk.organisation(facts.organisation), unit.new_id()
    route = Route(
        facts.organisation, ChannelKind.EMAIL, own.mailbox, address, desk.index(facts.organisation, "email", address),
        facts.case_key_id, None, facts.case_id,
    )  # fmt: skip
    queue(
        unit, route, post, outbox_id=outbox_id, request_id=facts.id,
        message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
    )  # fmt: skip


def _about(desk: Desk, facts: RequestFacts) -> About:
    return about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip


async def _undo(desk: Desk, link: Row[Any]) -> None:
    """Puts the old values back, system by system, then tells; what fails is work for a person."""
    facts, todo = await desk.store.read(lambda reads: _undoable(reads, link))
    if not todo:
        raise Stale("there is nothing to undo")
    failed = False
    for row, changes in todo:
        source = desk.organisation(facts.organisation).sources.get(row.source)
        for change in changes:
            done = await source.change(change) if source is not None else None
            failed |= done is None or done.status not in (ActionStatus.DONE, ActionStatus.NOTHING)
    letter = doing_notices.undone(_about(desk, facts))
    post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.CONFIRMATION, letter)

    def settle(unit: Unit) -> None:
        unit.change(Link, link.id, if_={"revoked_at": None}, revoked_at=unit.now)
        for row, _ in () if failed else todo:  # what could not be put back keeps the old values, for a person
            unit.change(SourceAction, row.id, undo_until=None, previous=None)
        unit.record(
            AuditTag.ACTION_UNDONE, organisation=facts.organisation, actor=requester_actor(facts.conversation_id),
            case=facts.case_id, subject=facts.id, failed=failed,
        )  # fmt: skip
        open_work(
            unit, WorkKind.ACTION_FAILED if failed else WorkKind.NEW_MESSAGE, facts.organisation,
            same=f"undone:{facts.id}", case_id=facts.case_id, detail="undo_failed" if failed else "undone",
        )  # fmt: skip
        if not failed:
            to_requester(unit, desk, facts, post)

    await desk.store.write(settle)
    desk.wake.outbox.set()


def _undoable(reads: Reads, link: Row[Any]) -> tuple[RequestFacts, list[tuple[Row[Any], list[Change]]]]:
    rows = table(SourceAction)
    facts = request_facts(reads, link.request_id)
    assert facts is not None
    found = reads.rows(
        select(rows).where(
            rows.c.request_id == link.request_id, rows.c.undo_until > reads.now, rows.c.previous.is_not(None)
        )
    )
    return facts, [(row, _back(reads, row)) for row in found]


def _back(reads: Reads, row: Row[Any]) -> list[Change]:
    """One change per record: each had its own values before."""
    sealer = reads.keys.data(reads, row.data_key_id)
    previous: Mapping[str, Mapping[str, Any]] = sealer.open_json(row.previous, f"source_action.previous:{row.id}")
    return [
        Change(f"{row.id}:undo:{number}", Verb.CORRECT, row.table_name, (key,), values=dict(values))
        for number, (key, values) in enumerate(sorted(previous.items()))
    ]


async def forget_previous(desk: Desk) -> int:
    """After 72 hours the old values are not needed any more: they go (art. 5(1)(e)). An hourly tick."""

    def settle(unit: Unit) -> int:
        rows = table(SourceAction)
        over = rows.c.previous.is_not(None) & (rows.c.undo_until < unit.now)
        return unit.execute(rows.update().where(over).values(previous=None)).rowcount

    return await desk.store.write(settle)


def planned_notice(desk: Desk, facts: RequestFacts, on: datetime, token: str) -> Post:
    """ "We wissen ze op …", with the way to call it off."""
    letter = doing_notices.planned(
        _about(desk, facts), on=local_date(on), undo_link=f"{desk.base_url}/ongedaan/{token}"
    )
    return write(desk, facts.organisation, OutboxKind.CONFIRMATION, letter)
