"""What every `DataSource` over tables finds, whatever is behind it; the firm in it is tests/support/firm.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cases.errors import OutsideError, RuleError
from cases.guard import inside_unit
from cases.protocols import FindStatus, Found, Identifier, SourceRole
from tests.support.firm import ANOUKS_FILE, EMAIL, JOOSTS_FILE, SANNES_FILE, named, proven
from tests.support.source_setups import SETUPS, Setup


@pytest.fixture(params=SETUPS)
async def setup(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setup]:
    with SETUPS[request.param](tmp_path) as ready:
        yield ready
        for source in (ready.source, ready.broken, ready.endless):
            await source.close()


async def test_finds_the_whole_file_along_the_links(setup: Setup) -> None:
    found = await setup.source.find([EMAIL])
    assert found.status is FindStatus.FOUND
    assert found.tables == SANNES_FILE
    assert found.error == ""


@pytest.mark.parametrize(
    "identifier",
    [
        proven("email", "SANNE@voorbeeld.EXAMPLE"),
        proven("email", " sanne@voorbeeld.example "),
        proven("customer_number", "k-1001"),
        proven("customer_number", "K-10 01"),
        proven("invoice_number", "F10"),
    ],
    ids=lambda identifier: f"{identifier.kind}",
)
async def test_finds_by_every_kind_however_it_is_written(setup: Setup, identifier: Identifier) -> None:
    found = await setup.source.find([identifier])
    assert found.tables == SANNES_FILE
    assert identifier in found.used


async def test_several_identifiers_of_one_person_give_every_row_once(setup: Setup) -> None:
    found = await setup.source.find([EMAIL, proven("customer_number", "K-1001"), proven("invoice_number", "F10")])
    assert found.tables == SANNES_FILE


async def test_tells_what_was_found_on_the_way_for_the_next_source(setup: Setup) -> None:
    found = await setup.source.find([EMAIL])
    assert EMAIL in found.used
    assert proven("customer_number", "k-1001") in found.used
    assert all(identifier.proven for identifier in found.used)
    # A key inside this database means nothing, or somebody else, in the next.
    assert {identifier.kind for identifier in found.used} <= {"email", "customer_number", "phone", "invoice_number"}


async def test_nothing_is_told_apart_from_failed(setup: Setup) -> None:
    stranger = proven("email", "niemand@elders.example")
    nothing = await setup.source.find([stranger])
    assert nothing == Found("boek", FindStatus.NOTHING, used=(stranger,))
    failed = await setup.broken.find([stranger])
    assert failed == Found("boek", FindStatus.FAILED, error=setup.broken_words)


async def test_asking_twice_gives_the_same(setup: Setup) -> None:
    assert await setup.source.find([EMAIL]) == await setup.source.find([EMAIL])


async def test_another_person_is_never_in_the_file(setup: Setup) -> None:
    found = await setup.source.find([proven("email", "joost@anders.example")])
    assert found.tables == JOOSTS_FILE


@pytest.mark.parametrize("identifier", [proven("email", "oud@voorbeeld.example"), proven("phone", "0612345678")])
async def test_what_may_be_anothers_now_opens_nothing(setup: Setup, identifier: Identifier) -> None:
    """A former address is given out again and a phone is shared: they only lead to the address on file."""
    assert (await setup.source.find([identifier])).tables == ()


async def test_a_domain_that_changed_hands_does_not_open_the_other_owners_file(setup: Setup) -> None:
    """What hangs on the domain alone is found; the rows of the next owner, and what hangs on those, are not."""
    found = await setup.source.find([proven("email", "anouk@eerst.example")])
    assert found.tables == ANOUKS_FILE
    assert "domain" not in {identifier.kind for identifier in found.used}  # the next source would take it for proven


@pytest.mark.parametrize(
    "identifiers",
    [
        [proven("email", "samen@gezin.example")],
        [proven("domain", "gedeeld.example")],
        [proven("customer_number", "K-4001")],
        [proven("email", "eva@firma.example")],
        [EMAIL, proven("email", "joost@anders.example")],
    ],
    ids=["one mailbox", "one domain", "one customer number", "two colleagues", "two addresses"],
)
async def test_two_people_are_for_a_person_to_look_at(setup: Setup, identifiers: list[Identifier]) -> None:
    error = "twee personen bij één adres: een medewerker moet kijken"
    assert await setup.source.find(identifiers) == Found("boek", FindStatus.FAILED, error=error)


async def test_unproven_identifiers_open_nothing(setup: Setup) -> None:
    found = await setup.source.find([named("email", "sanne@voorbeeld.example"), named("customer_number", "K-1001")])
    assert found == Found("boek", FindStatus.NOTHING)
    mixed = await setup.source.find([proven("email", "joost@anders.example"), named("customer_number", "K-1001")])
    assert mixed.tables == JOOSTS_FILE


async def test_processor_tables_are_described_and_out_of_reach(setup: Setup) -> None:
    roles = {table.name: table.role for table in setup.source.describe().tables}
    assert roles == {
        "klant": SourceRole.CONTROLLER,
        "factuur": SourceRole.CONTROLLER,
        "regel": SourceRole.CONTROLLER,
        "domein": SourceRole.CONTROLLER,
        "bezoek": SourceRole.CONTROLLER,
        "winkel_order": SourceRole.PROCESSOR,
    }
    found = await setup.source.find([EMAIL])
    assert "winkel_order" not in {table.table for table in found.tables}


KINDS = ("email", "customer_number", "phone", "domain", "invoice_number", "klant", "'; --")
ODD_VALUES = (
    "' OR '1'='1",
    "sanne@voorbeeld.example' --",
    "'; DROP TABLE klant; --",
    "%",
    "sanne%@voorbeeld.example",
    "s_nne@voorbeeld.example",
    "*",
    "",
    "   ",
    "\0",
    "sanne@voorbeeld.example\0",
    "\ud800",
    "sa\u0274ne@voorbeeld.example",
    "a" * 100_000,
)


@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: ascii(value)[:40])
@pytest.mark.parametrize("setup", [name for name in SETUPS if name != "xlsx"], indirect=True)
async def test_odd_values_find_nothing_and_harm_nothing(setup: Setup, value: str) -> None:
    for kind in KINDS:
        found = await setup.source.find([proven(kind, value)])
        assert (found.status, found.tables) == (FindStatus.NOTHING, ())
        assert await setup.source.addresses_on_file(named(kind, value)) == ()
    assert (await setup.source.find([EMAIL])).tables == SANNES_FILE


@pytest.mark.parametrize("setup", ["xlsx"], indirect=True)
async def test_odd_values_find_nothing_in_a_workbook(setup: Setup) -> None:
    """It is read anew for each question, slowly, and then searched like a csv file: all kinds in one question."""
    for value in ODD_VALUES:
        found = await setup.source.find([proven(kind, value) for kind in KINDS])
        assert (found.status, found.tables) == (FindStatus.NOTHING, ())
        assert await setup.source.addresses_on_file(named("email", value)) == ()
    assert (await setup.source.find([EMAIL])).tables == SANNES_FILE


async def test_keys_inside_the_source_can_not_be_given_from_outside(setup: Setup) -> None:
    assert (await setup.source.find([proven("klant", "1")])).status is FindStatus.NOTHING


@pytest.mark.parametrize(
    ("identifier", "addresses"),
    [
        (named("customer_number", "K-1001"), ("sanne@voorbeeld.example",)),
        (named("email", "oud@voorbeeld.example"), ("sanne@voorbeeld.example",)),
        (named("invoice_number", "F10"), ("sanne@voorbeeld.example",)),
        (named("phone", "0612345678"), ("joost@anders.example", "sanne@voorbeeld.example")),
        (named("customer_number", "K-9999"), ()),
    ],
    ids=["customer number", "old address", "invoice", "shared phone", "unknown"],
)
async def test_addresses_on_file(setup: Setup, identifier: Identifier, addresses: tuple[str, ...]) -> None:
    assert await setup.source.addresses_on_file(identifier) == addresses


async def test_addresses_on_file_says_when_it_can_not_look(setup: Setup) -> None:
    with pytest.raises(OutsideError):
        await setup.broken.addresses_on_file(named("customer_number", "K-1001"))


async def test_a_slow_source_fails_at_its_time_limit(setup: Setup) -> None:
    found = await setup.endless.find([EMAIL])
    assert found == Found("boek", FindStatus.FAILED, error=setup.endless_words)


async def test_is_never_asked_inside_a_write_unit(setup: Setup) -> None:
    with inside_unit(), pytest.raises(RuleError):
        await setup.source.find([EMAIL])


async def test_says_who_is_a_customer_and_what_is_unpaid(setup: Setup) -> None:
    assert (await setup.source.find([EMAIL])).facts == {"customer": "running", "open_invoices": "€ 7,25"}
    former = await setup.source.find([proven("email", "joost@anders.example")])
    assert former.facts == {"customer": "former", "customer_until": "2024-06-30"}


async def test_check_finds_no_fault_with_what_works(setup: Setup) -> None:
    assert all("traag" in line for line in await setup.source.check())
    assert await setup.broken.check() == [f"bron 'boek': {setup.broken_words}"]
