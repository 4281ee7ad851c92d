"""The sample organisations: built quickly and the same, nobody real in them, and every column declared."""

from __future__ import annotations

import re
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from stdnum import iban
from stdnum.nl import bsn, btw

from bot.demo.customers import CUSTOMERS, KNOWN, ORGANISATIONS, Role, build, build_all, demo_sources_toml, known
from cases.policy import load_policy
from cases.protocols import Change, FindStatus, Found, Identifier, SourceRole
from cases.types import ActionStatus, Verb
from sources.registry import Source, open_source
from sources.settings import load_sources
from sources.sql_settings import SqlSourceSettings

TODAY = date(2026, 11, 23)
POLICIES = Path(__file__).parents[2] / "policies"
MAIN_TABLES = {
    "whatnext": "klanten",
    "weservit": "debiteur",
    "nexxt": "contacts",
    "webanizr": "accounts",
    "winkeltjes": "relaties",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    build_all(folder, TODAY)
    return folder


def sources(organisation: str, folder: Path) -> list[Source]:
    policy = load_policy((POLICIES / f"{organisation}.toml").read_text(encoding="utf-8"), file=organisation)
    categories = {category.key for category in policy.categories}
    text = demo_sources_toml(organisation)
    return [open_source(s) for s in load_sources(text, file=f"{organisation}.toml", base=folder, categories=categories)]


async def find(organisation: str, folder: Path, email: str) -> list[Found]:
    """All sources of an organisation, each with what the one before it found."""
    handles: tuple[Identifier, ...] = (Identifier("email", email, proven=True),)
    answers = []
    for source in sources(organisation, folder):
        answer = await source.find(handles)
        handles = tuple(dict.fromkeys((*handles, *answer.used)))
        answers.append(answer)
        await source.close()
    return answers


def values(path: Path) -> list[tuple[str, object]]:
    """Every value in a database, with its table and column."""
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = []
    for table in tables:
        cursor = connection.execute(f"SELECT * FROM {table}")
        columns = [f"{table}.{column[0]}" for column in cursor.description]
        found += [pair for row in cursor for pair in zip(columns, row, strict=True)]
    connection.close()
    return found


def test_the_same_day_gives_the_same_people(folder: Path, tmp_path: Path) -> None:
    for organisation in ORGANISATIONS:
        for path in build(organisation, tmp_path, TODAY):
            assert values(path) == values(folder / path.name)
    build(ORGANISATIONS[0], tmp_path, TODAY)  # a second time in the same place
    assert len(list(folder.iterdir())) == 7


@pytest.mark.parametrize("organisation", ORGANISATIONS)
async def test_every_column_is_declared_under_a_category_of_the_policy(organisation: str, folder: Path) -> None:
    for source in sources(organisation, folder):
        assert await source.check() == []
        await source.close()


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_five_hundred_customers_private_and_firms_present_and_former(organisation: str, folder: Path) -> None:
    stem = "webanizr-platform" if organisation == "webanizr" else organisation
    connection = sqlite3.connect(folder / f"{stem}.db")
    assert connection.execute(f"SELECT count(*) FROM {MAIN_TABLES[organisation]}").fetchone() == (CUSTOMERS,)
    connection.close()


@pytest.mark.parametrize("organisation", ORGANISATIONS)
async def test_known_customers_have_what_they_are_known_for(organisation: str, folder: Path) -> None:
    assert [person.role for person in KNOWN[organisation]] == [role for role in Role if role is not Role.RANDOM]
    for person in KNOWN[organisation]:
        answers = await find(organisation, folder, person.email)
        assert {answer.status for answer in answers} == {FindStatus.FOUND}
        tables = {table.table: table for answer in answers for table in answer.tables}
        main = tables[MAIN_TABLES[organisation]]
        assert len(main.rows) == 1  # nobody else's file
        assert str(main.rows[0][0]) == person.customer_number
        invoices = next((t for name, t in tables.items() if name in ("facturen", "factuur", "invoices")), None)
        if person.role is Role.NO_INVOICES:
            assert invoices is None
            continue
        assert invoices is not None
        years = {value.year for row in invoices.rows for value in row if isinstance(value, date)}
        if person.role is Role.FORMER:
            # Some invoices are past the seven years of AWR 52, some are not.
            assert min(years) < TODAY.year - 7 <= max(years) < TODAY.year
        paid = next((i for i, column in enumerate(invoices.columns) if column.startswith(("betaald", "paid"))), None)
        if paid is not None:
            unpaid = [row for row in invoices.rows if row[paid] is None]
            assert len(unpaid) == (1 if person.role is Role.UNPAID else 0)
        else:
            payments = tables["betaling" if organisation == "weservit" else "betalingen"]
            assert len(invoices.rows) - len(payments.rows) == (1 if person.role is Role.UNPAID else 0)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
async def test_an_old_address_stays_on_file_and_a_code_goes_there(organisation: str, folder: Path) -> None:
    person = known(organisation, Role.OLD_EMAIL)
    assert person.writes_from != person.email
    assert {answer.status for answer in await find(organisation, folder, person.writes_from)} == {FindStatus.NOTHING}
    first, *others = sources(organisation, folder)
    named = Identifier("customer_number", person.customer_number, proven=False)
    assert await first.addresses_on_file(named) == (person.email,)
    for source in (first, *others):
        await source.close()


@pytest.mark.parametrize("organisation", ORGANISATIONS)
async def test_says_who_is_a_customer_and_what_is_unpaid(organisation: str, folder: Path) -> None:
    for person in KNOWN[organisation]:
        facts = (await find(organisation, folder, person.email))[0].facts
        assert facts["customer"] == ("former" if person.role is Role.FORMER else "running")
        assert ("customer_until" in facts) is (person.role is Role.FORMER)
        assert ("open_invoices" in facts) is (person.role is Role.UNPAID)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
async def test_every_record_can_be_named_and_every_change_works(organisation: str, tmp_path: Path) -> None:
    """All that the declarations say can be done is done to everything held about one person."""
    build(organisation, tmp_path, TODAY)
    person = known(organisation, Role.FIRM)
    answers = await find(organisation, tmp_path, person.email)
    who = (Identifier("email", person.email, proven=False),)
    for source, found in zip(sources(organisation, tmp_path), answers, strict=True):
        can = {table.name: table.can for table in source.describe().tables}
        assert all(table.keys and Verb.ERASE in can[table.table] for table in found.tables)
        if any(Verb.OPT_OUT in verbs for verbs in can.values()):
            stop = Change("o", Verb.OPT_OUT, identifiers=who)
            assert (await source.change(stop)).records == 1  # some left the list long ago
            assert (await source.change(stop)).status is ActionStatus.NOTHING
        for verb in (Verb.RESTRICT, Verb.LIFT, Verb.ANONYMISE, Verb.ERASE):
            for table in reversed(found.tables):
                if verb in can[table.table]:
                    change = Change(verb, verb, table.table, table.keys)
                    assert (await source.change(change)).status is ActionStatus.DONE
                    assert (await source.change(change)).status is ActionStatus.NOTHING
        await source.close()
    assert {answer.status for answer in await find(organisation, tmp_path, person.email)} == {FindStatus.NOTHING}


def test_three_hosts_hold_data_that_is_their_customers(folder: Path) -> None:
    processor = {
        organisation: [
            table.name
            for source in sources(organisation, folder)
            for table in source.describe().tables
            if table.role is SourceRole.PROCESSOR
        ]
        for organisation in ORGANISATIONS
    }
    assert processor == {
        "whatnext": [],
        "weservit": ["site_bezoeker", "site_formulier"],
        "nexxt": [],
        "webanizr": ["form_submissions"],
        "winkeltjes": ["shop_orders", "shop_klanten"],
    }


def test_nobody_in_it_can_be_real(folder: Path) -> None:
    found = [pair for path in sorted(folder.iterdir()) for pair in values(path)]
    texts = [value for _, value in found if isinstance(value, str)]
    emails = [text for text in texts if "@" in text]
    assert len(emails) > 10 * CUSTOMERS
    assert all(re.fullmatch(r"[a-z0-9.]+@[a-z0-9.-]+\.example", email) for email in emails)
    ibans = [text for text in texts if re.fullmatch(r"NL\d\d[A-Z]{4}\d{10}", text)]
    assert len(ibans) > CUSTOMERS
    assert all(iban.is_valid(text) and text[4:8] in ("NEPB", "FICT", "VZNB") for text in ibans)
    vats = [text for text in texts if re.fullmatch(r"NL\d{9}B\d\d", text)]
    assert len(vats) > CUSTOMERS // 2
    assert all(btw.is_valid(text) and not bsn.is_valid(text[2:11]) for text in vats)
    addresses = [text for text in texts if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", text)]
    assert addresses
    assert all(text.rsplit(".", 1)[0] in ("192.0.2", "198.51.100", "203.0.113") for text in addresses)
    postcodes = [str(value) for column, value in found if "post" in column.split(".")[1] and "code" in column]
    assert all(re.fullmatch(r"[1-9]\d{3} (?!S[ADS])[A-Z]{2}", postcode) for postcode in postcodes)


def test_only_bookings_and_terms_lie_in_the_future(folder: Path) -> None:
    future = {
        column
        for path in folder.iterdir()
        for column, value in values(path)
        if isinstance(value, str) and re.match(r"20\d\d-\d\d-\d\d", value) and value[:10] > TODAY.isoformat()
    }
    assert future <= {"boekingen.datum", "bestellingen.eindigt"}


def test_passwords_are_never_open_fields() -> None:
    for organisation in ORGANISATIONS:
        for source in load_sources(demo_sources_toml(organisation), file="x.toml"):
            assert isinstance(source, SqlSourceSettings)
            for table in source.info.tables:
                for info in table.fields:
                    assert info.secret == bool(re.search("wachtwoord|password|uittreksel", info.name)), info.name
                    assert (info.mask == "iban") == (info.name in ("iban", "rekeningnummer", "van_rekening"))
