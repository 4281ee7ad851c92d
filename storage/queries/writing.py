"""Rows that several steps write the same way: an outgoing message, a line on the staff list, a request's new state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import Update, bindparam, select, update

from cases.audit import PROGRAM, AuditTag
from cases.errors import RuleError
from cases.transitions import check_move
from cases.types import (
    AUTOMATIC,
    OPEN_STATES,
    ChannelKind,
    ChannelMode,
    DraftStatus,
    Label,
    OutboxKind,
    OutboxStatus,
    RequestState,
    TaskStatus,
    WorkKind,
)
from storage.models import Case, Deadline, Draft, Message, Outbox, Request, SourceTask, WorkItem, table
from storage.queries.standing import mode
from storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Post:
    """A written message to one person, not yet queued."""

    kind: OutboxKind
    subject: str
    text: str
    html: str
    in_chat: bool = False  # written as a chat line, not as a mail
    choices: tuple[tuple[str, str], ...] = ()  # chat: quick replies, (value, words)


@dataclass(frozen=True, slots=True)
class Route:
    """Which way a message goes: the conversation it belongs to, or just an address."""

    organisation: str
    channel: ChannelKind
    account: str
    address: str
    address_index: str
    data_key_id: str
    conversation_id: str | None = None
    case_id: str | None = None
    references: tuple[str, ...] = ()  # newest first


# Under supervision every message waits for a click, but for those that never reach a requester.
UNSUPERVISED = (OutboxKind.STAFF_NOTICE, OutboxKind.FORWARD)


def queue(
    unit: Unit, route: Route, post: Post, *, outbox_id: str, message_id: str, unasked: bool = False,
    not_before: datetime | None = None, request_id: str | None = None, draft_id: str | None = None,
    raw: bytes | None = None, new_case: bool = False,
) -> None:  # fmt: skip
    """Hand-over 3: the outbox row, the message as the conversation shows it, the audit entry."""
    sealer = unit.keys.data(unit, route.data_key_id)
    content: dict[str, Any] = {"subject": post.subject, "text": post.text, "html": post.html}
    if post.choices:
        content["choices"] = [list(choice) for choice in post.choices]
    newest = list(route.references[:10])
    supervised = post.kind not in UNSUPERVISED and mode(unit, route.organisation, route.channel) is not ChannelMode.ON
    unit.add(
        Outbox, id=outbox_id, organisation_id=route.organisation, channel=route.channel.value, account=route.account,
        kind=post.kind.value, conversation_id=route.conversation_id, case_id=route.case_id, request_id=request_id,
        draft_id=draft_id, data_key_id=route.data_key_id,
        recipient=sealer.seal_text(route.address, f"outbox.recipient:{outbox_id}"),
        recipient_index=route.address_index, content=sealer.seal_json(content, f"outbox.content:{outbox_id}"),
        raw=sealer.seal(raw, f"outbox.raw:{outbox_id}") if raw is not None else None, message_id=message_id,
        threading=newest, automatic=post.kind in AUTOMATIC or post.kind is OutboxKind.STAFF_NOTICE, unasked=unasked,
        not_before=not_before or unit.now, created_at=unit.now,
        status=(OutboxStatus.HELD if supervised else OutboxStatus.QUEUED).value,
    )  # fmt: skip
    if supervised:
        open_work(
            unit, WorkKind.RELEASE, route.organisation, same=outbox_id, case_id=route.case_id, request_id=request_id,
            outbox_id=outbox_id, detail=post.kind.value, fresh=True,
        )  # fmt: skip
    if route.conversation_id is not None:
        row_id = unit.new_id()
        unit.add(
            Message, id=row_id, organisation_id=route.organisation, conversation_id=route.conversation_id,
            case_id=route.case_id, data_key_id=route.data_key_id, outbox_id=outbox_id, incoming=False,
            kind=post.kind.value, content=sealer.seal_json(content, f"message.content:{row_id}"), at=unit.now,
        )  # fmt: skip
    tag = AuditTag.LETTER_QUEUED if post.kind is OutboxKind.LETTER else AuditTag.MAIL_QUEUED
    unit.record(
        tag, organisation=route.organisation, actor=PROGRAM, case=route.case_id, subject=outbox_id, new_case=new_case,
        kind=post.kind.value,
    )  # fmt: skip


def open_work(
    unit: Unit, kind: WorkKind, organisation: str, *, same: str, detail: str = "", due_on: date | None = None,
    case_id: str | None = None, request_id: str | None = None, inbound_id: str | None = None,
    outbox_id: str | None = None, draft_id: str | None = None, facts: dict[str, Any] | None = None, fresh: bool = False,
) -> None:  # fmt: skip
    """One line on the staff list; a matter that has an open line keeps that one. `fresh`: there can not be one yet."""
    same = f"{kind.value}:{same}"
    if not fresh and unit.one(_SAME_LINE, same=same) is not None:
        return
    work_id = unit.new_id()
    unit.add(
        WorkItem, id=work_id, organisation_id=organisation, kind=kind.value, same=same, case_id=case_id,
        request_id=request_id, inbound_id=inbound_id, outbox_id=outbox_id, draft_id=draft_id, detail=detail,
        facts=facts, due_on=due_on, opened_at=unit.now,
    )  # fmt: skip
    unit.record(
        AuditTag.WORK_OPENED, organisation=organisation, actor=PROGRAM, case=case_id, subject=work_id,
        kind=kind.value,
    )  # fmt: skip


def close_work(unit: Unit, *kinds: WorkKind, actor: str, **where: str) -> int:
    """Closes the open lines of these kinds that match `where` (case_id=…, request_id=…, draft_id=…, inbound_id=…)."""
    given = {f"if_{name}": value for name, value in where.items()}
    return unit.execute(_closing(kinds, tuple(where)), now=unit.now, by=actor, **given).rowcount


@cache
def _closing(kinds: tuple[WorkKind, ...], where: tuple[str, ...]) -> Update:
    rows = table(WorkItem)
    statement = update(rows).where(rows.c.closed_at.is_(None), rows.c.kind.in_([kind.value for kind in kinds]))
    for name in where:
        statement = statement.where(rows.c[name] == bindparam(f"if_{name}"))
    return statement.values(closed_at=bindparam("now"), closed_by=bindparam("by"), same=None)


def move_request(
    unit: Unit, request_id: str, *after: RequestState, actor: str, if_: Mapping[str, Any] | None = None, **changes: Any
) -> None:
    """Moves a request along the table, one state after the other, with an audit entry each; ends its dates and its
    case when it is over. `if_`: what must hold of its row besides."""
    row = unit.one(_REQUEST, id=request_id)
    if row is None:
        raise RuleError("no such request")
    before, label = RequestState(row.state), Label(row.label)
    steps = [(one, other) for one, other in pairwise((before, *after)) if one is not other]
    for one, other in steps:
        check_move(label, one, other, actor=actor)
    over = after[-1] not in OPEN_STATES
    if over:
        changes |= {"closed_at": unit.now, "wake_at": None}
    unit.change(
        Request, request_id, if_={"version": row.version} | dict(if_ or {}), state=after[-1].value,
        version=row.version + 1, **changes,
    )  # fmt: skip
    for one, other in steps:
        unit.record(
            AuditTag.REQUEST_MOVED, organisation=row.organisation_id, actor=actor, case=row.case_id,
            subject=request_id, before=one.value, after=other.value, label=label.value,
        )  # fmt: skip
    if over:
        _after_the_end(unit, row.organisation_id, row.case_id, request_id, actor)
        if after[-1] is RequestState.WITHDRAWN:
            _repeats_stand_alone(unit, request_id)


# A letter that did not arrive, may not have, or still waits for a click stays somebody's work after the end.
_STAYS = (
    WorkKind.NOT_DELIVERED, WorkKind.SEND_UNCERTAIN, WorkKind.RELEASE,
    # what follows an answer: recipients to be told, data that stay frozen, a breach with its own clock
    WorkKind.RECIPIENT, WorkKind.RESTRICTION, WorkKind.TASK, WorkKind.BREACH, WorkKind.KEPT_ENDED,
    WorkKind.KEPT_REVIEW, WorkKind.ERASE_AGAIN, WorkKind.RETURNED,
)  # fmt: skip
_OVER_WITH_ITS_CASE = tuple(kind for kind in WorkKind if kind not in _STAYS)


def _after_the_end(unit: Unit, organisation: str, case_id: str, request_id: str, actor: str) -> None:
    void_drafts(unit, request_id)
    unit.execute(_CANCEL_DATES, request=request_id, now=unit.now)
    for row in unit.rows(_OPEN_TASKS, request=request_id):
        unit.change(SourceTask, row.id, status=TaskStatus.CANCELLED.value)
        close_work(unit, WorkKind.TASK, actor=actor, same=f"{WorkKind.TASK.value}:{row.id}")
    close_work(unit, *_OVER_WITH_ITS_CASE, actor=actor, request_id=request_id)
    # two requests that end at the same moment must not each see the other as open (PostgreSQL)
    unit.one(_HOLD_CASE, case=case_id)
    if unit.one(_STILL_OPEN, case=case_id) is None:
        unit.change(Case, case_id, closed_at=unit.now)
        close_work(unit, *_OVER_WITH_ITS_CASE, actor=actor, case_id=case_id)
        unit.record(AuditTag.CASE_CLOSED, organisation=organisation, actor=actor, case=case_id)


def _repeats_stand_alone(unit: Unit, request_id: str) -> None:
    """Nobody answers a dropped request: what waited for its answer is a person's now."""
    for row in unit.rows(_REPEATS, request=request_id):
        open_work(
            unit, WorkKind.HANDLE, row.organisation_id, same=row.id, case_id=row.case_id, request_id=row.id,
            due_on=row.told_on, detail="first_dropped",
        )  # fmt: skip


