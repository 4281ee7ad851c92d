"""Our own mail listener against a real SMTP client: "250" means stored, nothing else does."""

from __future__ import annotations

import asyncio
import logging
import smtplib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from cases.errors import Temporary
from cases.messages import RawInbound
from cases.types import Custody
from intake.email import smtpd
from intake.email.settings import SmtpDoorSettings
from intake.email.smtpd import Door, Recipients, open_door
from tests.support.mails import mail

NOW = datetime(2026, 11, 2, 13, 3, tzinfo=UTC)
ACCOUNTS = {"info@whatnext.example": "whatnext", "privacy@whatnext.example": "whatnext", "info@nexxt.example": "nexxt"}


@dataclass(frozen=True, slots=True)
class _Row:
    inbound_id: str = "1"
    duplicate: bool = False


@dataclass(slots=True)
class _Post:
    """Takes what the door hands over; can be told to fail, or to wait before it answers."""

    taken: list[RawInbound] = field(default_factory=list)
    fail: Exception | None = None
    hold: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, message: RawInbound) -> _Row:
        if self.fail is not None:
            raise self.fail
        self.taken.append(message)
        self.arrived.set()
        if self.hold is not None:
            await self.hold.wait()
        return _Row()


@pytest.fixture
def post() -> _Post:
    return _Post()


@pytest.fixture
async def door(post: _Post) -> AsyncIterator[Door]:
    opened = await open_door(
        SmtpDoorSettings(port=0, max_message_bytes=200_000, max_recipients=5), Recipients(ACCOUNTS), post, lambda: NOW
    )
    yield opened
    await opened.stop()


async def client(door: Door, work: Callable[[smtplib.SMTP], Any]) -> Any:
    """Runs a blocking SMTP client beside the loop."""

    def run() -> Any:
        with smtplib.SMTP(door.host, door.port, timeout=20) as line:
            return work(line)

    return await asyncio.to_thread(run)


def send(*to: str, data: bytes | None = None, sender: str = "sanne@voorbeeld.example") -> Callable[[smtplib.SMTP], Any]:
    return lambda line: line.sendmail(sender, list(to), data or mail())


async def test_mail_is_stored_before_250(door: Door, post: _Post) -> None:
    post.hold = asyncio.Event()
    sending = asyncio.create_task(client(door, send("Info+c123@WhatNext.example")))
    await post.arrived.wait()
    assert not sending.done()  # no answer while the store is at work
    post.hold.set()
    assert await sending == {}
    (message,) = post.taken
    assert (message.organisation, message.account, message.custody) == (
        "whatnext",
        "info@whatnext.example",
        Custody.HOST,
    )
    assert message.envelope_to == ("Info+c123@WhatNext.example",)
    assert message.envelope_from == "sanne@voorbeeld.example"
    assert message.message_id == "<een@voorbeeld.example>"
    assert message.received_at == NOW
    assert message.raw.replace(b"\r\n", b"\n").strip() == mail().strip()


async def test_null_sender_is_kept(door: Door, post: _Post) -> None:
    await client(door, send("info@whatnext.example", sender=""))
    assert post.taken[0].envelope_from == ""


async def test_strangers_are_refused_and_nothing_is_relayed(door: Door, post: _Post) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as error:
        await client(door, send("piet@elders.example", "verkoop@whatnext.example"))
    assert {code for code, _ in error.value.recipients.values()} == {550}
    refused = await client(door, send("info@whatnext.example", "piet@elders.example"))
    assert list(refused) == ["piet@elders.example"]
    assert [message.envelope_to for message in post.taken] == [("info@whatnext.example",)]


async def test_each_account_gets_its_own_copy_once(door: Door, post: _Post) -> None:
    await client(
        door, send("info@whatnext.example", "info+x@whatnext.example", "info@nexxt.example", "privacy@whatnext.example")
    )
    assert [(m.organisation, m.account, m.envelope_to) for m in post.taken] == [
        ("whatnext", "info@whatnext.example", ("info@whatnext.example", "info+x@whatnext.example")),
        ("nexxt", "info@nexxt.example", ("info@nexxt.example",)),
        ("whatnext", "privacy@whatnext.example", ("privacy@whatnext.example",)),
    ]


@pytest.mark.parametrize(
    ("address", "account"),
    [("postmaster@nexxt.example", "info@nexxt.example"), ("Postmaster", "info@whatnext.example")],
)
async def test_postmaster_is_read_by_somebody(door: Door, post: _Post, address: str, account: str) -> None:
    await client(door, send(address))
    assert post.taken[0].account == account


