"""The SMTP sender against a server that refuses, waits and hangs up: what the outbox is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from cases.errors import OutsideError, Permanent, Temporary, Uncertain
from intake.email.sender import SmtpSender
from intake.email.settings import SmtpSettings, Tls
from tests.contract.test_sender import MAIL
from tests.support.mailbox import free_port
from tests.support.smtp_sink import Behaviour, Sink, smtp_sink


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with smtp_sink() as running:
        yield running


@pytest.fixture
async def sender(sink: Sink) -> AsyncIterator[SmtpSender]:
    made = SmtpSender(_settings(sink.port), instance="loket")
    yield made
    await made.close()


def _settings(port: int, *, max_messages: int = 100, null_sender: bool = False) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1", port=port, from_address="info@whatnext.example", tls=Tls.NONE, timeout_seconds=5,
        max_messages=max_messages, null_sender=null_sender,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("behaviour", "kind", "arrived"),
    [
        (Behaviour.LATER, Temporary, 0),
        (Behaviour.REFUSE, Permanent, 0),
        (Behaviour.REFUSE_RECIPIENT, Permanent, 0),
        (Behaviour.DROP_BEFORE_DATA, Temporary, 0),
        (Behaviour.DROP_AFTER_DATA, Uncertain, 1),
    ],
)
async def test_each_failure_has_its_kind(
    sink: Sink, sender: SmtpSender, behaviour: Behaviour, kind: type[OutsideError], arrived: int
) -> None:
    sink.behave(behaviour)
    with pytest.raises(kind) as error:
        await sender.send(MAIL)
    assert type(error.value) is kind
    assert "voorbeeld.example" not in str(error.value)  # servers quote addresses
    assert len(sink.taken) == arrived
    await sender.send(MAIL)  # the next one goes over a sound line
    assert len(sink.taken) == arrived + 1


async def test_one_connection_is_used_again_and_renewed(sink: Sink) -> None:
    sender = SmtpSender(_settings(sink.port, max_messages=3), instance="loket")
    for _ in range(7):
        await sender.send(MAIL)
    assert len(sink.taken) == 7
    assert sink.connections == 3
    await sender.close()


async def test_a_line_that_died_while_idle_is_replaced(sink: Sink, sender: SmtpSender) -> None:
    await sender.send(MAIL)
    sink.behave(Behaviour.DROP_BEFORE_DATA)  # as a server does that closes idle lines
    await sender.send(MAIL)
    assert len(sink.taken) == 2
    assert sink.connections == 2


async def test_many_at_once_do_not_mix(sink: Sink, sender: SmtpSender) -> None:
    await asyncio.gather(*(sender.send(replace(MAIL, recipient=f"p{n}@voorbeeld.example")) for n in range(20)))
    assert {taken.recipients for taken in sink.taken} == {(f"p{n}@voorbeeld.example",) for n in range(20)}
    assert all(f"To: {taken.recipients[0]}".encode() in taken.content for taken in sink.taken)
    assert sink.connections == 1


async def test_reverse_path_is_a_setting(sink: Sink) -> None:
    sender = SmtpSender(_settings(sink.port, null_sender=True), instance="loket")
    await sender.send(MAIL)
    await sender.send(replace(MAIL, automatic=False))
    assert [taken.sender for taken in sink.taken] == ["", "info@whatnext.example"]
    await sender.close()


async def test_no_server_is_temporary() -> None:
    with pytest.raises(Temporary):
        await SmtpSender(_settings(free_port()), instance="loket").send(MAIL)


async def test_a_server_without_starttls_gets_no_mail(sink: Sink) -> None:
    settings = SmtpSettings(host="127.0.0.1", port=sink.port, from_address="info@whatnext.example", tls=Tls.STARTTLS)
    with pytest.raises(Temporary):
        await SmtpSender(settings, instance="loket").send(MAIL)
    assert sink.seen == []
