"""Approved changes as rows: written with the approval, called off while they wait, settled one by one.

Rows only, in the caller's unit; who carries them out is `execute`. The ledger (`ledger`) gets its lines in the same
transaction that notes a record as gone: a crash can not part the two (art. 5(2)).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.errors import Stale
from cases.protocols import Change, Changed, Identifier
from cases.types import ActionStatus, Fate, Verb, WorkKind
from handlers.base import Action, Line
from storage.claims import RELEASED
from storage.models import Draft, SourceAction, table
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.ledger import write_ledger
from workflow.package import Opened, open_draft

UNDO = timedelta(hours=72)  # of a changed e-mail address, bank account or login
TRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))  # then a person looks
OVER = frozenset({ActionStatus.DONE, ActionStatus.NOTHING, ActionStatus.CANCELLED, ActionStatus.CONFLICT})
GONE = {Verb.ERASE: Fate.ERASE, Verb.ANONYMISE: Fate.ANONYMISE}


def write_actions(unit: Unit, opened: Opened, draft_id: str, not_before: datetime) -> None:
    """One row per change, in the order of the plan. What erases is looked at again first (`second_look`)."""
    for position, action in enumerate(opened.doing.actions):
        _write(unit, opened.facts, action, position, draft_id=draft_id, not_before=not_before)
    if any(action.verb in GONE for action in opened.doing.actions):
        unit.change(Draft, draft_id, look_first=True)


def write_done(unit: Unit, facts: RequestFacts, action: Action, position: int, records: int) -> None:
    """A change that was made outside a package (a freeze while an objection is weighed): kept, so it can be lifted."""
    _write(
        unit, facts, action, position, draft_id=None, not_before=unit.now, status=ActionStatus.DONE.value,
        records=records, done_at=unit.now,
    )  # fmt: skip


def _write(
    unit: Unit, facts: RequestFacts, action: Action, position: int, *, draft_id: str | None, not_before: datetime,
    **now: Any,
) -> None:  # fmt: skip
    row_id = unit.new_id()
    content = {
        "keys": action.keys, "values": dict(action.values), "expected": dict(action.expected),
        "columns": action.columns, "channels": action.channels, "description": action.description,
        "identifiers": [[one.kind, one.value, one.proven] for one in action.identifiers],
        "sensitive": action.sensitive, "by_hand": action.by_hand,
    }  # fmt: skip
    sealer = unit.keys.data(unit, facts.case_key_id)
    unit.add(
        SourceAction, id=row_id, organisation_id=facts.organisation, request_id=facts.id, draft_id=draft_id,
        data_key_id=facts.case_key_id, source=action.source, verb=action.verb.value, table_name=action.table,
        position=position, not_before=not_before,
        content=sealer.seal_json(content, f"source_action.content:{row_id}"), **now,
    )  # fmt: skip


def content_of(reads: Reads, row: Row[Any]) -> dict[str, Any]:
    sealer = reads.keys.data(reads, row.data_key_id)
    content: dict[str, Any] = sealer.open_json(row.content, f"source_action.content:{row.id}")
    return content


def change_of(row: Row[Any], content: dict[str, Any]) -> Change:
    """The change as a source takes it; the row's id makes doing it twice harmless."""
    return Change(
        id=row.id, verb=Verb(row.verb), table=row.table_name, keys=tuple(content["keys"]),
        values=content["values"], expected=content["expected"], columns=tuple(content["columns"]),
        identifiers=tuple(Identifier(*one) for one in content["identifiers"]), channels=tuple(content["channels"]),
    )  # fmt: skip


def cancel_actions(unit: Unit, request_id: str) -> bool:
    """Calls off what waits. Stale when something has begun: what was changed can not be taken back here."""
    rows = table(SourceAction)
    mine = select(rows).where(rows.c.request_id == request_id, rows.c.status != ActionStatus.CANCELLED.value)
    found = [row for row in unit.rows(mine) if _of_open_round(unit, row)]
    # what was tried once may have happened, whatever came back: only what nobody touched can be called off
    if any(row.status != ActionStatus.WAITING.value or row.attempts for row in found):
        raise Stale("a change has begun")
    for row in found:
        unit.change(
            SourceAction, row.id, if_={"status": row.status, "attempts": 0}, status=ActionStatus.CANCELLED.value
        )
    return bool(found)


def carried_out(reads: Reads, *, draft_id: str = "", request_id: str = "") -> bool:
    """Whether changes of this package, or of any package of the request, were made: the outcome stands from then on."""
    rows = table(SourceAction)
    done = rows.c.status.in_([ActionStatus.DONE.value, ActionStatus.NOTHING.value]) & rows.c.draft_id.is_not(None)
    mine = rows.c.draft_id == draft_id if draft_id else rows.c.request_id == request_id
    return reads.one(select(rows.c.id).where(mine, done)) is not None


def stop_actions(unit: Unit, request_id: str) -> None:
    """Whatever still waits is not done ("niet ik", something new came in); what was done stays done."""
    rows = table(SourceAction)
    waits = (rows.c.request_id == request_id) & (rows.c.status == ActionStatus.WAITING.value)
    unit.execute(rows.update().where(waits).values(status=ActionStatus.CANCELLED.value, **RELEASED))


