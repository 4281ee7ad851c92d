"""Approved changes as rows: written with the approval, called off while they wait, settled one by one.

Rows only, in the caller's unit; who carries them out is `execute`. The erasure ledger gets its lines here, in the same
transaction that notes a record as gone: a crash can not part the two (art. 5(2)).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.errors import Stale
from cases.policy import AdChannel
from cases.protocols import Change, Changed, Identifier
from cases.types import ActionStatus, Fate, Label, Verb, WorkKind
from handlers.base import Action, Line
from storage.claims import RELEASED
from storage.models import LedgerEntry, SourceAction, Suppression, table
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import close_work, open_work
from storage.seal import blind
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.package import Doing, Opened, open_draft

UNDO = timedelta(hours=72)  # of a changed e-mail address, bank account or login
TRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))  # then a person looks
OVER = frozenset({ActionStatus.DONE, ActionStatus.NOTHING, ActionStatus.CANCELLED, ActionStatus.CONFLICT})
GONE = {Verb.ERASE: Fate.ERASE, Verb.ANONYMISE: Fate.ANONYMISE}


def write_actions(unit: Unit, opened: Opened, draft_id: str, not_before: datetime) -> None:
    """One row per change, in the order of the plan."""
    for position, action in enumerate(opened.doing.actions):
        _write(unit, opened.facts, action, position, draft_id=draft_id, not_before=not_before)


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


def done_by_hand(unit: Unit, action_id: str, *, nothing: bool) -> None:
    """Somebody says that a change in a system kept by hand is done, or that there was nothing to do."""
    rows = table(SourceAction)
    row = unit.one(select(rows).where(rows.c.id == action_id, rows.c.status == ActionStatus.BY_HAND.value))
    if row is None:
        return
    content, opened = content_of(unit, row), open_draft(unit, row.draft_id)
    status = ActionStatus.NOTHING if nothing else ActionStatus.DONE
    gone = [line for line in opened.doing.lines if _covers(row, content, line)]
    write_ledger(unit, opened.facts, gone, fate=GONE.get(Verb(row.verb)))
    unit.change(
        SourceAction, action_id, status=status.value, done_at=unit.now,
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
        done_by_hand(unit, action_id, nothing=False)
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


# --- the erasure ledger ---------------------------------------------------------------------------------------------


def write_ledger(unit: Unit, facts: RequestFacts, lines: Sequence[Line], *, fate: Fate | None = None) -> None:
    """One line per record, sealed with a key that no purge of the case destroys. The same record is listed once.

    `fate`: what was done, where that is all these lines are about; a kept record may lose fields and stay kept.
    """
    if not lines:
        return
    rows = table(LedgerEntry)
    tombstone = unit.keys.organisation(facts.organisation).tombstone
    key_id = _ledger_key(unit, facts.organisation)
    sealer = unit.keys.data(unit, key_id)
    for line in lines:
        became = line.fate if line.fate is Fate.KEEP else (fate or line.fate)
        digest = blind(tombstone, "ledger", f"{line.source}\x00{line.table}\x00{line.key}\x00{became.value}")
        standing = select(rows.c.id).where(rows.c.reference_digest == digest, rows.c.closed_at.is_(None))
        if unit.one(standing) is not None:
            continue
        row_id = unit.new_id()
        unit.add(
            LedgerEntry, id=row_id, organisation_id=facts.organisation, request_id=facts.id,
            case_number=facts.case_number, source=line.source, table_name=line.table, fate=became.value,
            data_key_id=key_id, reference=sealer.seal_text(line.key, f"ledger_entry.reference:{row_id}"),
            reference_digest=digest, columns=list(line.columns), category=line.category, law=line.law,
            ends_on=line.ends_on, recorded_at=unit.now,
        )  # fmt: skip


def _ledger_key(unit: Unit, organisation: str) -> str:
    """The organisation's one key for ledger references; made with the first line."""
    rows = table(LedgerEntry)
    known = unit.value(
        select(rows.c.data_key_id)
        .where(rows.c.organisation_id == organisation, rows.c.data_key_id.is_not(None))
        .limit(1)
    )
    return str(known) if known else unit.keys.new_data_key(unit, organisation)


def kept_lines(doing: Doing) -> list[Line]:
    return [line for line in doing.lines if line.fate is Fate.KEEP]


def suppress(unit: Unit, facts: RequestFacts, channels: Sequence[str]) -> None:
    """Never write to this address again, per channel, known or not (law.md: the same for both)."""
    rows = table(Suppression)
    digest = suppressed_digest(unit, facts.organisation, facts.address)
    for channel in channels:
        mine = (rows.c.organisation_id == facts.organisation) & (rows.c.channel == channel)
        known = unit.one(select(rows).where(mine, rows.c.address_digest == digest))
        if known is not None and known.withdrawn_at is None:
            continue
        if known is not None:
            unit.change(Suppression, known.id, since=unit.now, withdrawn_at=None, request_id=facts.id)
        else:
            unit.add(
                Suppression, id=unit.new_id(), organisation_id=facts.organisation, channel=channel,
                address_digest=digest, request_id=facts.id, since=unit.now,
            )  # fmt: skip
        unit.record(
            AuditTag.SUPPRESSED, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id, subject=facts.id,
            channel=channel,
        )  # fmt: skip


def suppress_for(unit: Unit, facts: RequestFacts, doing: Doing) -> None:
    """An erasure and an opt-out both end on the list, whether or not a system had anything to change."""
    everywhere = [channel.value for channel in AdChannel]
    if facts.label in (Label.VERWIJDERING, Label.AFMELDEN) and not any(a.channels for a in doing.actions):
        suppress(unit, facts, everywhere)
    for action in doing.actions:
        if action.verb is Verb.OPT_OUT:
            suppress(unit, facts, action.channels or everywhere)


def suppressed_digest(reads: Reads, organisation: str, address: str) -> str:
    return blind(reads.keys.organisation(organisation).tombstone, "suppressed", address.strip().lower())
