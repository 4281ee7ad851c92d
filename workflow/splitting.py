"""One case is two: requests, with the messages they were asked in, go to a case with a number of its own.

A person decides which. What was received stays received then, so every date stays as it is. Proof goes along only for
the same person (design, section 5); for somebody else a person takes it from there. Undoing is joining
(`workflow/joining`): the copies of messages that stand in both fall away there.
"""

from __future__ import annotations

from sqlalchemy import select

from cases.errors import InputError, RuleError, Stale
from cases.letters import ProcessLetter, missing_process
from cases.types import (
    OPEN_STATES,
    OutboxKind,
    RequestState,
)
from handlers.process_letters import split_letter
from storage.models import (
    Case,
    Conversation,
    Request,
    table,
)
from storage.queries.request_facts import request_facts
from storage.queries.writing import Post
from storage.unit import Reads, Unit
from workflow import people
from workflow.actions import carried_out
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import to_requester, write_answer
from workflow.opening import fresh_number
from workflow.prepare import case_file
from workflow.split_rows import Apart, Plan, Splitting


async def split(desk: Desk, staff_id: str, case_id: str, apart: Apart, *, tell: bool = True) -> str:
    """Gives the id of the new case. The requester hears both numbers, and that no date moves.

    InputError: `choose_request` (none chosen), `split_all` (nothing would stay), `split_closed` (ended, or its letter
    or changes are on their way), `carried_out`, `split_linked` (one repeats another), `frozen`.
    """
    plan = await desk.store.read(lambda reads: _planned(reads, case_id, apart))
    number, new_id = fresh_number(desk, plan.case.organisation_id), desk.store.context.new_id()
    post = await desk.in_thread(_letter, desk, plan, number) if tell and plan.staying is not None else None

    def settle(unit: Unit) -> list[str]:
        may_decide(unit, staff_id, plan.case.organisation_id)
        fresh = _planned(unit, case_id, apart)
        if [row.version for row in fresh.going] != [row.version for row in plan.going]:
            raise Stale("the case has changed")
        unproven = Splitting(unit, desk, staff_id, fresh, new_id, apart).run(number)
        if post is not None and plan.staying is not None:
            to_requester(unit, desk, plan.staying, post, wait=desk.limits.undo)
        return unproven

    for conversation_id in await desk.store.write(settle):
        await people.hand_to_bot(desk, staff_id, conversation_id)  # a code of its own: the other one counts there
    desk.wake.outbox.set()
    desk.wake.requests.set()
    return new_id


def _planned(reads: Reads, case_id: str, apart: Apart) -> Plan:
    cases, requests, talks = table(Case), table(Request), table(Conversation)
    case = reads.one(select(cases).where(cases.c.id == case_id))
    if case is None:
        raise RuleError("no such case")
    mine = reads.rows(
        select(requests).where(requests.c.case_id == case_id).order_by(requests.c.received_at, requests.c.id)
    )
    going = tuple(row for row in mine if row.id in apart.requests)
    if not going or len(going) != len(set(apart.requests)):
        raise InputError("choose_request")
    if len(going) == len(mine):
        raise InputError("split_all")
    if any(RequestState(row.state) not in OPEN_STATES or row.state == RequestState.EXECUTING.value for row in going):
        raise InputError("split_closed")
    if any(carried_out(reads, request_id=row.id) for row in going):
        raise InputError("carried_out")
    if any(row.same_as is not None or row.id in {one.same_as for one in mine} for row in going):
        raise InputError("split_linked")
    stopped = select(talks.c.id).where(talks.c.id.in_([row.conversation_id for row in going]), talks.c.frozen)
    if reads.one(stopped) is not None:
        raise InputError("frozen")
    stays = [row for row in mine if row.id not in apart.requests and RequestState(row.state) in OPEN_STATES]
    # who wrote what goes is told: in that conversation where something of it stays, else where the first one stays
    here = next((row for row in stays if row.conversation_id == going[0].conversation_id), stays[0] if stays else None)
    staying = request_facts(reads, here.id) if here is not None else None
    return Plan(case, going, staying, min(row.told_on for row in going))


def _letter(desk: Desk, plan: Plan, number: str) -> Post:
    facts = plan.staying
    assert facts is not None
    file = case_file(desk, desk.organisation(facts.organisation), facts, (), facts.assurance)
    letter = split_letter(file, number, other_told=plan.told)
    if lacking := missing_process(letter, ProcessLetter.SPLIT):
        raise InputError("blocks_missing", ",".join(each.value for each in lacking))
    return write_answer(desk, facts, letter, OutboxKind.LETTER)
