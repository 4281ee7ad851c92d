"""The second wall against loops: counters. Headers alone stop no loop; these do, whatever the other side strips."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.queries.counters import Counts
from workflow.answering import over_limit
from workflow.desk import Limits

TIGHT = Limits(mails_per_sender_day=3, mails_per_organisation_hour=30)


def counts(sender: int = 0, organisation: int = 0) -> Counts:
    return Counts(Counter({"anna": sender}), Counter({"whatnext": organisation}))


@pytest.mark.parametrize(
    ("sender", "organisation", "over"),
    [(0, 0, False), (2, 0, False), (3, 0, True), (9, 0, True), (0, 29, False), (0, 30, True), (2, 29, False)],
)
def test_where_the_wall_stands(sender: int, organisation: int, over: bool) -> None:
    assert over_limit(TIGHT, "whatnext", "anna", counts(sender, organisation)) is over


def test_one_who_writes_too_much_stops_nobody_else() -> None:
    assert over_limit(TIGHT, "whatnext", "anna", counts(sender=3))
    assert not over_limit(TIGHT, "whatnext", "bram", counts(sender=3))
    assert not over_limit(TIGHT, "nexxt", "bram", counts(organisation=30))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"])), max_size=200))
def test_no_row_of_messages_gets_past_the_wall(messages: list[tuple[str, str]]) -> None:
    """Counted as the step counts: every mail that is let through is one more."""
    seen, sent = Counts(Counter(), Counter()), Counter[tuple[str, str]]()
    for sender, organisation in messages:
        if not over_limit(TIGHT, organisation, sender, seen):
            seen.recipients[sender] += 1
            seen.organisations[organisation] += 1
            sent[sender, organisation] += 1
    for sender in "abc":
        assert sum(n for (who, _), n in sent.items() if who == sender) <= TIGHT.mails_per_sender_day
    for organisation in ("x", "y"):
        hour = sum(n for (_, where), n in sent.items() if where == organisation)
        assert hour <= TIGHT.mails_per_organisation_hour


def test_the_defaults_are_small() -> None:
    assert Limits().mails_per_sender_day <= 5 and Limits().mails_per_organisation_hour <= 60
