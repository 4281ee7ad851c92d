"""Sources over tables let their records be looked at: by key, and all of them for the addresses that are wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cases.errors import OutsideError
from cases.protocols import Change, Readable, Walkable
from cases.types import ActionStatus, Verb
from tests.support.firm import key
from tests.support.source_setups import SETUPS, Setup

SANNE, SHARED = "sanne@voorbeeld.example", "samen@gezin.example"


@pytest.fixture(params=[name for name in SETUPS if name != "fake"])
async def setup(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setup]:
    with SETUPS[request.param](tmp_path) as ready:
        yield ready
        for source in (ready.source, ready.broken, ready.endless):
            await source.close()


async def test_records_by_their_keys(setup: Setup) -> None:
    assert isinstance(setup.source, Readable)
    found = await setup.source.records("klant", [key(1), key(2), key(404)])
    assert set(found) == {key(1), key(2)}
    assert (found[key(1)]["naam"], found[key(1)]["mail"]) == ("Sanne Voorbeeld", "Sanne@Voorbeeld.example")
    assert "geheim" not in found[key(1)], "a secret does not leave its system"
    assert (await setup.source.records("regel", [key(100)]))[key(100)]["tekst"] == "Domein"


async def test_what_anonymising_left_says_nothing(setup: Setup) -> None:
    assert isinstance(setup.source, Readable)
    change = Change("a1", Verb.ANONYMISE, "klant", (key(1),), columns=("naam", "mail", "telefoon"))
    assert (await setup.source.change(change)).status is ActionStatus.DONE
    row = (await setup.source.records("klant", [key(1)]))[key(1)]
    assert (row["naam"], row["mail"], row["telefoon"]) == (None, None, None)
    assert str(row["sinds"])[:10] == "2019-03-01"


async def test_every_record_with_a_wanted_address(setup: Setup) -> None:
    assert isinstance(setup.source, Walkable)
    asked: list[str] = []

    def wanted(address: str) -> bool:
        asked.append(address)
        return address in (SANNE, SHARED)

    found = await setup.source.listed(wanted)
    assert {(one.table, one.key, one.address) for one in found} == {
        ("klant", key(1), SANNE), ("klant", key(6), SHARED), ("klant", key(7), SHARED)
    }  # fmt: skip
    assert "oud@voorbeeld.example" not in asked, "mail does not go to a former address"
    assert "sanne@voorbeeld.example1" not in asked and len(asked) == 8, "a processor's table is nobody's business"


async def test_which_advertising_is_still_on(setup: Setup) -> None:
    async def on() -> frozenset[str]:
        assert isinstance(setup.source, Walkable)
        (found,) = await setup.source.listed(lambda address: address == SANNE)
        return found.open_for

    assert await on() == {"email", "post"}
    assert (await setup.source.change(Change("o1", Verb.OPT_OUT, "klant", (key(1),), channels=("post",)))).records
    assert await on() == {"email"}
    await setup.source.change(Change("o2", Verb.OPT_OUT, "klant", (key(1),)))
    assert await on() == frozenset()


async def test_out_of_order_is_never_an_empty_answer(setup: Setup) -> None:
    for source in (setup.broken, setup.endless):
        assert isinstance(source, Walkable) and isinstance(source, Readable)
        with pytest.raises(OutsideError):
            await source.listed(lambda address: True)
    assert isinstance(setup.broken, Readable)
    with pytest.raises(OutsideError):
        await setup.broken.records("klant", [key(1)])
    assert isinstance(setup.source, Readable)
    with pytest.raises(OutsideError):
        await setup.source.records("winkel_order", [key(1)])
