"""Erased, and yet there again: added anew, restored from a backup, or kept for a contract that nobody looks at."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.demo.known import Role, known
from cases.audit import staff_actor
from cases.errors import InputError, Stale
from cases.types import Fate, WorkKind
from sources.registry import open_source
from sources.settings import load_sources
from storage.models import Audit, LedgerEntry, Staff, Suppression, WorkItem, table
from storage.queries.suppression import marks
from storage.unit import Unit
from tests.acceptance.words import ACCESS, ERASURE, STOP_U
from tests.support.office import Office, Shared, open_office
from tests.support.stores import Database
from workflow import kept, replay, returned, suppression
from workflow.ledger import Entry

CABINET = """
[[source]]
kind = "manual"
name = "whatnext"
label = "Kaartenbak"
keeper = "anja@whatnext.example"
steps = { erase = ["Haal de kaart door de versnipperaar."] }
[[source.table]]
name = "klanten"
label = "Kaarten"
fields = { naam = { label = "Naam", category = "contact" } }
"""
FORMER = known("whatnext", Role.FORMER)
CURRENT = known("whatnext", Role.CURRENT)


@pytest.fixture
async def on_both(tmp_path: Path, shared: Shared, database: Database) -> AsyncIterator[Office]:
    """On each of the desk's own databases; the shop stays what it is."""
    async with open_office(tmp_path, shared, database=database, own_customers=True) as opened:
        yield opened


def customers(office: Office, sql: str, *values: object, database: str = "whatnext") -> list[tuple[object, ...]]:
    path = office.folder / "customers" / f"{database}.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        return opened.execute(sql, values).fetchall()


async def erased(office: Office) -> None:
    """A former customer asks for erasure; two people approve, the wait passes, it is done."""
    (receipt,) = await office.mail(FORMER.email, "verwijderen", ERASURE + FORMER.name)
    await office.reply(receipt, receipt.code)
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    await office.advance(days=3)
    assert office.state() == "answered"


def add_again(office: Office) -> None:
    """Somebody imports an old list of customers."""
    customers(
        office, "INSERT INTO klanten (klantnr, voornaam, achternaam, email) VALUES (?, ?, ?, ?)",
        "99001", FORMER.first, FORMER.last, f" {FORMER.email.upper()} ",
    )  # fmt: skip


# --- added again ------------------------------------------------------------------------------------------------------


async def test_the_shop_adds_an_erased_person_again_and_the_desk_sees_it(on_both: Office) -> None:
    office = on_both
    await erased(office)
    assert await returned.sweep(office.desk) == 0
    assert WorkKind.RETURNED not in office.work_list(), "the invoices that the law keeps are no mistake"
    add_again(office)
    assert await returned.sweep(office.desk) == 0, "once a day"
    office.clock.advance(days=1)
    assert await returned.sweep(office.desk) == 1
    item = office.item(WorkKind.RETURNED)
    assert item.facts["source"] == "whatnext" and item.facts["tables"] == {"klanten": 1}
    assert office.request().case_id and office.store.read_here(lambda r: returned.lines(r, ["whatnext"]))[0].mark.erased
    office.clock.advance(days=1)
    await returned.sweep(office.desk)
    assert office.item(WorkKind.RETURNED).id == item.id, "one line per person and system"
    assert await returned.take_away(office.desk, office.staff[0], item.id) is None
    assert customers(office, "SELECT count(*) FROM klanten WHERE klantnr = '99001'") == [(1,)]
    with pytest.raises(InputError, match="second_person"):
        await returned.take_away(office.desk, office.staff[0], item.id, totp_fresh=True)
    assert await returned.take_away(office.desk, office.staff[1], item.id) == 1
    assert customers(office, "SELECT count(*) FROM klanten WHERE klantnr = '99001'") == [(0,)]
    assert WorkKind.RETURNED not in office.work_list()
    audit = table(Audit)
    assert office.rows(Audit, audit.c.tag == "returned.erased", audit.c.actor == staff_actor(office.staff[1]))
    looks = [row.actor for row in office.rows(Audit, audit.c.tag == "erasure.approved")]
    assert sorted(looks) == sorted(map(staff_actor, office.staff))
    assert office.audit().problems == ()


