"""Going live step by step: looking on, under supervision, on; the checklist before `aan`; "stop alles uitgaands".

A new mailbox only looks: it shows what it would do. Under supervision every message that leaves waits for a click.
`aan` is blocked until each point of the checklist is a fact, was ticked by a person, or was overridden by a person
with a name and a reason. Who did so stands in the audit log; the reason, which may name people, beside the mode.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from cases.audit import PROGRAM, AuditTag
from cases.errors import InputError, RuleError
from cases.policy_check import problems
from cases.types import ChannelKind, ChannelMode, InboundOutcome, OutboxStatus, WorkKind
from storage.models import ChannelHealth, ChannelState, Inbound, Outbox, OutgoingStop, Staff, StaffRole, WorkItem, table
from storage.queries import standing
from storage.queries.standing import EVERYWHERE
from storage.queries.writing import UNSUPERVISED, open_work
from storage.unit import Reads, Unit
from workflow.desk import Desk

LOOKED_ON = timedelta(days=3)  # a mailbox should have been watched for so long


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the checklist, in Dutch: staff read it."""

    key: str
    title: str
    fact: str  # what is the case
    done: bool  # by fact
    ticked_by: str = ""  # else a person says so
    reason: str = ""

    @property
    def settled(self) -> bool:
        return self.done or bool(self.ticked_by)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one organisation's mail stands."""

    organisation: str
    mode: ChannelMode
    changed_by: str
    reason: str
    points: tuple[Point, ...]
    stopped: bool
    stop_reason: str
    held: int  # messages that wait for a click

    @property
    def ready(self) -> bool:
        return all(point.settled for point in self.points)


def standing_of(reads: Reads, desk: Desk, organisation: str) -> Standing:
    state = standing.state(reads, organisation, ChannelKind.EMAIL)
    stops = standing.stops(reads)
    stop = stops.get(EVERYWHERE) or stops.get(organisation)
    rows = table(Outbox)
    held = reads.value(
        select(func.count()).where(rows.c.organisation_id == organisation, rows.c.status == OutboxStatus.HELD.value)
    )
    ticked: dict[str, dict[str, str]] = (state.ticked or {}) if state is not None else {}
    points = []
    for key, (title, look) in _POINTS.items():
        fact, done = look(reads, desk, organisation)
        tick = ticked.get(key, {})
        points.append(Point(key, title, fact, done, tick.get("by", ""), tick.get("reason", "")))
    return Standing(
        organisation, ChannelMode(state.mode) if state is not None else ChannelMode.WATCH,
        state.changed_by if state is not None else "", state.reason if state is not None else "", tuple(points),
        stop is not None, stop.reason if stop is not None else "", held,
    )  # fmt: skip


# --- the points of the checklist: (fact in words, whether that is enough) ---------------------------------------------

Look = Callable[[Reads, Desk, str], tuple[str, bool]]


