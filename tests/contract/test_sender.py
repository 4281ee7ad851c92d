"""The promise of every `Sender`: one suite, run on the SMTP sender and on the tray."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.errors import Permanent
from cases.protocols import Outgoing, Sender, SentProof
from intake.email.sender import SmtpSender, TraySender
from intake.email.settings import SmtpSettings, Tls
from tests.support.smtp_sink import smtp_sink

MAIL = Outgoing(
    outbox_id="brief-1",
    organisation="whatnext",
    account="info@whatnext.example",
    recipient="sanne@voorbeeld.example",
    subject="Uw verzoek",
    text="Beste Sanne,\n",
    html="<p>Beste Sanne,</p>",
    message_id="<brief-1.abc@whatnext.example>",
    in_reply_to="",
    references=(),
    automatic=True,
    created_at=datetime(2026, 11, 2, 13, 3, tzinfo=UTC),
)


@pytest.fixture(params=["smtp", "tray"])
async def sender_and_box(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Sender, Callable[[], list[bytes]]]]:
    """A sender, and what came out at the other end."""
    if request.param == "tray":
        tray = TraySender(
            tmp_path / "uit", from_name="WhatNext", from_address="info@whatnext.example", instance="loket"
        )
        yield tray, lambda: [path.read_bytes() for path in sorted((tmp_path / "uit").iterdir())]
        return
    async with smtp_sink() as sink:
        settings = SmtpSettings(host=sink.host, port=sink.port, from_address="info@whatnext.example", tls=Tls.NONE)
        smtp = SmtpSender(settings, instance="loket")
        yield smtp, lambda: [taken.content for taken in sink.taken]
        await smtp.close()


async def test_a_message_arrives_with_its_id(sender_and_box: tuple[Sender, Callable[[], list[bytes]]]) -> None:
    sender, box = sender_and_box
    proof = await sender.send(MAIL)
    assert isinstance(proof, SentProof)
    assert proof.reply.startswith("250")
    assert MAIL.recipient not in proof.reply
    (data,) = box()
    message = email.message_from_bytes(data)
    assert message["Message-ID"] == MAIL.message_id
    assert message["To"] == MAIL.recipient
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Privacyloket-Loop"] == "loket"


async def test_several_messages_arrive_apart(sender_and_box: tuple[Sender, Callable[[], list[bytes]]]) -> None:
    sender, box = sender_and_box
    for number in range(3):
        await sender.send(replace(MAIL, outbox_id=f"brief-{number}", message_id=f"<{number}.abc@whatnext.example>"))
    ids = [email.message_from_bytes(data)["Message-ID"] for data in box()]
    assert ids == [f"<{number}.abc@whatnext.example>" for number in range(3)]


async def test_an_impossible_address_is_permanent(sender_and_box: tuple[Sender, Callable[[], list[bytes]]]) -> None:
    sender, box = sender_and_box
    with pytest.raises(Permanent) as error:
        await sender.send(replace(MAIL, recipient="geen adres\r\nBcc: x@y.example"))
    assert "y.example" not in str(error.value)
    await sender.send(MAIL)  # it still works
    assert len(box()) == 1


async def test_forwarded_mail_is_unchanged(sender_and_box: tuple[Sender, Callable[[], list[bytes]]]) -> None:
    sender, box = sender_and_box
    raw = b"From: sanne@voorbeeld.example\r\nSubject: x\r\n\r\n.punt vooraan\r\n"
    await sender.send(replace(MAIL, raw=raw))
    assert box() == [raw]


async def test_closing_twice_is_fine(sender_and_box: tuple[Sender, Callable[[], list[bytes]]]) -> None:
    sender, _ = sender_and_box
    await sender.close()
    await sender.close()
    await sender.send(MAIL)
