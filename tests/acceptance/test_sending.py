"""The way out, with a mail server that says later, no, or nothing: once, or known to be uncertain; never twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from cases.types import OutboxStatus, WorkKind
from storage.models import IdentityCode, Outbox, table
from tests.acceptance.test_machines import bounce
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.support.office import Office
from tests.support.smtp_sink import Behaviour
from workflow import outbox, process


async def waiting_letter(office: Office) -> str:
    """An approved letter that is about to leave; gives the id of its outbox row."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    result = await office.approve()
    office.clock.advance(minutes=1)
    assert result.outbox_id is not None
    return result.outbox_id


def row(office: Office, outbox_id: str):  # type: ignore[no-untyped-def]  # a row
    return office.rows(Outbox, table(Outbox).c.id == outbox_id)[0]


async def test_later_means_later_and_longer(everywhere: Office) -> None:
    """451: after 1, 5 and 15 minutes; staff hear at the third failure; then it arrives, once."""
    office = everywhere
    letter = await waiting_letter(office)
    office.sink.behave(Behaviour.LATER, Behaviour.LATER, Behaviour.LATER)
    assert await office.work() == []
    for minutes, failures in ((1, 2), (5, 3)):
        office.clock.advance(minutes=minutes, seconds=-5)
        assert await office.work() == [] and row(office, letter).attempts == failures - 1, "not before its time"
        office.clock.advance(seconds=10)
        assert await office.work() == []
        assert row(office, letter).attempts == failures
    assert WorkKind.CHANNEL_DOWN in office.work_list()
    assert office.state() == "executing"
    office.clock.advance(minutes=15, seconds=5)
    (arrived,) = await office.work()
    assert arrived.message_id == row(office, letter).message_id
    assert office.state() == "answered"
    assert len(office.sink.seen) == 2 + 3 + 1


async def test_a_day_of_later_is_given_up_to_a_person(office: Office) -> None:
    letter = await waiting_letter(office)
    office.sink.behave(*[Behaviour.LATER] * 60)
    for _ in range(40):
        office.clock.advance(hours=1)
        await office.work()
    assert row(office, letter).status == OutboxStatus.FAILED
    assert WorkKind.NOT_DELIVERED in office.work_list()
    assert office.state() == "executing", "the term stays open: nothing was answered"


@pytest.mark.parametrize("no", [Behaviour.REFUSE, Behaviour.REFUSE_RECIPIENT])
async def test_no_means_a_person_looks(everywhere: Office, no: Behaviour) -> None:
    office = everywhere
    letter = await waiting_letter(office)
    office.sink.behave(no)
    assert await office.work() == []
    found = row(office, letter)
    assert found.status == OutboxStatus.FAILED
    assert CUSTOMER.email not in found.server_reply, "a server quotes addresses; they are not kept"
    assert WorkKind.NOT_DELIVERED in office.work_list()
    assert office.state() == "executing"
    assert [mail.to for mail in await office.advance(days=2) if mail.to == CUSTOMER.email] == []


async def test_a_line_that_breaks_after_the_data_is_uncertain_and_never_repeated(everywhere: Office) -> None:
    office = everywhere
    letter = await waiting_letter(office)
    office.sink.behave(Behaviour.DROP_AFTER_DATA)
    await office.work()
    assert row(office, letter).status == OutboxStatus.UNCERTAIN
    assert office.work_list() == [WorkKind.SEND_UNCERTAIN]
    before = len(office.sink.seen)
    await office.advance(hours=3)
    assert len(office.sink.seen) == before, "nobody knows, so nobody repeats it"
    assert office.state() == "executing"

    await outbox.decide_uncertain(office.desk, office.staff[0], letter, arrived=True)
    assert office.state() == "answered"
    assert office.moved_by("answered").startswith("staff:")


async def test_a_person_may_send_an_uncertain_letter_again(office: Office) -> None:
    letter = await waiting_letter(office)
    office.sink.behave(Behaviour.DROP_AFTER_DATA)
    (first,) = await office.work()
    await outbox.decide_uncertain(office.desk, office.staff[0], letter, arrived=False)
    (again,) = await office.work()
    assert again.message_id == first.message_id, "the receiver can see that it is the same"
    assert office.state() == "answered"


