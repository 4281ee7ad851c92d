"""The acknowledgement of a request that the program may answer by itself: whoever asks gets one mail, not two.

It waits a moment. The program's own answer takes its place; where a person answers after all it leaves at once, and
where a system keeps the answer waiting it leaves when its time has come. A chat says both, as people do.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select

from cases.audit import PROGRAM, AuditTag
from cases.dialogue import Mail, Turn
from cases.transitions import ANSWERED_BY_PROGRAM
from cases.types import OutboxKind, OutboxStatus, WorkKind
from storage.models import Outbox, table
from storage.queries.writing import close_work
from storage.unit import Unit

WAIT = timedelta(minutes=2)


def waits(turn: Turn) -> bool:
    """One wish only: with two, the acknowledgement speaks of the other as well."""
    return turn.mail is Mail.ACKNOWLEDGEMENT and len(turn.open) == 1 and turn.open[0] in ANSWERED_BY_PROGRAM


def leaves_now(unit: Unit, request_id: str) -> None:
    """A person answers this one."""
    unit.execute(_LEAVES, request=request_id, now=unit.now)


def replaced(unit: Unit, request_id: str) -> None:
    """The answer leaves now."""
    for row in unit.rows(_WAITING, request=request_id, now=unit.now):
        unit.change(Outbox, row.id, if_={"status": row.status}, status=OutboxStatus.CANCELLED.value)
        if row.status == OutboxStatus.HELD.value:
            close_work(unit, WorkKind.RELEASE, actor=PROGRAM, outbox_id=row.id)
        unit.record(
            AuditTag.MAIL_CANCELLED, organisation=row.organisation_id, actor=PROGRAM, case=row.case_id,
            subject=row.id, kind=row.kind,
        )  # fmt: skip


_rows = table(Outbox)
_waits = (
    (_rows.c.request_id == bindparam("request"))
    & (_rows.c.kind == OutboxKind.ACKNOWLEDGEMENT.value)
    & _rows.c.status.in_([OutboxStatus.QUEUED.value, OutboxStatus.HELD.value])
    & (_rows.c.not_before > bindparam("now"))
)
_LEAVES = _rows.update().where(_waits).values(not_before=bindparam("now"))
_WAITING = select(_rows.c.id, _rows.c.status, _rows.c.organisation_id, _rows.c.case_id, _rows.c.kind).where(_waits)
