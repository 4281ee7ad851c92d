"""NEXXT Journeys: erasure except invoices, restriction on four grounds, a generous promise of portability."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError, Stale
from cases.types import ActionStatus, Label
from storage.models import RecipientNotice, Restriction, SourceAction, SourceTask, table
from tests.acceptance.rights import decided, letter, office, one_letter, proven, request_of, stands
from tests.acceptance.words import ERASURE_U, FREEZE_U, PORTABLE_U, STOP_U
from tests.support.arrived import Mail
from tests.support.office import Office, shared
from workflow import freezes, questions, tasks

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "nexxt"
CURRENT = known(ORGANISATION, Role.CURRENT)
FORMER = known(ORGANISATION, Role.FORMER)
HOW_LONG = "Geachte heer, mevrouw,\n\nHoe lang bewaart u mijn persoonsgegevens?\n\nHoogachtend,\n"
GROUNDS = {
    "accuracy": "artikel 18 lid 1 onder a AVG",
    "unlawful": "artikel 18 lid 1 onder b AVG",
    "claim": "artikel 18 lid 1 onder c AVG",
    "objection": "artikel 18 lid 1 onder d AVG",
}


def contact(office: Office, column: str) -> object:
    return stands(
        office, ORGANISATION, f"SELECT {column} FROM contacts WHERE customer_ref = ?", CURRENT.customer_number
    )[0][0]


# --- verwijdering -----------------------------------------------------------------------------------------------------


async def test_of_a_former_customer_only_invoices_stay(office: Office) -> None:
    """The contract ended more than a year ago: all that is not an invoice goes, and the letter says until when."""
    await proven(office, FORMER.email, ERASURE_U + FORMER.name)
    await decided(office, Label.VERWIJDERING)
    answer = one_letter(await office.advance(days=3), FORMER.email)
    assert "artikel 52 lid 4 AWR" in answer.text and "Facturen en offertes" in answer.text
    for gone in ("conversations", "newsletter", "reviews"):
        assert stands(office, ORGANISATION, f"SELECT count(*) FROM {gone} WHERE email = ?", FORMER.email) == [(0,)]
    assert stands(office, ORGANISATION, "SELECT count(*) FROM contacts WHERE email = ?", FORMER.email) == [(0,)]
    left = stands(office, ORGANISATION, "SELECT min(invoice_date) FROM invoices WHERE billed_to = ?", FORMER.name)
    assert left[0][0] >= "2019-01-01", "an invoice of 2018 was kept until the end of 2025"
    told = {row.recipient for row in office.rows(RecipientNotice)}
    assert len(told) >= 10 and "moneybird" in told, "art. 19: everybody who got the data"


# --- beperking --------------------------------------------------------------------------------------------------------


async def frozen(office: Office, ground: str) -> list[Mail]:
    """A freeze on this ground, carried out in the system and by hand where the system can not."""
    await proven(office, CURRENT.email, FREEZE_U + CURRENT.name)
    request = request_of(office, Label.BEPERKING)
    await questions.choose(office.desk, f"staff:{office.staff[0]}", request.id, {"ground": ground})
    await office.work()
    mails = await decided(office, Label.BEPERKING)
    for task in office.rows(SourceTask):
        await tasks.answer_by_staff(office.desk, f"staff:{office.staff[0]}", task.id, nothing=False)
    return mails + await office.advance(minutes=1)


@pytest.mark.parametrize("ground", GROUNDS)
async def test_a_freeze_on_each_ground(office: Office, ground: str) -> None:
    answer = one_letter(await frozen(office, ground), CURRENT.email)
    assert request_of(office, Label.BEPERKING).state == "answered"
    assert GROUNDS[ground] in answer.flat
    assert "voordat we uw gegevens weer gaan gebruiken" in answer.flat
    assert contact(office, "restricted") == 1
    (row,) = office.rows(Restriction)
    assert (row.ground, row.review_on) == (ground, date(2026, 3, 6)), "looked at again after sixty days"


async def test_the_freeze_is_lifted_only_after_it_was_told(office: Office) -> None:
    await frozen(office, "accuracy")
    (row,) = office.rows(Restriction)
    staff, today = office.staff[0], office.clock.now().date()
    with pytest.raises(InputError) as untold:
        await freezes.lift(office.desk, staff, row.id)
    assert untold.value.code == "tell_first"
    with pytest.raises(InputError) as soon:
        await freezes.announce(office.desk, staff, row.id, today + timedelta(days=2), "Uw adres is verbeterd.")
    assert soon.value.code == "too_soon"
    lifted_on = today + timedelta(days=8)
    await freezes.announce(office.desk, staff, row.id, lifted_on, "Uw adres is verbeterd.")
    told = one_letter(await office.advance(minutes=1), CURRENT.email)
    assert "Uw adres is verbeterd" in told.flat and "13 januari 2026" in told.text
    with pytest.raises(InputError) as early:
        await freezes.lift(office.desk, staff, row.id)
    assert early.value.code == "not_yet"
    await office.advance(days=9)
    await freezes.lift(office.desk, staff, row.id)
    assert contact(office, "restricted") == 0
    assert office.rows(Restriction)[0].lifted_by == f"staff:{staff}"


async def test_the_week_runs_from_the_moment_the_letter_left(office: Office) -> None:
    """The mail server was away for ten days: the day in the letter is past, the person has known it for a moment."""
    await frozen(office, "accuracy")
    (row,) = office.rows(Restriction)
    staff, today = office.staff[0], office.clock.now().date()
    await freezes.announce(office.desk, staff, row.id, today + timedelta(days=8), "Uw adres is verbeterd.")
    with pytest.raises(Stale):
        await freezes.announce(office.desk, staff, row.id, today + timedelta(days=9), "Uw adres is verbeterd.")
    office.clock.advance(days=10)
    with pytest.raises(InputError, match="tell_first"):
        await freezes.lift(office.desk, staff, row.id)
    told = one_letter(await office.work(), CURRENT.email)
    assert "13 januari 2026" in told.text
    with pytest.raises(InputError, match="not_yet"):
        await freezes.lift(office.desk, staff, row.id)
    await office.advance(days=7)
    await freezes.lift(office.desk, staff, row.id)
    assert contact(office, "restricted") == 0


async def test_what_another_freeze_still_covers_stays_frozen(office: Office) -> None:
    await frozen(office, "accuracy")
    receipt = await proven(
        office, CURRENT.email, FREEZE_U + "Wacht ook met mijn gegevens tot mijn rechtszaak klaar is."
    )
    second = max(office.requests(), key=lambda one: (one.received_at, one.id))
    assert receipt and second.label == Label.BEPERKING.value
    await questions.choose(office.desk, f"staff:{office.staff[0]}", second.id, {"ground": "claim"})
    await office.work()
    await office.approve(0, office.draft(second.id))
    await office.advance(minutes=1)
    for task in office.rows(SourceTask, table(SourceTask).c.status == "open"):
        await tasks.answer_by_staff(office.desk, f"staff:{office.staff[0]}", task.id, nothing=False)
    await office.advance(minutes=1)
    first, other = sorted(office.rows(Restriction), key=lambda one: one.ground)
    assert (first.ground, other.ground) == ("accuracy", "claim")
    for row, restricted in ((first, 1), (other, 0)):
        on = office.clock.now().date() + timedelta(days=7)
        await freezes.announce(office.desk, office.staff[0], row.id, on, "Het is uitgezocht.")
        await office.advance(minutes=1)
        await office.advance(days=8)
        await freezes.lift(office.desk, office.staff[0], row.id)
        assert contact(office, "restricted") == restricted


async def test_without_a_ground_it_is_a_refusal_that_says_what_does_apply(office: Office) -> None:
    await proven(office, CURRENT.email, FREEZE_U + CURRENT.name)
    request = request_of(office, Label.BEPERKING)
    await questions.choose(office.desk, f"staff:{office.staff[0]}", request.id, {"ground": "none"})
    await office.work()
    with pytest.raises(InputError):
        await office.approve(0)
    edits = {"facts": "U noemt geen gegeven dat onjuist is.", "granted": "Noemt u het gegeven, dan zoeken we het uit."}
    answer = one_letter(await decided(office, Label.BEPERKING, edits), CURRENT.email)
    assert request_of(office, Label.BEPERKING).state == "refused"
    assert "rechtbank" in answer.flat and "Noemt u het gegeven" in answer.flat


# --- overdracht, afmelden, vraag ---------------------------------------------------------------------------


async def test_the_promise_to_take_everything_along_is_kept(office: Office) -> None:
    await proven(office, CURRENT.email, PORTABLE_U + CURRENT.name)
    shown = letter(office, Label.OVERDRACHT)
    assert "We hebben beloofd" in shown
    assert shown.count("Krijgt u mee: ja") == 10 and shown.count("Krijgt u mee: nee") == 1
    assert "Inloggegevens Krijgt u mee: nee" in shown, "passwords never stand in a file"
    answer = one_letter(await decided(office, Label.OVERDRACHT), CURRENT.email)
    assert "/d/" in answer.text and office.rows(SourceAction) == []


async def test_opting_out_is_done_at_once(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "uitschrijven", STOP_U + CURRENT.name)
    assert office.states() == {"afmelden": "answered"}
    rows = table(SourceAction)
    assert {row.status for row in office.rows(SourceAction, rows.c.verb == "opt_out")} <= {
        ActionStatus.DONE, ActionStatus.NOTHING
    }  # fmt: skip
    assert "overeenkomst" in mails[-1].flat
    off = stands(office, ORGANISATION, "SELECT opted_out FROM newsletter WHERE email = ?", CURRENT.email)
    assert [row for row in off if row[0] is None] == []


async def test_how_long_data_are_kept_is_answered_from_the_statement(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "vraag", HOW_LONG + CURRENT.name)
    assert office.states() == {"vraag": "answered"}
    assert "Duur van opslag" in mails[-1].flat
