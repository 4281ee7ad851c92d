"""Claim, work, settle: a step that dies or is overtaken in between leaves nothing half done and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import event

from cases.messages import ParsedMessage, RawInbound
from cases.protocols import Found, Identifier
from cases.types import InboundStatus, WorkKind
from storage.models import Case, Draft, Inbound
from tests.acceptance.words import ACCESS, CUSTOMER, DROP
from tests.support.office import Office, Shared, open_office, shared
from tests.support.stores import Database
from workflow import execute, prepare, process

__all__ = ["shared"]  # a fixture


@pytest.fixture
async def office(tmp_path: Path, shared: Shared, database: Database) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared, database=database) as opened:
        yield opened


async def test_a_worker_that_dies_with_a_message_in_hand(office: Office) -> None:
    await office.post(office.write(CUSTOMER.email, "Inzage", ACCESS))
    await office.store.write(lambda unit: process._claim(unit, office.desk))  # and here it dies
    assert await office.work() == [], "the claim still holds"
    office.clock.advance(minutes=6)
    assert len(await office.work()) == 1
    assert len(office.rows(Case)) == 1


async def test_a_slow_worker_that_lost_its_claim_settles_nothing(office: Office) -> None:
    """It comes back after another has done the work: its result is thrown away."""
    await office.post(office.write(CUSTOMER.email, "Inzage", ACCESS))
    normalise, overtaken = office.desk.normalise, asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(message: RawInbound) -> ParsedMessage:
        object.__setattr__(office.desk, "normalise", normalise)
        office.clock.advance(minutes=6)
        asyncio.run_coroutine_threadsafe(_other(), loop).result(30)
        return normalise(message)

    async def _other() -> None:
        await process.run_once(office.desk)
        overtaken.set()

    object.__setattr__(office.desk, "normalise", slow)
    await process.run_once(office.desk)
    assert overtaken.is_set()
    assert len(await office.work()) == 1, "one mail"
    assert len(office.rows(Case)) == 1
    (row,) = office.rows(Inbound)
    assert row.status == InboundStatus.DONE


async def test_a_request_that_is_dropped_while_its_sources_are_asked(office: Office) -> None:
    """The requester withdraws in the middle: no draft appears behind the closed door."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.post(office.write(CUSTOMER.email, "Re", receipt.code, under=receipt))
    await process.run_once(office.desk)
    await office.post(office.write(CUSTOMER.email, "Re", DROP, under=receipt))
    ((name, source),) = office.desk.organisation("whatnext").sources.items()

    class Slow:
        """The real system, during whose answer a mail comes in."""

        def __getattr__(self, attribute: str) -> object:
            return getattr(source, attribute)

        async def find(self, identifiers: Sequence[Identifier]) -> Found:
            await process.run_once(office.desk)
            return await source.find(identifiers)

    sources = office.desk.organisation("whatnext").sources
    assert isinstance(sources, dict)
    sources[name] = Slow()
    try:
        await prepare.run_once(office.desk)
    finally:
        sources[name] = source
    await office.work()
    assert office.state() == "withdrawn"
    assert office.rows(Draft) == []
    assert WorkKind.APPROVE not in office.work_list()
    assert office.audit().problems == ()


async def test_one_bad_message_in_a_batch_takes_nobody_with_it(office: Office) -> None:
    """Two answers to one mail (the second is overtaken by the first), a broken one, and a stranger's: one batch."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    normalise = office.desk.normalise

    def breaks(message: RawInbound) -> ParsedMessage:
        if b"kapot" in message.raw:
            raise ValueError("broken")
        return normalise(message)

    object.__setattr__(office.desk, "normalise", breaks)
    await office.post(office.write("x@post.example", "kapot", ACCESS))
    await office.post(office.write(CUSTOMER.email, "Re", receipt.code, under=receipt))
    await office.post(office.write(CUSTOMER.email, "Re", "Mijn klantnummer is WN10001", under=receipt))
    await office.post(office.write("y@post.example", "Inzage", ACCESS))
    mails = await office.work()
    assert "y@post.example" in {mail.to for mail in mails}
    statuses = [row.status for row in office.rows(Inbound)]
    assert statuses.count(InboundStatus.DONE) == 4, "all but the broken one, at once"
    for _ in range(3):
        await office.advance(minutes=1)
    assert sorted({row.status for row in office.rows(Inbound)}) == ["done", "quarantined"]
    assert office.work_list().count(WorkKind.QUARANTINE) == 1
    assert office.audit().problems == ()


async def test_two_desks_share_the_work(office: Office) -> None:
    for number in range(12):
        await office.post(office.write(f"iemand{number}@post.example", "Inzage", f"{ACCESS} {number}"))
    while sum(await asyncio.gather(*(process.run_once(office.desk) for _ in range(3)))):
        pass
    mails = await office.work()
    assert sorted(mail.to for mail in mails) == sorted(f"iemand{number}@post.example" for number in range(12))
    assert len(office.rows(Case)) == 12
    assert len({row.number for row in office.rows(Case)}) == 12
    assert office.audit().problems == ()


async def test_nothing_to_carry_out_locks_nothing(office: Office) -> None:
    """The look of every second, while letters that change no system are under way as well."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    await office.approve()
    begun: list[object] = []

    def note(connection: object) -> None:
        begun.append(connection)

    event.listen(office.store.write_engine, "begin", note)
    assert await execute.run_once(office.desk) == 0
    assert begun == []
