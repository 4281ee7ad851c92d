"""Erasure from the mail to the last invoice: dry run, two people, a wait, what is kept, and its end years later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError, Stale
from cases.protocols import Change, Changed
from cases.types import ActionStatus, Fate, WorkKind
from storage.models import Audit, LedgerEntry, Request, SourceAction, Suppression, table
from tests.acceptance.words import BOTH, ERASURE
from tests.support.arrived import Mail
from tests.support.office import Office
from workflow import kept, replay, undo

FORMER = known("whatnext", Role.FORMER)
CURRENT = known("whatnext", Role.CURRENT)


def customers(office: Office, sql: str, *values: str) -> list[tuple[object, ...]]:
    """What really stands in the organisation's own database."""
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database:
        return database.execute(sql, values).fetchall()


async def asked(office: Office) -> None:
    (receipt,) = await office.mail(FORMER.email, "verwijderen", ERASURE + FORMER.name)
    await office.reply(receipt, receipt.code)
    assert office.state() == "awaiting_approval"


async def approved(office: Office) -> str:
    """Two people approve; gives the secret of the link in the mail that says when."""
    await asked(office)
    await office.approve(0)
    assert office.work_list() == [WorkKind.SECOND_APPROVAL]
    await office.approve(1)
    (planned,) = await office.advance(minutes=1)
    assert planned.to == FORMER.email
    return str(planned.token("ongedaan"))


async def test_nothing_goes_before_the_wait_is_over_and_everything_after_it(changing: Office) -> None:
    office = changing
    await approved(office)
    assert {row.status for row in office.rows(SourceAction)} == {ActionStatus.WAITING}
    assert customers(office, "SELECT email FROM klanten WHERE klantnr = ?", FORMER.customer_number) == [(FORMER.email,)]
    (letter,) = await office.advance(days=3)
    assert office.state() == "answered"
    assert {row.status for row in office.rows(SourceAction)} == {ActionStatus.DONE}
    assert "8 januari 2026: gewist:" in letter.text
    assert "artikel 52 lid 4 AWR" in letter.text
    assert "alles 7 jaar" not in letter.text.lower()
    assert customers(office, "SELECT count(*) FROM klanten WHERE email = ?", FORMER.email) == [(0,)]
    assert customers(office, "SELECT count(*) FROM inlog WHERE klantnr = ?", FORMER.customer_number) == [(0,)]
    assert len(office.rows(Suppression)) >= 4
    assert WorkKind.RECIPIENT in office.work_list()  # the registrar and the bank have no address: a person tells them
    assert office.audit().problems == ()


async def test_a_kept_invoice_ends_when_its_law_ends(changing: Office) -> None:
    office = changing
    await approved(office)
    await office.advance(days=3)
    rows = table(LedgerEntry)
    open_lines = office.rows(LedgerEntry, rows.c.fate == Fate.KEEP.value)
    assert open_lines
    last = max(row.ends_on for row in open_lines)
    assert last == date(2030, 12, 31)
    kept_before = customers(office, "SELECT count(*) FROM facturen WHERE klantnr = ?", FORMER.customer_number)
    office.clock.set(datetime(2034, 1, 2, 9, tzinfo=UTC))
    await kept.sweep(office.desk)
    item = office.item(WorkKind.KEPT_ENDED)
    dry_run = office.store.read_here(lambda reads: kept.offered(reads, "whatnext", [item.detail]))
    assert {one.id for one in dry_run} == {row.id for row in open_lines}
    ended = await kept.erase_ended(office.desk, f"staff:{office.staff[0]}", "whatnext", [item.detail])
    assert ended == kept.Ended(len(open_lines))
    assert customers(office, "SELECT count(*) FROM facturen WHERE klantnr = ?", FORMER.customer_number) != kept_before
    assert office.rows(LedgerEntry, rows.c.closed_at.is_(None), rows.c.fate == Fate.KEEP.value) == []
    assert WorkKind.KEPT_ENDED not in office.work_list()
    with pytest.raises(InputError, match="nothing_ended"):
        await kept.erase_ended(office.desk, "staff:x", "whatnext", [item.detail])


async def test_the_week_of_a_question_is_counted_in_dutch_days(changing: Office) -> None:
    """Asked half past midnight in Amsterdam, when it was still the day before in UTC."""
    office = changing
    office.clock.set(datetime(2026, 1, 6, 23, 30, tzinfo=UTC))
    (receipt,) = await office.mail(CURRENT.email, "verwijderen", ERASURE + CURRENT.name)
    await office.reply(receipt, receipt.code)

    async def looked_at_on(day: int, hour: int) -> str:
        """What somebody wrote or chose meanwhile wakes the request before its week is over."""
        office.clock.set(datetime(2026, 1, day, hour, tzinfo=UTC))
        request_id, now = office.request().id, office.clock.now()
        await office.store.write(lambda unit: unit.change(Request, request_id, wake_at=now))
        await office.work()
        return str(office.request().awaiting)

    assert office.request().awaiting == "requester"
    assert await looked_at_on(13, 1) == "requester", "six days: the fourteenth is a week after the seventh"
    assert await looked_at_on(14, 9) == "staff"


