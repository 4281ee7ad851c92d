"""What every `DataSource` over tables does to its records: once, as asked, and never more than was declared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cases.errors import RuleError
from cases.guard import inside_unit
from cases.protocols import Change, FindStatus, FoundTable, Identifier
from cases.types import ActionStatus, Verb
from tests.support.firm import EMAIL, JOOSTS_FILE, key, named, proven
from tests.support.source_setups import SETUPS, Setup

DONE, NOTHING, FAILED, CONFLICT = (
    ActionStatus.DONE,
    ActionStatus.NOTHING,
    ActionStatus.FAILED,
    ActionStatus.CONFLICT,
)
JOOST = proven("email", "joost@anders.example")
NUMBER = proven("customer_number", "K-1001")


@pytest.fixture(params=SETUPS)
async def setup(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setup]:
    with SETUPS[request.param](tmp_path) as ready:
        yield ready
        for source in (ready.source, ready.broken, ready.endless):
            await source.close()


async def tables(setup: Setup, who: Identifier = EMAIL) -> dict[str, FoundTable]:
    return {table.table: table for table in (await setup.source.find([who])).tables}


async def test_erases_once_and_only_what_was_named(setup: Setup) -> None:
    change = Change("a1", Verb.ERASE, "regel", (key(100), key(102)))
    first = await setup.source.change(change)
    assert (first.id, first.status, first.records, first.error) == ("a1", DONE, 2, "")
    assert (await tables(setup))["regel"].keys == (key(101),)
    again = await setup.source.change(change)
    assert (again.status, again.records) == (NOTHING, 2)
    assert (await setup.source.find([JOOST])).tables == JOOSTS_FILE


async def test_everything_erased_is_found_no_more(setup: Setup) -> None:
    for table, keys in (("regel", (key(103),)), ("factuur", (key(12),)), ("klant", (key(2),))):
        assert (await setup.source.change(Change(table, Verb.ERASE, table, keys))).status is DONE
    found = await setup.source.find([JOOST])
    assert (found.status, found.facts) == (FindStatus.NOTHING, {})


async def test_anonymises_the_named_fields_and_no_other(setup: Setup) -> None:
    change = Change("a1", Verb.ANONYMISE, "klant", (key(1),), columns=("telefoon", "geheim"))
    assert (await setup.source.change(change)).status is DONE
    (row,) = (await tables(setup))["klant"].rows
    assert row[:3] == ("K-100 1", "Sanne Voorbeeld", "Sanne@Voorbeeld.example")
    assert row[3:5] in {(None, False), ("", False)}
    assert (await setup.source.change(change)).status is NOTHING


async def test_anonymised_without_names_of_fields_points_to_nobody(setup: Setup) -> None:
    change = Change("a1", Verb.ANONYMISE, "klant", (key(1),))
    first = await setup.source.change(change)
    assert (first.status, first.records) == (DONE, 1)
    assert (await setup.source.change(change)).status is NOTHING


async def test_corrects_what_stands_there_and_tells_what_stood(setup: Setup) -> None:
    change = Change(
        "c1", Verb.CORRECT, "klant", (key(1),), {"naam": "Sanne Beeld"}, {"naam": "Sanne Voorbeeld"}
    )  # fmt: skip
    first = await setup.source.change(change)
    assert (first.status, first.records) == (DONE, 1)
    assert first.previous == {key(1): {"naam": "Sanne Voorbeeld"}}
    assert (await tables(setup))["klant"].rows[0][1] == "Sanne Beeld"
    again = await setup.source.change(change)
    assert (again.status, again.records, again.previous) == (NOTHING, 1, first.previous)
    undo = Change("c1-undo", Verb.CORRECT, "klant", (key(1),), first.previous[key(1)], dict(change.values))
    assert (await setup.source.change(undo)).status is DONE
    assert (await tables(setup))["klant"].rows[0][1] == "Sanne Voorbeeld"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [((key(1),), {"naam": "Iemand Anders"}), ((key(1), key(99)), {}), ((key(1), key(2)), {"naam": "Sanne Voorbeeld"})],
    ids=["another value", "a record that is gone", "one of two"],
)
async def test_a_record_that_differs_from_what_was_shown_stays(
    setup: Setup, keys: tuple[str, ...], expected: dict[str, str]
) -> None:
    change = Change("c1", Verb.CORRECT, "klant", keys, {"naam": "Sanne Beeld"}, expected)
    result = await setup.source.change(change)
    assert (result.status, result.records) == (CONFLICT, 0)
    assert "Sanne" not in result.error
    assert (await tables(setup))["klant"].rows[0][1] == "Sanne Voorbeeld"
    assert (await tables(setup, JOOST))["klant"].rows[0][1] == "Joost Anders"


async def test_restricts_and_lifts(setup: Setup) -> None:
    restrict, lift = (Change(verb, verb, "klant", (key(1), key(2))) for verb in (Verb.RESTRICT, Verb.LIFT))
    for change in (restrict, lift):
        result = await setup.source.change(change)
        assert (result.status, result.records) == (DONE, 2)
        assert (await setup.source.change(change)).status is NOTHING


@pytest.mark.parametrize("channels", [(), ("email",), ("post", "phone")])
async def test_opts_out_without_any_proof(setup: Setup, channels: tuple[str, ...]) -> None:
    who = (named("email", "SANNE@voorbeeld.example"),)
    change = Change("o1", Verb.OPT_OUT, "klant", identifiers=who, channels=channels)
    result = await setup.source.change(change)
    assert (result.status, result.records) == (DONE, 1)
    assert (await setup.source.change(change)).status is NOTHING
    everywhere = Change("o2", Verb.OPT_OUT, identifiers=who, channels=channels)
    assert (await setup.source.change(everywhere)).status is NOTHING


async def test_an_address_that_is_not_there_needs_no_opt_out(setup: Setup) -> None:
    change = Change("o1", Verb.OPT_OUT, "klant", identifiers=(named("email", "niemand@elders.example"),))
    result = await setup.source.change(change)
    assert (result.status, result.records) == (NOTHING, 0)


@pytest.mark.parametrize(
    "change",
    [
        Change("x", Verb.CORRECT, "factuur", (key(10),), {"bedrag": 1}),
        Change("x", Verb.RESTRICT, "regel", (key(100),)),
        Change("x", Verb.ERASE, "winkel_order", (key(1),)),
        Change("x", Verb.ERASE, "bestaat_niet", (key(1),)),
        Change("x", Verb.ERASE, "", (key(1),)),
    ],
    ids=["issued", "not declared", "of somebody else", "no such table", "no table"],
)
async def test_what_a_table_can_not_is_failed_and_never_skipped(setup: Setup, change: Change) -> None:
    result = await setup.source.change(change)
    assert (result.status, result.records) == (FAILED, 0)
    assert result.error


async def test_a_source_that_is_down_has_changed_nothing(setup: Setup) -> None:
    result = await setup.broken.change(Change("x", Verb.ERASE, "regel", (key(100),)))
    assert (result.status, result.error) == (FAILED, setup.broken_words)


async def test_changes_nothing_inside_a_write_unit(setup: Setup) -> None:
    with inside_unit(), pytest.raises(RuleError):
        await setup.source.change(Change("x", Verb.ERASE, "regel", (key(100),)))
    assert (await tables(setup, NUMBER))["regel"].keys == (key(100), key(101), key(102))