def _incoming(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    rows = table(Inbound)
    seen = reads.value(select(func.count()).where(rows.c.organisation_id == organisation))
    down = _down(reads, organisation, "imap:")
    if down:
        return f"het postvak is niet bereikbaar ({down})", False
    return f"{seen} berichten ontvangen", seen > 0


def _outgoing(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    rows = table(Outbox)
    sent = reads.value(
        select(func.count()).where(rows.c.organisation_id == organisation, rows.c.status == OutboxStatus.SENT.value)
    )
    down = _down(reads, organisation, "smtp:")
    return (f"versturen lukt niet ({down})", False) if down else (f"{sent} berichten verstuurd", sent > 0)


def _down(reads: Reads, organisation: str, prefix: str) -> str:
    rows = table(ChannelHealth)
    found = reads.one(
        select(rows.c.reason).where(
            rows.c.organisation_id == organisation, rows.c.name.startswith(prefix), rows.c.ok.is_(False)
        )
    )
    return (found.reason or "oorzaak onbekend") if found is not None else ""


def _watched(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    rows = table(Inbound)
    watched = rows.c.organisation_id == organisation, rows.c.outcome == InboundOutcome.WATCHED.value
    first, number = reads.value(select(func.min(rows.c.created_at)).where(*watched)), 0
    if first is None:
        return "er is nog niet meegekeken", False
    number = reads.value(select(func.count()).where(*watched))
    days = (reads.now - first).days
    return f"{number} berichten bekeken in {days} dagen", reads.now - first >= LOOKED_ON


def _approvers(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    staff, roles = table(Staff), table(StaffRole)
    number = reads.value(
        select(func.count(staff.c.id.distinct()))
        .join(roles, roles.c.staff_id == staff.c.id)
        .where(roles.c.organisation_id == organisation, roles.c.role.in_(["approver", "admin"]), staff.c.active)
    )
    return f"{number} medewerkers mogen goedkeuren (twee is nodig voor vier ogen)", number >= 2


def _warned(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    staff, roles = table(Staff), table(StaffRole)
    number = reads.value(
        select(func.count(staff.c.id.distinct()))
        .join(roles, roles.c.staff_id == staff.c.id)
        .where(roles.c.organisation_id == organisation, staff.c.notify != "", staff.c.active)
    )
    return f"{number} medewerkers krijgen waarschuwingen per mail", number > 0


def _policy(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    found = problems(desk.organisation(organisation).policy)
    return (f"{len(found)} punten open; zie privacyloket check" if found else "volledig ingevuld"), not found


def _sources(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    number = len(desk.organisation(organisation).sources)
    return f"{number} bronnen ingesteld; zonder bron zoeken medewerkers zelf", number > 0


def _junk(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    if desk.organisation(organisation).mailbox not in desk.mailboxes:
        return "de post komt rechtstreeks binnen, zonder spammap", True
    state, health = standing.state(reads, organisation, ChannelKind.EMAIL), table(ChannelHealth)
    looked = select(health.c.id).where(health.c.organisation_id == organisation, health.c.name.startswith("imap:"))
    if reads.one(looked) is None:
        return "er is nog niet in het postvak gekeken", False
    notes = (state.notes or []) if state is not None else []
    missed = "junk_not_watched" in notes
    return ("de map Ongewenst is niet gevonden" if missed else "de map Ongewenst wordt gelezen"), not missed


def _backlog(reads: Reads, desk: Desk, organisation: str) -> tuple[str, bool]:
    if desk.organisation(organisation).mailbox not in desk.mailboxes:
        return "niet nodig: er is geen postvak met oudere mail", True
    state = standing.state(reads, organisation, ChannelKind.EMAIL)
    rows = table(WorkItem)
    waiting = reads.value(
        select(func.count()).where(
            rows.c.organisation_id == organisation, rows.c.kind == WorkKind.BACKLOG.value, rows.c.closed_at.is_(None)
        )
    )
    if state is None or state.backlog_at is None:
        return "de mail van de laatste 120 dagen is niet doorzocht", False
    seen = _last_request_seen(reads, organisation)
    if seen is not None and seen > state.backlog_at:
        return "tijdens het meekijken kwamen verzoeken binnen: doorzoek nog een keer", False
    return f"doorzocht op {state.backlog_at:%d-%m-%Y}; {waiting} berichten wachten op een besluit", waiting == 0


def _last_request_seen(reads: Reads, organisation: str) -> datetime | None:
    """The newest message that was only looked at and would have been a request."""
    rows = table(Inbound)
    query = (
        select(rows.c.created_at, rows.c.scores)
        .where(rows.c.organisation_id == organisation, rows.c.outcome == InboundOutcome.WATCHED.value)
        .order_by(rows.c.created_at.desc())
    )
    asks = (InboundOutcome.CASE.value, InboundOutcome.TRIAGE.value)
    for row in reads.rows(query):
        if ((row.scores or {}).get("would") or {}).get("outcome") in asks:
            moment: datetime = row.created_at
            return moment
    return None


_POINTS: dict[str, tuple[str, Look]] = {
    "incoming": ("Post komt binnen", _incoming),
    "outgoing": ("Post gaat weg", _outgoing),
    "watched": ("Er is drie dagen meegekeken, en de uitkomst is bekeken", _watched),
    "approvers": ("Medewerkers", _approvers),
    "warned": ("Waarschuwingen", _warned),
    "policy": ("De privacyverklaring is ingevuld", _policy),
    "sources": ("Bronnen", _sources),
    "junk": ("Ongewenste mail", _junk),
    "backlog": ("Lopende verzoeken van vóór de start", _backlog),
}


# --- acts -------------------------------------------------------------------------------------------------------------


async def set_mode(desk: Desk, actor: str, organisation: str, mode: ChannelMode, *, override: str = "") -> None:
    """InputError `not_ready` when `aan` is asked with open points and no reason to pass them by."""

    def write(unit: Unit) -> None:
        now = standing_of(unit, desk, organisation)
        if mode is ChannelMode.ON and not now.ready and not override.strip():
            raise InputError("not_ready")
        _change(
            unit, organisation, mode=mode.value, changed_at=unit.now, changed_by=actor, reason=override.strip()[:500]
        )
        if mode is not ChannelMode.ON:
            hold(unit, organisation, ChannelKind.EMAIL)
        open_points = [point.key for point in now.points if not point.settled]
        unit.record(
            AuditTag.MODE_CHANGED, organisation=organisation, actor=actor, before=now.mode.value, after=mode.value,
            passed_by=open_points if mode is ChannelMode.ON else [],
        )  # fmt: skip

    await desk.store.write(write)


def hold(unit: Unit, organisation: str, channel: ChannelKind) -> None:
    """What waited to leave by itself waits for a click from now on."""
    rows = table(Outbox)
    waiting = select(rows).where(
        rows.c.organisation_id == organisation, rows.c.channel == channel.value,
        rows.c.status == OutboxStatus.QUEUED.value, rows.c.kind.not_in([kind.value for kind in UNSUPERVISED]),
    )  # fmt: skip
    for row in unit.rows(waiting):
        unit.change(Outbox, row.id, if_={"status": OutboxStatus.QUEUED.value}, status=OutboxStatus.HELD.value)
        open_work(
            unit, WorkKind.RELEASE, organisation, same=row.id, case_id=row.case_id, request_id=row.request_id,
            outbox_id=row.id, detail=row.kind,
        )  # fmt: skip


async def tick(desk: Desk, actor: str, name: str, organisation: str, point: str, reason: str) -> None:
    """A person says that a point is in order; InputError `no_reason` without words."""
    if point not in _POINTS:
        raise RuleError("no such point")
    if not reason.strip():
        raise InputError("no_reason")

    def write(unit: Unit) -> None:
        state = standing.state(unit, organisation, ChannelKind.EMAIL)
        ticked = dict((state.ticked or {}) if state is not None else {})
        ticked[point] = {"by": name, "at": unit.now.isoformat(), "reason": reason.strip()[:500]}
        _change(unit, organisation, ticked=ticked)
        unit.record(AuditTag.MODE_CHANGED, organisation=organisation, actor=actor, ticked=point)

    await desk.store.write(write)


def _change(unit: Unit, organisation: str, **values: Any) -> None:
    rows = table(ChannelState)
    state = standing.state(unit, organisation, ChannelKind.EMAIL)
    if state is None:
        start = {"mode": ChannelMode.WATCH.value, "changed_at": unit.now, **values}
        unit.add(
            ChannelState, id=f"{organisation}:{ChannelKind.EMAIL}", organisation_id=organisation,
            channel=ChannelKind.EMAIL.value, **start,
        )  # fmt: skip
        return
    unit.execute(rows.update().where(rows.c.id == state.id).values(**values))


def note(unit: Unit, organisation: str, codes: Collection[str]) -> None:
    """What the watcher misses in the mailbox now: no keywords, no Junk folder …"""
    state = standing.state(unit, organisation, ChannelKind.EMAIL)
    if state is None or sorted(state.notes or []) != sorted(codes):
        _change(unit, organisation, notes=sorted(codes))


def looked_through(unit: Unit, organisation: str) -> None:
    """The backlog was read; also where nobody has decided on the channel yet."""
    _change(unit, organisation, backlog_at=unit.now)
    unit.record(AuditTag.MODE_CHANGED, organisation=organisation, actor=PROGRAM, backlog=True)


async def stop_outgoing(desk: Desk, actor: str, reason: str, organisations: Sequence[str] = (EVERYWHERE,)) -> None:
    """Nothing leaves any more; mail comes in, cases open and terms run on."""

    def write(unit: Unit) -> None:
        standing_stops = standing.stops(unit)
        for key in organisations:
            if key not in standing_stops:
                unit.add(OutgoingStop, id=key, stopped_at=unit.now, stopped_by=actor, reason=reason.strip()[:500])
            for organisation in desk.organisations if key == EVERYWHERE else (key,):
                unit.record(AuditTag.OUTGOING_STOPPED, organisation=organisation, actor=actor)

    await desk.store.write(write)


async def resume_outgoing(desk: Desk, actor: str, organisation: str = "") -> None:
    """Lets messages leave again: of one organisation, or ("") of all, whatever was stopped.

    InputError `stopped_everywhere`: all of them were stopped together, and are let go together.
    """

    def write(unit: Unit) -> None:
        rows, stands = table(OutgoingStop), standing.stops(unit)
        if organisation and EVERYWHERE in stands:
            raise InputError("stopped_everywhere")
        lifted = [key for key in stands if organisation in ("", key)]
        unit.execute(rows.delete().where(rows.c.id.in_(lifted)))
        for key in desk.organisations if EVERYWHERE in lifted else lifted:
            unit.record(AuditTag.OUTGOING_RESUMED, organisation=key, actor=actor)

    await desk.store.write(write)
    desk.wake.outbox.set()
