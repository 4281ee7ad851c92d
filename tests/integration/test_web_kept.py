"""The pages of kept records and of who must not be written to, in a real office with real databases."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.demo.known import Role, known
from cases.erasure import CONTRACT_LAW
from cases.types import Fate, WorkKind
from storage.models import LedgerEntry, Suppression, table
from tests.acceptance.words import ERASURE
from tests.support.office import Office, Shared, open_office, shared
from tests.support.web_client import csrf, sign_in
from workflow import accounts, kept, replay, returned

__all__ = ["shared"]
FORMER = known("whatnext", Role.FORMER)
PASSWORD = "zes losse woorden voor dit kantoor"
KEPT, NOT_AGAIN = "/bureau/bewaard", "/bureau/niet-benaderen"


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    """A former customer was erased; invoices stay for the law."""
    async with open_office(tmp_path, shared, own_customers=True) as opened:
        (receipt,) = await opened.mail(FORMER.email, "verwijderen", ERASURE + FORMER.name)
        await opened.reply(receipt, receipt.code)
        await opened.approve(0)
        await opened.approve(1)
        await opened.advance(minutes=1)
        await opened.advance(days=3)
        yield opened


@asynccontextmanager
async def signed_in(office: Office, login: str = "saskia") -> AsyncIterator[httpx.AsyncClient]:
    await accounts.set_password(office.desk, office.staff[("saskia", "bram").index(login)], PASSWORD)
    async with office.browser() as http:
        assert (await sign_in(http, login, PASSWORD)).status_code == 303
        yield http


async def press(http: httpx.AsyncClient, page: str, address: str, **data: str) -> httpx.Response:
    return await http.post(address, data={**data, "csrf": csrf(await http.get(page))})


def customers(office: Office, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as opened, opened:
        return opened.execute(sql, values).fetchall()


async def test_may_this_address_be_added(office: Office) -> None:
    async with signed_in(office) as http:
        answer = await press(http, NOT_AGAIN, NOT_AGAIN, adres=f" {FORMER.email.upper()} ")
        assert "WhatNext: nee." in answer.text and "liet gegevens wissen" in answer.text
        assert office.request().case_id in answer.text and "8 jan 2026" in answer.text
        free = await press(http, NOT_AGAIN, NOT_AGAIN, adres="nieuw@klant.example")
        assert "WhatNext: ja." in free.text
        assert (await press(http, NOT_AGAIN, NOT_AGAIN, adres="jansen")).status_code == 422
        assert FORMER.email not in str(free.url)


async def test_added_again_erased_again(office: Office) -> None:
    add = "INSERT INTO klanten (klantnr, achternaam, email) VALUES ('99001', ?, ?)"
    customers(office, add, FORMER.last, FORMER.email)
    await returned.sweep(office.desk)
    work_id = office.item(WorkKind.RETURNED).id
    async with signed_in(office) as http:
        assert f'href="{NOT_AGAIN}"' in (await http.get("/bureau")).text
        page = await http.get(NOT_AGAIN)
        assert "opnieuw wissen" in page.text and "1 in klantgegevens" in page.text and FORMER.email not in page.text
        first = await press(http, NOT_AGAIN, f"{NOT_AGAIN}/{work_id}/weghalen")
        assert first.status_code == 303 and "tweede" in first.headers["location"]
        page = await http.get(NOT_AGAIN)
        assert "Goedgekeurd door Saskia" in page.text and "Nu moet een collega kijken" in page.text
        assert "Wis opnieuw" not in page.text
        assert (await press(http, NOT_AGAIN, f"{NOT_AGAIN}/{work_id}/weghalen")).status_code == 422
        assert customers(office, "SELECT count(*) FROM klanten WHERE klantnr = '99001'") == [(1,)]
    async with signed_in(office, "bram") as http:
        assert "Wis opnieuw" in (await http.get(NOT_AGAIN)).text
        assert (await press(http, NOT_AGAIN, f"{NOT_AGAIN}/{work_id}/weghalen")).status_code == 303
        assert (await press(http, NOT_AGAIN, f"{NOT_AGAIN}/{work_id}/weghalen")).status_code == 422
        assert customers(office, "SELECT count(*) FROM klanten WHERE klantnr = '99001'") == [(0,)]
        customers(office, add, FORMER.last, FORMER.email)
        office.clock.advance(hours=21)
        await returned.sweep(office.desk)
        work_id = office.item(WorkKind.RETURNED).id
    async with signed_in(office) as http:
        assert (await press(http, NOT_AGAIN, f"{NOT_AGAIN}/{work_id}/terug")).status_code == 303
        assert all(row.withdrawn_at for row in office.rows(Suppression))
        assert "Niemand." in (await http.get(NOT_AGAIN)).text


async def test_a_term_is_over_and_staff_erase(office: Office) -> None:
    office.clock.set(datetime(2034, 1, 2, 9, tzinfo=UTC))
    await kept.sweep(office.desk)
    number = office.item(WorkKind.KEPT_ENDED).detail
    rows = table(LedgerEntry)
    some = office.rows(LedgerEntry, rows.c.fate == Fate.KEEP.value, rows.c.closed_at.is_(None))
    async with signed_in(office) as http:
        page = await http.get(KEPT)
        assert f"Keur goed dat deze {len(some)} gewist worden" in page.text and "artikel 52 lid 4 AWR" in page.text
        assert "echt voorbij" not in page.text, "a law's day needs no more words"
        longer, ticked = f"{KEPT}/whatnext/{number}/langer", some[0].id
        assert (await press(http, KEPT, longer, regel=ticked, until="2034-06-01", reason=" ")).status_code == 422
        assert (await press(http, KEPT, longer, regel=ticked, until="morgen", reason="geschil")).status_code == 422
        both = await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen", regel=ticked)
        assert both.status_code == 422, "what is ticked must not go"
        nothing = await press(http, KEPT, longer, until="2034-06-01", reason="geschil")
        assert nothing.status_code == 422 and "Vink aan" in nothing.text
        assert (await press(http, KEPT, longer, regel=ticked, until="2034-06-01", reason="geschil")).status_code == 303
        first = await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen")
        assert first.status_code == 303 and "tweede" in first.headers["location"]
        page = await http.get(KEPT)
        assert "Goedgekeurd door Saskia" in page.text and f"Wis deze {len(some) - 1} nu" not in page.text
        assert (await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen")).status_code == 422
    async with signed_in(office, "bram") as http:
        assert f"Wis deze {len(some) - 1} nu" in (await http.get(KEPT)).text
        assert (await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen")).status_code == 303
        assert "Er is niets waarvan de termijn voorbij is" in (await http.get(KEPT)).text
        assert (await press(http, KEPT, f"{KEPT}/weservit/{number}/wissen")).status_code == 404
    left = office.rows(LedgerEntry, rows.c.fate == Fate.KEEP.value, rows.c.closed_at.is_(None))
    assert [row.id for row in left] == [some[0].id]


async def test_what_can_not_go_says_why(office: Office) -> None:
    """A contract is over when somebody says so; and the yearly look comes before."""
    rows = table(LedgerEntry)
    contract = rows.update().where(rows.c.fate == Fate.KEEP.value).values(law=CONTRACT_LAW, ends_on=None)
    office.store.write_here(lambda unit: unit.execute(contract))
    office.clock.advance(days=370)
    await kept.sweep(office.desk)
    number = office.item(WorkKind.KEPT_REVIEW).detail
    async with signed_in(office) as http:
        assert "Bewaren we dit nog?" in (await http.get(KEPT)).text
        look = f"{KEPT}/whatnext/{number}/bekeken"
        assert (await press(http, KEPT, look, until="", reason="")).status_code == 422
        assert (await press(http, KEPT, look, until="2026-12-31", reason="opgezegd")).status_code == 303
        page = await http.get(KEPT)
        assert "echt voorbij" in page.text and "opgezegd" in page.text
        await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen")
    async with signed_in(office, "bram") as http:
        stays = await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen")
        assert stays.status_code == 409 and "vink aan dat het voorbij is" in stays.text
        await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen", voorbij="ja")
    async with signed_in(office) as http:
        page = await http.get(KEPT)
        assert 'value="ja" checked' in page.text, "the second sees what the first ticked"
        assert (await press(http, KEPT, f"{KEPT}/whatnext/{number}/wissen", voorbij="ja")).status_code == 303
    assert office.rows(LedgerEntry, rows.c.fate == Fate.KEEP.value, rows.c.closed_at.is_(None)) == []


async def test_after_a_restore_a_person_finishes_it(office: Office) -> None:
    customers(office, "DELETE FROM klanten WHERE klantnr = ?", FORMER.customer_number)
    customers(
        office, "INSERT INTO klanten (klantnr, voornaam, achternaam, email) VALUES (?, 'Mo', 'Vreemd', 'mo@v.example')",
        FORMER.customer_number,
    )  # fmt: skip
    await replay.replay(office.desk, "whatnext")
    work_id = office.item(WorkKind.ERASE_AGAIN).id
    async with signed_in(office) as http:
        page = await http.get(KEPT)
        assert "lijkt nu van een ander" in page.text and FORMER.customer_number in page.text
        assert (await press(http, KEPT, f"{KEPT}/herstel/{work_id}")).status_code == 303
        assert (await press(http, KEPT, f"{KEPT}/herstel/{work_id}")).status_code == 422
        assert "lijkt nu van een ander" not in (await http.get(KEPT)).text