async def test_who_is_a_customer_again_is_not_erased_with_a_click(changing: Office) -> None:
    """A new invoice: not added by mistake, and the books must be kept (17(3)(b))."""
    office = changing
    await erased(office)
    add_again(office)
    customers(
        office, "INSERT INTO facturen (factuurnr, klantnr, datum, naam, totaal) VALUES (?, ?, ?, ?, ?)",
        "N-900", "99001", "2026-01-09", FORMER.last, 12,
    )  # fmt: skip
    await returned.sweep(office.desk)
    item = office.item(WorkKind.RETURNED)
    with pytest.raises(InputError, match="customer_again"):
        await returned.take_away(office.desk, office.staff[0], item.id)
    assert customers(office, "SELECT count(*) FROM klanten WHERE klantnr = '99001'") == [(1,)]
    assert WorkKind.RETURNED in office.work_list()


async def test_the_address_on_file_is_marked_beside_the_one_that_wrote(changing: Office) -> None:
    """Who asks from a new address is added again under the old one."""
    office = changing
    new = "nieuw@adres.example"
    asks = f"Ik wil dat jullie al mijn gegevens wissen. Mijn klantnummer is {FORMER.customer_number}.\n\n{FORMER.name}"
    mails = await office.mail(new, "verwijderen", asks, name=FORMER.name)
    own, on_file = (next(mail for mail in mails if mail.to == address) for address in (new, FORMER.email))
    await office.reply(own, on_file.code)
    await office.reply(own, own.code)
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    await office.advance(days=3)
    for address in (new, FORMER.email):
        mark = (await suppression.asked(office.desk, ["whatnext"], address))["whatnext"]
        assert mark.erased and len(mark.channels) == 5


async def test_who_comes_back_by_own_wish_is_let_in(changing: Office) -> None:
    office = changing
    await erased(office)
    add_again(office)
    assert await returned.sweep(office.desk) == 1
    await returned.came_back(office.desk, staff_actor(office.staff[0]), office.item(WorkKind.RETURNED).id)
    assert WorkKind.RETURNED not in office.work_list()
    assert all(row.withdrawn_at for row in office.rows(Suppression))
    office.clock.advance(days=1)
    assert await returned.sweep(office.desk) == 0
    assert await suppression.asked(office.desk, ["whatnext"], FORMER.email) == {}


async def test_a_line_goes_when_somebody_took_the_person_out(changing: Office) -> None:
    office = changing
    await erased(office)
    add_again(office)
    await returned.sweep(office.desk)
    customers(office, "DELETE FROM klanten WHERE klantnr = '99001'")
    office.clock.advance(days=1)
    await returned.sweep(office.desk)
    assert WorkKind.RETURNED not in office.work_list()


async def test_who_opted_out_is_seen_only_where_the_advertising_is_on_again(tmp_path: Path, shared: Shared) -> None:
    customer = known("weservit", Role.CURRENT)
    sql = "UPDATE reclame SET {} WHERE mailadres = ?"
    async with open_office(tmp_path, shared, organisations=("weservit",), own_customers=True) as office:
        await office.mail(customer.email, "post", "Ik wil geen reclame per post meer ontvangen.\n" + customer.name)
        (mark,) = office.store.read_here(lambda reads: marks(reads, "weservit")).by_digest.values()
        assert mark.channels == {"post"} and not mark.erased
        customers(office, sql.format("nieuwsbrief = 1"), customer.email, database="weservit")
        assert await returned.sweep(office.desk) == 0, "mail was not what this person stopped"
        customers(office, sql.format("post = 1"), customer.email, database="weservit")
        office.clock.advance(days=1)
        assert await returned.sweep(office.desk) == 1
        await returned.take_away(office.desk, office.staff[0], office.item(WorkKind.RETURNED).id)
        rows = customers(
            office, "SELECT nieuwsbrief, post FROM reclame WHERE mailadres = ?", customer.email, database="weservit"
        )
        assert rows == [(1, 0)]


