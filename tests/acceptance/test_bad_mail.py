"""What should not come in and does: copies, broken mail, a locked database. Never lost, never a crash, never twice."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
import pytest
from sqlalchemy import select

from cases.types import InboundOutcome, InboundStatus, Label, WorkKind
from storage.models import Case, Inbound, table
from storage.queries.inbound import reopen_raw
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.support.mails import odd_mails
from tests.support.office import Office, Shared, open_office
from workflow import process, triage

# --- copies -----------------------------------------------------------------------------------------------------------


async def test_the_same_mail_twice_is_one_case(everywhere: Office) -> None:
    office = everywhere
    message = office.write(CUSTOMER.email, "Inzage", ACCESS)
    await office.post(message)
    assert len(await office.work()) == 1
    await office.post(message)
    assert await office.work() == []
    assert len(office.rows(Case)) == 1 and len(office.rows(Inbound)) == 1


async def test_the_same_mail_eight_times_at_once_is_one_case(everywhere: Office) -> None:
    office = everywhere
    message = office.write(CUSTOMER.email, "Inzage", ACCESS)
    answers = await asyncio.gather(*(office.post(message) for _ in range(8)))
    assert all(answer.startswith("250") for answer in answers)
    assert len(await office.work()) == 1
    assert len(office.rows(Case)) == 1 and len(office.rows(Inbound)) == 1


@pytest.mark.parametrize("together", [True, False])
async def test_a_copy_by_another_path_is_one_case(everywhere: Office, together: bool) -> None:
    """The same letter with other Received lines: by an alias and by the mailbox itself."""
    office = everywhere
    message = office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes()
    copy = b"Received: from mx.elders.example by mx.whatnext.example; Mon, 05 Jan 2026 10:00:00 +0100\n" + message
    await office.post(message, sender=CUSTOMER.email)
    mails = [] if together else await office.work()
    await office.post(copy, sender=CUSTOMER.email)
    mails += await office.work()
    assert len(mails) == 1
    assert len(office.rows(Case)) == 1
    outcomes = sorted(str(row.outcome) for row in office.rows(Inbound))
    assert outcomes == [InboundOutcome.CASE, InboundOutcome.DUPLICATE]
    linked = next(row for row in office.rows(Inbound) if row.outcome == InboundOutcome.DUPLICATE)
    assert linked.linked_to is not None


async def test_two_workers_on_two_copies_open_one_case(everywhere: Office) -> None:
    """Each worker takes one copy at the same moment; the second one to settle finds the first."""
    office = everywhere
    message = office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes()
    await office.post(message, sender=CUSTOMER.email)
    copy = b"Received: by elders.example; Mon, 05 Jan 2026 10:00:00 +0100\n" + message
    await office.post(copy, sender=CUSTOMER.email)
    one = _with_batch(office, 1)
    await asyncio.gather(process.run_once(one.desk), process.run_once(one.desk))
    await office.work()
    assert len(office.rows(Case)) == 1


def _with_batch(office: Office, batch: int) -> Office:
    limits = replace(office.desk.limits, batch=batch)
    return replace(office, desk=replace(office.desk, limits=limits))


async def test_the_same_message_id_with_other_words_is_another_message(office: Office) -> None:
    first = office.write(CUSTOMER.email, "Inzage", ACCESS)
    second = office.write("ander@post.example", "Inzage", f"{ACCESS} Nog iets.")
    second.replace_header("Message-ID", str(first["Message-ID"]))
    await office.post(first)
    await office.post(second)
    assert {mail.to for mail in await office.work()} == {CUSTOMER.email, "ander@post.example"}
    assert len(office.rows(Case)) == 2


# --- broken -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("empty", b""),
        ("blank", b"\r\n\r\n"),
        ("binary", bytes(range(256)) * 40),
        ("no From", b"Subject: Inzage\r\n\r\n" + ACCESS.encode()),
        ("NUL", b"From: a@post.example\r\nSubject: x\x00y\r\n\r\nHal\x00lo, inzage graag\r\n"),
        ("no Date, no Message-ID", f"From: a@post.example\r\nSubject: Inzage\r\n\r\n{ACCESS}".encode()),
    ],
)
async def test_broken_mail_is_kept_and_does_no_harm(office: Office, name: str, raw: bytes) -> None:
    office.clock.set(datetime(2026, 1, 6, 8, 0, tzinfo=UTC))
    await office.post(raw, sender="a@post.example")
    office.clock.advance(hours=2)
    for _ in range(4):
        await office.work()
        office.clock.advance(minutes=1)
    (row,) = office.rows(Inbound)
    assert row.status in (InboundStatus.DONE, InboundStatus.QUARANTINED)
    assert row.received_at == datetime(2026, 1, 6, 8, 0, tzinfo=UTC), "the clock runs from receipt"
    kept = office.store.read_here(lambda reads: reopen_raw(reads, row.id))
    assert kept is not None and b"".join(raw.split()) in b"".join(kept.raw.split())
    assert office.work_list() or office.requests(), f"{name}: somebody has to see it"
    assert office.audit().problems == ()


_LETTER = b"Content-Type: application/pdf; name=brief.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n"
UNSEEN = {
    "a letter as a file": _LETTER,
    "sealed by S/MIME": b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n",
    "sealed by PGP": b"Content-Type: text/plain\r\n\r\n"
    b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n",
}


@pytest.mark.parametrize("name", list(UNSEEN))
@pytest.mark.parametrize("at_our_door", [True, False])
async def test_what_can_not_be_read_here_is_opened_by_a_person(office: Office, name: str, at_our_door: bool) -> None:
    """It may well be a request: the copy stays, and the line has the date that holds if it is one."""
    raw = b"From: a@post.example\r\nTo: info@whatnext.example\r\nSubject: Bericht\r\n" + UNSEEN[name]
    if at_our_door:
        await office.post(raw, sender="a@post.example", to=(office.mailbox,))
        assert await office.work() == []
    else:
        assert await office.guest(raw, uid=3) == []
    line = office.item(WorkKind.TRIAGE)
    assert line.due_on is not None
    (row,) = office.rows(Inbound)
    assert row.data_key_id is not None and row.raw is not None
    await triage.open_as(office.desk, office.staff[0], str(row.id), [Label.INZAGE])
    assert len(office.requests()) == 1


async def test_every_odd_mail_ends_somewhere(office: Office) -> None:
    """Forty hostile mails in one go, and a customer's between them: nobody is held up by them."""
    odd = [raw for raw in odd_mails().values() if len(raw) < 1_500_000]
    for raw in odd[: len(odd) // 2]:
        await office.post(raw, sender="a@b.example")
    await office.post(office.write(CUSTOMER.email, "Inzage", ACCESS))
    for raw in odd[len(odd) // 2 :]:
        await office.post(raw, sender="a@b.example")
    mails = await office.work()
    for _ in range(4):
        office.clock.advance(minutes=1)
        mails += await office.work()
    assert any(mail.to == CUSTOMER.email and mail.has_code for mail in mails)
    rows = office.rows(Inbound)
    assert {row.status for row in rows} <= {InboundStatus.DONE, InboundStatus.QUARANTINED}
    assert len(rows) == len({raw.rstrip() for raw in odd}) + 1
    assert office.audit().problems == ()


async def test_too_large_is_refused_at_the_door(office: Office) -> None:
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await office.post(b"Subject: x\r\n\r\n" + b"x" * 2_100_000, sender="a@post.example")
    assert refused.value.code == 552
    assert office.rows(Inbound) == []


async def test_one_that_breaks_the_desk_is_set_aside_and_the_others_go_on(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Something of ours breaks on one message: three tries, then a person, with the day on which it came."""
    normalise = office.desk.normalise

    def breaks(message: object) -> object:
        if b"kapot" in message.raw:  # type: ignore[attr-defined]
            raise ValueError(f"appelflap: {message.raw!r}")  # type: ignore[attr-defined]
        return normalise(message)  # type: ignore[arg-type]

    object.__setattr__(office.desk, "normalise", breaks)
    received = office.clock.now()
    await office.post(office.write("a@post.example", "kapot", ACCESS))
    await office.post(office.write(CUSTOMER.email, "Inzage", ACCESS))
    assert [mail.to for mail in await office.work()] == [CUSTOMER.email]
    for _ in range(3):
        office.clock.advance(minutes=2)
        await office.work()
    broken = next(row for row in office.rows(Inbound) if row.status == InboundStatus.QUARANTINED)
    assert broken.received_at == received and broken.attempts == 3
    assert WorkKind.QUARANTINE in office.work_list()
    item = office.item(WorkKind.QUARANTINE)
    assert item.due_on is not None, "the term of what it may be runs"
    assert "ValueError" in caplog.text and "appelflap" not in caplog.text, "an error may quote the mail: not in the log"


# --- the store --------------------------------------------------------------------------------------------------------


async def test_a_locked_database_acknowledges_nothing(tmp_path: Path, shared: Shared) -> None:
    async with open_office(tmp_path, shared, lock_wait=0.2) as office:
        message = office.write(CUSTOMER.email, "Inzage", ACCESS)
        with closing(sqlite3.connect(tmp_path / "loket.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await office.post(message)
            other.execute("ROLLBACK")
        assert refused.value.code == 451
        assert office.rows(Inbound) == [], "nothing is half stored"
        await office.post(message)
        assert len(await office.work()) == 1
        rows = table(Inbound)
        assert len(office.store.read_here(lambda reads: reads.rows(select(rows.c.id)))) == 1
        assert office.audit().problems == ()
