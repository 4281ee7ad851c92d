"""Which cases are one matter: several joined into one, and a request that repeats another. Decided by a person.

Proof is never mixed: a conversation keeps its own assurance, and an unproven one never takes the place of a proven one.
Undoing a split is joining (`workflow/splitting`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError, Stale
from cases.types import OPEN_STATES, DraftStatus, OutboxKind, RequestState, WorkKind
from handlers.process_letters import joined_letter
from storage.claims import RELEASED
from storage.models import Case, CaseIdentifier, Conversation, Draft, Message, Request, table
from storage.queries import moving
from storage.queries.request_facts import RequestFacts, newest_request, request_facts
from storage.queries.writing import close_work, open_work
from storage.unit import Reads, Unit
from workflow.actions import carried_out
from workflow.approval import may_decide, prepare_again
from workflow.desk import Desk
from workflow.notices import to_requester, write_answer
from workflow.prepare import case_file

_OPEN = [state.value for state in OPEN_STATES]
_WAITING = [DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value]

# --- a repeated request -----------------------------------------------------------------------------------------------


async def link_repeat(desk: Desk, staff_id: str, request_id: str, other_id: str) -> None:
    """The same wish once more: it is answered with the other one, once (law.md 2.7: a repetition alone is no refusal).

    InputError: `not_the_same` (another organisation or another kind), `other_ended`, `other_is_repeat`,
    `other_person` (nothing shows that one person asks both), `unproven_first` (the other one is less proven).
    """

    def settle(unit: Unit) -> None:
        mine, other = request_facts(unit, request_id), request_facts(unit, other_id)
        if mine is None or other is None or request_id == other_id:
            raise RuleError("no such request")
        may_decide(unit, staff_id, mine.organisation)
        if mine.state not in OPEN_STATES or mine.state is RequestState.EXECUTING:
            raise Stale("this request has ended")
        _may_stand_for(unit, other, mine)
        _answered_with(unit, request_id, other_id)
        close_work(
            unit, WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, WorkKind.HANDLE, WorkKind.SOURCE_FAILED,
            actor=staff_actor(staff_id), request_id=request_id,
        )  # fmt: skip
        unit.record(
            AuditTag.REQUEST_LINKED, organisation=mine.organisation, actor=staff_actor(staff_id), case=mine.case_id,
            subject=request_id, to=other_id,
        )  # fmt: skip

    await desk.store.write(settle)


def _may_stand_for(reads: Reads, other: RequestFacts, mine: RequestFacts) -> None:
    if mine.organisation != other.organisation or mine.label is not other.label:
        raise InputError("not_the_same")
    if other.state not in OPEN_STATES:
        raise InputError("other_ended")
    rows = table(Request)
    if reads.value(select(rows.c.same_as).where(rows.c.id == other.id)) is not None:
        raise InputError("other_is_repeat")
    if other.case_id != mine.case_id and not _one_person(reads, other.conversation_id, mine.conversation_id):
        raise InputError("other_person")
    if other.assurance < mine.assurance:
        raise InputError("unproven_first")


def _one_person(reads: Reads, other_id: str, mine_id: str) -> bool:
    """What is proven there is named here: the mailbox, or a number. People who only share a name are for joining."""
    talks, identifiers = table(Conversation), table(CaseIdentifier)

    def handles(conversation_id: str, *, proven: bool) -> set[str]:
        talk = reads.one(select(talks).where(talks.c.id == conversation_id))
        mine = identifiers.c.conversation_id == conversation_id
        if proven:
            mine &= identifiers.c.proven
        found = {row.value_index for row in reads.rows(select(identifiers.c.value_index).where(mine))}
        return found | {index for index in ((talk.address_index, talk.ident_index) if talk else ()) if index}

    return not handles(other_id, proven=True).isdisjoint(handles(mine_id, proven=False))


def _answered_with(unit: Unit, request_id: str, other_id: str) -> None:
    """No draft of its own any more; whatever repeated this one now waits for the other as well."""
    drafts, rows = table(Draft), table(Request)
    waits = (drafts.c.request_id == request_id) & drafts.c.status.in_(_WAITING)
    unit.execute(update(drafts).where(waits).values(status=DraftStatus.VOID.value))
    unit.execute(update(rows).where(rows.c.same_as == request_id).values(same_as=other_id))
    unit.change(Request, request_id, same_as=other_id, wake_at=None, **RELEASED)  # whoever prepares it now is too late


async def unlink_repeat(desk: Desk, staff_id: str, request_id: str) -> None:
    """It is no repetition after all, or the other one ended without an answer: it goes on by itself."""

    def settle(unit: Unit) -> None:
        mine, rows = request_facts(unit, request_id), table(Request)
        if mine is None or mine.state not in OPEN_STATES:
            raise Stale("this request has ended")
        may_decide(unit, staff_id, mine.organisation)
        if unit.value(select(rows.c.same_as).where(rows.c.id == request_id)) is None:
            raise Stale("this request is no repetition")
        unit.change(Request, request_id, same_as=None)
        if mine.state is RequestState.RECEIVED:  # a person's from the first word
            open_work(
                unit, WorkKind.HANDLE, mine.organisation, same=request_id, case_id=mine.case_id, request_id=request_id,
                due_on=mine.told_on,
            )  # fmt: skip
        else:
            prepare_again(unit, desk, mine, staff_id)
        unit.record(
            AuditTag.REQUEST_LINKED, organisation=mine.organisation, actor=staff_actor(staff_id), case=mine.case_id,
            subject=request_id, to="",
        )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.requests.set()


# --- cases ------------------------------------------------------------------------------------------------------------


async def join_cases(desk: Desk, staff_id: str, into_id: str, case_ids: Sequence[str], *, tell: bool = True) -> None:
    """Several cases are one matter: everything of them moves into the first; each conversation keeps its own proof.

    Drafts that wait are made anew. InputError: `not_the_same` (another organisation), `joined_already`. The requester
    hears the numbers and that no date moves.
    """
    numbers = await desk.store.write(lambda unit: _join(unit, desk, staff_id, into_id, case_ids))
    desk.wake.requests.set()
    facts = await desk.store.read(lambda reads: _told(reads, into_id)) if tell else None
    if facts is None:
        return
    file = case_file(desk, desk.organisation(facts.organisation), facts, (), facts.assurance)
    post = await desk.in_thread(write_answer, desk, facts, joined_letter(file, numbers), OutboxKind.LETTER)
    await desk.store.write(lambda unit: to_requester(unit, desk, facts, post, wait=desk.limits.undo))
    desk.wake.outbox.set()


def _told(reads: Reads, case_id: str) -> RequestFacts | None:
    """The conversation that hears of it: the best proven one that is not stopped."""
    rows = table(Conversation)
    conversation_id = reads.value(
        select(rows.c.id)
        .where(rows.c.case_id == case_id, rows.c.frozen.is_(False))
        .order_by(rows.c.assurance.desc(), rows.c.created_at)
        .limit(1)
    )
    return newest_request(reads, conversation_id) if conversation_id else None


def _join(unit: Unit, desk: Desk, staff_id: str, into_id: str, case_ids: Sequence[str]) -> list[str]:
    cases, actor = table(Case), staff_actor(staff_id)
    into = unit.one(select(cases).where(cases.c.id == into_id))
    others = unit.rows(select(cases).where(cases.c.id.in_([one for one in case_ids if one != into_id])))
    if into is None or not others:
        raise RuleError("no such case")
    may_decide(unit, staff_id, into.organisation_id)
    if any(other.organisation_id != into.organisation_id for other in others):
        raise InputError("not_the_same")
    if any(one.linked_to is not None for one in (into, *others)):
        raise InputError("joined_already")
    requester = _best_proven(unit, [into, *others])
    for other in others:
        _move_in(unit, other, into, actor)
    version = max(one.content_version for one in (into, *others)) + 1  # no older approval may hold by chance
    unit.change(
        Case, into_id, if_={"version": into.version}, version=into.version + 1, content_version=version,
        received_at=min(one.received_at for one in (into, *others)), closed_at=closed_at(unit, into),
        requester=unit.keys.data(unit, into.data_key_id).seal_json(requester, f"case.requester:{into_id}"),
    )  # fmt: skip
    unit.record(AuditTag.CASES_MERGED, organisation=into.organisation_id, actor=actor, case=into_id, joined=len(others))
    draft_anew(unit, desk, staff_id, into_id)
    return [str(other.number) for other in others]


def _best_proven(unit: Unit, cases: Sequence[Row[Any]]) -> Any:
    """Whose name and address the case goes by: of the best proven conversation, the first case where they are equal."""
    talks = table(Conversation)
    query = select(talks.c.case_id, talks.c.assurance).where(talks.c.case_id.in_([case.id for case in cases]))
    proof: dict[str, int] = {}
    for row in unit.rows(query.where(talks.c.frozen.is_(False))):
        proof[row.case_id] = max(row.assurance, proof.get(row.case_id, 0))
    best = max(cases, key=lambda case: proof.get(case.id, 0))
    return unit.keys.data(unit, best.data_key_id).open_json(best.requester, f"case.requester:{best.id}")


def _move_in(unit: Unit, other: Row[Any], into: Row[Any], actor: str) -> None:
    requests = table(Request)
    moving.with_case_key(
        unit, other.data_key_id, into.data_key_id, case_id=other.id, requests=requests.c.case_id == other.id
    )
    unit.keys.adopt(unit, other.data_key_id, into.data_key_id)  # erased with this case from now on
    for model in moving.OF_A_CASE:
        moving.move(unit, model, table(model).c.case_id == other.id, into.id)
    _copies_fall_away(unit, into.id)
    unit.change(
        Case, other.id, if_={"version": other.version}, version=other.version + 1, closed_at=unit.now,
        linked_to=into.id,
    )  # fmt: skip
    unit.record(AuditTag.CASES_MERGED, organisation=into.organisation_id, actor=actor, case=other.id, subject=into.id)


def _copies_fall_away(unit: Unit, case_id: str) -> None:
    """Of a message that a split copied the first one stands here again."""
    messages, requests = table(Message), table(Request)
    here = select(messages.c.id).where(messages.c.case_id == case_id)
    copies = unit.rows(
        select(messages.c.id, messages.c.copy_of).where(messages.c.case_id == case_id, messages.c.copy_of.in_(here))
    )
    for copy in copies:
        unit.execute(update(requests).where(requests.c.message_id == copy.id).values(message_id=copy.copy_of))
        unit.execute(delete(messages).where(messages.c.id == copy.id))


def closed_at(unit: Unit, into: Row[Any]) -> datetime | None:
    """A case with nothing open stays closed; what came in does not open it."""
    rows = table(Request)
    is_open = unit.one(select(rows.c.id).where(rows.c.case_id == into.id, rows.c.state.in_(_OPEN))) is not None
    return None if is_open else (into.closed_at or unit.now)


def draft_anew(unit: Unit, desk: Desk, staff_id: str, case_id: str) -> None:
    """Drafts that wait name one case only; they are made again. Where changes were carried out the draft stays."""
    for request_id in _with_a_draft(unit, case_id):
        facts = request_facts(unit, request_id)
        if facts is not None and not facts.frozen and not carried_out(unit, request_id=request_id):
            drafts = table(Draft)
            waits = (drafts.c.request_id == request_id) & drafts.c.status.in_(_WAITING)
            unit.execute(update(drafts).where(waits).values(status=DraftStatus.VOID.value))
            prepare_again(unit, desk, facts, staff_id)


def _with_a_draft(reads: Reads, case_id: str) -> Collection[str]:
    rows, drafts = table(Request), table(Draft)
    query = (
        select(rows.c.id)
        .join(drafts, drafts.c.request_id == rows.c.id)
        .where(rows.c.case_id == case_id, drafts.c.status.in_(_WAITING))
        .where(rows.c.state == RequestState.AWAITING_APPROVAL.value, rows.c.same_as.is_(None))
        .order_by(rows.c.received_at, rows.c.id)
    )
    return list(dict.fromkeys(row.id for row in reads.rows(query)))
