"""Machines told from people, bounces read, loops stopped, threads matched: pure rules."""

from __future__ import annotations

import pytest

from cases.messages import ParsedMessage
from cases.types import MachineKind
from intake.email.imap import backoff_seconds
from intake.email.receipt import receipt_time
from intake.email.threading import (
    find_token,
    is_own_message_id,
    mailbox_of,
    make_message_id,
    make_reply_address,
    own_outbox_id,
)
from intake.normalise import normalise
from tests.support.mails import (
    DSN_DELAYED,
    DSN_DELIVERED,
    DSN_EXPIRED,
    DSN_FAILED,
    EXCHANGE_BOUNCE,
    MAILBOX,
    QMAIL_BOUNCE,
    RECEIVED_AT,
    inbound,
    raw,
)


def read(*lines: str, body: str = "Hallo", envelope_from: str | None = None, instance: str = "") -> ParsedMessage:
    names = {line.split(":")[0].lower() for line in lines}
    head = [*lines, *(["From: sanne@voorbeeld.example"] if "from" not in names else []), f"To: {MAILBOX}"]
    return normalise(inbound(raw("\n".join(head), body), envelope_from=envelope_from), instance=instance)


MACHINES = [
    ("Auto-Submitted: auto-replied", MachineKind.AUTO_REPLY),
    ('Auto-Submitted: auto-replied; owner-email="x@y.example"', MachineKind.AUTO_REPLY),
    ("Auto-Submitted: auto-replied (vacation)", MachineKind.AUTO_REPLY),
    ("Auto-Submitted: auto-generated", MachineKind.REPORT),
    ("Precedence: bulk", MachineKind.LIST),
    ("Precedence: Junk", MachineKind.LIST),
    ("X-Precedence: list", MachineKind.LIST),
    ("Precedence: auto_reply", MachineKind.AUTO_REPLY),
    ("List-Id: <nieuws.voorbeeld.example>", MachineKind.LIST),
    ("List-Unsubscribe: <https://voorbeeld.example/x>", MachineKind.LIST),
    ("X-Autoreply: yes", MachineKind.AUTO_REPLY),
    ("X-Autorespond: vakantie", MachineKind.AUTO_REPLY),
    ("X-FC-MachineGenerated: true", MachineKind.AUTO_REPLY),
    ("X-Loop: iemand", MachineKind.AUTO_REPLY),
    ("Delivered-To: autoresponder", MachineKind.AUTO_REPLY),
    ("X-MS-Exchange-Inbox-Rules-Loop: x@y.example", MachineKind.AUTO_REPLY),
    ("Subject: Automatisch antwoord: Uw verzoek", MachineKind.AUTO_REPLY),
    ("Subject: Automatische reactie", MachineKind.AUTO_REPLY),
    ("Subject: Afwezigheidsbericht", MachineKind.AUTO_REPLY),
    ("Subject: Afwezig tot 3 mei", MachineKind.AUTO_REPLY),
    ("Subject: Ik ben niet aanwezig", MachineKind.AUTO_REPLY),
    ("Subject: Ik ben momenteel afwezig", MachineKind.AUTO_REPLY),
    ("Subject: Out of Office: x", MachineKind.AUTO_REPLY),
    ("Subject: Auto: ik ben er niet", None),
    ("Subject: Automatic reply: x", MachineKind.AUTO_REPLY),
    ("Return-Path: <>", MachineKind.AUTO_REPLY),
    ("From: MAILER-DAEMON@voorbeeld.example", MachineKind.BOUNCE),
    ("X-Failed-Recipients: x@y.example", MachineKind.BOUNCE),
    ("X-Privacyloket-Loop: hier", MachineKind.OWN),
    ("Subject: Report Domain: voorbeeld.example Submitter: x", MachineKind.REPORT),
    # People.
    ("Auto-Submitted: no", None),
    ("Auto-Submitted: No (a person)", None),
    ("X-Autoreply: no", None),
    ("Precedence: first-class", None),
    ("X-Auto-Response-Suppress: All", None),
    ("Subject: Re: Automatisch antwoord: Uw verzoek", None),
    ("Subject: Bezwaar tegen automatische besluiten", None),
    ("Subject: Automatische incasso stoppen", None),
    ("Subject: Vakantiegegevens wissen", None),
    ("Subject: Klacht: mail niet bezorgd", None),
    ("From: postmaster@voorbeeld.example", None),
]


@pytest.mark.parametrize(("line", "kind"), MACHINES, ids=[line for line, _ in MACHINES])
def test_machine_or_person(line: str, kind: MachineKind | None) -> None:
    message = read(line)
    assert message.machine is kind
    if kind is not None:
        assert message.auto_suppressed


@pytest.mark.parametrize(
    ("line", "suppressed"),
    [
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply", True),
        ("X-Auto-Response-Suppress: all", True),
        ("X-Auto-Response-Suppress: DR, RN", False),
        ("X-Ack: no", True),
        ("From: no-reply@voorbeeld.example", True),
        ("From: klant.noreply@voorbeeld.example", True),
        ("From: donotreply+1@voorbeeld.example", True),
        ("From: geen-antwoord@voorbeeld.example", True),
        ("From: root@voorbeeld.example", True),
        ("From: noah.reply@voorbeeld.example", False),
        ("From: rootselaar@voorbeeld.example", False),
        ("From: casanoreplyer@voorbeeld.example", False),
        ("From: Niemand", True),
    ],
)
def test_who_asks_for_silence(line: str, suppressed: bool) -> None:
    message = read(line)
    assert message.machine is None
    assert message.auto_suppressed is suppressed