@pytest.mark.parametrize("failure", [Temporary("vol"), RuntimeError("kapot")])
async def test_what_is_not_stored_is_not_acknowledged(door: Door, post: _Post, failure: Exception) -> None:
    post.fail = failure
    with pytest.raises(smtplib.SMTPDataError) as error:
        await client(door, send("info@whatnext.example"))
    assert error.value.smtp_code == 451
    post.fail = None
    await client(door, send("info@whatnext.example"))
    assert len(post.taken) == 1


async def test_too_large_is_refused_with_and_without_announcement(door: Door, post: _Post) -> None:
    large = mail("x" * 70 + "\n") + b"y" * 70 * 4000
    with pytest.raises(smtplib.SMTPResponseException) as error:
        await client(door, send("info@whatnext.example", data=large))
    assert error.value.smtp_code == 552

    def silent(line: smtplib.SMTP) -> int:
        line.helo()  # no SIZE is announced by an old client
        line.mail("a@b.example")
        line.rcpt("info@whatnext.example")
        return int(line.data(large.replace(b"\n", b"\r\n") + b"\r\n" + (b"z" * 70 + b"\r\n") * 4000)[0])

    assert await client(door, silent) == 552
    assert post.taken == []


async def test_long_lines_of_html_mail_are_taken(door: Door, post: _Post) -> None:
    data = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>" + b"x" * 60_000 + b"</p>\r\n"
    await client(door, send("info@whatnext.example", data=data))
    assert b"x" * 60_000 in post.taken[0].raw


async def test_dots_and_bare_line_feeds_survive(door: Door, post: _Post) -> None:
    await client(door, send("info@whatnext.example", data=b"Subject: x\r\n\r\n.punt\r\n..\r\neinde\r\n"))
    assert post.taken[0].raw.endswith(b"\r\n.punt\r\n..\r\neinde\r\n")


async def test_a_dot_between_bare_line_feeds_does_not_smuggle(door: Door, post: _Post) -> None:
    def smuggle(line: smtplib.SMTP) -> tuple[int, bytes]:
        line.ehlo()
        line.mail("a@b.example")
        line.rcpt("info@whatnext.example")
        line.docmd("DATA")
        line.send(
            b"Subject: een\r\n\r\nx\n.\nMAIL FROM:<z@b.example>\nRCPT TO:<info@nexxt.example>\n"
            b"DATA\nSubject: twee\r\n.\r\n"
        )
        return line.getreply()

    assert (await client(door, smuggle))[0] == 250
    assert len(post.taken) == 1


async def test_vrfy_and_expn_tell_nothing(door: Door) -> None:
    def ask(line: smtplib.SMTP) -> list[tuple[int, bytes]]:
        return [line.verify("info@whatnext.example"), line.verify("nietbestaand@whatnext.example")]

    known, unknown = await client(door, ask)
    assert known == unknown
    features = await client(door, lambda line: (line.ehlo(), dict(line.esmtp_features))[1])
    assert features["size"] == "200000"
    assert "auth" not in features


async def test_too_many_recipients_and_connections(post: _Post) -> None:
    door = await open_door(
        SmtpDoorSettings(port=0, max_recipients=1, max_connections=1), Recipients(ACCOUNTS), post, lambda: NOW
    )
    refused = await client(door, send("info@whatnext.example", "info@nexxt.example"))
    assert refused["info@nexxt.example"][0] == 452

    def two(line: smtplib.SMTP) -> int:
        line.noop()
        with pytest.raises(smtplib.SMTPConnectError) as error:
            smtplib.SMTP(door.host, door.port, timeout=20)
        return int(error.value.smtp_code)

    assert await client(door, two) == 421
    assert await client(door, send("info@whatnext.example")) == {}
    await door.stop()


async def test_stop_lets_the_last_mail_in(post: _Post) -> None:
    door = await open_door(SmtpDoorSettings(port=0), Recipients(ACCOUNTS), post, lambda: NOW)
    post.hold = asyncio.Event()
    sending = asyncio.create_task(client(door, send("info@whatnext.example")))
    await post.arrived.wait()
    stopping = asyncio.create_task(door.stop())
    await asyncio.sleep(0)
    post.hold.set()
    await stopping
    with suppress(smtplib.SMTPServerDisconnected):  # the answer may be lost with the line; the mail is not
        await sending
    assert len(post.taken) == 1
    with pytest.raises(OSError):
        await client(door, send("info@whatnext.example"))


