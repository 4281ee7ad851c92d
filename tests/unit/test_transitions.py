"""The life of a request: every pair of states, and who may end one."""

from __future__ import annotations

import itertools

import pytest

from cases.audit import PROGRAM, requester_actor, staff_actor
from cases.errors import RuleError
from cases.transitions import ANSWERED_BY_PROGRAM, TABLE, check_move, end_state
from cases.types import OPEN_STATES, Decision, Label, RefusalGround, RequestState

S = RequestState
PEOPLE = (staff_actor("s1"), requester_actor("c1"))

# Written out by hand: what the office does, not what the table says.
ALLOWED = {
    S.RECEIVED: "identifying preparing awaiting_approval withdrawn transferred",
    S.IDENTIFYING: "preparing awaiting_approval withdrawn transferred",
    S.PREPARING: "identifying awaiting_approval withdrawn transferred",
    S.AWAITING_APPROVAL: "executing preparing identifying withdrawn transferred",
    S.EXECUTING: "awaiting_approval answered refused expired transferred withdrawn",
    S.ANSWERED: "",
    S.REFUSED: "",
    S.WITHDRAWN: "",
    S.TRANSFERRED: "",
    S.EXPIRED: "",
}
PAIRS = list(itertools.product(RequestState, RequestState))


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=lambda state: state.value)
def test_every_pair(before: RequestState, after: RequestState) -> None:
    for person in PEOPLE:
        if after.value in ALLOWED[before].split():
            check_move(Label.INZAGE, before, after, actor=person)
        else:
            with pytest.raises(RuleError):
                check_move(Label.INZAGE, before, after, actor=person)


@pytest.mark.parametrize("label", Label)
def test_the_program_ends_only_what_it_may_answer(label: Label) -> None:
    for before, after in PAIRS:
        if after in OPEN_STATES or after not in TABLE[before]:
            continue
        if after is S.ANSWERED and label in ANSWERED_BY_PROGRAM:
            check_move(label, before, after, actor=PROGRAM)
        else:
            with pytest.raises(RuleError):
                check_move(label, before, after, actor=PROGRAM)


def test_only_these_are_answered_without_a_person() -> None:
    assert {Label.AFMELDEN, Label.STATUS, Label.VRAAG} == ANSWERED_BY_PROGRAM


def test_an_end_is_the_end_and_every_open_state_leads_to_one() -> None:
    for state in RequestState:
        assert bool(TABLE[state]) == (state in OPEN_STATES)
    for start in OPEN_STATES:
        reached, todo = {start}, [start]
        while todo:
            for following in TABLE[todo.pop()] - reached:
                reached.add(following)
                todo.append(following)
        assert {S.ANSWERED, S.REFUSED, S.WITHDRAWN} <= reached


@pytest.mark.parametrize("decision", Decision)
def test_where_a_letter_leads(decision: Decision) -> None:
    ends = {Decision.REFUSED: S.REFUSED, Decision.TRANSFERRED: S.TRANSFERRED}
    assert end_state(decision) is ends.get(decision, S.ANSWERED)
    if decision is Decision.REFUSED:
        assert end_state(decision, RefusalGround.IDENTITY_NOT_PROVEN.value) is S.EXPIRED
        assert end_state(decision, RefusalGround.LEGAL_CLAIM.value) is S.REFUSED
