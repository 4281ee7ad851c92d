"""What differs between an approved dry run and the same one made again: whatever the records are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cases.types import Fate
from handlers.base import Line
from workflow.second_look import Difference, differences

SAYS = (("naam", "sanne de vries"), ("plaats", "den haag"), ("laatst", "2026-01-05"))
NAMES = st.tuples(st.sampled_from(["crm", "boeken"]), st.sampled_from(["klanten", "facturen"]), st.integers(0, 30))
RECORDS = st.dictionaries(NAMES, st.sampled_from(Fate), max_size=12)


def lines(records: dict[tuple[str, str, int], Fate]) -> list[Line]:
    return [
        Line(source, table, str(key), fate, "contact", law="artikel 52 lid 4 AWR" if fate is Fate.KEEP else "",
             ends_on=date(2033, 12, 31) if fate is Fate.KEEP else None, says=SAYS)
        for (source, table, key), fate in records.items()
    ]  # fmt: skip


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_same_records_in_any_order_are_the_same(records: dict[tuple[str, str, int], Fate], order: object) -> None:
    again = lines(records)
    order.shuffle(again)  # type: ignore[attr-defined]
    assert differences(lines(records), again) == ()


@given(RECORDS, RECORDS)
def test_every_difference_that_matters_is_counted_once(
    before: dict[tuple[str, str, int], Fate], after: dict[tuple[str, str, int], Fate]
) -> None:
    found = differences(lines(before), lines(after))
    assert sum(one.new for one in found) == len(after.keys() - before.keys())
    assert sum(one.changed for one in found) == sum(before[key] != after[key] for key in before.keys() & after.keys())
    gone = [before[key] for key in before.keys() - after.keys()]
    assert sum(one.gone for one in found) == sum(fate is not Fate.ERASE for fate in gone), "what is gone is gone"
    assert all(one.new or one.changed or one.gone for one in found)


def changed(**parts: object) -> tuple[Difference, ...]:
    (line,) = lines({("crm", "klanten", 1): Fate.KEEP})
    return differences([line], [replace(line, **parts)])  # type: ignore[arg-type]


def test_what_makes_a_record_another_one() -> None:
    one = (Difference("crm", "klanten", 0, 1, 0),)
    assert changed(ends_on=date(2034, 12, 31)) == one
    assert changed(columns=("telefoon",)) == one
    assert changed(says=(("naam", "siem nieuwkomer"), ("plaats", "diemen"), ("laatst", "2026-01-05"))) == one
    assert changed(says=()) == one, "somebody emptied it"
    assert changed(says=(*SAYS[:2], ("laatst", "2026-01-09"))) == (), "a login is the same person still"
    assert changed() == ()