async def test_no_address_reaches_the_log(door: Door, post: _Post, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post.fail = Temporary("vol")
        with pytest.raises(smtplib.SMTPDataError):
            await client(door, send("info@whatnext.example", sender="gemerkt@voorbeeld.example"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await client(door, send("gemerkt@elders.example"))
        post.fail = RuntimeError("kon gemerkt@voorbeeld.example niet opslaan")  # not one of ours: a traceback has it
        with pytest.raises(smtplib.SMTPDataError):
            await client(door, send("info@whatnext.example", sender="gemerkt@voorbeeld.example"))
    assert "gemerkt" not in caplog.text
    assert "not stored: RuntimeError in " in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b".",
        b"..\r\n...\r\n.x\r\n",
        b"Een zin.\r\nNog een zin.\r\n" * 2000,
        b"QUJD" * 1_000_000,  # one line, longer than the reader holds, without any dot
        (b"A" * 76 + b"\r\n") * 30_000,
        b"x" * 999_997 + b"\r\n" + b".\r\n" * 3,  # dots where the reader's block ends
    ],
    ids=["empty", "dot", "dots", "prose", "one line", "attachment", "edge"],
)
async def test_what_was_sent_is_what_is_stored(post: _Post, body: bytes) -> None:
    door = await open_door(SmtpDoorSettings(port=0), Recipients(ACCOUNTS), post, lambda: NOW)
    data = b"Subject: x\r\n\r\n" + body
    await client(door, send("info@whatnext.example", data=data))
    assert post.taken[0].raw.removesuffix(b"\r\n") == data.removesuffix(b"\r\n")
    await door.stop()


async def test_a_mail_without_a_single_line(door: Door, post: _Post) -> None:
    def empty(line: smtplib.SMTP) -> int:
        line.ehlo()
        line.mail("a@b.example")
        line.rcpt("info@whatnext.example")
        line.docmd("DATA")
        line.send(b".\r\n")
        return int(line.getreply()[0])

    assert await client(door, empty) == 250
    assert post.taken[0].raw == b""


async def test_hanging_up_in_the_middle_stores_nothing(door: Door, post: _Post) -> None:
    def broken(line: smtplib.SMTP) -> None:
        line.ehlo()
        line.mail("a@b.example")
        line.rcpt("info@whatnext.example")
        line.docmd("DATA")
        line.send(b"Subject: half\r\n\r\nhalf een ber")
        line.close()

    await client(door, broken)
    assert await client(door, send("info@whatnext.example")) == {}
    assert [b"half een" in message.raw for message in post.taken] == [False]


def drip(line: smtplib.SMTP, *, most: int) -> tuple[int, bytes]:
    """Sends a message without a line end, a piece every tenth of a second, until the other side has had enough."""
    line.ehlo()
    line.mail("a@b.example")
    line.rcpt("info@whatnext.example")
    line.docmd("DATA")
    assert line.sock is not None
    line.sock.settimeout(0.1)
    for _ in range(most):
        line.send(b"drup")
        with suppress(TimeoutError):
            line.sock.recv(1, socket.MSG_PEEK)
            line.sock.settimeout(20)
            return line.getreply()  # who was hung up on has nothing more to send
    line.sock.settimeout(20)
    line.send(b"\r\n.\r\n")
    return line.getreply()


async def test_a_slow_sender_that_goes_on_is_heard_out(post: _Post) -> None:
    door = await open_door(SmtpDoorSettings(port=0, timeout_seconds=0.4), Recipients(ACCOUNTS), post, lambda: NOW)
    assert (await client(door, partial(drip, most=10)))[0] == 250
    assert post.taken[0].raw == b"drup" * 10 + b"\r\n"
    await door.stop()


async def test_a_silent_sender_is_cut_off(post: _Post) -> None:
    def silent(line: smtplib.SMTP) -> bytes:
        line.ehlo()
        line.mail("a@b.example")
        line.rcpt("info@whatnext.example")
        line.docmd("DATA")
        line.send(b"half een ber")
        assert line.sock is not None
        return line.sock.recv(100)

    door = await open_door(SmtpDoorSettings(port=0, timeout_seconds=0.4), Recipients(ACCOUNTS), post, lambda: NOW)
    assert await client(door, silent) == b""
    assert post.taken == []
    await door.stop()


async def test_nobody_drips_for_ever(post: _Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtpd, "_DATA_SECONDS", 0.5)
    door = await open_door(SmtpDoorSettings(port=0, timeout_seconds=0.4), Recipients(ACCOUNTS), post, lambda: NOW)
    assert (await client(door, partial(drip, most=20)))[0] == 421
    assert post.taken == []
    monkeypatch.undo()
    assert await client(door, send("info@whatnext.example")) == {}
    await door.stop()


async def test_commands_out_of_order(door: Door, post: _Post) -> None:
    def early(line: smtplib.SMTP) -> list[int]:
        return [
            line.docmd("DATA")[0],
            line.ehlo()[0],
            line.docmd("DATA")[0],
            line.mail("a@b.example")[0],
            line.docmd("DATA")[0],
        ]

    assert await client(door, early) == [503, 250, 503, 250, 503]
    assert post.taken == []
