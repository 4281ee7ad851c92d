"""Breaches: the register of art. 33(5), its 72 hours, and "verkeerd verzonden".

Hours run through weekends. What was sent wrongly is stopped at once: its links close, its conversation freezes, a
person decides. A leak that somebody reports opens a proposed line, counted from receipt; nothing here tells the
authority by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.calendar import local_date
from cases.errors import InputError, RuleError
from cases.types import WorkKind
from storage.models import Breach, Link, Outbox, table
from storage.queries.breaches import Told
from storage.queries.breaches import told as letters_of
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.proof import freeze

TERM = timedelta(hours=72)  # art. 33(1)
RISKS = ("none", "risk", "high")  # none: recorded only; risk: to the authority; high: to the persons too (art. 34)
SENT_WRONG, REPORTED = "sent_wrong", "reported"


def record(
    unit: Unit, organisation: str, *, kind: str, known_at: datetime, description: str, actor: str,
    case_id: str | None = None, outbox_id: str | None = None, inbound_id: str | None = None,
) -> str:  # fmt: skip
    """A line in the register and one on the staff list with its 72 hours; gives its id. One per message is enough."""
    rows = table(Breach)
    for name, value in (("outbox_id", outbox_id), ("inbound_id", inbound_id)):
        if value is not None and (known := unit.value(select(rows.c.id).where(rows.c[name] == value))):
            return str(known)
    row_id, key_id = unit.new_id(), unit.keys.new_data_key(unit, organisation)
    unit.add(
        Breach, id=row_id, organisation_id=organisation, case_id=case_id, outbox_id=outbox_id, inbound_id=inbound_id,
        data_key_id=key_id, kind=kind, known_at=known_at, due_at=known_at + TERM,
        description=unit.keys.data(unit, key_id).seal_text(description, f"breach.description:{row_id}"),
    )  # fmt: skip
    unit.record(
        AuditTag.BREACH_RECORDED, organisation=organisation, actor=actor, case=case_id, subject=row_id, kind=kind,
        due=(known_at + TERM).isoformat(),
    )  # fmt: skip
    open_work(
        unit, WorkKind.BREACH, organisation, same=row_id, case_id=case_id, due_on=local_date(known_at + TERM),
        detail=kind, inbound_id=inbound_id, outbox_id=outbox_id, facts={"breach": row_id},
    )  # fmt: skip
    return row_id


def noticed(unit: Unit, inbound: Row[Any], text: str, case_id: str | None) -> None:
    """Somebody writes that data of another came to them: a proposed line, counted from receipt; a person decides."""
    record(
        unit, inbound.organisation_id, kind=REPORTED, known_at=inbound.received_at, description=text[:2000],
        actor=PROGRAM, case_id=case_id, inbound_id=inbound.id,
    )  # fmt: skip


async def sent_wrong(desk: Desk, staff_id: str, outbox_id: str, what: str) -> str:
    """The button "verkeerd verzonden": links of that message close, the conversation freezes, 72 hours begin now.

    InputError `empty` without a word on what went wrong.
    """
    if not what.strip():
        raise InputError("empty")

    def settle(unit: Unit) -> str:
        rows, links = table(Outbox), table(Link)
        row = unit.one(select(rows).where(rows.c.id == outbox_id))
        if row is None:
            raise RuleError("no such message")
        # an empty column equals nothing here: a message without a request must not close other people's links
        for column, value in ((links.c.request_id, row.request_id), (links.c.conversation_id, row.conversation_id)):
            if value is not None:
                mine = (column == value) & (links.c.organisation_id == row.organisation_id)
                unit.execute(links.update().where(mine, links.c.revoked_at.is_(None)).values(revoked_at=unit.now))
        if row.conversation_id is not None:
            freeze(unit, row.organisation_id, row.conversation_id)
        return record(
            unit, row.organisation_id, kind=SENT_WRONG, known_at=unit.now, description=what.strip(),
            actor=staff_actor(staff_id), case_id=row.case_id, outbox_id=outbox_id,
        )  # fmt: skip

    return await desk.store.write(settle)


async def report(desk: Desk, staff_id: str, organisation: str, known_at: datetime, what: str) -> str:
    """A breach that staff heard of in another way (by phone, from a supplier). InputError `empty`, `in_future`."""
    if not what.strip():
        raise InputError("empty")
    if known_at > desk.now():
        raise InputError("in_future")
    return await desk.store.write(
        lambda unit: record(
            unit, organisation, kind=REPORTED, known_at=known_at, description=what.strip(), actor=staff_actor(staff_id)
        )
    )


async def decide(
    desk: Desk, staff_id: str, breach_id: str, *, risk: str, reason: str, authority_told_at: datetime | None = None,
    persons_told_at: datetime | None = None,
) -> None:  # fmt: skip
    """Staff weigh the risk and say what was done; the line closes when what the risk asks for has been done.

    People whose letters all left (`workflow/breach_letter`) are told. InputError: `unknown_risk`, `reason_missing`,
    `in_future`, `not_allowed`.
    """
    if any(moment is not None and moment > desk.now() for moment in (authority_told_at, persons_told_at)):
        raise InputError("in_future")
    if risk not in RISKS:
        raise InputError("unknown_risk")
    if not reason.strip():
        raise InputError("reason_missing")

    def settle(unit: Unit) -> None:
        rows = table(Breach)
        row = unit.one(select(rows).where(rows.c.id == breach_id))
        if row is None:
            raise RuleError("no such breach")
        may_decide(unit, staff_id, row.organisation_id)
        told = authority_told_at or row.authority_told_at
        persons = persons_told_at or row.persons_told_at or _letters_left(unit, breach_id)
        over = risk == "none" or (told is not None and (risk == "risk" or persons is not None))
        actor, sealer = staff_actor(staff_id), unit.keys.data(unit, row.data_key_id)
        unit.change(
            Breach, breach_id, risk=risk, decided_by=actor, authority_told_at=told, persons_told_at=persons,
            reason=sealer.seal_text(reason.strip()[:2000], f"breach.reason:{breach_id}"),
            closed_at=unit.now if over else None,
        )  # fmt: skip
        unit.record(
            AuditTag.BREACH_DECIDED, organisation=row.organisation_id, actor=actor, case=row.case_id,
            subject=breach_id, risk=risk, told=told is not None, over=over,
        )  # fmt: skip
        if over:
            close_work(unit, WorkKind.BREACH, actor=actor, same=f"{WorkKind.BREACH.value}:{breach_id}")

    await desk.store.write(settle)


def _letters_left(reads: Reads, breach_id: str) -> datetime | None:
    """When the last letter left, if none of them is still here or came back."""
    found = letters_of(reads, [breach_id]).get(breach_id, Told())
    return found.last_at if found.all_left else None