# --- a restored backup ------------------------------------------------------------------------------------------------


async def test_a_number_that_is_somebody_elses_by_now_is_left_alone(changing: Office) -> None:
    office = changing
    await erased(office)
    customers(office, "DELETE FROM klanten WHERE klantnr = ?", FORMER.customer_number)
    customers(
        office,
        "INSERT INTO klanten (klantnr, voornaam, achternaam, straat, plaats, email) VALUES (?, ?, ?, ?, ?, ?)",
        FORMER.customer_number, "Mo", "Vreemdeling", "Andere straat", "Elders", "mo@vreemd.example",
    )  # fmt: skip
    done = await replay.replay(office.desk, "whatnext")
    assert (done.strangers, done.failed, done.gone_again) == (1, 0, 0)
    name = "SELECT achternaam FROM klanten WHERE klantnr = ?"
    assert customers(office, name, FORMER.customer_number) == [("Vreemdeling",)]
    (waits,) = office.store.read_here(lambda reads: replay.waiting(reads, "whatnext"))
    assert [(line.table, came) for line, came in waits.lines] == [("klanten", "stranger")]
    await replay.settled(office.desk, staff_actor(office.staff[0]), "whatnext", waits.work_id)
    assert WorkKind.ERASE_AGAIN not in office.work_list()


async def test_an_older_state_of_the_same_person_goes(changing: Office) -> None:
    """In the backup the street and the phone number were still the former ones."""
    office = changing
    path = office.folder / "customers" / "whatnext.db"
    backup = path.read_bytes()
    await erased(office)
    path.write_bytes(backup)
    change = "UPDATE klanten SET straat = 'Oudeweg', telefoon = '0100000000' WHERE klantnr = ?"
    customers(office, change, FORMER.customer_number)
    done = await replay.replay(office.desk, "whatnext")
    assert (done.strangers, done.failed) == (0, 0) and done.gone_again > 0
    assert customers(office, "SELECT count(*) FROM klanten WHERE email = ?", FORMER.email) == [(0,)]


async def test_only_what_was_erased_since_the_backup(on_both: Office) -> None:
    office = on_both
    path = office.folder / "customers" / "whatnext.db"
    backup = path.read_bytes()
    await erased(office)
    day = office.clock.now().date()
    path.write_bytes(backup)
    nothing = await replay.replay(office.desk, "whatnext", day + timedelta(days=1))
    assert (nothing.records, nothing.gone_again) == (0, 0)
    assert (await replay.replay(office.desk, "whatnext", day)).gone_again > 0