def void_drafts(unit: Unit, request_id: str) -> None:
    """Whatever of a request waits to be approved no longer does."""
    unit.execute(_VOID_DRAFTS, request=request_id)


def raise_content_version(unit: Unit, case_id: str) -> None:
    """Something a decision rests on has changed: approvals of older packages no longer hold."""
    cases = table(Case)
    unit.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(content_version=cases.c.content_version + 1, version=cases.c.version + 1)
    )


# --- made once: making a query costs more than asking it ----------------------------------------------------------

_drafts, _dates, _tasks, _requests = table(Draft), table(Deadline), table(SourceTask), table(Request)
_REQUEST = select(_requests).where(_requests.c.id == bindparam("id"))
_SAME_LINE = select(table(WorkItem).c.id).where(table(WorkItem).c.same == bindparam("same"))
_VOID_DRAFTS = (
    update(_drafts)
    .where(_drafts.c.request_id == bindparam("request"))
    .where(_drafts.c.status.in_([DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value]))
    .values(status=DraftStatus.VOID.value)
)
_CANCEL_DATES = (
    update(_dates)
    .where(_dates.c.request_id == bindparam("request"), _dates.c.fired_at.is_(None), _dates.c.cancelled_at.is_(None))
    .values(cancelled_at=bindparam("now"))
)
_OPEN_TASKS = select(_tasks.c.id).where(
    _tasks.c.request_id == bindparam("request"), _tasks.c.status == TaskStatus.OPEN.value
)
_REPEATS = select(_requests).where(
    _requests.c.same_as == bindparam("request"), _requests.c.state.in_([state.value for state in OPEN_STATES])
)
_HOLD_CASE = select(table(Case).c.id).where(table(Case).c.id == bindparam("case")).with_for_update()
_STILL_OPEN = select(_requests.c.id).where(
    _requests.c.case_id == bindparam("case"), _requests.c.state.in_([state.value for state in OPEN_STATES])
)
