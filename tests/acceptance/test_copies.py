"""The same mail again: by two paths, twice, at once, by another process, after a database was put back. One case."""

from __future__ import annotations

import asyncio
import sqlite3

from cases.messages import RawInbound
from cases.types import ChannelKind, Custody, InboundOutcome
from storage.models import Case, Inbound
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.support.office import Office
from workflow import process


def copies(office: Office) -> list[RawInbound]:
    """One mail as our own door gets it, and as it lies in the mailbox: other servers, other header lines."""
    raw = office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes().replace(b"\n", b"\r\n")
    by_door = b"Received: from a.example by loket.example; Mon, 5 Jan 2026 10:00:00 +0100\r\n" + raw
    in_mailbox = (
        b"Return-Path: <x@a.example>\r\nReceived: from b.example by imap.example; Mon, 5 Jan 2026 10:00:02 +0100\r\n"
        + raw
    )
    shared = {"organisation": "whatnext", "channel": ChannelKind.EMAIL, "account": office.mailbox}
    at = office.clock.now()
    identifier = "<1@" + CUSTOMER.email.rpartition("@")[2] + ">"
    door = RawInbound(**shared, raw=by_door, received_at=at, custody=Custody.HOST, message_id=identifier)  # type: ignore[arg-type]
    guest = RawInbound(
        **shared, raw=in_mailbox, received_at=at, custody=Custody.GUEST, message_id=identifier, folder="INBOX",  # type: ignore[arg-type]
        uidvalidity=1, uid=8,
    )  # fmt: skip
    return [door, guest]


async def test_two_paths_each_twice_and_all_at_once(everywhere: Office) -> None:
    mails = copies(everywhere) * 2
    await asyncio.gather(*(everywhere.accept(mail) for mail in mails))
    await asyncio.gather(*(process.run_once(everywhere.desk) for _ in range(4)))
    assert len(await everywhere.work()) == 1
    assert len(everywhere.rows(Case)) == 1
    assert sorted(str(row.outcome) for row in everywhere.rows(Inbound)) == [
        InboundOutcome.CASE, InboundOutcome.DUPLICATE
    ]  # fmt: skip


async def test_read_again_under_new_numbers(office: Office) -> None:
    """UIDVALIDITY changed: everything comes again, nothing is opened again."""
    _, guest = copies(office)
    await office.guest(guest.raw, uid=8, message_id=guest.message_id or "")
    assert await office.guest(guest.raw, uid=3, message_id=guest.message_id or "") == []
    assert len(office.rows(Case)) == 1


async def test_after_a_database_was_put_back(office: Office) -> None:
    """The backup is from before the mail; the mailbox still has it, so it is read once more: one case, as before."""
    _, guest = copies(office)
    kept, live = sqlite3.connect(":memory:"), sqlite3.connect(str(office.store.url.database))
    live.backup(kept)
    await office.guest(guest.raw, uid=8, message_id=guest.message_id or "")
    assert len(office.rows(Case)) == 1
    kept.backup(live)
    live.close()
    assert office.rows(Case) == []
    for _ in range(2):
        await office.guest(guest.raw, uid=8, message_id=guest.message_id or "")
    assert len(office.rows(Case)) == 1
    assert office.audit().problems == ()
    kept.close()


async def test_two_mails_of_one_person_at_once_are_one_case(everywhere: Office) -> None:
    for text in (ACCESS, ACCESS.replace("Hallo", "Goedemorgen"), ACCESS.replace("overzicht", "lijst")):
        await everywhere.post(everywhere.write(CUSTOMER.email, "Inzage", text))
    await everywhere.work()
    assert len(everywhere.rows(Case)) == 1
    assert {row.status for row in everywhere.rows(Inbound)} == {"done"}


async def test_many_mails_in_one_conversation_come_in_together(office: Office) -> None:
    """More than would fit the tries, were each of them to overtake the others."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    for number in range(25):
        await office.post(office.write(CUSTOMER.email, "Re: Inzage", f"Nog iets, nummer {number}.", under=receipt))
    await office.work()
    assert {row.status for row in office.rows(Inbound)} == {"done"}
    assert len(office.rows(Case)) == 1
