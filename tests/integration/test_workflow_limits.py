"""Loop limits on the real desk: floods by From alone, floods in one batch, and the house's own hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cases.types import WorkKind
from tests.acceptance.words import ACCESS, CUSTOMER, STATUS
from tests.support.office import Office, Shared, open_office, shared
from tests.support.stores import Database
from workflow.desk import Limits

__all__ = ["shared"]  # a fixture


@pytest.fixture
async def office(tmp_path: Path, shared: Shared, database: Database) -> AsyncIterator[Office]:
    limits = Limits(mails_per_sender_day=3, mails_per_organisation_hour=5)
    async with open_office(tmp_path, shared, database=database, limits=limits) as opened:
        yield opened


@pytest.mark.parametrize("text", ["123456", "stuur mij een nieuwe code", STATUS, "mens"])
async def test_a_flood_in_her_name_is_no_flood_to_her(office: Office, text: str) -> None:
    """He knows only her address: whatever he makes the desk say to her, it is a handful a day."""
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    office.clock.advance(hours=25)  # the code is too late by now
    before = len(office.mails)
    for number in range(8):
        await office.mail(CUSTOMER.email, f"{number}", text)
    assert len(office.mails) - before <= 3
    assert office.state() == "identifying"


async def test_late_codes_in_the_thread_are_counted_as_well(office: Office) -> None:
    """A machine that keeps sending the same old code back under our own mail."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    office.clock.advance(hours=25)
    before = len(office.mails)
    for number in range(8):
        await office.reply(receipt, f"{receipt.code}\n{number}")
    assert len(office.mails) - before <= 4, "late, and then wrong three times"
    assert WorkKind.IDENTITY_STUCK in office.work_list()


async def test_a_flood_in_one_batch_is_counted_within_the_batch(office: Office) -> None:
    for number in range(6):
        await office.post(office.write(f"a{number}@post.example", "Inzage", f"{ACCESS} {number}"))
        await office.post(office.write("b@post.example", f"{number}", f"{ACCESS} nummer {number}"))
    mails = await office.work()
    assert len(mails) == 5, "the house sends five an hour"
    assert len([mail for mail in mails if mail.to == "b@post.example"]) <= 3
    assert len(office.requests()) >= 7, "held mail holds no request back"
    office.clock.advance(hours=1, minutes=1)
    assert len(await office.mail("c@post.example", "Inzage", ACCESS)) == 1
