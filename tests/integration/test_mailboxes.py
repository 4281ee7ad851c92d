"""When staff hear of a mailbox: at once of what does not pass by itself, else after a quarter of an hour; by mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Row

from bot.demo.program import demo_organisation
from bot.mailboxes import SILENT, Mailboxes
from bot.tokens import SealedTokens
from cases.types import WorkKind
from intake.email.faults import Fault, needs_a_person
from intake.email.settings import ImapSettings, OauthSettings
from storage.models import ChannelHealth
from tests.support.bad_imap import PASSWORD, USER, BadImap, bad_imap
from tests.support.bad_imap_store import Do
from tests.support.imap_post import settings
from tests.support.office import Office, Shared, open_office, shared
from workflow import alarms

__all__ = ["shared"]  # a fixture


@pytest.fixture
async def office(tmp_path: Path, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr("intake.email.imap._BACKOFF", (0.01, 0.05))
    monkeypatch.setattr("intake.email.imap._SLICE_SECONDS", 0.2)
    async with open_office(tmp_path, shared) as opened:
        yield opened


@asynccontextmanager
async def watched(office: Office, imap: ImapSettings, oauth: OauthSettings | None = None) -> AsyncIterator[Mailboxes]:
    known = demo_organisation("whatnext", office.folder)
    mailboxes = Mailboxes([replace(known, imap=imap, oauth=oauth)], office.desk, office.accept)
    await mailboxes.start()
    try:
        yield mailboxes
    finally:
        await mailboxes.stop()


def to(server: BadImap, **changed: object) -> ImapSettings:
    return settings(server.host, server.port, USER, str(changed.pop("password", PASSWORD)), poll_seconds=0.2, **changed)


def health(office: Office) -> dict[str, Row[object]]:
    return {row.name: row for row in office.rows(ChannelHealth)}


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


MAILBOX = "imap:info@whatnext.example"


async def test_a_line_that_breaks_is_no_news(office: Office) -> None:
    with bad_imap() as server:
        server.fault("EXAMINE", Do.DROP, 3)
        server.fault("LOGIN", Do.NO, 2)  # "[UNAVAILABLE]"
        async with watched(office, to(server)):
            await until(lambda: MAILBOX in health(office))
    assert server.count("LOGIN") >= 4
    assert health(office)[MAILBOX].ok
    assert office.work_list() == []


async def test_a_quarter_of_an_hour_of_silence_is(office: Office) -> None:
    with bad_imap() as server:
        async with watched(office, to(server, timeout_seconds=0.5)) as mailboxes:
            await until(lambda: MAILBOX in health(office))
            with server.lock:
                server.fault("EXAMINE", Do.DROP, 10_000)
            broken = server.count("LOGIN") + 3
            await until(lambda: server.count("LOGIN") > broken)
            office.clock.advance(SILENT - timedelta(minutes=1))
            await mailboxes.silent()
            assert office.work_list() == []
            office.clock.advance(minutes=2)
            await mailboxes.silent()
            assert office.work_list() == [WorkKind.CHANNEL_DOWN]
            assert str(Fault.BROKEN_OFF) in str(health(office)[MAILBOX].reason)
            await alarms.sweep(office.desk)
            assert {mail.to for mail in await office.work()} == {"saskia@kantoor.example", "bram@kantoor.example"}
            with server.lock:
                server.faults.clear()
            await until(lambda: bool(health(office)[MAILBOX].ok))
    assert office.work_list() == [], "it mended itself"


async def test_what_asks_for_a_person_is_told_at_once(office: Office) -> None:
    with bad_imap() as server:
        async with watched(office, to(server, password="fout")):
            await until(lambda: MAILBOX in health(office))
    row = health(office)[MAILBOX]
    assert (row.ok, row.reason) == (False, Fault.LOGIN)
    assert office.work_list() == [WorkKind.CHANNEL_DOWN]


def test_what_passes_by_itself() -> None:
    passing = (
        Fault.NOT_NOW,
        Fault.NO_ANSWER,
        Fault.UNREADABLE,
        Fault.BROKEN_OFF,
        Fault.REFUSED,
        Fault.NO_LINE,
        Fault.PROVIDER_AWAY,
    )
    lasting = (Fault.LOGIN, Fault.CERTIFICATE_DATE, Fault.NOT_PROTECTED, Fault.SIGN_IN_AGAIN, Fault.CLIENT_REFUSED)
    assert not any(map(needs_a_person, (*passing, f"bericht 5: {Fault.REFUSED}", "TimeoutError")))
    assert all(map(needs_a_person, (*lasting, f"{Fault.LOGIN}: 535 5.7.8")))


@pytest.mark.parametrize(("days", "told"), [(20, False), (10, True)])
async def test_a_sign_in_that_ends_is_told_two_weeks_before(office: Office, days: int, told: bool) -> None:
    ends = office.clock.now() + timedelta(days=days)
    await asyncio.to_thread(SealedTokens(office.store, "whatnext", office.mailbox).save, "refresh-1", ends)
    with bad_imap() as server:
        async with watched(office, to(server), OauthSettings("google", "client-1")) as mailboxes:
            await mailboxes.sign_ins()
            assert office.work_list() == [WorkKind.CHANNEL_DOWN] * told
            await asyncio.to_thread(SealedTokens(office.store, "whatnext", office.mailbox).save, "refresh-2", None)
            await mailboxes.sign_ins()
    assert office.work_list() == []
