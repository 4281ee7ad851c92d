"""What a typed code does, what proofs amount to, and that codes and numbers are drawn fairly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.identity import (
    CodePurpose,
    CodeResult,
    CodeState,
    judge_code,
    level_after,
    new_case_number,
    new_code,
)
from cases.types import Assurance

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def code(
    name: str = "a", *, matches: bool = False, hours: float = 1, left: int = 3, used: bool = False,
    purpose: CodePurpose = CodePurpose.MAILBOX,
) -> CodeState:  # fmt: skip
    return CodeState(name, purpose, matches, NOW + timedelta(hours=hours), left, used)


@pytest.mark.parametrize(
    ("codes", "result", "which"),
    [
        ((), CodeResult.NONE, None),
        ((code(matches=True),), CodeResult.ACCEPTED, "a"),
        ((code(matches=True, left=1),), CodeResult.ACCEPTED, "a"),
        ((code(matches=True, left=0),), CodeResult.LOCKED, "a"),
        ((code(matches=True, hours=0),), CodeResult.EXPIRED, "a"),
        ((code(matches=True, hours=-1),), CodeResult.EXPIRED, "a"),
        ((code(matches=True, used=True),), CodeResult.NONE, None),
        ((code(),), CodeResult.WRONG, "a"),
        ((code(left=2),), CodeResult.WRONG, "a"),
        ((code(left=1),), CodeResult.LOCKED, "a"),
        ((code(hours=-1),), CodeResult.EXPIRED, "a"),
        ((code(hours=-1, left=1),), CodeResult.LOCKED, "a"),
        ((code("new"), code("old", matches=True)), CodeResult.ACCEPTED, "old"),
        ((code("new"), code("old", matches=True, hours=-1)), CodeResult.EXPIRED, "old"),
        ((code("new"), code("old", matches=True, used=True)), CodeResult.WRONG, "new"),
        ((code("new", purpose=CodePurpose.ON_FILE), code("old")), CodeResult.WRONG, "new"),
    ],
)
def test_a_typed_code(codes: tuple[CodeState, ...], result: CodeResult, which: str | None) -> None:
    judged, state = judge_code(codes, NOW)
    assert judged is result
    assert (state.id if state else None) == which


states = st.builds(
    CodeState,
    id=st.text("abc", min_size=1, max_size=3),
    purpose=st.sampled_from(CodePurpose),
    matches=st.booleans(),
    expires_at=st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    attempts_left=st.integers(0, 3),
    used=st.booleans(),
)


@given(st.lists(states, max_size=4).map(tuple))
def test_only_a_right_code_in_time_is_accepted(codes: tuple[CodeState, ...]) -> None:
    result, state = judge_code(codes, NOW)
    if result is CodeResult.ACCEPTED:
        assert state is not None and state.matches and not state.used
        assert state.attempts_left > 0 and state.expires_at > NOW
    if not any(found.matches for found in codes):
        assert result is not CodeResult.ACCEPTED
    assert (state is None) == (result is CodeResult.NONE)


def test_three_wrong_ones_are_the_end() -> None:
    left, heard = 3, []
    while left:
        result, _ = judge_code((code(left=left),), NOW)
        heard.append(result)
        left -= 1
    assert heard == [CodeResult.WRONG, CodeResult.WRONG, CodeResult.LOCKED]


@pytest.mark.parametrize("on_file", [False, True])
@pytest.mark.parametrize("address_on_file", [False, True])
def test_proofs_and_levels(on_file: bool, address_on_file: bool) -> None:
    without = level_after(mailbox_proven=False, address_on_file=address_on_file, code_on_file=on_file)
    assert without is Assurance.ADDRESS_CLAIMED, "the answer goes to this mailbox: it is proven, or nothing is"
    proven = level_after(mailbox_proven=True, address_on_file=address_on_file, code_on_file=on_file)
    both = on_file or address_on_file
    assert proven is (Assurance.CODE_TO_KNOWN_ADDRESS if both else Assurance.MAILBOX_PROVEN)
    assert proven < Assurance.SECOND_FACTOR, "no code by mail is a second factor"


@pytest.mark.parametrize("digits", [4, 6, 8])
def test_codes_have_all_their_digits(digits: int) -> None:
    drawn = [new_code(digits) for _ in range(400)]
    assert {len(one) for one in drawn} == {digits}
    assert {one[0] for one in drawn} == set("0123456789"), "a leading zero is a digit like any other"
    assert len(set(drawn)) > 350


def test_case_numbers_tell_nothing() -> None:
    drawn = [new_case_number("WHA") for _ in range(200)]
    assert len(set(drawn)) == len(drawn)
    assert all(len(one) == 13 and one.startswith("WHA-") for one in drawn)
    assert drawn != sorted(drawn)
