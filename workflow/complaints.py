"""A complaint is looked at by somebody else than who handled the matter before, where there is somebody else.

Who handled it: whoever took, wrote or approved something in an earlier request of the same person. With a reason, kept
with the request, that person may answer the complaint all the same (art. 77 and house rule; law.md 2.11).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from cases.audit import staff_actor
from cases.errors import InputError, RuleError
from cases.types import Label
from storage.models import Approval, Draft, Request, table
from storage.queries.open_cases import same_person
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.staff import who_may_approve
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.questions import keep

_WHY = "first_handler:"  # in `chosen`, with the id of a colleague: why that one answers it all the same
_STAFF = staff_actor("")


@dataclass(frozen=True, slots=True)
class Handled:
    """For one colleague: whether this complaint is for somebody else; why others, or this one, go on all the same."""

    stands_aside: bool
    reasons: tuple[tuple[str, str], ...] = ()  # (id of a colleague, reason)


def handled(reads: Reads, facts: RequestFacts, staff_id: str) -> Handled:
    """Of a request that is no complaint: nothing."""
    if facts.label is not Label.KLACHT:
        return Handled(False)
    reasons = {
        key.removeprefix(_WHY): why for key, why in facts.chosen.items() if key.startswith(_WHY)
    }  # fmt: skip
    first = _first_handlers(reads, facts)
    aside = staff_id in first and staff_id not in reasons and bool(who_may_approve(reads, facts.organisation) - first)
    return Handled(aside, tuple(reasons.items()))


def for_another(reads: Reads, facts: RequestFacts, staff_id: str, *, looked: str = "") -> None:
    """InputError `first_handler` when somebody else is to decide. `looked`: who approved these very words already."""
    if not handled(reads, facts, staff_id).stands_aside:
        return
    if not looked or looked in _first_handlers(reads, facts):
        raise InputError("first_handler")


async def answer_all_the_same(desk: Desk, staff_id: str, request_id: str, reason: str) -> None:
    """The first handler answers the complaint, and says why. InputError `no_reason`."""
    if not reason.strip():
        raise InputError("no_reason")

    def settle(unit: Unit) -> None:
        facts = request_facts(unit, request_id)
        if facts is None or facts.label is not Label.KLACHT:
            raise RuleError("no such complaint")
        keep(unit, request_id, {f"{_WHY}{staff_id}": reason.strip()[:500]}, actor=staff_actor(staff_id))

    await desk.store.write(settle)


def _first_handlers(reads: Reads, facts: RequestFacts) -> set[str]:
    requests, drafts, approvals = table(Request), table(Draft), table(Approval)
    earlier = requests.c.case_id.in_(same_person(reads, facts.case_id)) & (requests.c.id != facts.id)
    earlier &= requests.c.received_at <= facts.received_at
    took = reads.rows(select(requests.c.handler_id).where(earlier, requests.c.handler_id.is_not(None)))
    wrote = reads.rows(
        select(drafts.c.made_by)
        .join(requests, requests.c.id == drafts.c.request_id)
        .where(earlier, drafts.c.made_by.startswith(_STAFF))
    )
    approved = reads.rows(
        select(approvals.c.staff_id)
        .join(drafts, drafts.c.id == approvals.c.draft_id)
        .join(requests, requests.c.id == drafts.c.request_id)
        .where(earlier, approvals.c.act.in_(("approve", "second")))
    )
    return (
        {row.handler_id for row in took} | {row.staff_id for row in approved}
        | {row.made_by.removeprefix(_STAFF) for row in wrote}
    )  # fmt: skip
