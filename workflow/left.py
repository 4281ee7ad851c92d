"""What follows when a message has left: the time to answer with its code runs, the request that it answers is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select

from cases.audit import PROGRAM, staff_actor
from cases.errors import Stale
from cases.transitions import end_state
from cases.types import OPEN_STATES, Awaiting, Decision, RefusalGround, RequestState
from storage.models import Approval, Draft, IdentityCode, Request, table
from storage.queries.writing import move_request
from storage.unit import Unit
from workflow import freezes

log = logging.getLogger(__name__)

# The queries, made once: making one costs more than asking it.
_drafts, _requests, _approvals, _codes = table(Draft), table(Request), table(Approval), table(IdentityCode)
_SENT_DRAFT = (
    select(_drafts.c.decision, _drafts.c.ground, _requests.c.state)
    .join(_requests, _requests.c.id == _drafts.c.request_id)
    .where(_drafts.c.id == bindparam("draft"))
)
_APPROVED_BY = (
    select(_approvals.c.staff_id).where(_approvals.c.draft_id == bindparam("draft")).order_by(_approvals.c.at.desc())
).limit(1)
_LINKED = select(_requests.c.id, _requests.c.state).where(
    _requests.c.same_as == bindparam("request"), _requests.c.state.in_([state.value for state in OPEN_STATES])
)
_RUNNING_CODES = select(_codes.c.id, _codes.c.outbox_id, _codes.c.created_at, _codes.c.expires_at).where(
    _codes.c.outbox_id.in_(bindparam("sent", expanding=True)), _codes.c.used_at.is_(None), _codes.c.void_at.is_(None)
)


def time_runs(unit: Unit, sent: Sequence[Row[Any]]) -> None:
    """The time to answer with a code counts from the moment it leaves, not from when it was written.

    `sent`: rows of `outbox` as they were before; what left once and leaves again gives the same time anew, no more.
    """
    if not sent:
        return
    last = {row.id: row.sent_at for row in sent}
    for code in unit.rows(_RUNNING_CODES, sent=list(last)):
        time = code.expires_at - (last[code.outbox_id] or code.created_at)
        unit.change_later(IdentityCode, code.id, expires_at=unit.now + time)


def letter_has_left(unit: Unit, row: Row[Any]) -> None:
    """The letter is with the receiving server: the request ends, in the name of who approved it.

    Where nobody had to (an opt-out, an approved answer), in the program's own name.
    """
    if row.request_id is None:
        return
    draft = unit.one(_SENT_DRAFT, draft=row.draft_id)
    if draft is None or draft.state != RequestState.EXECUTING.value:
        return  # staff took it back meanwhile; the audit log shows both
    who = unit.value(_APPROVED_BY, draft=row.draft_id)
    decision = Decision(draft.decision)
    end = end_state(decision, draft.ground)
    actor = staff_actor(str(who)) if who else PROGRAM
    try:
        move_request(
            unit, row.request_id, end, actor=actor, decision=decision.value,
            awaiting=Awaiting.NOBODY.value, ground=draft.ground or None,
        )  # fmt: skip
    except Stale:
        log.warning("a request changed while its letter left", extra={"request": row.request_id})
        return
    if draft.ground == RefusalGround.COMPELLING.value:
        freezes.told(unit, row.request_id)
    _answered_with(unit, row.request_id, decision, draft.ground, actor)


def _answered_with(unit: Unit, request_id: str, decision: Decision, ground: str, actor: str) -> None:
    """Repetitions that staff linked to this request are answered with it, once (`workflow/persons`)."""
    for row in unit.rows(_LINKED, request=request_id):
        steps = [RequestState.AWAITING_APPROVAL, RequestState.EXECUTING, end_state(decision, ground)]
        if row.state == RequestState.AWAITING_APPROVAL.value:
            steps = steps[1:]
        move_request(unit, row.id, *steps, actor=actor, decision=decision.value, awaiting=Awaiting.NOBODY.value)