def _of_open_round(unit: Unit, row: Row[Any]) -> bool:
    """Of the package that is being carried out; earlier rounds of the same request are over."""
    rows = table(SourceAction)
    newest = unit.value(
        select(rows.c.draft_id).where(rows.c.request_id == row.request_id).order_by(rows.c.not_before.desc()).limit(1)
    )
    return bool(row.draft_id == newest)


def settle_action(
    unit: Unit, row: Row[Any], token: str, content: dict[str, Any], changed: Changed, lines: Iterable[Line],
    facts: RequestFacts,
) -> ActionStatus:  # fmt: skip
    """Writes down what came of one change; gives where it stands now."""
    status, mine = changed.status, {"claim_token": token}
    if status in (ActionStatus.FAILED, ActionStatus.UNKNOWN, ActionStatus.WAITING):
        return _again(unit, row, mine, changed, facts)
    now: dict[str, Any] = {"status": status.value, "records": changed.records, "error": changed.error[:300]}
    if status in (ActionStatus.DONE, ActionStatus.NOTHING):
        now["done_at"] = unit.now
        if content.get("sensitive") and changed.previous:
            sealer = unit.keys.data(unit, row.data_key_id)
            now["previous"] = sealer.seal_json(dict(changed.previous), f"source_action.previous:{row.id}")
            now["undo_until"] = unit.now + UNDO
        gone = [line for line in lines if _covers(row, content, line)]
        write_ledger(unit, facts, gone, fate=GONE.get(Verb(row.verb)))
    unit.change(SourceAction, row.id, if_=mine, **now, **RELEASED)
    unit.record(
        AuditTag.ACTION_SETTLED, organisation=row.organisation_id, actor=PROGRAM, case=facts.case_id, subject=row.id,
        source=row.source, verb=row.verb, status=status.value, records=changed.records,
    )  # fmt: skip
    return status


def done_by_hand(unit: Unit, action_id: str, *, nothing: bool, at: datetime) -> None:
    """Somebody says that a change in a system kept by hand is done, and when, or that there was nothing to do."""
    rows = table(SourceAction)
    row = unit.one(select(rows).where(rows.c.id == action_id, rows.c.status == ActionStatus.BY_HAND.value))
    if row is None:
        return
    content, opened = content_of(unit, row), open_draft(unit, row.draft_id)
    status = ActionStatus.NOTHING if nothing else ActionStatus.DONE
    gone = [line for line in opened.doing.lines if _covers(row, content, line)]
    write_ledger(unit, opened.facts, gone, fate=GONE.get(Verb(row.verb)))
    unit.change(
        SourceAction, action_id, status=status.value, done_at=at,
        records=0 if nothing else max(len(content["keys"]), 1),
    )  # fmt: skip


async def try_again(desk: Desk, staff_id: str, action_id: str) -> None:
    """A person mended what kept a change from happening: it is tried once more."""

    def settle(unit: Unit) -> None:
        row = _stuck(unit, action_id)
        unit.change(
            SourceAction, action_id, if_={"status": row.status}, status=ActionStatus.WAITING.value, attempts=0,
            not_before=unit.now,
        )  # fmt: skip
        close_work(unit, WorkKind.ACTION_FAILED, actor=staff_actor(staff_id), same=f"action_failed:{action_id}")

    await desk.store.write(settle)
    desk.wake.actions.set()


async def did_it_myself(desk: Desk, staff_id: str, action_id: str) -> None:
    """A person made the change in the system itself. RuleError when it does not wait for one."""

    def settle(unit: Unit) -> None:
        row = _stuck(unit, action_id)
        unit.change(SourceAction, action_id, if_={"status": row.status}, status=ActionStatus.BY_HAND.value)
        unit.flush()
        done_by_hand(unit, action_id, nothing=False, at=unit.now)
        close_work(unit, WorkKind.ACTION_FAILED, actor=staff_actor(staff_id), same=f"action_failed:{action_id}")

    await desk.store.write(settle)
    desk.wake.actions.set()


def _stuck(unit: Unit, action_id: str) -> Row[Any]:
    rows = table(SourceAction)
    stuck = (ActionStatus.FAILED.value, ActionStatus.UNKNOWN.value)
    row = unit.one(select(rows).where(rows.c.id == action_id, rows.c.status.in_(stuck)))
    if row is None:
        raise Stale("this change does not wait for a person")
    return row


def _again(unit: Unit, row: Row[Any], mine: dict[str, Any], changed: Changed, facts: RequestFacts) -> ActionStatus:
    """Tried again three times: the change's id makes that harmless. Then a person looks."""
    if row.attempts <= len(TRIES):
        wait = TRIES[row.attempts - 1]
        unit.change(SourceAction, row.id, if_=mine, not_before=unit.now + wait, error=changed.error[:300], **RELEASED)
        return ActionStatus.WAITING
    status = ActionStatus.UNKNOWN if changed.status is ActionStatus.UNKNOWN else ActionStatus.FAILED
    unit.change(SourceAction, row.id, if_=mine, status=status.value, error=changed.error[:300], **RELEASED)
    open_work(
        unit, WorkKind.ACTION_FAILED, row.organisation_id, same=row.id, request_id=row.request_id, detail=row.source,
        case_id=facts.case_id, due_on=facts.told_on,
    )  # fmt: skip
    return status


def _covers(row: Row[Any], content: dict[str, Any], line: Line) -> bool:
    return line.source == row.source and line.table == row.table_name and line.key in set(content["keys"])
