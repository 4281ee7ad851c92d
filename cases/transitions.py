"""The life of a request: one table. Every pair that is not in it raises.

Nobody but a person ends a request against somebody's wish: into `refused`, `withdrawn`, `transferred`, `expired`, and
into `answered` except for a few labels, an act of staff or of the proven requester leads (art. 22 AVG; design,
section 7).
"""

from __future__ import annotations

from collections.abc import Mapping

from cases.audit import PROGRAM
from cases.errors import RuleError
from cases.types import Decision, Label, RefusalGround, RequestState

_S = RequestState
_LEAVING = frozenset({_S.WITHDRAWN, _S.TRANSFERRED})

TABLE: Mapping[RequestState, frozenset[RequestState]] = {
    # staff may write an answer (a refusal, a word of condolence) before the identity is proven
    _S.RECEIVED: frozenset({_S.IDENTIFYING, _S.PREPARING, _S.AWAITING_APPROVAL}) | _LEAVING,
    _S.IDENTIFYING: frozenset({_S.PREPARING, _S.AWAITING_APPROVAL}) | _LEAVING,
    _S.PREPARING: frozenset({_S.IDENTIFYING, _S.AWAITING_APPROVAL}) | _LEAVING,
    # back to preparing: handed back, or something new came in
    _S.AWAITING_APPROVAL: frozenset({_S.EXECUTING, _S.PREPARING, _S.IDENTIFYING}) | _LEAVING,
    # back to approval: the outcome differs from what was approved, or the approval was undone in time;
    # withdrawn: the requester calls an erasure off while it waits
    _S.EXECUTING: frozenset({_S.AWAITING_APPROVAL, _S.ANSWERED, _S.REFUSED, _S.EXPIRED, _S.TRANSFERRED, _S.WITHDRAWN}),
    _S.ANSWERED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.TRANSFERRED: frozenset(),
    _S.EXPIRED: frozenset(),
}

# What the program may answer by itself: an opt-out, the state of things, a question with an approved answer.
ANSWERED_BY_PROGRAM = frozenset({Label.AFMELDEN, Label.STATUS, Label.VRAAG})
_NEEDS_A_PERSON = frozenset({_S.REFUSED, _S.WITHDRAWN, _S.TRANSFERRED, _S.EXPIRED, _S.ANSWERED})


def check_move(label: Label, before: RequestState, after: RequestState, *, actor: str) -> None:
    """Raises RuleError for a pair outside the table, and for an end that no person stands for."""
    if after not in TABLE[before]:
        raise RuleError(f"a request can not go from {before} to {after}")
    by_program = after is _S.ANSWERED and label in ANSWERED_BY_PROGRAM
    if after in _NEEDS_A_PERSON and actor == PROGRAM and not by_program:
        raise RuleError(f"only a person can bring a request to {after}")


def end_state(decision: Decision, ground: str = "") -> RequestState:
    """Where a request ends when the letter with this decision has left.

    Closing because the identity was never proven is `expired`; what belongs to another controller is `transferred`.
    """
    if decision is Decision.TRANSFERRED:
        return _S.TRANSFERRED
    if decision is Decision.REFUSED:
        return _S.EXPIRED if ground == RefusalGround.IDENTITY_NOT_PROVEN.value else _S.REFUSED
    return _S.ANSWERED
