"""Mail that no person wrote, mail that is no request, and offices that write to each other: no loop, nothing lost."""

from __future__ import annotations

import logging
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from cases.messages import ParsedMessage, RawInbound
from cases.types import ChannelKind, Custody, InboundOutcome, OutboxKind, WorkKind
from intake.email.sender import SmtpSender
from intake.email.settings import Envelope, SmtpSettings, Tls
from intake.email.verp import make_bounce_address
from storage.models import Inbound, Outbox, WorkItem, table
from tests.acceptance.words import ACCESS, CUSTOMER, DAILY, MOVED, STATUS, STOP
from tests.support.arrived import Mail
from tests.support.machine_mails import machine_mails
from tests.support.office import Office, Shared, open_office
from tests.support.smtp_sink import Behaviour
from workflow import alarms, retention
from workflow.desk import Limits


def outcome(office: Office) -> str:
    newest = max(office.rows(Inbound), key=lambda row: (row.created_at, row.id))
    assert newest.data_key_id is not None
    return str(newest.outcome)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Auto-Submitted": "auto-replied"}, "auto_reply"),
        ({"Precedence": "auto_reply"}, "auto_reply"),
        ({"List-Id": "<nieuws.voorbeeld.example>"}, "list"),
        ({"X-Privacyloket-Loop": "kantoor"}, "own"),
    ],
)
async def test_a_machine_is_never_answered_and_never_lost(office: Office, headers: dict[str, str], kind: str) -> None:
    message = office.write("robot@elders.example", "Bericht", "Ik ben er vandaag niet. Morgen weer wel.")
    for name, value in headers.items():
        message[name] = value
    await office.post(message)
    assert await office.work() == []
    assert outcome(office) == InboundOutcome.MACHINE
    assert office.work_list() == [WorkKind.OTHER_MAIL], "we hold the only copy: a person sees it"
    assert office.requests() == []


