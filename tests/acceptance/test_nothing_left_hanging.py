"""What supervision, looking on, forwards, drags and spam marks may not leave behind: something that nobody can end."""

from __future__ import annotations

import pytest

from cases.errors import InputError
from cases.types import ChannelMode, InboundOutcome, InboundStatus, Label, Origin, OutboxStatus, WorkKind
from storage.models import Case, Deadline, IdentityCode, Inbound, Outbox, WorkItem, table
from tests.acceptance.test_going_live import ACTOR, set_mode
from tests.acceptance.words import ACCESS, CUSTOMER, DAILY, NOT_ME, STATUS, UNKNOWN
from tests.support.arrived import Mail
from tests.support.office import Office
from tests.support.smtp_sink import Behaviour
from workflow import alarms, colleague, golive, people, retention, senders, supervision, triage


async def ready_letter(office: Office) -> tuple[Mail, str]:
    """An approved letter that waits for its click; gives the receipt and the outbox id."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    await set_mode(office, ChannelMode.SUPERVISED)
    result = await office.approve(0)
    assert result.outbox_id is not None
    await office.advance(minutes=1)
    return receipt, result.outbox_id


def held(office: Office) -> list[str]:
    return [str(row.id) for row in office.rows(Outbox) if row.status == OutboxStatus.HELD]


# --- under supervision ------------------------------------------------------------------------------------------------


async def test_not_me_takes_a_held_letter_back(office: Office) -> None:
    receipt, outbox_id = await ready_letter(office)
    await office.reply(receipt, NOT_ME)
    assert outbox_id not in held(office)
    assert not [line for line in office.work_list() if line is WorkKind.RELEASE]
    with pytest.raises(Exception, match="waits no more"):
        await supervision.release(office.desk, office.staff[0], outbox_id, send=True)


async def test_a_letter_that_is_not_sent_is_a_draft_again(office: Office) -> None:
    _, outbox_id = await ready_letter(office)
    await supervision.release(office.desk, office.staff[0], outbox_id, send=False)
    assert office.state() == "awaiting_approval"
    assert office.work_list() == [WorkKind.APPROVE]
    await office.approve(0)
    assert len(held(office)) == 1


async def test_a_letter_that_was_overtaken_does_not_leave(office: Office) -> None:
    receipt, outbox_id = await ready_letter(office)
    await office.reply(receipt, "Mijn klantnummer is KL-2041, en ik wil ook al mijn gegevens laten verwijderen.")
    with pytest.raises(InputError, match="overtaken"):
        await supervision.release(office.desk, office.staff[0], outbox_id, send=True)


async def test_a_code_that_is_not_sent_ends_and_a_person_has_the_case(office: Office) -> None:
    await set_mode(office, ChannelMode.SUPERVISED)
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await supervision.release(office.desk, office.staff[0], held(office)[0], send=False)
    assert office.work_list() == [WorkKind.HANDLE]
    assert all(row.void_at is not None for row in office.rows(IdentityCode))


async def test_a_line_for_a_waiting_message_outlives_its_case(office: Office) -> None:
    _, outbox_id = await ready_letter(office)
    conversation = str(office.request().conversation_id)
    await people.reply(office.desk, office.staff[0], conversation, "Nog een los bericht.")
    await supervision.release(office.desk, office.staff[0], outbox_id, send=True)
    await office.advance(minutes=1)
    assert office.state() == "answered"
    assert office.work_list() == [WorkKind.RELEASE] and len(held(office)) == 1


async def test_no_request_stops_what_waits(office: Office) -> None:
    await set_mode(office, ChannelMode.SUPERVISED)
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await people.not_a_request(office.desk, office.staff[0], str(office.rows(Case)[0].id))
    assert held(office) == [] and office.work_list() == []


async def test_going_back_from_on_holds_what_is_queued(office: Office) -> None:
    office.sink.behave(Behaviour.LATER)
    assert await office.mail(CUSTOMER.email, "Inzage", ACCESS) == []
    await set_mode(office, ChannelMode.WATCH)
    office.sink.script.clear()
    assert await office.advance(hours=2) == []
    assert len(held(office)) == 1


# --- alarms -----------------------------------------------------------------------------------------------------------


async def test_a_refused_alarm_makes_no_alarm(office: Office) -> None:
    await office.guest(b"\x00\x01\x02\x03" * 64, uid=1)
    office.sink.behave(*[Behaviour.REFUSE] * 9)
    for _ in range(3):
        await alarms.sweep(office.desk)
        await office.advance(minutes=1)
    assert office.work_list() == [WorkKind.QUARANTINE]
    assert len([row for row in office.rows(Outbox) if row.kind == "staff_notice"]) == 2


# --- looking on -------------------------------------------------------------------------------------------------------


async def test_the_backlog_is_listed_while_looking_on(office: Office) -> None:
    await set_mode(office, ChannelMode.WATCH)
    await office.guest(office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes(), uid=7)
    raw = office.write(UNKNOWN, "Inzage", ACCESS).as_bytes()
    assert await office.guest(raw, uid=8, origin=Origin.BACKLOG) == []
    assert office.work_list() == [WorkKind.BACKLOG]


async def test_a_running_case_loses_nothing_when_the_channel_only_looks(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await set_mode(office, ChannelMode.WATCH)
    assert await office.reply(receipt, receipt.code) == []
    assert office.state() == "awaiting_approval", "the code counts"
    await office.reply(receipt, "Ik heb nog een vraag over deze brief: wanneer komt die?")
    assert WorkKind.NEW_MESSAGE in office.work_list()


async def test_machine_mail_is_not_forwarded_while_looking_on(office: Office) -> None:
    await set_mode(office, ChannelMode.WATCH)
    message = office.write("robot@elders.example", "Bericht", "Ik ben er niet.")
    message["Auto-Submitted"] = "auto-replied"
    await office.post(message)
    await office.work()
    assert [row.outcome for row in office.rows(Inbound)] == [InboundOutcome.MACHINE]


# --- forwards ---------------------------------------------------------------------------------------------------------


def passed_on(office: Office, text: str, *, by: str = "karin@whatnext.example") -> bytes:
    words = (
        "Hoi, deze kwam bij mij binnen.\n\n---------- Doorgestuurd bericht ----------\n"
        f"Van: Marieke <{CUSTOMER.email}>\nDatum: di 30 dec 2025 om 10:12\nOnderwerp: vraag\nAan: {by}\n\n{text}"
    )
    return office.write(by, "Fwd: vraag", words).as_bytes()


@pytest.mark.parametrize("text", [STATUS, ACCESS, "Kunnen jullie mij even laten weten hoe het met mijn gegevens zit?"])
async def test_no_mail_goes_to_somebody_who_is_only_named(office: Office, text: str) -> None:
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    assert await office.guest(passed_on(office, text), uid=3) == []


async def test_opening_a_doubtful_forward_opens_it_for_the_customer(office: Office) -> None:
    await office.guest(passed_on(office, "Wat weten jullie van mij? Ik twijfel of ik dat mag vragen."), uid=3)
    lines = [row for row in office.rows(WorkItem) if row.inbound_id and row.closed_at is None]
    if lines and not office.requests():
        await triage.open_as(office.desk, office.staff[0], str(lines[0].inbound_id), [Label.INZAGE])
        assert [mail.to for mail in await office.work()] == [CUSTOMER.email]


# --- drags and copies -------------------------------------------------------------------------------------------------


async def test_dragging_either_copy_takes_the_mail_in(office: Office) -> None:
    raw = office.write(UNKNOWN, "vraagje", DAILY).as_bytes()
    for uid, line in ((1, b"X-Weg: a\n"), (2, b"X-Weg: b\n")):
        await office.guest(line + raw, uid=uid, message_id="<zelfde@elders.example>")
    assert sorted(str(row.outcome) for row in office.rows(Inbound)) == ["duplicate", "no_request"]
    await office.guest(
        b"X-Weg: b\n" + raw, uid=9, origin=Origin.DRAGGED, message_id="<zelfde@elders.example>",
    )  # fmt: skip
    assert office.work_list() == [WorkKind.TRIAGE]
    assert {row.status for row in office.rows(Inbound)} == {InboundStatus.DONE}


async def test_a_dragged_mail_with_other_bytes_is_taken_in(office: Office) -> None:
    raw = office.write(UNKNOWN, "vraagje", DAILY).as_bytes()
    await office.guest(raw, uid=1, message_id="<zelfde@elders.example>")
    await office.guest(
        b"X-Server: later\n" + raw, uid=2, origin=Origin.DRAGGED, message_id="<zelfde@elders.example>",
    )  # fmt: skip
    assert office.work_list() == [WorkKind.TRIAGE]


async def test_what_was_wrongly_closed_can_be_dragged_in_again(office: Office) -> None:
    raw = office.write(CUSTOMER.email, "Inzage", ACCESS).as_bytes()
    await office.guest(raw, uid=1, message_id="<zelfde@elders.example>")
    await people.not_a_request(office.desk, office.staff[0], str(office.rows(Case)[0].id))
    await office.work()
    await office.guest(raw, uid=2, origin=Origin.DRAGGED, message_id="<zelfde@elders.example>")
    assert len(office.rows(Case)) == 2


# --- a colleague writes -----------------------------------------------------------------------------------------------


async def test_asking_somebody_else_about_a_case_is_no_answer(office: Office) -> None:
    first = office.write(CUSTOMER.email, "Inzage", ACCESS)
    await office.guest(first.as_bytes(), uid=1, message_id=str(first["Message-ID"]))
    asked = office.write(office.mailbox, "Fwd: Inzage", "Weet jij waar dit staat?", to="ict@leverancier.example")
    asked["References"] = str(first["Message-ID"])
    await office.guest(asked.as_bytes(), uid=2, origin=Origin.SENT)
    assert WorkKind.COLLEAGUE_ANSWER not in office.work_list()
    rows = table(Deadline)
    assert not office.rows(Deadline, rows.c.cancelled_at.is_not(None))


async def test_it_was_not_the_answer_wakes_the_reminder_again(office: Office) -> None:
    first = office.write(CUSTOMER.email, "Inzage", ACCESS)
    await office.guest(first.as_bytes(), uid=1, message_id=str(first["Message-ID"]))
    answer = office.write(office.mailbox, "Re: Inzage", "We kijken ernaar.", to=CUSTOMER.email)
    answer["In-Reply-To"] = str(first["Message-ID"])
    await office.guest(answer.as_bytes(), uid=2, origin=Origin.SENT)
    line = office.item(WorkKind.COLLEAGUE_ANSWER)
    await colleague.judge(office.desk, office.staff[0], str(line.id), is_answer=False)
    rows = table(Deadline)
    assert not office.rows(Deadline, rows.c.cancelled_at.is_not(None))


async def test_our_own_address_never_opens_a_case(office: Office) -> None:
    raw = office.write(office.mailbox, "Re: Inzage", ACCESS, to=CUSTOMER.email).as_bytes()
    assert await office.guest(raw, uid=1) == []
    assert office.requests() == []


# --- spam, stop -------------------------------------------------------------------------------------------------------


async def test_a_customer_with_an_open_case_can_not_be_silenced_by_a_forger(office: Office) -> None:
    await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    inbound_id = str(office.rows(Inbound)[0].id)
    with pytest.raises(InputError, match="own_sender"):
        await senders.mark_spam(office.desk, office.staff[0], inbound_id, spam=True)


async def test_an_undecided_request_of_a_spam_sender_is_kept(office: Office) -> None:
    await office.mail(UNKNOWN, "AANBIEDING", DAILY)
    await senders.mark_spam(office.desk, office.staff[0], str(office.rows(Inbound)[0].id), spam=True)
    await office.mail(UNKNOWN, "Inzage", ACCESS)
    office.clock.advance(days=40)
    await retention.purge(office.desk)
    line = office.item(WorkKind.SPAM_LISTED)
    await triage.open_as(office.desk, office.staff[0], str(line.inbound_id), [Label.INZAGE])
    assert office.request().label == "inzage"


async def test_a_general_stop_is_lifted_as_a_whole(office: Office) -> None:
    await golive.stop_outgoing(office.desk, ACTOR, "oefening")
    with pytest.raises(InputError, match="stopped_everywhere"):
        await golive.resume_outgoing(office.desk, ACTOR, "whatnext")
    await golive.resume_outgoing(office.desk, ACTOR)
    assert len(await office.mail(CUSTOMER.email, "Inzage", ACCESS)) == 1