def test_null_sender_of_the_envelope() -> None:
    assert read("Subject: x", envelope_from="").machine is MachineKind.AUTO_REPLY
    assert read("Subject: Undeliverable: x", envelope_from="").machine is MachineKind.BOUNCE
    assert read("Subject: x", envelope_from="a@b.example").machine is None


def test_another_desk_is_not_ourselves() -> None:
    assert read("X-Privacyloket-Loop: hier", instance="hier").machine is MachineKind.OWN
    other = read("X-Privacyloket-Loop: daar", instance="hier")
    assert other.machine is None  # a letter that people approved there
    assert other.auto_suppressed
    automatic = read("X-Privacyloket-Loop: daar", "Auto-Submitted: auto-replied", instance="hier")
    assert automatic.machine is MachineKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("data", "kind", "permanent"),
    [
        (DSN_FAILED, MachineKind.BOUNCE, True),
        (DSN_EXPIRED, MachineKind.BOUNCE, True),
        (DSN_DELAYED, MachineKind.BOUNCE, False),
        (DSN_DELIVERED, MachineKind.RECEIPT, False),
        (QMAIL_BOUNCE, MachineKind.BOUNCE, True),
        (EXCHANGE_BOUNCE, MachineKind.BOUNCE, True),
    ],
)
def test_bounces_name_our_mail(data: bytes, kind: MachineKind, permanent: bool) -> None:
    message = normalise(inbound(data))
    assert message.machine is kind
    assert message.bounced_ids[0] == "<brief.abc@whatnext.example>"
    assert message.bounce_permanent is permanent


def test_receipts_and_complaints() -> None:
    for kind, machine in (("disposition-notification", MachineKind.RECEIPT), ("feedback-report", MachineKind.REPORT)):
        head = f"From: x@b.example\nContent-Type: multipart/report; report-type={kind}; boundary=q"
        assert normalise(inbound(raw(head, "--q\r\n\r\ngelezen\r\n--q--"))).machine is machine


KEY, OLD_KEY, FOREIGN = b"k" * 32, b"o" * 32, b"f" * 32


@pytest.mark.parametrize(
    "conversation", ["0190f3c2-7b6a-7c3e-9d51-0a1b2c3d4e5f", "0190f3c27b6a7c3e9d510a1b2c3d4e5f", "gesprek-7"]
)
def test_reply_address_leads_back(conversation: str) -> None:
    address = make_reply_address(MAILBOX, conversation, KEY)
    assert len(address.rpartition("@")[0]) <= 64
    assert find_token(["piet@b.example", address.upper()], [KEY]) == conversation
    assert find_token([address], [FOREIGN, KEY]) == conversation  # the former key of two
    assert find_token([address], [FOREIGN, OLD_KEY]) is None
    assert find_token([address.replace("whatnext", "nexxt")], [KEY]) is None  # bound to its mailbox
    assert find_token([address[:20] + ("a" if address[20] != "a" else "b") + address[21:]], [KEY]) is None
    assert mailbox_of(address) == MAILBOX


def test_no_room_for_a_code_means_the_mailbox_itself() -> None:
    mailbox = "klantenservice-en-administratie@whatnext.example"
    assert make_reply_address(mailbox, "0190f3c27b6a7c3e9d510a1b2c3d4e5f", KEY) == mailbox


@pytest.mark.parametrize(
    "address", [MAILBOX, "info+cabc@whatnext.example", "info+c" + "a" * 40 + "@whatnext.example", ""]
)
def test_other_addresses_name_no_conversation(address: str) -> None:
    assert find_token([address], [KEY, OLD_KEY]) is None


def test_message_ids_are_ours_or_not() -> None:
    identifier = make_message_id("brief-17", KEY, "whatnext.example")
    assert identifier == make_message_id("brief-17", KEY, "whatnext.example")
    assert own_outbox_id(identifier, [OLD_KEY, KEY]) == "brief-17"
    assert not is_own_message_id(identifier, [FOREIGN])
    assert not is_own_message_id(identifier.replace("17", "18"), [KEY])
    assert not is_own_message_id("<x@whatnext.example>", [KEY])


def test_receipt_time_is_told_by_our_own_servers() -> None:
    head = b"""Received: from mx.voorbeeld.example by mail.voorbeeld.example; Mon, 02 Nov 2026 09:00:00 +0100\r
Received: from x by mx.onze.example (Postfix) with ESMTP; Mon, 02 Nov 2026 13:00:00 +0100\r
Received: from y by mx.onze.example; Mon, 02 Nov 2026 01:00:00 +0100\r
Subject: x\r\n\r\n"""
    later = RECEIVED_AT.replace(hour=15)
    assert receipt_time(head, RECEIVED_AT, (), later) == RECEIVED_AT
    assert receipt_time(head, RECEIVED_AT, ("MX.onze.example",), later).hour == 12
    assert receipt_time(head, RECEIVED_AT.replace(hour=11), ("mx.onze.example",), later).hour == 11
    assert receipt_time(head, None, (), later) == later
    with pytest.raises(ValueError, match="naive"):
        receipt_time(head, RECEIVED_AT.replace(tzinfo=None), (), later)


def test_backoff_grows_to_its_end() -> None:
    assert [backoff_seconds(n, 0.0) for n in (1, 2, 3, 9, 40)] == [1.0, 2.0, 4.0, 256.0, 300.0]
    assert backoff_seconds(3, 1.0) == 2.0
