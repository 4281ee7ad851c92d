"""A mailbox where colleagues work too: what is marked, what is left alone, what they do there and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest

from cases.protocols import ActKind
from cases.types import ActStatus, InboundOutcome, Label, Origin, WorkKind
from storage.models import Conversation, Inbound, Message, table
from storage.models import MailboxAct as ActRow
from tests.acceptance.words import ACCESS, CUSTOMER, DAILY, ERASURE, UNKNOWN
from tests.support.arrived import Mail
from tests.support.office import Office
from workflow import colleague, people, triage
from workflow.colleague import KIND

MIXED = (
    "Hallo,\n\nGraag ontvang ik een overzicht van alle persoonsgegevens die jullie van mij hebben.\n\n"
    "En nog iets anders: mijn website is sinds gisteren traag, kunnen jullie daar naar kijken?\n\nGroet,\n"
)


def letter(office: Office, from_: str, subject: str, text: str) -> bytes:
    return office.write(from_, subject, text).as_bytes()


def outcomes(office: Office) -> list[str]:
    return [str(row.outcome) for row in sorted(office.rows(Inbound), key=lambda row: (row.created_at, row.id))]


def assign_approver(office: Office) -> str:
    return office.staff[0]


async def test_a_request_is_marked_and_daily_mail_is_left_as_it_was(office: Office) -> None:
    await office.guest(letter(office, CUSTOMER.email, "Inzage", ACCESS), uid=11)
    await office.guest(letter(office, UNKNOWN, "storing", DAILY), uid=12)
    assert [(act.kind, act.uid) for act in office.shared_mailbox.touched()] == [(ActKind.MARK, 11)]
    row = next(row for row in office.rows(Inbound) if row.uid == 12)
    assert (row.outcome, row.raw, row.data_key_id) == (InboundOutcome.NO_REQUEST, None, None)


async def test_a_message_that_also_asks_something_else_stays_with_colleagues(office: Office) -> None:
    (receipt,) = await office.guest(letter(office, CUSTOMER.email, "Inzage en website", MIXED), uid=11)
    assert office.shared_mailbox.kinds() == ["mark+stays"]
    assert "collega" in receipt.flat.lower()


async def test_a_mailbox_that_is_away_holds_up_nothing(office: Office) -> None:
    office.shared_mailbox.away = True
    await office.guest(letter(office, CUSTOMER.email, "Inzage", ACCESS), uid=11)
    assert office.state() == "identifying"
    assert {row.status for row in office.rows(ActRow)} == {ActStatus.WAITING}
    office.shared_mailbox.away = False
    await office.advance(minutes=3)
    assert office.shared_mailbox.kinds() == ["mark"]
    assert {row.status for row in office.rows(ActRow)} == {ActStatus.DONE}


# --- dragged into the folder ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen_before", [True, False])
async def test_a_dragged_mail_is_a_case_with_its_first_receipt(office: Office, seen_before: bool) -> None:
    raw = letter(office, CUSTOMER.email, "Inzage", ACCESS.replace("Dat is mijn recht volgens de AVG.", ""))
    dull = letter(office, CUSTOMER.email, "vraagje", DAILY)
    received = office.clock.now()
    raw = raw if not seen_before else dull
    if seen_before:
        await office.guest(raw, uid=5)
        assert outcomes(office) == [InboundOutcome.NO_REQUEST]
    office.clock.advance(days=4)
    await office.guest(raw, uid=2, origin=Origin.DRAGGED, received_at=received, message_id="<guest-5@post.example>")
    assert InboundOutcome.DUPLICATE not in outcomes(office)
    if seen_before:  # the reader finds nothing in it: a person says what is asked, dated at its receipt
        line = office.item(WorkKind.TRIAGE)
        assert line.due_on <= (received + timedelta(days=31)).date()
    else:
        assert office.request().received_at == received


async def test_a_mail_that_we_put_into_the_folder_is_no_drag(office: Office) -> None:
    raw = letter(office, CUSTOMER.email, "Inzage", ACCESS)
    await office.guest(raw, uid=11)
    assert await office.guest(raw, uid=1, origin=Origin.DRAGGED, message_id="<guest-11@post.example>") == []
    assert len(office.requests()) == 1
    assert len(office.rows(Inbound)) == 1


async def test_no_privacy_request_goes_back_to_inbox(office: Office) -> None:
    await office.guest(letter(office, UNKNOWN, "vraagje", DAILY), uid=3, origin=Origin.DRAGGED)
    inbound_id = str(office.item(WorkKind.TRIAGE).inbound_id)
    await triage.no_request(office.desk, office.staff[0], inbound_id)
    await office.work()
    assert [act.kind for act in office.shared_mailbox.touched()] == [ActKind.RETURN]
    assert office.work_list() == []


async def test_a_case_that_was_no_request_is_closed_by_a_person_and_its_mail_put_back(office: Office) -> None:
    await office.guest(letter(office, CUSTOMER.email, "Inzage", ACCESS), uid=11)
    case_id = str(office.request().case_id)
    await people.not_a_request(office.desk, office.staff[0], case_id)
    await office.work()
    assert office.state() == "withdrawn"
    assert office.moved_by("withdrawn") == f"staff:{office.staff[0]}"
    assert [act.kind for act in office.shared_mailbox.touched()] == [ActKind.MARK, ActKind.RETURN]


# --- junk, backlog ----------------------------------------------------------------------------------------------------


async def test_a_request_in_junk_has_been_received_but_is_not_answered_by_itself(office: Office) -> None:
    assert await office.guest(letter(office, CUSTOMER.email, "Inzage", ACCESS), uid=4, origin=Origin.JUNK) == []
    line = office.item(WorkKind.TRIAGE)
    assert line.due_on is not None
    await triage.open_as(office.desk, office.staff[0], str(line.inbound_id), [Label.INZAGE])
    assert len(await office.work()) == 1, "opened by a person: now it is acknowledged"


async def test_an_answer_to_our_code_that_landed_in_junk_counts(office: Office) -> None:
    (receipt,) = await office.guest(letter(office, CUSTOMER.email, "Inzage", ACCESS), uid=4)
    reply = office.write(CUSTOMER.email, "Re: Inzage", receipt.code, under=receipt).as_bytes()
    await office.guest(reply, uid=9, origin=Origin.JUNK)
    assert office.state() == "awaiting_approval"


async def test_the_backlog_lists_requests_at_their_real_date_and_answers_nothing(office: Office) -> None:
    received = office.clock.now() - timedelta(days=40)
    for uid, text in ((21, ACCESS), (22, DAILY)):
        raw = letter(office, CUSTOMER.email, f"bericht {uid}", text)
        assert await office.guest(raw, uid=uid, origin=Origin.BACKLOG, received_at=received) == []
    assert office.work_list() == [WorkKind.BACKLOG]
    line = office.item(WorkKind.BACKLOG)
    assert line.due_on < office.clock.now().date(), "its term runs from the real receipt: it is late already"
    await triage.open_as(office.desk, office.staff[0], str(line.inbound_id), [Label.INZAGE])
    assert await office.work() == [], "colleagues may have answered it: a person takes it on"
    assert office.request().received_at == received
    assert office.work_list() == [WorkKind.HANDLE]


# --- a colleague writes -----------------------------------------------------------------------------------------------


def answer_of_a_colleague(office: Office, *, under: str, to: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = office.mailbox, to, "Re: Inzage"
    message["Message-ID"], message["In-Reply-To"] = "<handmatig-1@whatnext.example>", under
    message.set_content("Dag Marieke, bijgaand vind je alles wat we van je hebben. Groet, Karin\n")
    return message.as_bytes()


async def begun(office: Office) -> Mail:
    first = office.write(CUSTOMER.email, "Inzage", ACCESS)
    (receipt,) = await office.guest(first.as_bytes(), uid=4, message_id=str(first["Message-ID"]))
    await office.reply(receipt, receipt.code)
    assert office.state() == "awaiting_approval"
    return receipt


@pytest.mark.parametrize("is_answer", [True, False])
async def test_a_colleagues_own_answer_joins_the_case_and_voids_approvals(office: Office, is_answer: bool) -> None:
    await begun(office)
    theirs = min(office.rows(Inbound), key=lambda row: (row.created_at, row.id))
    draft, first_id = office.draft(), str(theirs.id)
    raw = answer_of_a_colleague(office, under=_message_id(office, first_id), to=CUSTOMER.email)
    await office.guest(raw, uid=77, origin=Origin.SENT, message_id="<handmatig-1@whatnext.example>")
    line = office.item(WorkKind.COLLEAGUE_ANSWER)
    rows = table(Message)
    assert len(office.rows(Message, rows.c.kind == KIND)) == 1
    with pytest.raises(Exception, match=r"changed|newer"):
        await office.approve(0, draft)
    await colleague.judge(office.desk, office.staff[0], str(line.id), is_answer=is_answer)
    assert WorkKind.COLLEAGUE_ANSWER not in office.work_list()
    if is_answer:
        assert office.state() == "answered"
        assert office.moved_by("answered") == f"staff:{office.staff[0]}"
    else:
        assert office.state() != "answered"


@pytest.mark.parametrize("is_answer", [True, False])
async def test_a_letter_that_was_to_leave_is_staffs_again(office: Office, is_answer: bool) -> None:
    """Approved, and before it left a colleague wrote: it does not leave, and it does not get lost either."""
    receipt = await begun(office)
    await office.approve()
    raw = answer_of_a_colleague(office, under=receipt.message_id, to=CUSTOMER.email)
    await office.guest(raw, uid=77, origin=Origin.SENT, message_id="<handmatig-1@whatnext.example>")
    assert await office.advance(minutes=5) == []
    assert set(office.work_list()) == {WorkKind.COLLEAGUE_ANSWER, WorkKind.APPROVE}
    line = office.item(WorkKind.COLLEAGUE_ANSWER)
    await colleague.judge(office.desk, office.staff[0], str(line.id), is_answer=is_answer)
    assert office.work_list() == ([] if is_answer else [WorkKind.APPROVE])
    assert office.state() == ("answered" if is_answer else "awaiting_approval")


async def test_our_own_mail_in_sent_and_letters_about_other_things_are_left_alone(office: Office) -> None:
    receipt = await begun(office)
    assert await office.guest(receipt.raw, uid=70, origin=Origin.SENT, message_id=receipt.message_id) == []
    raw = letter(office, office.mailbox, "Offerte", "Hierbij de offerte voor het nieuwe kantoor.")
    assert await office.guest(raw, uid=71, origin=Origin.SENT) == []
    assert WorkKind.COLLEAGUE_ANSWER not in office.work_list()
    assert outcomes(office)[-2:] == [InboundOutcome.NO_REQUEST] * 2


async def test_a_mail_that_a_colleague_forwards_is_the_customers(office: Office) -> None:
    text = (
        "Hoi, deze kwam bij mij binnen. Pakken jullie dit op?\n\n"
        "---------- Doorgestuurd bericht ----------\n"
        f"Van: Marieke de Wit <{CUSTOMER.email}>\nDatum: di 30 dec 2025 om 10:12\nOnderwerp: Gegevens wissen\n"
        f"Aan: karin@whatnext.example\n\n{ERASURE}"
    )
    raw = letter(office, "karin@whatnext.example", "Fwd: Gegevens wissen", text)
    assert await office.guest(raw, uid=31) == [], "who wrote it stands only in the text: no mail goes there by itself"
    (request,) = office.requests()
    assert request.label == "verwijdering"
    (talk,) = office.rows(Conversation)
    assert talk.address_index == office.desk.index("whatnext", "email", CUSTOMER.email)
    assert office.work_list() == [WorkKind.HANDLE]


def _message_id(office: Office, inbound_id: str) -> str:
    rows = table(Inbound)
    (row,) = office.rows(Inbound, rows.c.id == inbound_id)

    def read(reads: object) -> str:
        sealer = office.store.keyring.data(reads, row.data_key_id)  # type: ignore[arg-type]
        return str(sealer.open_json(row.envelope, f"inbound.envelope:{inbound_id}")["message_id"])

    return office.store.read_here(read)