async def test_a_holiday_notice_on_our_receipt_ends_there(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    notice = office.write(CUSTOMER.email, "Automatisch antwoord: Inzage", "Ik ben met vakantie.", under=receipt)
    await office.post(notice, sender="")
    assert await office.work() == []
    assert office.state() == "identifying"


async def test_a_holiday_notice_touches_no_approval_and_no_clock(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    draft, told = office.draft(), office.request().told_on
    notice = office.write(CUSTOMER.email, "Afwezig: Re: Inzage", "Ik ben met vakantie tot 3 februari.", under=receipt)
    await office.post(notice, sender="")
    assert await office.work() == []
    assert (await office.approve(0, draft)).outbox_id is not None, "nothing changed since the page was shown"
    await office.post(office.write(CUSTOMER.email, "Afwezig: Re: Inzage", "Tot 3 februari.", under=receipt), sender="")
    (letter,) = await office.advance(minutes=1)
    assert letter.to == CUSTOMER.email
    assert (office.state(), office.request().told_on) == ("answered", told)


async def test_a_list_that_carries_a_request_is_looked_at(office: Office) -> None:
    """Privacy services send people's requests with bulk headers: never answered by itself, never missed."""
    message = office.write("verzoeken@dienst.example", "Inzageverzoek", ACCESS)
    message["Precedence"] = "bulk"
    await office.post(message)
    assert await office.work() == []
    assert office.work_list() == [WorkKind.TRIAGE]


async def test_a_bounced_answer_is_work_and_a_bounced_newsletter_is_not(everywhere: Office) -> None:
    office = everywhere
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    (letter,) = await office.approved()
    await office.post(bounce(letter.message_id, CUSTOMER.email), sender="", to=(office.mailbox,))
    assert await office.work() == []
    assert WorkKind.NOT_DELIVERED in office.work_list()
    (row,) = office.rows(Outbox, table(Outbox).c.message_id == letter.message_id)
    assert row.status == "sent"

    await office.post(bounce("<vreemd@elders.example>", "x@elders.example"), sender="", to=(office.mailbox,))
    await office.work()
    assert office.work_list().count(WorkKind.NOT_DELIVERED) == 1


QMAIL = """From: MAILER-DAEMON@post.example
To: {to}
Subject: failure notice
Date: Mon, 05 Jan 2026 10:00:00 +0100

Hi. This is the qmail-send program at post.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{address}>:
Sorry, no mailbox here by that name. (#5.1.1)
"""


@pytest.mark.parametrize("shared_mailbox", [False, True])
async def test_a_bounce_that_names_no_message_is_known_by_where_it_came_back(
    office: Office, shared_mailbox: bool
) -> None:
    """envelope = verp: the address of the return path is one of the message alone."""
    settings = SmtpSettings(
        host=office.sink.host, port=office.sink.port, tls=Tls.NONE, from_address=office.mailbox, timeout_seconds=10,
        envelope=Envelope.VERP,
    )  # fmt: skip
    keys = office.store.keyring.organisation(office.organisation).reply
    sender = SmtpSender(
        settings, instance="kantoor", bounce_address=lambda row: make_bounce_address(office.mailbox, row, keys[0])
    )
    office.desk = replace(office.desk, senders={office.mailbox: sender})
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    (letter,) = await office.approved()
    back = office.sink.taken[-1].sender
    assert back.startswith("info+b")
    notice = QMAIL.format(to=back, address=CUSTOMER.email).replace("\n", "\r\n").encode()
    if shared_mailbox:
        await office.guest(b"Return-Path: <>\r\n" + notice, uid=9)
    else:
        await office.post(notice, sender="", to=(back,))
        assert await office.work() == []
    (row,) = office.rows(Outbox, table(Outbox).c.message_id == letter.message_id)
    assert office.item(WorkKind.NOT_DELIVERED).outbox_id == row.id


async def test_whatever_comes_back_is_work_but_a_notice_to_staff(office: Office) -> None:
    """The confirmation of an opt-out is its answer. A notice about a notice would go on for ever."""
    (done,) = await office.mail(CUSTOMER.email, "Afmelden", STOP)
    await office.post(bounce(done.message_id, done.to), sender="", to=(office.mailbox,))
    await office.work()
    line = office.item(WorkKind.NOT_DELIVERED)
    (row,) = office.rows(Outbox, table(Outbox).c.id == line.outbox_id)
    assert (row.message_id, row.kind) == (done.message_id, OutboxKind.DONE)
    await alarms.sweep(office.desk)
    notices = await office.work()
    assert {notice.to for notice in notices} == {"saskia@kantoor.example", "bram@kantoor.example"}
    for notice in notices:
        await office.post(bounce(notice.message_id, notice.to), sender="", to=(office.mailbox,))
    assert await office.work() == []
    assert office.item(WorkKind.NOT_DELIVERED).id == line.id
    await alarms.sweep(office.desk)
    assert await office.work() == []


def bounce(message_id: str, address: str) -> bytes:
    """A delivery report (RFC 3464) about one of our mails: the mailbox does not exist."""
    return f"""From: MAILER-DAEMON@post.example
To: info@whatnext.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 05 Jan 2026 10:00:00 +0100
Message-ID: <rapport-{len(message_id)}-{len(address)}@post.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Uw bericht kon niet worden bezorgd.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; post.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
From: info@whatnext.example
To: {address}
--b--
""".replace("\n", "\r\n").encode()


async def test_a_thousand_machine_mails_are_not_answered_and_not_lost(tmp_path: Path, shared: Shared) -> None:
    async with open_office(tmp_path, shared, instance="hier") as office:
        mails = list(machine_mails())
        assert len(mails) == 1000
        for place, one in enumerate(mails):
            await office.accept(
                RawInbound(
                    organisation="whatnext", channel=ChannelKind.EMAIL, account=office.mailbox, raw=one.raw,
                    received_at=office.clock.now(), custody=Custody.HOST, envelope_from=one.envelope_from,
                    envelope_to=(office.mailbox,), message_id=f"<machine-{place}@voorbeeld.example>",
                )
            )  # fmt: skip
        assert [mail.to for mail in await office.work() if not mail.to.endswith("@kantoor.example")] == []
        rows = office.rows(Inbound)
        assert len(rows) == 1000 and {row.status for row in rows} == {"done"}
        assert not [row for row in rows if row.data_key_id is None], "we hold the only copy of each"
        assert {row.outcome for row in rows} <= {"machine", "triage", "duplicate"}
        listed = {row.inbound_id for row in office.rows(WorkItem)} | {row.id for row in rows if row.linked_to}
        assert listed >= {row.id for row in rows}, "each stands on a list of staff, or is a copy of one that does"


# --- loops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stripped", [False, True])
async def test_two_offices_joined_to_each_other_fall_silent(tmp_path: Path, shared: Shared, stripped: bool) -> None:
    """Everything that one sends comes in at the other; also when a system in between takes the marks away."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    tight = Limits()
    async with (
        open_office(tmp_path / "a", shared, instance="links", limits=tight) as left,
        open_office(tmp_path / "b", shared, organisations=("nexxt",), instance="rechts", limits=tight) as right,
    ):
        first = left.write(right.mailbox, "Inzage", ACCESS)
        await left.post(first)
        rounds = 0
        waiting = [(left, mail) for mail in await left.work()]
        while waiting:
            sender, mail = waiting.pop()
            receiver = right if sender is left else left
            await receiver.post(_relayed(mail, receiver, stripped=stripped), sender=sender.mailbox)
            waiting += [(receiver, answer) for answer in await receiver.work()]
            rounds += 1
            assert rounds < 12, "the loop does not end"
        assert rounds >= 1
        for office in (left, right):
            assert office.audit().problems == ()
            assert not [row for row in office.rows(Inbound) if row.status != "done"]
        if not stripped:
            assert rounds == 1, "marked mail is answered by nobody"


def _relayed(mail: Mail, receiver: Office, *, stripped: bool) -> EmailMessage:
    """The mail as it comes in at the other office, by way of a system that may drop what marks it as automatic."""
    message = EmailMessage()
    kept = ("From", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
    for name, value in mail.message.items():
        if name in kept or (not stripped and not name.lower().startswith(("content-", "mime-", "to", "reply-to"))):
            message[name] = str(value)
    message["To"] = receiver.mailbox
    message.set_content(mail.text)
    return message


async def test_a_writer_who_keeps_writing_is_not_answered_for_ever(tmp_path: Path, shared: Shared) -> None:
    async with open_office(tmp_path, shared, limits=Limits(mails_per_sender_day=3, mails_per_case_kind=9)) as office:
        answered = len(await office.mail(CUSTOMER.email, "Inzage", ACCESS))
        for number in range(5):
            office.clock.advance(minutes=1)
            answered += len(await office.mail(CUSTOMER.email, f"vraag {number}", STATUS))
        assert answered == 3
        assert WorkKind.MAIL_HELD in office.work_list()
        assert office.state() == "identifying", "the request goes on"
        assert len(await office.mail("ander@post.example", "Inzage", ACCESS)) == 1, "others are answered"
        office.clock.advance(days=1)
        assert len(await office.mail(CUSTOMER.email, "vraag", STATUS)) == 1


# --- no request -------------------------------------------------------------------------------------------------------


async def test_guest_certain_other_mail_leaves_no_copy(everywhere: Office) -> None:
    office = everywhere
    raw = office.write("sander@post.example", "Website doet het niet", DAILY).as_bytes()
    assert await office.guest(raw, uid=7) == []
    (row,) = office.rows(Inbound)
    assert row.outcome == InboundOutcome.NO_REQUEST
    assert row.raw is None and row.envelope is None and row.data_key_id is None
    assert row.raw_digest and row.content_digest and row.uid == 7, "digests stay, so that it is not taken twice"
    assert office.work_list() == []
    assert not _stored_anywhere(office, "foutmelding")


async def test_guest_a_request_is_kept(office: Office) -> None:
    raw = office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes()
    (receipt,) = await office.guest(raw, uid=8)
    assert receipt.has_code
    assert office.rows(Inbound)[0].data_key_id is not None


async def test_host_other_mail_stays_on_the_list_until_its_term(office: Office) -> None:
    await office.mail("sander@post.example", "Website doet het niet", DAILY)
    assert office.work_list() == [WorkKind.OTHER_MAIL]
    assert office.rows(Inbound)[0].data_key_id is not None
    office.clock.advance(days=31)
    assert await retention.purge(office.desk) >= 1
    assert office.work_list() == []
    assert office.rows(Inbound)[0].data_key_id is None
    assert office.audit().problems == ()


async def test_host_other_mail_is_forwarded_unchanged(tmp_path: Path, shared: Shared) -> None:
    async with open_office(tmp_path, shared, forward_to="collega@kantoor.example") as office:
        message = office.write("sander@post.example", "Website doet het niet", DAILY)
        await office.post(message)
        (forwarded,) = await office.work()
        assert forwarded.to == "collega@kantoor.example"
        body = message.as_bytes().partition(b"\n\n")[2].strip()
        assert body.replace(b"\n", b"\r\n") in forwarded.raw
        assert forwarded.message_id == message["Message-ID"]
        assert str(forwarded.message["From"]) == "sander@post.example"
        assert office.work_list() == []


async def test_host_forwarding_that_fails_is_not_lost(tmp_path: Path, shared: Shared) -> None:
    async with open_office(tmp_path, shared, forward_to="collega@kantoor.example") as office:
        office.sink.behave(Behaviour.REFUSE)
        await office.mail("sander@post.example", "Website doet het niet", DAILY)
        assert office.work_list() == [WorkKind.NOT_DELIVERED]
        assert office.rows(Inbound)[0].data_key_id is not None


def _stored_anywhere(office: Office, words: str) -> bool:
    """Whether the words stand readable in the files of the database."""
    return any(words.encode() in file.read_bytes() for file in office.folder.iterdir() if file.is_file())


# --- the log ----------------------------------------------------------------------------------------------------------


async def test_no_word_of_a_conversation_reaches_the_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """One whole conversation with trouble on the way, at the lowest level of everybody's logging."""
    marks = [CUSTOMER.email, CUSTOMER.first, CUSTOMER.last, CUSTOMER.street, "verzinsel", "appelflap", CUSTOMER.phone]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("asyncio").setLevel(logging.INFO)
        (receipt,) = await office.mail(
            CUSTOMER.email, "appelflap", f"{ACCESS}{CUSTOMER.name}\nwachtwoord appelflap", name=CUSTOMER.name
        )
        code, token = receipt.code, receipt.token("z")
        office.sink.behave(Behaviour.REFUSE_RECIPIENT)
        await office.reply(receipt, f"{code}\nappelflap {CUSTOMER.phone}")
        office.sink.behave(Behaviour.LATER, Behaviour.DROP_AFTER_DATA)
        assert await office.approved() == []
        (letter,) = await office.advance(minutes=2)
        await office.post(b"\x00\xff appelflap " + CUSTOMER.last.encode(), sender=CUSTOMER.email)
        _break(office)
        await office.post(office.write(CUSTOMER.email, "nog iets", "appelflap"))
        await office.mail(MOVED.writes_from, "inzage", f"{ACCESS} Mijn klantnummer is {MOVED.customer_number}.")
        async with office.browser() as browser:
            await browser.get(f"/z/{token}")
            await browser.get(f"/d/{letter.token('d')}")
    ours = [record for record in caplog.records if record.name not in ("httpx", "httpcore")]  # the test's own browser
    logged = "\n".join(_whole(record) for record in ours)
    assert len(ours) >= 2, "something was logged, or this test shows nothing"
    for mark in (*marks, code, token, letter.token("d")):
        assert mark.lower() not in logged.lower(), f"{mark[:2]}… stands in the log"


def _break(office: Office) -> None:
    """From here on a part of the desk breaks on every mail, with an error that quotes it."""

    def breaks(message: RawInbound) -> ParsedMessage:
        raise ValueError(f"can not read {message.raw!r}")

    object.__setattr__(office.desk, "normalise", breaks)


def _whole(record: logging.LogRecord) -> str:
    """The line with everything that may be shown of it, a traceback and its error included."""
    return logging.Formatter("%(name)s %(message)s").format(record) + repr(record.__dict__)
