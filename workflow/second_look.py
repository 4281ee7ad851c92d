"""Before an approved erasure begins: does it still hold? Days lie between the approval and the first change.

    gate     packages that erase and have not begun: who also asked what is held is answered first, in any case of the
             same person (art. 15), unless a person decided otherwise, with a reason
    look     every system is asked again; a handler plans as on the day of the draft
    settle   the same: the changes may begin. Not the same: nothing begins, and staff get a new draft that says what
             differs. A system that can not be asked: later, and staff hear of it

What becomes of the changes is in `execute`. Systems that people keep are not asked twice: their answer stands.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select

from cases.audit import PROGRAM, staff_actor
from cases.errors import InputError, RuleError, Stale, place_of
from cases.protocols import FindStatus, Found
from cases.types import ActionStatus, Awaiting, DraftStatus, Fate, RequestState, WorkKind
from handlers.base import CaseFile, Line, Prepared
from handlers.registry import HANDLERS
from handlers.wording import staff_texts
from storage.models import Case, Conversation, Draft, Finding, Request, SourceAction, table
from storage.queries.open_cases import ACCESS, OPPOSED, InTheWay, in_the_way
from storage.queries.request_facts import chosen_of, request_facts
from storage.queries.writing import close_work, move_request, open_work
from storage.unit import Reads, Unit
from workflow import asking, questions, tasks
from workflow.actions import stop_actions
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.findings import write_findings
from workflow.package import Opened, open_draft, write_draft
from workflow.prepare import case_file

log = logging.getLogger(__name__)
LATER = timedelta(minutes=10)  # a system that can not be asked is asked again
ALL_THE_SAME = "despite:open_case"  # in `chosen`: why staff do not let it wait
BATCH = 4


async def run_once(desk: Desk) -> int:
    """Looks again at what is due; gives the number of packages that may begin or went back to staff."""
    due = await desk.store.read(lambda reads: _due(reads, desk))
    settled = 0
    for draft_id in due[:BATCH]:
        try:
            settled += await _look(desk, draft_id)
        except Stale:
            log.info("a package changed while it was looked at again", extra={"draft": draft_id})
        except Exception as error:
            log.error("a package could not be looked at again: %s", place_of(error), extra={"draft": draft_id})
            await desk.store.write(lambda unit, d=draft_id: _later(unit, d, WorkKind.HANDLE, "prepare_failed"))  # type: ignore[misc]
    return settled


def _due(reads: Reads, desk: Desk) -> list[str]:
    drafts, requests, cases, talks = table(Draft), table(Request), table(Case), table(Conversation)
    actions = table(SourceAction)
    due = exists().where(
        actions.c.draft_id == drafts.c.id, actions.c.status == ActionStatus.WAITING.value,
        actions.c.not_before <= reads.now,
    )  # fmt: skip
    rows = reads.rows(
        select(drafts.c.id, drafts.c.request_id)
        .join(requests, requests.c.id == drafts.c.request_id)
        .join(cases, cases.c.id == requests.c.case_id)
        .join(talks, talks.c.id == requests.c.conversation_id)
        .where(drafts.c.look_first, drafts.c.status == DraftStatus.APPROVED.value)
        .where(drafts.c.content_version == cases.c.content_version, talks.c.frozen.is_(False))
        .where(requests.c.state == RequestState.EXECUTING.value, drafts.c.organisation_id.in_(desk.organisations), due)
        .order_by(drafts.c.created_at, drafts.c.id)
    )
    held = held_back(reads, [row.request_id for row in rows]) if rows else {}
    return [row.id for row in rows if row.request_id not in held]


def held_back(reads: Reads, request_ids: Collection[str]) -> dict[str, tuple[InTheWay, ...]]:
    """Request → why its erasure waits. A freeze in its own case was in sight when the erasure was approved."""
    requests, cases, drafts = table(Request), table(Case), table(Draft)
    rows = reads.rows(
        select(requests, cases.c.data_key_id)
        .join(cases, cases.c.id == requests.c.case_id)
        .join(drafts, drafts.c.request_id == requests.c.id)
        .where(requests.c.id.in_(request_ids), drafts.c.look_first, drafts.c.status == DraftStatus.APPROVED.value)
    )
    found = in_the_way(reads, {row.case_id for row in rows}, labels=ACCESS, grounds=OPPOSED) if rows else {}
    held: dict[str, tuple[InTheWay, ...]] = {}
    for row in rows:
        why = tuple(one for one in found.get(row.case_id, ()) if one.ground is None or one.case_id != row.case_id)
        if why and ALL_THE_SAME not in chosen_of(reads, row, row.data_key_id):
            held[row.id] = why
    return held


async def go_on(desk: Desk, staff_id: str, request_id: str, reason: str) -> None:
    """A person decides that an erasure does not wait for the other case. InputError `no_reason`, `not_allowed`."""
    if not reason.strip():
        raise InputError("no_reason")

    def settle(unit: Unit) -> None:
        facts = request_facts(unit, request_id)
        if facts is None:
            raise RuleError("no such request")
        may_decide(unit, staff_id, facts.organisation)
        if facts.state is not RequestState.EXECUTING or not held_back(unit, [request_id]):
            raise Stale("nothing waits here")
        questions.keep(unit, request_id, {ALL_THE_SAME: reason.strip()[:500]}, actor=staff_actor(staff_id))

    await desk.store.write(settle)
    desk.wake.actions.set()


# --- the look ---------------------------------------------------------------------------------------------------------


async def _look(desk: Desk, draft_id: str) -> bool:
    """Whether it was settled: the changes may begin, or staff have it again."""
    opened, known, given = await desk.store.read(lambda reads: _then(reads, draft_id))
    facts, own = opened.facts, desk.organisation(opened.facts.organisation)
    answers = [own.sources[name].answered(answer) for name, answer in given.items() if name in own.by_hand]
    found = (*await asking.ask(own, facts.identifiers), *answers)
    silent = [one.source for one in found if one.status is FindStatus.FAILED and known.get(one.source) != one.status]
    if silent:
        await desk.store.write(lambda unit: _later(unit, draft_id, WorkKind.SOURCE_FAILED, ",".join(silent)))
        return False
    file = case_file(desk, own, facts, found, facts.assurance)
    then = await desk.in_thread(_planned, replace(file, now=opened.row.created_at))
    differing = differences(opened.doing.lines, then.lines if then is not None else ())
    if then is not None and not differing:
        await desk.store.write(lambda unit: _begin(unit, opened))
        return True
    now = await desk.in_thread(_planned, file)
    note = staff_texts().say("note.since_approval", what=_words(differing, file))
    await desk.store.write(lambda unit: _back(unit, opened, found, now, note))
    desk.wake.requests.set()
    return True


def _then(reads: Reads, draft_id: str) -> tuple[Opened, dict[str, str], dict[str, Mapping[str, Any]]]:
    """The package, what each system answered when it was made, and what the keepers of systems answered."""
    opened = open_draft(reads, draft_id)
    rows = table(Finding)
    asked = select(rows.c.source, rows.c.status).where(rows.c.request_id == opened.facts.id).order_by(rows.c.at)
    given = tasks.answers(reads, opened.facts.id)
    return (
        opened,
        {row.source: row.status for row in reads.rows(asked)},
        {name: answer for name, answer in given.items() if answer is not None},
    )


def _planned(file: CaseFile) -> Prepared | None:
    """The plan as a handler makes it; None where it has something to ask first."""
    prepared = HANDLERS[file.label].prepare(file)
    return None if prepared.asks else prepared


@dataclass(frozen=True, slots=True)
class Difference:
    """In one table of one system, how many records are new, other than they were, or gone."""

    source: str
    table: str
    new: int
    changed: int
    gone: int


def differences(approved: Iterable[Line], now: Iterable[Line]) -> tuple[Difference, ...]:
    """What matters: a record that nobody saw, one with another fate or of another person, one that was to be kept.

    A record that was to go and is gone needs nothing. Records that their system gives no name to go by their place.
    """
    before, after = _by_record(approved), _by_record(now)
    new, changed, gone = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for record in before.keys() | after.keys():
        was, is_, where = before.get(record), after.get(record), record[:2]
        if was is None:
            new[where] += 1
        elif is_ is None:
            gone[where] += was.fate is not Fate.ERASE
        else:
            changed[where] += not _same(was, is_)
    places = sorted(place for place in {*new, *changed, *gone} if new[place] or changed[place] or gone[place])
    return tuple(Difference(*place, new[place], changed[place], gone[place]) for place in places)


def _by_record(lines: Iterable[Line]) -> dict[tuple[str, str, str], Line]:
    return {(line.source, line.table, line.key): line for line in lines}


def _same(was: Line, is_: Line) -> bool:
    fate = (was.fate, was.category, was.columns, was.law, was.ends_on)
    if fate != (is_.fate, is_.category, is_.columns, is_.law, is_.ends_on):
        return False
    now = dict(is_.says)
    # a last login that moved on is the same person still; a name, address and number that all did is not
    return 2 * sum(now.get(column) == value for column, value in was.says) >= len(was.says)


def _words(found: Iterable[Difference], file: CaseFile) -> str:
    """`Klantenbestand, facturen: 2 nieuw, 1 gewijzigd`."""
    tables = {(source.name, part.name): part.label for source in file.sources for part in source.tables}
    systems = {source.name: source.label for source in file.sources}
    parts = []
    for one in found:
        counts = ((one.new, "nieuw"), (one.changed, "gewijzigd"), (one.gone, "verdwenen"))
        said = ", ".join(f"{count} {word}" for count, word in counts if count)
        label = tables.get((one.source, one.table), one.table)
        parts.append(f"{systems.get(one.source, one.source)}, {label}: {said}")
    return "; ".join(parts)


# --- settle -----------------------------------------------------------------------------------------------------------


def _begin(unit: Unit, opened: Opened) -> None:
    if held_back(unit, [opened.facts.id]):
        raise Stale("somebody asked what is held while the systems were asked")
    unit.change(Draft, opened.row.id, if_={"look_first": True, "status": opened.row.status}, look_first=False)
    close_work(unit, WorkKind.SOURCE_FAILED, WorkKind.HANDLE, actor=PROGRAM, request_id=opened.facts.id)


def _later(unit: Unit, draft_id: str, kind: WorkKind, detail: str) -> None:
    """Nothing begins while a system can not be asked: half an erasure is worse than a late one."""
    rows, opened = table(SourceAction), open_draft(unit, draft_id)
    waits = (rows.c.draft_id == draft_id) & (rows.c.status == ActionStatus.WAITING.value)
    unit.execute(rows.update().where(waits).values(not_before=unit.now + LATER))
    facts = opened.facts
    open_work(
        unit, kind, facts.organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        due_on=facts.told_on, detail=detail,
    )  # fmt: skip


def _back(unit: Unit, opened: Opened, found: Sequence[Found], now: Prepared | None, note: str) -> None:
    """Nothing was done yet: a new draft with what differs, or the question that has to be put first."""
    facts = opened.facts
    stop_actions(unit, facts.id)
    unit.change(
        Draft, opened.row.id, if_={"look_first": True, "status": opened.row.status}, status=DraftStatus.VOID.value
    )
    move_request(
        unit, facts.id, RequestState.AWAITING_APPROVAL, actor=PROGRAM, awaiting=Awaiting.STAFF.value, decision=None,
        failure="anders dan goedgekeurd: er is iets bijgekomen of gewijzigd",
    )  # fmt: skip
    if now is None:
        move_request(
            unit, facts.id, RequestState.PREPARING, actor=PROGRAM, awaiting=Awaiting.NOBODY.value, wake_at=unit.now,
            attempts=0,
        )  # fmt: skip
        return
    write_findings(unit, facts, found)
    decision = now.decision
    draft_id = write_draft(
        unit, facts, prepared=replace(now, staff_notes=(note, *now.staff_notes)), letter=now.letter, export_id=None,
        made_by=PROGRAM, policy_version=opened.row.policy_version, ground=now.ground.value if now.ground else "",
    )  # fmt: skip
    open_work(
        unit, WorkKind.APPROVE, facts.organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        draft_id=draft_id, due_on=facts.told_on, detail=decision.value,
    )  # fmt: skip