async def test_a_system_kept_by_hand_is_work_and_no_failure(changing: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = changing
    await erased(office)
    (cabinet,) = load_sources(CABINET, file="kast.toml")
    monkeypatch.setitem(cast(Any, office.desk.organisation("whatnext").sources), "whatnext", open_source(cabinet))
    done = await replay.replay(office.desk, "whatnext")
    assert done.failed == 0 and done.by_hand == done.records > 0
    assert (await replay.replay(office.desk, "whatnext")).by_hand == done.by_hand
    (waits,) = office.store.read_here(lambda reads: replay.waiting(reads, "whatnext"))
    assert len(waits.lines) == done.by_hand
    assert office.item(WorkKind.ERASE_AGAIN).detail == f"whatnext,{waits.case_number}"


# --- kept records -----------------------------------------------------------------------------------------------------


async def test_nothing_goes_while_the_person_asks_for_access(changing: Office) -> None:
    office = changing
    await erased(office)
    number = await term_ended(office)
    await office.mail(FORMER.email, "inzage", ACCESS + FORMER.name)
    actor = staff_actor(office.staff[0])
    done = await kept.erase_ended(office.desk, actor, "whatnext", [number])
    assert done.gone == 0 and {one.why for one in done.left} == {kept.Stays.OPEN_CASE}
    assert WorkKind.KEPT_ENDED in office.work_list()
    rows = table(LedgerEntry)
    assert len(office.rows(LedgerEntry, rows.c.closed_at.is_(None), rows.c.fate == Fate.KEEP.value)) == len(done.left)


async def test_the_end_of_a_term_takes_two_people_and_the_very_same_records(changing: Office) -> None:
    office = changing
    await erased(office)
    number = await term_ended(office)
    first, second = office.staff
    one, *rest = kept_lines(office, number)
    with pytest.raises(InputError, match="look_first"):
        await kept.erased_by_hand(office.desk, staff_actor(first), "whatnext", one.id)
    assert await kept.approve_ended(office.desk, first, "whatnext", number) is None
    with pytest.raises(InputError, match="second_person"):
        await kept.approve_ended(office.desk, first, "whatnext", number, totp_fresh=True)
    assert await kept.approve_ended(office.desk, second, "whatnext", number, over=True) is None, "something else"
    assert await kept.approve_ended(office.desk, first, "whatnext", number) is None
    await kept.keep_longer(office.desk, staff_actor(first), "whatnext", [one.id], date(2034, 6, 1), "geschil")
    assert await kept.approve_ended(office.desk, second, "whatnext", number) is None, "one fewer"
    assert len(kept_lines(office, number)) == len(rest)
    assert await kept.approve_ended(office.desk, first, "whatnext", number) == kept.Ended(len(rest))
    assert office.audit().problems == ()


async def test_who_decides_alone_looks_again_after_a_day_with_a_fresh_code(changing: Office) -> None:
    office, people = changing, table(Staff)
    await erased(office)
    first, second = office.staff
    off = people.update().where(people.c.id == second).values(active=False)
    office.store.write_here(lambda unit: unit.execute(off))
    number = await term_ended(office)
    assert await kept.approve_ended(office.desk, first, "whatnext", number) is None
    office.clock.advance(hours=23)
    with pytest.raises(InputError, match="second_person"):
        await kept.approve_ended(office.desk, first, "whatnext", number, totp_fresh=True)
    office.clock.advance(hours=2)
    with pytest.raises(InputError, match="second_person"):
        await kept.approve_ended(office.desk, first, "whatnext", number)
    done = await kept.approve_ended(office.desk, first, "whatnext", number, totp_fresh=True)
    assert done is not None and done.gone > 0 and done.left == ()


async def test_what_a_contract_keeps_is_looked_at_every_year(on_both: Office) -> None:
    office = on_both
    actor = staff_actor(office.staff[0])
    (receipt,) = await office.mail(CURRENT.email, "verwijderen", ERASURE + CURRENT.name)
    await office.reply(receipt, receipt.code)
    await office.advance(days=8)  # silence: only what is not needed
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    await office.advance(days=4)
    assert office.state() == "answered"
    office.store.write_here(
        lambda unit: unit.execute(
            table(LedgerEntry).update().where(table(LedgerEntry).c.fate == Fate.KEEP.value).values(ends_on=None)
        )
    )
    await kept.sweep(office.desk)
    assert WorkKind.KEPT_REVIEW not in office.work_list()
    office.clock.advance(days=366)
    await kept.sweep(office.desk)
    number = office.item(WorkKind.KEPT_REVIEW).detail
    lines = (await kept.to_review(office.desk, "whatnext"))[number]
    with pytest.raises(InputError, match="reason_missing"):
        await kept.review(office.desk, actor, "whatnext", number, None, " ")
    assert await kept.review(office.desk, actor, "whatnext", number, None, "abonnement loopt") == len(lines)
    assert WorkKind.KEPT_REVIEW not in office.work_list()
    office.clock.advance(days=300)
    await kept.sweep(office.desk)
    assert WorkKind.KEPT_REVIEW not in office.work_list()
    office.clock.advance(days=70)
    await kept.sweep(office.desk)
    ended = office.clock.now().date() - timedelta(days=1)
    await kept.review(office.desk, actor, "whatnext", number, ended, "")
    assert office.item(WorkKind.KEPT_ENDED).detail == number, "its day has passed: offered at once"
    left = await kept.erase_ended(office.desk, actor, "whatnext", [number])
    assert left.gone < len(lines) and {one.why for one in left.left} == {kept.Stays.MAY_RUN}
    notes = [note["reason"] for one in kept_lines(office, number) for note in one.notes]
    assert "abonnement loopt" in notes
    assert all("abonnement" not in row.law for row in office.rows(LedgerEntry))


async def test_cases_that_wait_for_their_look_do_not_hold_up_the_next(
    changing: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "BATCH", 2)
    office = changing

    def write(unit: Unit) -> None:
        for number in ("WN-1", "WN-2", "WN-3"):
            unit.add(
                LedgerEntry, id=unit.new_id(), organisation_id="whatnext", case_number=number, source="whatnext",
                table_name="klanten", fate=Fate.KEEP.value, reference_digest=number, recorded_at=unit.now,
            )  # fmt: skip

    office.store.write_here(write)
    office.clock.advance(days=366)
    assert await kept.sweep(office.desk) == 2
    assert await kept.sweep(office.desk) == 1
    work = table(WorkItem)
    listed = office.rows(WorkItem, work.c.kind == WorkKind.KEPT_REVIEW.value, work.c.closed_at.is_(None))
    assert sorted(row.detail for row in listed) == ["WN-1", "WN-2", "WN-3"]
    assert await kept.sweep(office.desk) == 0, "each once"


async def term_ended(office: Office) -> str:
    """Seven years on, what was kept stands on the list. The number it stands under."""
    office.clock.set(datetime(2034, 1, 2, 9, tzinfo=UTC))
    await kept.sweep(office.desk)
    return str(office.item(WorkKind.KEPT_ENDED).detail)


def kept_lines(office: Office, number: str) -> list[Entry]:
    return office.store.read_here(lambda reads: kept.offered(reads, "whatnext", [number]))


async def test_an_end_date_moves_with_a_reason(changing: Office) -> None:
    office = changing
    await erased(office)
    actor = staff_actor(office.staff[0])
    number = await term_ended(office)
    ids = [one.id for one in kept_lines(office, number)]
    with pytest.raises(InputError, match="not_later"):
        await kept.keep_longer(office.desk, actor, "whatnext", ids, date(2034, 1, 2), "geschil")
    with pytest.raises(Stale):
        await kept.keep_longer(office.desk, actor, "weservit", ids, date(2034, 6, 1), "van een ander")
    await kept.keep_longer(office.desk, actor, "whatnext", ids, date(2034, 6, 1), "geschil over een factuur")
    assert WorkKind.KEPT_ENDED not in office.work_list()
    office.clock.set(datetime(2034, 6, 2, 9, tzinfo=UTC))
    await kept.sweep(office.desk)
    notes = {note["reason"] for one in kept_lines(office, number) for note in one.notes}
    assert notes == {"geschil over een factuur"}


async def test_a_plain_opt_out_is_no_erasure(changing: Office) -> None:
    office = changing
    await office.mail(CURRENT.email, "reclame", STOP_U + CURRENT.name)
    mark = (await suppression.asked(office.desk, ["whatnext"], CURRENT.email.upper()))["whatnext"]
    assert not mark.erased and mark.case_number
    assert await returned.sweep(office.desk) == 0, "a customer may stand in the books"
