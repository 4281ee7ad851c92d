"""Meekijken, onder toezicht, aan; the stop; spam; unreadable mail; alarms; the counters of automatic mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cases.errors import InputError, RuleError
from cases.types import ChannelKind, ChannelMode, InboundOutcome, InboundStatus, Label, OutboxStatus, WorkKind
from storage.models import Case, Inbound, Outbox, WorkItem, table
from storage.queries import console, standing
from tests.acceptance.words import ACCESS, CUSTOMER, DAILY, STATUS, UNKNOWN
from tests.support.office import Office, Shared, open_office
from workflow import alarms, golive, outbox, retention, senders, supervision, triage
from workflow.triage import Typed

ACTOR = "staff:karin"


async def set_mode(office: Office, mode: ChannelMode) -> None:
    await golive.set_mode(office.desk, ACTOR, "whatnext", mode, override="oefening")


# --- meekijken --------------------------------------------------------------------------------------------------------


async def test_looking_on_does_nothing_and_says_what_it_would_do(office: Office) -> None:
    await set_mode(office, ChannelMode.WATCH)
    assert await office.guest(office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes(), uid=1) == []
    assert await office.guest(office.write(UNKNOWN, "storing", DAILY).as_bytes(), uid=2) == []
    assert office.requests() == [] and office.work_list() == []
    assert office.shared_mailbox.done == [], "the mailbox is left as it was"
    assert {row.outcome for row in office.rows(Inbound)} == {InboundOutcome.WATCHED}
    assert {row.raw for row in office.rows(Inbound)} == {None}, "no copy of what was only looked at"
    (shown,) = office.store.read_here(lambda reads: console.watched(reads, ["whatnext"]))
    assert (shown.outcome, shown.labels, shown.mail) == ("case", ("inzage",), "acknowledgement_with_code")


async def test_looking_on_at_our_own_door_keeps_every_message(office: Office) -> None:
    await set_mode(office, ChannelMode.WATCH)
    assert await office.mail(CUSTOMER.email, "Inzage", ACCESS) == []
    assert office.work_list() == [WorkKind.OTHER_MAIL], "we hold the only copy: staff see it"


# --- onder toezicht ---------------------------------------------------------------------------------------------------


async def test_under_supervision_each_message_waits_for_a_click_and_the_code_counts_from_sending(
    office: Office,
) -> None:
    await set_mode(office, ChannelMode.SUPERVISED)
    assert await office.mail(CUSTOMER.email, "Inzage", ACCESS) == []
    assert office.state() == "identifying", "the case is open and its term runs"
    line = office.item(WorkKind.RELEASE)
    assert await office.advance(days=3) == [], "longer than a code lives"
    await supervision.release(office.desk, office.staff[0], str(line.outbox_id), send=True)
    (receipt,) = await office.work()
    assert WorkKind.RELEASE not in office.work_list()
    await office.reply(receipt, receipt.code)
    assert office.state() == "awaiting_approval"
    with pytest.raises(RuleError):
        await supervision.release(office.desk, office.staff[0], str(line.outbox_id), send=True)


async def test_a_message_that_staff_do_not_want_sent_never_leaves(office: Office) -> None:
    await set_mode(office, ChannelMode.SUPERVISED)
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    line = office.item(WorkKind.RELEASE)
    await supervision.release(office.desk, office.staff[0], str(line.outbox_id), send=False)
    assert await office.advance(days=2) == []
    assert office.rows(Outbox)[0].status == OutboxStatus.CANCELLED


# --- aan --------------------------------------------------------------------------------------------------------------


async def test_on_is_blocked_until_every_point_is_settled_or_overridden(office: Office) -> None:
    await set_mode(office, ChannelMode.WATCH)
    with pytest.raises(InputError, match="not_ready"):
        await golive.set_mode(office.desk, ACTOR, "whatnext", ChannelMode.ON)
    standing_now = office.store.read_here(lambda reads: golive.standing_of(reads, office.desk, "whatnext"))
    for point in standing_now.points:
        if not point.settled:
            with pytest.raises(InputError, match="no_reason"):
                await golive.tick(office.desk, ACTOR, "Karin", "whatnext", point.key, " ")
            await golive.tick(office.desk, ACTOR, "Karin", "whatnext", point.key, "samen bekeken")
    await golive.set_mode(office.desk, ACTOR, "whatnext", ChannelMode.ON)
    assert office.store.read_here(lambda reads: standing.mode(reads, "whatnext", ChannelKind.EMAIL)) is ChannelMode.ON
    assert len(await office.mail(CUSTOMER.email, "Inzage", ACCESS)) == 1
    assert office.audit().problems == ()


async def test_stop_holds_everything_back_while_intake_and_terms_go_on(office: Office) -> None:
    await golive.stop_outgoing(office.desk, ACTOR, "verkeerde tekst")
    assert await office.mail(CUSTOMER.email, "Inzage", ACCESS) == []
    assert office.state() == "identifying"
    assert await office.advance(days=20) == []
    assert WorkKind.DEADLINE in office.work_list(), "the term runs on"
    await golive.resume_outgoing(office.desk, ACTOR)
    assert CUSTOMER.email in [mail.to for mail in await office.work()]


async def test_a_stop_for_one_organisation_stops_only_that_one(tmp_path: Path, shared: Shared) -> None:
    async with open_office(tmp_path, shared, organisations=("whatnext", "weservit")) as office:
        await golive.stop_outgoing(office.desk, ACTOR, "", ("weservit",))
        assert len(await office.mail(CUSTOMER.email, "Inzage", ACCESS)) == 1
        assert await office.mail(CUSTOMER.email, "Inzage", ACCESS, to="info@weservit.example") == []


# --- spam -------------------------------------------------------------------------------------------------------------


async def test_mail_of_a_spam_sender_goes_to_a_list_and_a_request_in_it_can_be_opened(office: Office) -> None:
    await office.mail(UNKNOWN, "AANBIEDING", DAILY)
    first = str(office.item(WorkKind.OTHER_MAIL).inbound_id)
    await senders.mark_spam(office.desk, office.staff[0], first, spam=True)
    assert office.work_list() == []
    assert await office.mail(UNKNOWN, "nog een", DAILY) == []
    assert office.work_list() == [], "only on the list"
    assert await office.mail(UNKNOWN, "Inzage", ACCESS) == [], "never answered by itself"
    line = office.item(WorkKind.SPAM_LISTED)
    assert line.due_on is not None
    listed = office.store.read_here(lambda reads: console.spam_listed(reads, ["whatnext"]))
    assert len(listed) == 3
    await triage.open_as(office.desk, office.staff[0], str(line.inbound_id), [Label.INZAGE])
    assert office.request().label == "inzage"
    await senders.mark_spam(office.desk, office.staff[0], first, spam=False)
    await office.work()
    fault = "Wilt u mijn achternaam verbeteren? Die staat fout in uw administratie: Jansen moet Janssen zijn."
    assert len(await office.mail(UNKNOWN, "Correctie", fault)) == 1, "answered as anybody"
    office.clock.advance(days=31)
    await retention.purge(office.desk)
    assert {row.raw for row in office.rows(Inbound) if row.outcome == InboundOutcome.SPAM} == {None}


# --- unreadable -------------------------------------------------------------------------------------------------------


async def test_unreadable_mail_alarms_and_is_read_again_or_released_by_hand(office: Office) -> None:
    await office.guest(b"\x00\x01\x02\x03" * 64, uid=1)
    await office.guest(b"\x00\x05\x06\x07" * 64, uid=2)
    assert office.work_list() == [WorkKind.QUARANTINE] * 2
    assert await alarms.sweep(office.desk) == 2
    notices = await office.work()
    assert sorted(mail.to for mail in notices) == ["bram@kantoor.example", "saskia@kantoor.example"]
    assert "2" in notices[0].subject and "loket.example/bureau" in notices[0].text
    assert await alarms.sweep(office.desk) == 0, "once"
    rows = table(WorkItem)
    first, second = (str(row.inbound_id) for row in office.rows(WorkItem, rows.c.kind == WorkKind.QUARANTINE.value))
    broken = office.desk
    office.desk = replace(broken, normalise=lambda raw: broken.normalise(replace(raw, raw=READABLE)))
    await triage.look_again(office.desk, office.staff[0], first)
    assert len(await office.work()) == 1, "mended: it is read and answered"
    office.desk = broken
    with pytest.raises(InputError, match="no_sender"):
        await triage.open_as(office.desk, office.staff[0], second, [Label.INZAGE])
    typed = Typed("Iemand@Elders.example", "Iemand", "vraagt inzage")
    await triage.open_as(office.desk, office.staff[0], second, [Label.INZAGE], typed)
    assert [mail.to for mail in await office.work()] == ["iemand@elders.example"]
    assert {row.status for row in office.rows(Inbound)} == {InboundStatus.DONE}
    assert office.work_list() == []


READABLE = f"From: {CUSTOMER.email}\nTo: info@whatnext.example\nSubject: Inzage\n\n{ACCESS}".encode()


# --- counters, threads ------------------------------------------------------------------------------------------------


async def test_one_mail_of_a_kind_per_case_and_the_state_of_things_once_a_day(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    assert len(await office.reply(receipt, STATUS)) == 1
    assert await office.reply(receipt, STATUS) == [], "the second of the day: a person answers"
    assert WorkKind.MAIL_HELD in office.work_list()
    office.clock.advance(days=1, minutes=1)
    assert len(await office.reply(receipt, STATUS)) == 1


async def test_a_reply_long_after_the_end_only_suggests_its_case(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    (letter,) = await office.approved()
    assert office.state() == "answered"
    (soon,) = await office.reply(letter, ACCESS)
    assert len(office.rows(Case)) == 1, "shortly after: the case goes on"
    await office.reply(soon, "Laat maar, ik trek mijn verzoek in.")
    for row in office.requests():
        if row.state not in ("answered", "withdrawn"):
            await outbox_free_end(office, str(row.id))
    office.clock.advance(days=100)
    await office.reply(letter, ACCESS)
    assert len(office.rows(Case)) == 2, "a matter of its own, with its own proof"
    newest = max(office.rows(Inbound), key=lambda row: (row.created_at, row.id))
    assert newest.suggested_case_id is not None


async def outbox_free_end(office: Office, request_id: str) -> None:
    """A person closes what is left."""
    from cases.types import RequestState
    from storage.queries.writing import move_request

    office.store.write_here(lambda unit: move_request(unit, request_id, RequestState.WITHDRAWN, actor=ACTOR))


async def test_a_case_number_in_the_subject_is_a_suggestion_for_staff(office: Office) -> None:
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    number, case_id = str(office.rows(Case)[0].number), str(office.rows(Case)[0].id)
    await office.mail(UNKNOWN, f"zaak {number.lower()}", "Hierbij nog iets over de gegevens, wat weten jullie?")
    newest = max(office.rows(Inbound), key=lambda row: (row.created_at, row.id))
    assert newest.suggested_case_id == case_id
    if newest.outcome == InboundOutcome.TRIAGE:
        assert await triage.join(office.desk, office.staff[0], str(newest.id)) == case_id
        assert WorkKind.NEW_MESSAGE in office.work_list()


async def test_a_letter_that_came_back_can_be_sent_again(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    rows = table(Outbox)
    (sent,) = office.rows(Outbox, rows.c.status == OutboxStatus.SENT.value)
    with pytest.raises(RuleError):
        await outbox.send_again(office.desk, office.staff[0], str(sent.id))
    bounce = (
        f"From: MAILER-DAEMON@post.example\r\nTo: {office.mailbox}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; post.example\r\n\r\nFinal-Recipient: rfc822; {CUSTOMER.email}\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {receipt.message_id}\r\n\r\n--b--\r\n"
    ).encode()
    await office.post(bounce, sender="")
    assert await office.work() == []
    assert WorkKind.NOT_DELIVERED in office.work_list()
    await outbox.send_again(office.desk, office.staff[0], str(sent.id))
    (again,) = await office.work()
    assert again.message_id == receipt.message_id
    assert office.clock.now() - timedelta(days=1) < sent.created_at