def time_to_answer(office: Office) -> timedelta:
    (code,) = office.rows(IdentityCode)
    time: timedelta = code.expires_at - office.clock.now()
    return time


async def test_a_code_whose_mail_was_uncertain_lives_from_the_word_that_it_arrived(office: Office) -> None:
    office.sink.behave(Behaviour.DROP_AFTER_DATA)
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    full = time_to_answer(office)
    office.clock.advance(full - timedelta(hours=1))
    uncertain = office.item(WorkKind.SEND_UNCERTAIN).outbox_id
    await outbox.decide_uncertain(office.desk, office.staff[0], uncertain, arrived=True)
    assert time_to_answer(office) == full
    office.clock.advance(hours=2)
    await office.reply(receipt, receipt.code)
    assert office.state() == "awaiting_approval"


async def test_a_code_that_leaves_twice_gives_the_same_time_and_no_more(office: Office) -> None:
    office.sink.behave(Behaviour.LATER)
    assert await office.mail(CUSTOMER.email, "Inzage", ACCESS) == []
    full = time_to_answer(office)
    office.clock.advance(minutes=2)
    (receipt,) = await office.work()
    office.clock.advance(hours=5)
    await office.post(bounce(receipt.message_id, CUSTOMER.email), sender="", to=[office.mailbox])
    assert await office.work() == []
    await outbox.send_again(office.desk, office.staff[0], office.item(WorkKind.NOT_DELIVERED).outbox_id)
    assert len(await office.work()) == 1
    assert time_to_answer(office) == full


async def test_a_line_that_breaks_before_the_data_is_tried_again(office: Office) -> None:
    letter = await waiting_letter(office)
    office.sink.behave(Behaviour.DROP_BEFORE_DATA, Behaviour.DROP_BEFORE_DATA)
    assert await office.work() == []
    assert row(office, letter).status == OutboxStatus.QUEUED
    office.clock.advance(minutes=2)
    (arrived,) = await office.work()
    assert arrived.to == CUSTOMER.email and office.state() == "answered"


async def test_a_process_that_dies_while_sending_leaves_an_uncertain_letter(everywhere: Office) -> None:
    """The claim says `sending` before a byte is on the wire; whoever finds it later can not know what left."""
    office = everywhere
    letter = await waiting_letter(office)
    await office.store.write(lambda unit: outbox._claim(unit, office.desk))  # and here it dies
    assert row(office, letter).status == OutboxStatus.SENDING
    assert await office.work() == [], "the claim still holds"
    office.clock.advance(minutes=6)
    assert [mail for mail in await office.work() if mail.to == CUSTOMER.email] == []
    assert row(office, letter).status == OutboxStatus.UNCERTAIN
    assert WorkKind.SEND_UNCERTAIN in office.work_list()


async def test_a_worker_that_is_stopped_while_sending_writes_down_what_happened(office: Office) -> None:
    letter = await waiting_letter(office)
    task = asyncio.create_task(outbox.run_once(office.desk))
    while not office.sink.seen[2:]:  # noqa: ASYNC110  # the sink has no event; the test ends at its own time limit
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert row(office, letter).status == OutboxStatus.SENT
    assert await office.work() != [] or office.sink.taken[2:]
    assert len(office.sink.seen) == 3
    assert office.state() == "answered"


async def test_two_workers_send_each_letter_once(everywhere: Office) -> None:
    office = everywhere
    for number in range(6):
        await office.post(office.write(f"iemand{number}@post.example", "Inzage", f"{ACCESS} {number}"))
    await process.run_once(office.desk)
    await asyncio.gather(*(outbox.run_once(office.desk) for _ in range(3)))
    await office.work()
    assert sorted(mail.to for mail in office.mails) == [f"iemand{number}@post.example" for number in range(6)]


async def test_a_mail_server_that_is_gone_loses_nothing(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    office.sink.behave(*[Behaviour.DROP_BEFORE_DATA] * 2)
    await office.post(office.write("ander@post.example", "Inzage", ACCESS))
    assert await office.work() == []
    assert len(office.requests()) == 2, "the door and the desk work on"
    office.clock.advance(minutes=2)
    assert [mail.to for mail in await office.work()] == ["ander@post.example"]
