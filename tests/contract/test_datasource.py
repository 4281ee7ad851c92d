"""What every `DataSource` does, whatever is behind it: SQLite, PostgreSQL, and the fake that other tests use.

The organisation in these tests has customers, invoices with lines, a processor table of a customer's own shop, and
people who share things: a phone number, a domain that changed hands, a mailbox, the customer number of their firm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from cases.errors import OutsideError, RuleError
from cases.guard import inside_unit
from cases.protocols import DataSource, FindStatus, Found, FoundTable, Identifier, SourceRole, Value
from sources.settings import SqlSourceSettings, load_sources
from sources.sql import SqlSource
from tests.support import postgres
from tests.support.fake_source import FakePerson, FakeSource

SCHEMA = """
CREATE TABLE klant (id INTEGER PRIMARY KEY, nummer VARCHAR(20), naam VARCHAR(80), mail VARCHAR(80),
                    mail_oud VARCHAR(80), telefoon VARCHAR(30), geheim VARCHAR(80), sinds DATE);
CREATE TABLE factuur (id INTEGER PRIMARY KEY, klant INTEGER, nummer VARCHAR(20), bedrag NUMERIC(10, 2));
CREATE TABLE regel (id INTEGER PRIMARY KEY, factuur INTEGER, tekst VARCHAR(80));
CREATE TABLE winkel_order (id INTEGER PRIMARY KEY, klant INTEGER, mail VARCHAR(80), naam VARCHAR(80));
INSERT INTO klant VALUES
  (1, 'K-100 1', 'Sanne Voorbeeld', 'Sanne@Voorbeeld.example', 'oud@voorbeeld.example', '06 - 1234 5678',
   'x', '2019-03-01'),
  (2, 'K-1002', 'Joost Anders', 'joost@anders.example', NULL, '+31 (0)6 12345678', NULL, '2020-01-02'),
  (3, '', 'Zonder Nummer', '', NULL, '', NULL, NULL),
  (4, 'K-2001', 'Anouk Eerst', 'anouk@eerst.example', NULL, '', NULL, NULL),
  (5, 'K-2002', 'Bram Later', 'bram@later.example', NULL, '', NULL, NULL),
  (6, 'K-3001', 'Carla Samen', 'samen@gezin.example', NULL, '', NULL, NULL),
  (7, '', 'Dirk Samen', 'samen@gezin.example', NULL, '', NULL, NULL),
  (8, 'K-4001', 'Eva Firma', 'eva@firma.example', NULL, '', NULL, NULL),
  (9, 'K-4001', 'Frits Firma', 'frits@firma.example', NULL, '', NULL, NULL);
INSERT INTO factuur VALUES (10, 1, 'F10', 12.5), (11, 1, 'F11', 7.25), (12, 2, 'F12', 99);
INSERT INTO regel VALUES (100, 10, 'Domein'), (101, 10, 'Hosting'), (102, 11, 'Domein'), (103, 12, 'Workshop');
INSERT INTO winkel_order VALUES (1, 1, 'sanne@voorbeeld.example', 'Bezoeker van een ander');
CREATE TABLE domein (id INTEGER PRIMARY KEY, klant INTEGER, klantnr VARCHAR(20), naam VARCHAR(80), tot DATE);
INSERT INTO domein VALUES (1, 4, 'K-2001', 'gedeeld.example', '2023-05-01'), (2, 5, 'K-2002', 'gedeeld.example', NULL),
  (3, 4, 'K-2001', 'tweede.example', NULL);
CREATE TABLE bezoek (id INTEGER PRIMARY KEY, domein VARCHAR(80), bladzijde VARCHAR(80));
INSERT INTO bezoek VALUES (1, 'www.gedeeld.example', 'voorpagina');
"""
# Takes far longer than any time limit, and is cut off by the database itself.
ENDLESS = {
    "sqlite": """CREATE VIEW traag AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                 SELECT 'sanne@voorbeeld.example' || i AS mail FROM n""",
    "postgresql": "CREATE VIEW traag AS SELECT 'sanne@voorbeeld.example' || pg_sleep(3600)::text AS mail",
}
SETTINGS = """
[[source]]
name = "boek"
label = "Administratie"
url = "{url}"

