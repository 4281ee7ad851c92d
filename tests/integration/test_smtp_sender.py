"""The SMTP sender against a server that refuses, waits and hangs up: what the outbox is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from cases.errors import ConfigError, OutsideError, Permanent, Temporary, Throttled, Uncertain
from intake.email.sender import SmtpSender
from intake.email.settings import Envelope, SmtpSettings, Tls
from intake.email.verp import bounced_outbox_id, make_bounce_address
from tests.contract.test_sender import MAIL
from tests.support.ports import free_port
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


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("450 4.7.1 <sanne@voorbeeld.example>: greylisted, come back later", Temporary),
        ("451 4.3.0 not now", Temporary),
        ("550 5.4.5 Daily user sending limit exceeded", Throttled),
        ("550 5.1.1 <sanne@voorbeeld.example> unknown", Permanent),
        ("554 5.7.1 no", Permanent),
        ("530 5.7.57 client not authenticated", Temporary),
    ],
)
async def test_a_refusal_means_the_same_at_every_stage(
    sink: Sink, sender: SmtpSender, stage: str, reply: str, kind: type[OutsideError]
) -> None:
    sink.say(stage, reply)
    with pytest.raises(kind) as error:
        await sender.send(MAIL)
    assert type(error.value) is kind
    assert "voorbeeld.example" not in str(error.value)
    assert sink.taken == []
    await sender.send(MAIL)
    assert len(sink.taken) == 1


async def test_a_busy_server_says_421(sink: Sink, sender: SmtpSender) -> None:
    sink.say("MAIL", "421 4.3.2 going away")
    with pytest.raises(Temporary):
        await sender.send(MAIL)
    await sender.send(MAIL)
    sink.say("MAIL", "421 4.3.2 idle too long")  # on a line that was used before: a new one is opened
    await sender.send(MAIL)
    assert len(sink.taken) == 2


async def test_a_reply_that_never_comes_is_uncertain(sink: Sink) -> None:
    sender = SmtpSender(replace(_settings(sink.port), timeout_seconds=0.3), instance="loket")
    sink.behave(Behaviour.HANG_AFTER_DATA)
    with pytest.raises(Uncertain):
        await sender.send(MAIL)
    assert len(sink.seen) == 1
    await sender.send(MAIL)
    await sender.close()


async def test_a_cancelled_send_leaves_no_half_line(sink: Sink, sender: SmtpSender) -> None:
    sink.behave(Behaviour.HANG_AFTER_DATA)
    sending = asyncio.create_task(sender.send(MAIL), name="cancelled")
    await sink.hanging.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await sender.send(MAIL)
    assert sink.connections == 2


async def test_the_providers_limit_is_kept_before_anything_is_tried(sink: Sink) -> None:
    sender = SmtpSender(replace(_settings(sink.port), messages_per_hour=20), instance="loket")
    await sender.send(MAIL)
    await sender.send(MAIL)
    with pytest.raises(Throttled) as error:
        await sender.send(MAIL)
    await sender.close()
    assert len(sink.seen) == 2
    assert 100 < error.value.retry_after.total_seconds() <= 200
    assert isinstance(error.value, Temporary)


async def test_a_refused_message_costs_nothing_of_the_limit(sink: Sink) -> None:
    sender = SmtpSender(replace(_settings(sink.port), messages_per_hour=10), instance="loket")
    sink.say("RCPT", "550 5.1.1 unknown")
    with pytest.raises(Permanent):
        await sender.send(MAIL)
    await sender.send(MAIL)
    await sender.close()
    assert len(sink.taken) == 1


async def test_each_message_has_its_own_bounce_address(sink: Sink) -> None:
    settings = replace(_settings(sink.port), envelope=Envelope.VERP)
    with pytest.raises(ConfigError):
        SmtpSender(settings, instance="loket")
    key = b"k" * 32
    sender = SmtpSender(
        settings, instance="loket", bounce_address=lambda row: make_bounce_address("info@whatnext.example", row, key)
    )
    await sender.send(MAIL)
    await sender.close()
    assert bounced_outbox_id([sink.taken[0].sender], [key]) == MAIL.outbox_id
    assert b"info@whatnext.example" in sink.taken[0].content


async def test_a_message_longer_than_the_server_takes_is_not_tried() -> None:
    async with smtp_sink(data_size_limit=2000) as sink:
        sender = SmtpSender(_settings(sink.port), instance="loket")
        with pytest.raises(Permanent):
            await sender.send(replace(MAIL, text="lang " * 1000))
        await sender.send(MAIL)
        await sender.close()
    assert len(sink.seen) == 1
    assert sink.taken[0].options[0] == f"SIZE={len(sink.taken[0].content)}"


async def test_a_server_that_knows_no_letters_outside_ascii() -> None:
    async with smtp_sink(enable_SMTPUTF8=False) as sink:
        sender = SmtpSender(_settings(sink.port), instance="loket")
        with pytest.raises(Permanent):
            await sender.send(replace(MAIL, recipient="zoë@voorbeeld.example"))
        await sender.send(MAIL)
        await sender.close()
    assert len(sink.taken) == 1


async def test_what_staff_approved_is_not_called_automatic(sink: Sink, sender: SmtpSender) -> None:
    await sender.send(replace(MAIL, automatic=False))
    head = sink.taken[0].content.partition(b"\r\n\r\n")[0]
    for name in (b"Auto-Submitted", b"X-Auto-Response-Suppress", b"Precedence"):
        assert name not in head