async def test_a_restored_backup_is_erased_again(changing: Office) -> None:
    office = changing
    path = office.folder / "customers" / "whatnext.db"
    backup = path.read_bytes()
    await approved(office)
    await office.advance(days=3)
    path.write_bytes(backup)
    assert customers(office, "SELECT count(*) FROM klanten WHERE email = ?", FORMER.email) == [(1,)]
    done = await replay.replay(office.desk, "whatnext")
    assert done.failed == 0
    assert done.gone_again > 0
    assert customers(office, "SELECT count(*) FROM klanten WHERE email = ?", FORMER.email) == [(0,)]
    again = await replay.replay(office.desk, "whatnext")
    assert (again.gone_again, again.failed) == (0, 0)  # a second time changes nothing


async def test_the_requester_calls_it_off_in_time(changing: Office) -> None:
    office = changing
    link = await approved(office)
    token = link
    page = office.store.read_here(lambda reads: undo.page(reads, token))
    assert page is not None and not page.over
    await undo.use(office.desk, token)
    assert office.state() == "withdrawn"
    rows = table(Audit)
    moved = [row for row in office.rows(Audit, rows.c.tag == "request.moved") if row.facts["after"] == "withdrawn"]
    assert moved[0].actor.startswith("requester:")
    await office.advance(days=4)
    assert customers(office, "SELECT email FROM klanten WHERE klantnr = ?", FORMER.customer_number) == [(FORMER.email,)]
    with pytest.raises(Stale):
        await undo.use(office.desk, token)


async def test_too_late_to_call_it_off(changing: Office) -> None:
    office = changing
    link = await approved(office)
    await office.advance(days=3)
    with pytest.raises(Stale):
        await undo.use(office.desk, link)
    assert office.state() == "answered"


async def test_staff_take_the_approval_back_while_it_waits(changing: Office) -> None:
    office = changing
    await approved(office)
    request = office.request()
    await office.store.write(lambda unit: undo.called_off_by_staff(unit, request.id, office.staff[0]))
    assert office.state() == "awaiting_approval"
    await office.advance(days=4)
    assert {row.status for row in office.rows(SourceAction)} == {ActionStatus.CANCELLED}
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    await office.advance(days=3)
    assert office.state() == "answered"


async def test_access_is_answered_before_anything_goes(changing: Office) -> None:
    office = changing
    (receipt,) = await office.mail(FORMER.email, "kopie en verwijdering", BOTH + FORMER.name)
    await office.reply(receipt, receipt.code)
    assert office.states() == {"inzage": "awaiting_approval", "verwijdering": "awaiting_approval"}
    erasure = next(row for row in office.requests() if row.label == "verwijdering")
    await office.approve(0, office.draft(erasure.id))
    await office.approve(1, office.draft(erasure.id))
    await office.advance(days=5)
    assert {row.status for row in office.rows(SourceAction)} == {ActionStatus.WAITING}
    access = next(row for row in office.requests() if row.label == "inzage")
    await office.approved(office.draft(access.id))
    await office.advance(minutes=1)
    assert office.states() == {"inzage": "answered", "verwijdering": "answered"}


async def test_a_system_that_is_down_is_tried_again_and_nothing_is_called_done(
    changing: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = changing
    await approved(office)
    source = office.desk.organisation("whatnext").sources["whatnext"]
    real, calls = source.change, 0

    async def breaks_once(change: Change) -> Changed:
        nonlocal calls
        calls += 1
        if calls == 3:
            return Changed(change.id, ActionStatus.UNKNOWN, error="de verbinding viel weg")
        return await real(change)

    monkeypatch.setattr(type(source), "change", lambda self, change: breaks_once(change))
    assert await office.advance(days=3) == []
    statuses = [row.status for row in sorted(office.rows(SourceAction), key=lambda row: row.position)]
    assert statuses[:2] == ["done", "done"] and set(statuses[2:]) == {"waiting"}
    assert office.state() == "executing"
    (letter,) = await office.advance(minutes=2)
    assert "gewist" in letter.text
    assert office.state() == "answered"


async def running(office: Office) -> Mail:
    """A running customer asks for erasure and proves the mailbox; gives the question what is meant."""
    (receipt,) = await office.mail(CURRENT.email, "verwijderen", ERASURE + CURRENT.name)
    (*_, question) = await office.reply(receipt, receipt.code)
    assert office.state() == "preparing"
    return question


async def test_a_running_customer_is_asked_first_and_silence_means_the_least(changing: Office) -> None:
    office = changing
    question = await running(office)
    assert "2." in question.text
    await office.advance(days=8)
    assert office.state() == "awaiting_approval"
    assert {row.label for row in office.requests()} == {"verwijdering"}


async def test_only_the_advertising_is_meant(changing: Office) -> None:
    office = changing
    question = await running(office)
    await office.reply(question, "3")
    assert office.state() == "awaiting_approval"
    verbs = {part["verb"] for part in office.draft().plan}
    assert verbs <= {"opt_out"}


async def test_dropped_by_mail_while_it_waits(changing: Office) -> None:
    office = changing
    await approved(office)
    planned = next(mail for mail in office.mails if "/ongedaan/" in mail.text)
    await office.reply(planned, "Laat maar, ik trek mijn verzoek in.")
    assert office.state() == "withdrawn"
    await office.advance(days=4)
    assert {row.status for row in office.rows(SourceAction)} == {ActionStatus.CANCELLED}