[[source.table]]
name = "klant"
label = "Klanten"
find_by = {{ email = ["mail"], customer_number = ["nummer"], klant = ["id"] }}
named_by = {{ email = ["mail_oud"], phone = ["telefoon"] }}
gives = {{ klant = ["id"], customer_number = ["nummer"] }}
addresses = ["mail"]
technical = ["id", "mail_oud"]
[source.table.fields]
nummer = {{ label = "Klantnummer", category = "contact" }}
naam = {{ label = "Naam", category = "contact" }}
mail = {{ label = "E-mailadres", category = "contact" }}
telefoon = {{ label = "Telefoon", category = "contact" }}
geheim = {{ label = "Wachtwoord", category = "login", secret = true }}
sinds = {{ label = "Klant sinds", category = "contact" }}

[[source.table]]
name = "factuur"
label = "Facturen"
find_by = {{ klant = ["klant"], invoice_number = ["nummer"] }}
gives = {{ factuur = ["id"], klant = ["klant"] }}
technical = ["id", "klant"]
[source.table.fields]
nummer = {{ label = "Factuurnummer", category = "invoices" }}
bedrag = {{ label = "Bedrag", category = "invoices" }}

[[source.table]]
name = "regel"
label = "Factuurregels"
find_by = {{ factuur = ["factuur"] }}
technical = ["id", "factuur"]
[source.table.fields]
tekst = {{ label = "Omschrijving", category = "invoices" }}

[[source.table]]
name = "domein"
label = "Domeinen"
find_by = {{ klant = ["klant"], domain = ["naam"] }}
gives = {{ klant = ["klant"], customer_number = ["klantnr"], domain = ["naam"] }}
technical = ["id", "klant", "klantnr"]
[source.table.fields]
naam = {{ label = "Domein", category = "contact" }}
tot = {{ label = "Tot", category = "contact" }}

[[source.table]]
name = "bezoek"
label = "Bezoek"
find_by = {{ domain = ["domein"] }}
technical = ["id", "domein"]
[source.table.fields]
bladzijde = {{ label = "Bladzijde", category = "contact" }}

