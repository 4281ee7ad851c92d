"""What is carried out for a case, as the console shows it: changes, tasks, recipients, dates, mandates, freezes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from storage.models import (
    Case,
    Conversation,
    Evidence,
    Mandate,
    Outbox,
    RecipientNotice,
    Request,
    Restriction,
    SourceAction,
    SourceTask,
    Suspension,
    table,
)
from storage.queries.opening import open_text
from storage.queries.request_facts import chosen_of
from storage.unit import Reads


@dataclass(frozen=True, slots=True)
class ActionView:
    id: str
    source: str
    verb: str
    status: str
    records: int
    error: str
    description: str
    not_before: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskView:
    id: str
    source: str
    status: str
    find: bool
    wish: str
    due_on: date | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    id: str
    recipient: str
    status: str
    note: str
    sent_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FreezeView:
    id: str
    ground: str
    since: datetime
    review_on: date | None
    told_at: datetime | None
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class DoingView:
    """Of one request."""

    actions: tuple[ActionView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    notices: tuple[NoticeView, ...] = ()
    chosen: Mapping[str, str] | None = None
    extended_on: date | None = None
    suspended: tuple[tuple[str, date], ...] = ()  # what the clock stands still for, and since when
    same_as: str | None = None
    freeze: FreezeView | None = None

    @property
    def waiting(self) -> bool:
        """Approved and nothing has begun: it can be called off."""
        live = [one for one in self.actions if one.status != "cancelled"]
        return bool(live) and all(one.status == "waiting" for one in live)


@dataclass(frozen=True, slots=True)
class MandateView:
    id: str
    kind: str
    status: str
    scope: str
    answer_to: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceView:
    id: str
    conversation_id: str
    kind: str
    doubt: str  # why staff asked for it; "" where that was not asked of them
    media_type: str
    size: int
    status: str
    created_at: datetime
    checked_at: datetime | None


def doing(reads: Reads, case_id: str) -> dict[str, DoingView]:
    """Request id → what is being done for it."""
    requests, cases = table(Request), table(Case)
    key_id = reads.value(select(cases.c.data_key_id).where(cases.c.id == case_id))
    rows = reads.rows(select(requests).where(requests.c.case_id == case_id))
    ids = [row.id for row in rows]
    actions, asked, told = _actions(reads, ids), _tasks(reads, ids), _notices(reads, ids)
    stood, frozen = _suspended(reads, ids), _freezes(reads, ids)
    return {
        row.id: DoingView(
            tuple(actions.get(row.id, ())), tuple(asked.get(row.id, ())), tuple(told.get(row.id, ())),
            _chosen(reads, row, key_id), row.extended_on, tuple(stood.get(row.id, ())), row.same_as, frozen.get(row.id),
        )
        for row in rows
    }  # fmt: skip


def _chosen(reads: Reads, row: object, key_id: str) -> Mapping[str, str]:
    found = chosen_of(reads, row, key_id)  # type: ignore[arg-type]
    return {key: value for key, value in found.items() if ":" not in key}


def _actions(reads: Reads, ids: Collection[str]) -> dict[str, list[ActionView]]:
    rows = table(SourceAction)
    made: dict[str, list[ActionView]] = {}
    order = rows.c.not_before, rows.c.position
    for row in reads.rows(select(rows).where(rows.c.request_id.in_(ids)).order_by(*order)):
        sealer = reads.keys.data(reads, row.data_key_id)
        content = sealer.open_json(row.content, f"source_action.content:{row.id}")
        made.setdefault(row.request_id, []).append(
            ActionView(
                row.id, row.source, row.verb, row.status, row.records, row.error, str(content["description"]),
                row.not_before, row.done_at,
            )
        )  # fmt: skip
    return made


def _tasks(reads: Reads, ids: Collection[str]) -> dict[str, list[TaskView]]:
    rows = table(SourceTask)
    made: dict[str, list[TaskView]] = {}
    for row in reads.rows(select(rows).where(rows.c.request_id.in_(ids)).order_by(rows.c.created_at, rows.c.id)):
        sealer = reads.keys.data(reads, row.data_key_id)
        content = sealer.open_json(row.content, f"source_task.content:{row.id}")
        made.setdefault(row.request_id, []).append(
            TaskView(
                row.id, row.source, row.status, row.action_id is None, str(content.get("wish", "")), row.due_on,
                row.answered_at,
            )
        )  # fmt: skip
    return made


def _notices(reads: Reads, ids: Collection[str]) -> dict[str, list[NoticeView]]:
    rows = table(RecipientNotice)
    made: dict[str, list[NoticeView]] = {}
    for row in reads.rows(select(rows).where(rows.c.request_id.in_(ids)).order_by(rows.c.recipient)):
        note = open_text(reads, row.data_key_id, row.note, f"recipient_notice.note:{row.id}")
        view = NoticeView(row.id, row.recipient, row.status, note, row.sent_at, row.confirmed_at)
        made.setdefault(row.request_id, []).append(view)
    return made


def _suspended(reads: Reads, ids: Collection[str]) -> dict[str, list[tuple[str, date]]]:
    rows = table(Suspension)
    standing = select(rows).where(rows.c.request_id.in_(ids), rows.c.answered_on.is_(None)).order_by(rows.c.asked_on)
    found: dict[str, list[tuple[str, date]]] = {}
    for row in reads.rows(standing):
        found.setdefault(row.request_id, []).append((row.reason, row.asked_on))
    return found


def _freezes(reads: Reads, ids: Collection[str]) -> dict[str, FreezeView]:
    rows = table(Restriction)
    found = reads.rows(select(rows).where(rows.c.request_id.in_(ids)).order_by(rows.c.since))
    return {
        row.request_id: FreezeView(row.id, row.ground, row.since, row.review_on, told_at(reads, row), row.lifted_at)
        for row in found
    }


def told_at(reads: Reads, freeze: Row[Any]) -> datetime | None:
    """When the person heard that the use goes on (18(3)): a letter counts from the moment it left, not before."""
    if freeze.told_by is None:
        told: datetime | None = freeze.told_at
        return told
    rows = table(Outbox)
    sent: datetime | None = reads.value(select(rows.c.sent_at).where(rows.c.id == freeze.told_by))
    return sent


def mandates(reads: Reads, case_id: str) -> tuple[MandateView, ...]:
    rows = table(Mandate)
    found = reads.rows(select(rows).where(rows.c.case_id == case_id).order_by(rows.c.at))
    return tuple(
        MandateView(
            row.id, row.kind, row.status, open_text(reads, row.data_key_id, row.scope, f"mandate.scope:{row.id}"),
            row.answer_to, row.at,
        )
        for row in found
    )  # fmt: skip


def evidence(reads: Reads, case_id: str) -> tuple[EvidenceView, ...]:
    rows, talks = table(Evidence), table(Conversation)
    found = reads.rows(
        select(rows, talks.c.data_key_id.label("talk_key_id"))
        .join(talks, talks.c.id == rows.c.conversation_id)
        .where(rows.c.case_id == case_id)
        .order_by(rows.c.created_at)
    )
    return tuple(
        EvidenceView(
            row.id, row.conversation_id, row.kind,
            open_text(reads, row.talk_key_id, row.doubt, f"evidence.doubt:{row.id}"), row.media_type, row.size,
            row.status, row.created_at, row.checked_at,
        )
        for row in found
    )  # fmt: skip
