"""The whole desk on a real Dovecot where colleagues work as well: keyword, folder, drag, Sent, back to INBOX."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mailboxes import LedgerInStore
from cases.types import InboundOutcome, Label, WorkKind
from intake.email.imap import MailboxWatcher
from intake.email.imap_acts import ImapActs
from intake.email.settings import ImapSettings, Marking, Tls
from storage.models import Inbound
from tests.acceptance.words import ACCESS, CUSTOMER, DAILY, UNKNOWN
from tests.support import dovecot
from tests.support.clock import SetClock
from tests.support.dovecot import PASSWORD, USER, Dovecot, running_dovecot
from tests.support.office import Office, Shared, open_office
from workflow import mailbox, people, triage

pytestmark = pytest.mark.skipif(dovecot.MISSING, reason="needs Dovecot (apt-get install dovecot-imapd) and root")


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


@asynccontextmanager
async def desk_on(server: Dovecot, folder: Path, shared: Shared, marking: Marking) -> AsyncIterator[Office]:
    """An office whose mail comes from that mailbox, by the real watcher, and whose acts are done there."""
    settings = ImapSettings(
        organisation="whatnext", account="info@whatnext.example", host=server.host, port=server.port, username=USER,
        password=PASSWORD, tls=Tls.NONE, poll_seconds=0.5, idle=False, marking=marking,
    )  # fmt: skip
    async with open_office(folder, shared, clock=SetClock(datetime.now(UTC))) as office:
        office.desk = replace(office.desk, mailboxes={settings.account: ImapActs(settings)})
        connected = asyncio.Event()

        def on_health(_account: str, ok: bool, _reason: str) -> None:
            if ok:
                connected.set()

        watcher = MailboxWatcher(
            settings, office.accept, LedgerInStore(office.store), on_health=on_health, clock=office.clock.now,
            together=True,
        )  # fmt: skip
        await watcher.start()
        try:
            await asyncio.wait_for(connected.wait(), 20)
            yield office
        finally:
            await watcher.stop()


async def until(office: Office, true: Callable[[], bool]) -> None:
    """Until the mailbox was looked at and the desk has worked; bounded, and no figure is taken from it."""
    for _ in range(300):
        await office.work()
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


async def append(server: Dovecot, *messages: bytes, folder: str = "INBOX") -> None:
    await asyncio.to_thread(server.append, *messages, folder=folder)


def letters(office: Office, *texts: tuple[str, str, str]) -> list[bytes]:
    return [office.write(*text).as_bytes().replace(b"\n", b"\r\n") for text in texts]


async def settled(office: Office) -> None:
    """What waits a minute (the copy in Sent) is due."""
    office.clock.advance(minutes=2)
    await mailbox.run_once(office.desk)


async def test_keywords_for_requests_and_nothing_else_is_touched(
    server: Dovecot, tmp_path: Path, shared: Shared
) -> None:
    async with desk_on(server, tmp_path, shared, Marking.KEYWORD) as office:
        await append(
            server, *letters(office, (CUSTOMER.email, "Inzage", ACCESS), (UNKNOWN, "storing", DAILY)),
        )  # fmt: skip
        await until(office, lambda: len(office.mails) == 1 and len(office.rows(Inbound)) == 2)
        assert server.flags() == [{"Privacyloket"}, set()], "both still unread, in their place"
        await settled(office)
        (copy,) = sent(server)
        assert copy == office.mails[0].raw, "the copy in Sent is what was sent"


async def test_a_folder_for_requests_and_back_again(server: Dovecot, tmp_path: Path, shared: Shared) -> None:
    async with desk_on(server, tmp_path, shared, Marking.FOLDER) as office:
        await append(server, *letters(office, (CUSTOMER.email, "Inzage", ACCESS)))
        await until(office, lambda: server.flags() == [] and server.flags("Privacyloket") == [set()])
        await asyncio.sleep(1.2)  # the watcher looks into the folder meanwhile: what we put there is no drag
        await office.work()
        assert len(office.requests()) == 1 and len(office.rows(Inbound)) == 1
        await people.not_a_request(office.desk, office.staff[0], str(office.request().case_id))
        await until(office, lambda: server.flags("Privacyloket") == [])
        assert server.flags() == [set()], "back in INBOX, unread"
        await asyncio.sleep(1.2)
        await office.work()
        assert len(office.requests()) == 1, "and not read as new"


async def test_dragged_into_the_folder_and_answered_by_a_colleague(
    server: Dovecot, tmp_path: Path, shared: Shared
) -> None:
    async with desk_on(server, tmp_path, shared, Marking.FOLDER) as office:
        await append(server, *letters(office, (UNKNOWN, "vraagje", DAILY)))
        await until(office, lambda: [row.outcome for row in office.rows(Inbound)] == [InboundOutcome.NO_REQUEST])
        received = office.rows(Inbound)[0].received_at
        await asyncio.to_thread(server.drag, 1, "Privacyloket")
        await until(office, lambda: office.work_list() == [WorkKind.TRIAGE])
        line = office.item(WorkKind.TRIAGE)
        await triage.open_as(office.desk, office.staff[0], str(line.inbound_id), [Label.INZAGE])
        assert office.request().received_at == received, "the term runs from the first receipt"
        (question,) = await office.work()
        answer = office.write("info@whatnext.example", "Re: vraagje", "Dag, hier is alles.", to=UNKNOWN)
        answer["In-Reply-To"] = _first_id(server)
        await append(server, answer.as_bytes().replace(b"\n", b"\r\n"), folder="Verzonden items")
        await until(office, lambda: WorkKind.COLLEAGUE_ANSWER in office.work_list())
        assert question.to == UNKNOWN


def sent(server: Dovecot) -> list[bytes]:
    with server.client() as client:
        client.select('"Verzonden items"', readonly=True)
        _, numbers = client.search(None, "ALL")
        found = []
        for number in numbers[0].split():
            _, parts = client.fetch(number.decode(), "(BODY.PEEK[])")
            found += [part[1] for part in parts if isinstance(part, tuple)]
        return found


def _first_id(server: Dovecot) -> str:
    with server.client() as client:
        client.select("Privacyloket", readonly=True)
        _, parts = client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        found = re.search(rb"<[^>]+>", next(part[1] for part in parts if isinstance(part, tuple)))
        assert found is not None
        return found[0].decode()