[[source.table]]
name = "winkel_order"
label = "Bestellingen in winkels van klanten"
role = "processor"
"""
KLANT = ("nummer", "naam", "mail", "telefoon", "geheim", "sinds")
SANNE = ("K-100 1", "Sanne Voorbeeld", "Sanne@Voorbeeld.example", "06 - 1234 5678", True, date(2019, 3, 1))
JOOST = ("K-1002", "Joost Anders", "joost@anders.example", "+31 (0)6 12345678", False, date(2020, 1, 2))


def _tables(person: tuple[Value, ...], invoices: tuple[tuple[Value, ...], ...], *lines: str) -> tuple[FoundTable, ...]:
    return (
        FoundTable("klant", KLANT, (person,)),
        FoundTable("factuur", ("nummer", "bedrag"), invoices),
        FoundTable("regel", ("tekst",), tuple((line,) for line in lines)),
    )


SANNES_FILE = _tables(SANNE, (("F10", 12.5), ("F11", 7.25)), "Domein", "Hosting", "Domein")
JOOSTS_FILE = _tables(JOOST, (("F12", 99.0),), "Workshop")
ANOUKS_FILE = (
    FoundTable("klant", KLANT, (("K-2001", "Anouk Eerst", "anouk@eerst.example", "", False, None),)),
    FoundTable("domein", ("naam", "tot"), (("gedeeld.example", date(2023, 5, 1)), ("tweede.example", None))),
    FoundTable("bezoek", ("bladzijde",), (("voorpagina",),)),
)


@dataclass(frozen=True)
class Setup:
    """One source with data, the same source out of order, and the same source with endless work."""

    source: DataSource
    broken: DataSource
    endless: DataSource


def _settings(url: str) -> SqlSourceSettings:
    (settings,) = load_sources(SETTINGS.format(url=url), file="test.toml")
    return settings


def _sql_setup(url: str, broken_url: str) -> Setup:
    settings = _settings(url)
    slow = _settings(url).tables[0]
    slow = replace(
        slow,
        info=replace(slow.info, name="traag", fields=slow.info.fields[2:3]),
        find_by={"email": ("mail",)},
        named_by={},
        gives={},
        addresses=("mail",),
        technical=(),
    )
    endless = replace(settings, tables=(slow,), timeout_seconds=0.3)
    broken = replace(settings, url=sa.make_url(broken_url))
    return Setup(SqlSource(settings), SqlSource(broken), SqlSource(endless))


def _build_postgres(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(SCHEMA)
        connection.execute(ENDLESS["postgresql"])


def _fake() -> Setup:
    people = (
        FakePerson(
            frozenset(
                {
                    ("email", "sanne@voorbeeld.example"),
                    ("customer_number", "k-1001"),
                    ("invoice_number", "f10"),
                }
            ),
            SANNES_FILE,
            ("sanne@voorbeeld.example",),
            frozenset({("email", "oud@voorbeeld.example"), ("phone", "0612345678")}),
        ),
        FakePerson(
            frozenset({("email", "joost@anders.example"), ("customer_number", "k-1002")}),
            JOOSTS_FILE,
            ("joost@anders.example",),
            frozenset({("phone", "0612345678")}),
        ),
        FakePerson(
            frozenset({("email", "anouk@eerst.example"), ("customer_number", "k-2001"), ("domain", "gedeeld.example")}),
            ANOUKS_FILE,
        ),
        FakePerson(
            frozenset({("email", "bram@later.example"), ("customer_number", "k-2002"), ("domain", "gedeeld.example")}),
            (),
        ),
        FakePerson(frozenset({("email", "samen@gezin.example"), ("customer_number", "k-3001")}), ()),
        FakePerson(frozenset({("email", "samen@gezin.example")}), ()),
        *(  # their number leads from either to the other
            FakePerson(frozenset({("email", "eva@firma.example"), ("customer_number", "k-4001")}), ())
            for _ in ("Eva", "Frits")
        ),
    )
    info = _settings("sqlite:///none.db").info
    return Setup(
        FakeSource("boek", people, info),
        FakeSource("boek", people, info, failure="de database is niet bereikbaar"),
        FakeSource("boek", people, info, failure="de database gaf niet op tijd antwoord"),
    )


def _postgres_setup() -> AbstractContextManager[Setup]:
    # One database for all tests: a source can only read it.
    url = postgres.url_of(postgres.make_template("datasource_contract", _build_postgres))
    return nullcontext(_sql_setup(url, "postgresql+psycopg://x:x@127.0.0.1:1/x"))


def _sqlite_setup(folder: Path) -> AbstractContextManager[Setup]:
    path = folder / "boek.db"
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA + ENDLESS["sqlite"])
    connection.close()
    return nullcontext(_sql_setup(f"sqlite:///{path}", f"sqlite:///{folder / 'weg.db'}"))


SETUPS: dict[str, Callable[[Path], AbstractContextManager[Setup]]] = {
    "sqlite": _sqlite_setup,
    "postgresql": lambda folder: _postgres_setup(),
    "fake": lambda folder: nullcontext(_fake()),
}


@pytest.fixture(params=SETUPS)
async def setup(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setup]:
    with SETUPS[request.param](tmp_path) as ready:
        yield ready
        for source in (ready.source, ready.broken, ready.endless):
            await source.close()


def proven(kind: str, value: str) -> Identifier:
    return Identifier(kind, value, proven=True)


def named(kind: str, value: str) -> Identifier:
    return Identifier(kind, value, proven=False)


EMAIL = proven("email", "sanne@voorbeeld.example")


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
    assert failed == Found("boek", FindStatus.FAILED, error="de database is niet bereikbaar")


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


@pytest.mark.parametrize(
    "value",
    [
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
    ],
    ids=ascii,
)
async def test_odd_values_find_nothing_and_harm_nothing(setup: Setup, value: str) -> None:
    for kind in ("email", "customer_number", "phone", "domain", "invoice_number", "klant", "'; --"):
        found = await setup.source.find([proven(kind, value)])
        assert (found.status, found.tables) == (FindStatus.NOTHING, ())
        assert await setup.source.addresses_on_file(named(kind, value)) == ()
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
    assert found == Found("boek", FindStatus.FAILED, error="de database gaf niet op tijd antwoord")


async def test_is_never_asked_inside_a_write_unit(setup: Setup) -> None:
    with inside_unit(), pytest.raises(RuleError):
        await setup.source.find([EMAIL])
