"""A letter that was approved and has not left is taken back: by staff, because a colleague answered, after "niet ik".

It goes nowhere, its draft is open again (or void), and its request stands on the list of staff. Rows only, in the
caller's unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from cases.audit import AuditTag
from cases.errors import Stale
from cases.types import Awaiting, DraftStatus, OutboxKind, OutboxStatus, RequestState, WorkKind
from storage.models import Draft, Outbox, Request, table
from storage.queries.writing import close_work, move_request, open_work
from storage.unit import Unit

_WAITS = (OutboxStatus.QUEUED.value, OutboxStatus.HELD.value)


def waiting(unit: Unit, mine: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """The letters among `mine` (rows of `outbox`) that have not left."""
    rows = table(Outbox)
    letters = rows.c.kind == OutboxKind.LETTER.value
    return unit.rows(select(rows).where(mine, letters, rows.c.status.in_(_WAITS), rows.c.claim_token.is_(None)))


def take_back(unit: Unit, row: Row[Any], *, actor: str, draft: DraftStatus = DraftStatus.OPEN) -> Row[Any] | None:
    """Gives the draft as it was; None for a letter on the way, which has none and moves nothing. Stale: it has left."""
    if row.status not in _WAITS:
        raise Stale("this letter has left")
    unit.change(Outbox, row.id, if_={"status": row.status, "claim_token": None}, status=OutboxStatus.CANCELLED.value)
    close_work(unit, WorkKind.RELEASE, actor=actor, outbox_id=row.id)
    unit.record(
        AuditTag.MAIL_CANCELLED, organisation=row.organisation_id, actor=actor, case=row.case_id, subject=row.id
    )
    if row.draft_id is None:
        return None
    drafts = table(Draft)
    found = unit.one(select(drafts).where(drafts.c.id == row.draft_id))
    assert found is not None
    unit.change(Draft, found.id, status=draft.value, version=found.version + 1)
    move_request(
        unit, row.request_id, RequestState.AWAITING_APPROVAL, actor=actor, awaiting=Awaiting.STAFF.value, decision=None
    )
    if draft is DraftStatus.OPEN:
        requests = table(Request)
        open_work(
            unit, WorkKind.APPROVE, row.organisation_id, same=row.request_id, case_id=row.case_id,
            request_id=row.request_id, draft_id=found.id, detail=found.decision,
            due_on=unit.value(select(requests.c.told_on).where(requests.c.id == row.request_id)),
        )  # fmt: skip
    return found
