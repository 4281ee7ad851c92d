"""Nobody says who they are: a person may close, late and with a letter; whoever comes back goes on where it was."""

from __future__ import annotations

from datetime import date

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError, Stale
from cases.types import OutboxKind, WorkKind
from storage.models import Deadline, Outbox, Suspension, table
from tests.acceptance.rights import office
from tests.acceptance.words import ACCESS, DROP, STATUS
from tests.support.arrived import Mail
from tests.support.office import Office, shared
from workflow import drafting, own_terms

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "whatnext"
CUSTOMER = known(ORGANISATION, Role.CURRENT)
SORRY = "Sorry, ik was lang ziek. Ik wil hier graag mee verder."


async def unanswered(office: Office) -> Mail:
    """Asked, reminded after a fortnight, and a month later still nothing; gives the first mail with its code."""
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", ACCESS + CUSTOMER.name)
    await office.advance(days=14, hours=1)
    await office.advance(days=17)
    return receipt


async def close(office: Office) -> Mail:
    """Two colleagues close it; gives the letter."""
    await drafting.close_for_silence(office.desk, office.staff[0], office.requests()[-1].id)
    office.clock.advance(minutes=1)
    await office.approve(1)
    (letter,) = [mail for mail in await office.advance(minutes=1) if mail.to == CUSTOMER.email]
    return letter


async def refused(office: Office) -> str:
    with pytest.raises(InputError) as caught:
        await drafting.close_for_silence(office.desk, office.staff[0], office.requests()[-1].id)
    return caught.value.code


async def test_not_before_the_reminder_and_not_before_its_time(office: Office) -> None:
    await office.mail(CUSTOMER.email, "verzoek", ACCESS + CUSTOMER.name)
    assert await refused(office) == "no_reminder"
    office.clock.advance(days=40)
    assert await refused(office) == "no_reminder", "however long ago it was"
    await office.advance(minutes=1)
    assert OutboxKind.REMINDER.value in office.sent_kinds()
    assert await refused(office) == "silence_too_early", "a fortnight after the reminder at least"
    await office.advance(days=14, hours=1)
    await drafting.close_for_silence(office.desk, office.staff[0], office.request().id)


async def test_who_has_answered_is_not_silent(office: Office) -> None:
    receipt = await unanswered(office)
    (fresh,) = await office.reply(receipt, receipt.code)
    await office.reply(fresh, fresh.code)
    assert await refused(office) == "not_silent"


async def test_staff_hear_when_it_may_be_closed(office: Office) -> None:
    await unanswered(office)
    assert office.item(WorkKind.IDENTITY_STUCK).detail == "silent"
    await close(office)
    assert WorkKind.IDENTITY_STUCK not in office.work_list()


async def test_what_the_desk_forgets_by_itself_is_not_when_it_asked(office: Office) -> None:
    """Months later it can still be closed, and the clock of who comes back still knows the day of the question."""
    await unanswered(office)
    await office.advance(days=60)
    await own_terms.purge(office.desk)
    letter = await close(office)
    await office.advance(days=40)
    await own_terms.purge(office.desk)
    await office.reply(letter, SORRY)
    ended, going = office.requests()
    assert going.received_at == ended.received_at
    assert [row.asked_on for row in office.rows(Suspension)] == [date(2026, 1, 5)]


async def test_the_letter_says_why_and_that_the_door_stays_open(office: Office) -> None:
    await unanswered(office)
    letter = await close(office)
    assert "niets meer van je hebben gehoord" in letter.flat
    assert "altijd weer openen" in letter.flat
    assert "5 januari 2026" in letter.flat, "when we asked"
    assert "rechtbank" in letter.flat
    assert "Autoriteit Persoonsgegevens" in letter.flat
    assert office.state() == "expired"
    assert office.moved_by("expired") == f"staff:{office.staff[1]}"


async def test_whoever_comes_back_goes_on_with_the_days_in_between_added(everywhere: Office) -> None:
    office = everywhere
    await unanswered(office)
    letter = await close(office)
    await office.advance(days=9)  # 14 February
    (code_mail,) = await office.reply(letter, SORRY)
    ended, going = office.requests()
    assert (ended.state, ended.same_as, going.state) == ("expired", going.id, "identifying")
    assert going.received_at == ended.received_at, "received is received"
    stood = office.rows(Suspension)
    assert [(row.request_id, row.asked_on, row.reason) for row in stood] == [(going.id, date(2026, 1, 5), "identity")]
    back = stood[0].answered_on
    assert (back - date(2026, 1, 5)).days == 40
    assert going.due_on == going.told_on == date(2026, 3, 17)  # 5 February and forty days
    rows = table(Deadline)
    assert all(row.due_at.date() > back for row in office.rows(Deadline, rows.c.request_id == going.id))
    (told,) = await office.reply(code_mail, code_mail.code)
    assert "17 maart 2026" in told.flat
    await office.work()
    await office.approved(office.draft(going.id))
    assert office.request_row(going.id).state == "answered"


async def test_the_old_code_gets_a_new_one_and_goes_on_too(office: Office) -> None:
    receipt = await unanswered(office)
    await close(office)
    (fresh,) = await office.reply(receipt, receipt.code)
    assert fresh.code != receipt.code
    assert [row.state for row in office.requests()] == ["expired", "identifying"]
    await office.reply(fresh, fresh.code)
    assert [row.state for row in office.requests()] == ["expired", "awaiting_approval"]


async def test_the_same_wish_again_is_no_second_request(office: Office) -> None:
    await unanswered(office)
    letter = await close(office)
    await office.reply(letter, ACCESS + CUSTOMER.name)
    assert [row.state for row in office.requests()] == ["expired", "identifying"]


@pytest.mark.parametrize("words", [STATUS, DROP])
async def test_asking_or_dropping_opens_nothing(office: Office, words: str) -> None:
    await unanswered(office)
    letter = await close(office)
    await office.reply(letter, words)
    assert [row.state for row in office.requests()] == ["expired"]


async def test_an_answer_before_the_second_look_stops_the_closing(office: Office) -> None:
    receipt = await unanswered(office)
    await drafting.close_for_silence(office.desk, office.staff[0], office.request().id)
    shown = office.draft()
    await office.reply(receipt, SORRY)
    assert office.state() == "identifying"
    assert WorkKind.SECOND_APPROVAL not in office.work_list()
    with pytest.raises(Stale):
        await office.approve(1, shown)


async def test_an_answer_in_the_last_minute_takes_the_letter_back(office: Office) -> None:
    receipt = await unanswered(office)
    await drafting.close_for_silence(office.desk, office.staff[0], office.request().id)
    await office.approve(1)
    await office.reply(receipt, SORRY)
    await office.advance(minutes=5)
    assert office.state() == "identifying"
    letters = [row.status for row in office.rows(Outbox) if row.draft_id is not None]
    assert letters == ["cancelled"]


async def test_silent_once_more_it_can_be_closed_once_more(office: Office) -> None:
    await unanswered(office)
    letter = await close(office)
    await office.reply(letter, SORRY)
    assert await refused(office) == "no_reminder", "the question was put anew"
    await office.advance(days=15)
    await office.advance(days=16)
    await close(office)
    assert [row.state for row in office.requests()] == ["expired", "expired"]
