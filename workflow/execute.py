"""Approved changes are carried out: each in its system, then the letter says what was done.

    claim    actions whose time has come, of one system in their order; what erases was looked at again (`second_look`)
    work     `DataSource.change`, no transaction open, with a time limit; doing it again changes nothing more
    settle   where it stands now, the ledger, the next try

When everything of a package is over, its letter gets its outcomes and leaves. If anything came out other than
approved, nothing leaves: a new draft names the difference and a person looks again (design, section 4).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, select

from cases.audit import PROGRAM
from cases.calendar import local_date
from cases.errors import OutsideError, Stale, place_of
from cases.letters import Letter, fill, slots
from cases.protocols import Changed
from cases.types import (
    ActionStatus,
    Awaiting,
    Decision,
    DraftStatus,
    OutboxKind,
    OutboxStatus,
    RequestState,
    Verb,
    WorkKind,
)
from handlers.base import Prepared
from handlers.outcomes import Result, fill_outcomes
from handlers.parts import dated
from handlers.wording import staff_texts
from storage.claims import claim
from storage.models import Approval, Case, Conversation, Draft, Outbox, Request, SourceAction, table
from storage.queries.request_facts import request_facts
from storage.queries.writing import Post, move_request, open_work
from storage.unit import Reads, Unit
from workflow import freezes, recipients, second_look, tasks, transfer, undo
from workflow.actions import (
    change_of,
    content_of,
    settle_action,
    stop_actions,
)
from workflow.desk import Desk
from workflow.ledger import kept_lines, write_ledger
from workflow.notices import to_requester, write_answer
from workflow.package import Opened, open_draft, write_draft
from workflow.suppression import suppress_for

log = logging.getLogger(__name__)
BATCH = 4  # in a row within one lease: four changes of a minute each
CHANGE_LIMIT = 60.0  # seconds for one change in one system
# What a later change in the same system need not wait for; a person may do several things side by side.
_LETS_BY = [
    each.value
    for each in (
        ActionStatus.DONE,
        ActionStatus.NOTHING,
        ActionStatus.CANCELLED,
        ActionStatus.BY_HAND,
        ActionStatus.CONFLICT,
    )
]


@dataclass(frozen=True, slots=True)
class Item:
    row: Row[Any]
    content: dict[str, Any]


async def run_once(desk: Desk) -> int:
    """Carries out what is due and finishes what is over; gives the number of both."""
    if not await desk.store.read(_anything):
        return await _deliver(desk)
    await desk.store.write(lambda unit: _stop_overtaken(unit, desk))
    looked = await second_look.run_once(desk)
    token, items = await desk.store.write(lambda unit: _claim(unit, desk))
    for item in items:
        changed = await _carry_out(desk, item)
        words = await _words(desk, item, changed)
        try:
            await desk.store.write(lambda unit, i=item, c=changed, w=words: _settle(unit, desk, token, i, c, w))  # type: ignore[misc]
        except Stale:
            log.info("an action was settled elsewhere", extra={"action": item.row.id})
    finished = await desk.store.read(lambda reads: _over(reads, desk))
    for draft_id in finished:
        await _finish(desk, draft_id)
    if items or finished:
        desk.wake.outbox.set()
    return looked + len(items) + len(finished) + await _deliver(desk)


async def _deliver(desk: Desk) -> int:
    delivered = await transfer.deliver(desk)
    if delivered:
        desk.wake.outbox.set()
    return delivered


def _anything(reads: Reads) -> bool:
    """Most looks, one a second, find nothing that is carried out: one question then, and nothing is locked."""
    requests, drafts = table(Request), table(Draft)
    approved = exists().where(
        drafts.c.request_id == requests.c.id, drafts.c.status == DraftStatus.APPROVED.value,
        drafts.c.actions.is_not(None),
    )  # fmt: skip
    executing = requests.c.state == RequestState.EXECUTING.value
    return reads.one(select(requests.c.id).where(executing, approved).limit(1)) is not None


def _claim(unit: Unit, desk: Desk) -> tuple[str, list[Item]]:
    rows, requests, conversations = table(SourceAction), table(Request), table(Conversation)
    running = (
        select(requests.c.id)
        .join(conversations, conversations.c.id == requests.c.conversation_id)
        .where(requests.c.state == RequestState.EXECUTING.value, conversations.c.frozen.is_(False))
    )
    token, taken = claim(
        unit, SourceAction, rows.c.status == ActionStatus.WAITING.value, rows.c.not_before <= unit.now,
        rows.c.organisation_id.in_(desk.organisations), rows.c.request_id.in_(running),
        rows.c.draft_id.in_(_standing().where(table(Draft).c.look_first.is_(False))), ~_earlier(),
        order=[rows.c.not_before, rows.c.position, rows.c.id], limit=BATCH,
    )  # fmt: skip
    return token, [Item(row, content_of(unit, row)) for row in taken]


def _standing(*, overtaken: bool = False) -> Select[Any]:
    """Packages whose approval holds: nothing came in since that a decision rests on. Or, turned round, the others."""
    drafts, requests, cases = table(Draft), table(Request), table(Case)
    holds = drafts.c.content_version == cases.c.content_version
    return (
        select(drafts.c.id)
        .join(requests, requests.c.id == drafts.c.request_id)
        .join(cases, cases.c.id == requests.c.case_id)
        .where(drafts.c.status == DraftStatus.APPROVED.value, drafts.c.actions.is_not(None))
        .where(requests.c.state == RequestState.EXECUTING.value, ~holds if overtaken else holds)
    )


def _stop_overtaken(unit: Unit, desk: Desk) -> None:
    """Something new came in while changes waited: what has not begun stops, and a person looks again.

    Had something been done already, `_finish` writes the letter that says what was and what was not.
    """
    drafts, rows = table(Draft), table(SourceAction)
    waiting = exists().where(rows.c.draft_id == drafts.c.id, rows.c.status == ActionStatus.WAITING.value)
    mine = drafts.c.id.in_(_standing(overtaken=True)) & drafts.c.organisation_id.in_(desk.organisations)
    for draft in unit.rows(select(drafts.c.id, drafts.c.request_id).where(mine, waiting).limit(BATCH)):
        stop_actions(unit, draft.request_id)
        begun = rows.c.status.not_in([ActionStatus.CANCELLED.value])
        if unit.one(select(rows.c.id).where(rows.c.draft_id == draft.id, begun)) is None:
            unit.change(Draft, draft.id, status=DraftStatus.VOID.value)
            for state in (RequestState.AWAITING_APPROVAL, RequestState.PREPARING):
                move_request(
                    unit, draft.request_id, state, actor=PROGRAM, awaiting=Awaiting.NOBODY.value, wake_at=unit.now,
                    attempts=0, decision=None,
                )  # fmt: skip


def _earlier() -> ColumnElement[bool]:
    """Another change in the same system that must come first: children before parents."""
    rows, before = table(SourceAction), table(SourceAction).alias("before")
    return exists().where(
        and_(
            before.c.draft_id == rows.c.draft_id, before.c.source == rows.c.source,
            before.c.position < rows.c.position, before.c.status.not_in(_LETS_BY),
        )
    )  # fmt: skip


async def _carry_out(desk: Desk, item: Item) -> Changed:
    """One change; whatever goes wrong is an outcome, never an exception."""
    row = item.row
    source = desk.organisation(row.organisation_id).sources.get(row.source)
    if item.content["by_hand"] or source is None:  # nobody can do it but a person
        return Changed(row.id, ActionStatus.BY_HAND)
    try:
        async with asyncio.timeout(CHANGE_LIMIT):
            return await source.change(change_of(row, item.content))
    except TimeoutError:
        return Changed(row.id, ActionStatus.UNKNOWN, error="het systeem antwoordde niet op tijd")
    except OutsideError as error:
        return Changed(row.id, ActionStatus.FAILED, error=str(error))
    except Exception as error:
        log.error("a change failed: %s", place_of(error), extra={"action": row.id})
        return Changed(row.id, ActionStatus.UNKNOWN, error=type(error).__name__)


async def _words(desk: Desk, item: Item, changed: Changed) -> tasks.TaskMail | undo.Confirmation | None:
    """The mail that a change brings with it: to who does it by hand, or about an account that it opens."""
    sensitive = changed.status is ActionStatus.DONE and item.content.get("sensitive") and changed.previous
    if not sensitive and changed.status is not ActionStatus.BY_HAND:
        return None
    facts = await desk.store.read(lambda reads: request_facts(reads, item.row.request_id))
    assert facts is not None
    if sensitive:  # now: the way back closes 72 hours from now
        return await desk.in_thread(undo.confirmation, desk, facts, item.row, item.content)
    return await desk.in_thread(lambda: tasks.written(desk, facts, item.row.source, find=False))


def _settle(
    unit: Unit, desk: Desk, token: str, item: Item, changed: Changed,
    words: tasks.TaskMail | undo.Confirmation | None,
) -> None:  # fmt: skip
    opened = open_draft(unit, item.row.draft_id)
    status = settle_action(unit, item.row, token, item.content, changed, opened.doing.lines, opened.facts)
    if status is ActionStatus.BY_HAND and isinstance(words, tasks.TaskMail):
        tasks.open_change(unit, desk, opened.facts, item.row, item.content, words)
    if status is ActionStatus.DONE and isinstance(words, undo.Confirmation):
        undo.confirm(unit, desk, opened.facts, item.content, words)


# --- the end of a package -------------------------------------------------------------------------------------------

_FINAL = (ActionStatus.DONE.value, ActionStatus.NOTHING.value, ActionStatus.CONFLICT.value)
_CALLED_OFF = ActionStatus.CANCELLED.value  # of an earlier round: taken back, then approved again


def _over(reads: Reads, desk: Desk) -> list[str]:
    """Approved packages with changes, all of them over, whose letter was not written yet."""
    drafts, requests, rows, outbox = table(Draft), table(Request), table(SourceAction), table(Outbox)
    unfinished = exists().where(rows.c.draft_id == drafts.c.id, rows.c.status.not_in((*_FINAL, _CALLED_OFF)))
    carried_out = exists().where(rows.c.draft_id == drafts.c.id, rows.c.status.in_(_FINAL))
    letter = exists().where(outbox.c.draft_id == drafts.c.id, outbox.c.status != OutboxStatus.CANCELLED.value)
    found = reads.rows(
        select(drafts.c.id)
        .join(requests, requests.c.id == drafts.c.request_id)
        .where(drafts.c.status == DraftStatus.APPROVED.value, drafts.c.actions.is_not(None))
        .where(requests.c.state == RequestState.EXECUTING.value, drafts.c.organisation_id.in_(desk.organisations))
        .where(carried_out, ~unfinished, ~letter)
        .limit(BATCH)
    )
    return [row.id for row in found]


async def _finish(desk: Desk, draft_id: str) -> None:
    """The letter with its outcomes, and what goes with it. One that fails does not stop the others."""
    try:
        opened, results, kind = await desk.store.read(lambda reads: _results(reads, draft_id))
        texts = desk.organisation(opened.facts.organisation).texts[opened.facts.form]
        letter = dated(fill_outcomes(opened.letter, results, texts), texts, local_date(desk.now()))
        mails = await desk.in_thread(recipients.written, desk, opened.facts, opened.doing.tell)
        if differing := slots(letter):
            named = fill(letter, {slot: texts.say("outcome.conflict") for slot in differing})
            await desk.store.write(lambda unit: _differs(unit, desk, opened, named, results, mails))
            return
        post = await desk.in_thread(write_answer, desk, opened.facts, letter, kind)
        await desk.store.write(lambda unit: _leave(unit, desk, opened, post, mails))
    except Stale:
        log.info("a package changed while its letter was written", extra={"draft": draft_id})
    except Exception as error:
        log.error("a package could not be finished: %s", place_of(error), extra={"draft": draft_id})


def _results(reads: Reads, draft_id: str) -> tuple[Opened, list[Result], OutboxKind]:
    opened = open_draft(reads, draft_id)
    rows, approvals = table(SourceAction), table(Approval)
    mine = select(rows).where(rows.c.draft_id == draft_id, rows.c.status != _CALLED_OFF)
    found = reads.rows(mine.order_by(rows.c.position))
    results = [
        Result(row.source, Verb(row.verb), ActionStatus(row.status), row.records, local_date(row.done_at or reads.now))
        for row in found
    ]
    by_person = reads.one(select(approvals.c.id).where(approvals.c.draft_id == draft_id)) is not None
    return opened, results, OutboxKind.LETTER if by_person else OutboxKind.DONE


Mails = Mapping[str, tuple[Post, str]]


def _leave(unit: Unit, desk: Desk, opened: Opened, post: Post, mails: Mails) -> None:
    facts = opened.facts
    state = request_facts(unit, facts.id)
    if state is None or state.state is not RequestState.EXECUTING or state.frozen:
        raise Stale("the request is no longer carried out")
    _aftermath(unit, desk, opened, mails)
    to_requester(unit, desk, facts, post, request_id=facts.id, draft_id=opened.row.id)


def _aftermath(unit: Unit, desk: Desk, opened: Opened, mails: Mails) -> None:
    """What changes bring with them, whatever the letter says in the end: ledger, suppression, freeze, recipients."""
    facts = opened.facts
    write_ledger(unit, facts, kept_lines(opened.doing))
    suppress_for(unit, facts, opened.doing)
    if any(action.verb is Verb.RESTRICT for action in opened.doing.actions):
        freezes.write_down(unit, facts, opened.doing)
    recipients.tell(unit, desk, facts, opened.doing.tell, mails)


def _differs(unit: Unit, desk: Desk, opened: Opened, letter: Letter, results: Sequence[Result], mails: Mails) -> None:
    """Not what was approved: a new draft says what was done and what was not; a person looks again."""
    facts = opened.facts
    if any(result.status is not ActionStatus.CONFLICT for result in results):
        _aftermath(unit, desk, opened, mails)
    unit.change(Draft, opened.row.id, if_={"status": DraftStatus.APPROVED.value}, status=DraftStatus.VOID.value)
    names = sorted({result.source for result in results if result.status is ActionStatus.CONFLICT})
    note = staff_texts().say("note.differs", systems=", ".join(names))
    decision = Decision(opened.row.decision)
    draft_id = write_draft(
        unit, facts, prepared=Prepared(decision, (), letter, None, (note,)), letter=letter,
        export_id=opened.row.export_id, export_digest=opened.export_digest, made_by=PROGRAM,
        policy_version=opened.row.policy_version, ground=opened.row.ground,
    )  # fmt: skip
    move_request(
        unit, facts.id, RequestState.AWAITING_APPROVAL, actor=PROGRAM, awaiting=Awaiting.STAFF.value, decision=None,
        failure=f"anders dan goedgekeurd: {', '.join(names)}"[:300],
    )  # fmt: skip
    open_work(
        unit, WorkKind.APPROVE, facts.organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        draft_id=draft_id, due_on=facts.told_on, detail=decision.value,
    )  # fmt: skip
