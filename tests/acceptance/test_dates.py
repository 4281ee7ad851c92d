"""Dates come by themselves: warnings to staff, one reminder to the requester, once each, also after downtime."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cases.types import WorkKind
from storage.models import Deadline, WorkItem, table
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.support.arrived import Mail
from tests.support.office import Office
from workflow import deadlines

WARNINGS = ["warn_day_14", "warn_day_21", "warn_5_days", "warn_2_days", "overdue"]


def fired(office: Office) -> list[str]:
    rows = table(Deadline)
    found = [row for row in office.rows(Deadline, rows.c.fired_at.is_not(None)) if row.kind in WARNINGS]
    return [row.kind for row in sorted(found, key=lambda row: (row.fired_at, row.due_at))]


def lines(office: Office) -> list[str]:
    rows = table(WorkItem)
    return [row.detail for row in office.rows(WorkItem, rows.c.kind == "deadline")]


def to_staff(mails: list[Mail]) -> list[Mail]:
    return [mail for mail in mails if mail.to.endswith("@kantoor.example")]


async def test_warnings_come_on_their_days_each_once(everywhere: Office) -> None:
    """Received Monday 5 January, told Thursday 5 February."""
    office = everywhere
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    assert office.request().told_on == date(2026, 2, 5)
    heard: dict[date, list[str]] = {}
    for _ in range(34):
        mails = to_staff(await office.advance(days=1))
        if mails:
            heard[office.clock.now().date()] = sorted(mail.to for mail in mails)
        await deadlines.sweep(office.desk)  # the tick comes more often than the dates do
        assert await office.work() == []
    both = ["bram@kantoor.example", "saskia@kantoor.example"]
    days = [date(2026, 1, 19), date(2026, 1, 26), date(2026, 1, 29), date(2026, 2, 3), date(2026, 2, 6)]
    assert heard == dict.fromkeys(days, both)
    assert fired(office) == WARNINGS
    assert lines(office) == WARNINGS
    assert office.audit().problems == ()


async def test_a_reminder_after_a_night_mail_counts_from_the_dutch_day(everywhere: Office) -> None:
    office = everywhere
    office.clock.set(datetime(2026, 1, 5, 23, 30, tzinfo=UTC))  # half past midnight on the sixth
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    (reminder,) = office.rows(Deadline, table(Deadline).c.kind == "identity_reminder")
    assert reminder.due_on == date(2026, 1, 20)


async def test_after_downtime_everything_has_fired_but_one_notice_is_sent(everywhere: Office) -> None:
    office = everywhere
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    notices = to_staff(await office.advance(days=40))
    assert sorted(fired(office)) == sorted(WARNINGS)
    assert len(notices) == 2 and len({mail.to for mail in notices}) == 2, "one to each colleague"
    assert lines(office) == ["overdue"]
    assert to_staff(await office.advance(days=1)) == []


async def test_a_notice_to_staff_holds_a_number_a_date_and_a_link(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS, name=CUSTOMER.name)
    await office.reply(receipt, receipt.code)
    notice = to_staff(await office.advance(days=14))[0]
    whole = notice.raw.decode()
    assert "WHA-" in whole and "/bureau/zaak/" in notice.text
    assert CUSTOMER.last not in whole and CUSTOMER.email not in whole


async def test_no_warning_for_what_is_answered(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    await office.approved()
    assert await office.advance(days=60) == []
    assert fired(office) == []


async def test_one_reminder_and_then_a_person(everywhere: Office) -> None:
    office = everywhere
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    hers: dict[date, int] = {}
    for _ in range(45):
        mails = [mail for mail in await office.advance(days=1) if mail.to == CUSTOMER.email]
        if mails:
            hers[office.clock.now().date()] = len(mails)
            assert receipt.code not in mails[0].flat and mails[0].message["Auto-Submitted"] is not None
    assert sum(hers.values()) == 1
    assert min(hers) >= date(2026, 1, 19)
    assert office.state() == "identifying", "silence closes nothing by itself"
    assert WorkKind.DEADLINE in office.work_list()


async def test_proven_in_time_gets_no_reminder(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    assert [mail for mail in await office.advance(days=20) if mail.to == CUSTOMER.email] == []


@pytest.mark.parametrize(
    ("received", "told"),
    [
        (datetime(2026, 1, 31, 8, 0, tzinfo=UTC), date(2026, 3, 2)),  # 28-02 is a Saturday
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), date(2026, 4, 30)),  # 23:59 in Amsterdam
        (datetime(2026, 3, 31, 22, 1, tzinfo=UTC), date(2026, 5, 1)),  # 00:01 the next day there
    ],
)
async def test_the_date_told_counts_in_amsterdam(office: Office, received: datetime, told: date) -> None:
    office.clock.set(received)
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    assert office.request().told_on == told
