"""Webanizr: three systems that all have to confirm, a newsletter only for who asked, sites of customers (processor)."""

from __future__ import annotations

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.protocols import Change, Changed
from cases.types import ActionStatus, Label, WorkKind
from storage.models import Inbound, SourceAction, table
from tests.acceptance.rights import decided, letter, office, one_letter, proven, request_of, stands
from tests.acceptance.words import ACCESS, ERASURE, OBJECT_STATISTICS, STOP
from tests.support.office import Office, shared
from workflow import actions, drafting, questions, triage

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "webanizr"
FORMER = known(ORGANISATION, Role.FORMER)
CURRENT = known(ORGANISATION, Role.CURRENT)
FORM = "Hallo,\n\nIk heb een formulier ingevuld op een website die jullie hosten. Verwijder mijn gegevens daar.\n"


def subscribed(office: Office, address: str) -> list[tuple[object, ...]]:
    return stands(office, "webanizr-mailing", "SELECT status FROM subscribers WHERE email = ?", address)


# --- verwijdering: every system, or no answer -------------------------------------------------------------------------


async def test_erasure_is_answered_when_every_system_has_confirmed(office: Office) -> None:
    await proven(office, FORMER.email, ERASURE + FORMER.name)
    assert await decided(office, Label.VERWIJDERING) != []  # when it will happen, and how to call it off
    assert request_of(office, Label.VERWIJDERING).state == "executing"
    answer = one_letter(await office.advance(days=3), FORMER.email)
    assert request_of(office, Label.VERWIJDERING).state == "answered"
    assert "Platform:" in answer.text and "Mailingplatform:" in answer.text
    assert subscribed(office, FORMER.email) == []
    account = "SELECT naam, email, telefoon, wachtwoord FROM accounts WHERE account_id = ?"
    assert stands(office, "webanizr-platform", account, int(FORMER.customer_number)) in ([], [(None, None, None, None)])


async def test_one_system_that_does_not_confirm_holds_the_answer_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mailing platform is down for a day: the platform is done, nothing is called done, then it is."""
    await proven(office, FORMER.email, ERASURE + FORMER.name)
    await decided(office, Label.VERWIJDERING)
    mailing = office.desk.organisation(ORGANISATION).sources["mailing"]
    real, down = type(mailing).change, True

    async def change(self: object, one: Change) -> Changed:
        if down and self is mailing:
            return Changed(one.id, ActionStatus.FAILED, error="het systeem antwoordt niet")
        return await real(mailing if self is mailing else self, one)  # type: ignore[arg-type]

    monkeypatch.setattr(type(mailing), "change", change)
    assert [mail for mail in await office.advance(days=3) if mail.to == FORMER.email] == []
    for hours in (1, 2, 3):
        assert [mail for mail in await office.advance(hours=hours) if mail.to == FORMER.email] == []
    assert request_of(office, Label.VERWIJDERING).state == "executing"
    rows = table(SourceAction)
    platform = office.rows(SourceAction, rows.c.source == "platform")
    assert {row.status for row in platform} == {ActionStatus.DONE}
    assert WorkKind.ACTION_FAILED in office.work_list()
    assert subscribed(office, FORMER.email) != []

    down = False
    for row in office.rows(SourceAction, rows.c.source == "mailing"):
        if row.status in ("failed", "unknown"):  # a colleague presses again
            await actions.try_again(office.desk, office.staff[0], row.id)
            await office.work()
    await office.advance(hours=1)
    assert request_of(office, Label.VERWIJDERING).state == "answered"
    assert subscribed(office, FORMER.email) == []


async def test_statistics_that_can_not_be_searched_are_named(office: Office) -> None:
    """Not looked is not nothing: the draft says which system was not asked, and staff see the note."""
    (office.folder / "customers" / "webanizr-statistieken.db").write_bytes(b"kapot")
    await proven(office, FORMER.email, ERASURE + FORMER.name)
    await office.advance(minutes=2)
    await office.advance(minutes=6)
    assert WorkKind.SOURCE_FAILED in office.work_list()
    assert "Statistieken" in letter(office, Label.VERWIJDERING)


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_the_newsletter_stops_at_once_and_mail_about_the_account_goes_on(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "nieuwsbrief", STOP + CURRENT.first)
    assert request_of(office, Label.AFMELDEN).state == "answered"
    assert office.moved_by("answered") == "program"
    assert subscribed(office, CURRENT.email) == [("unsubscribed",)]
    answer = mails[-1]
    assert "automatische assistent" in answer.flat and "account" in answer.flat


async def test_access_names_where_the_data_are(office: Office) -> None:
    await proven(office, CURRENT.email, ACCESS + CURRENT.name)
    shown = letter(office, Label.INZAGE)
    assert "Amazon Web Services" in shown and "Ierland" in shown
    assert "Autoriteit Persoonsgegevens" in shown, "the statement itself names neither rights nor the AP"
    answer = one_letter(await decided(office, Label.INZAGE), CURRENT.email)
    assert "/d/" in answer.text


async def test_an_objection_to_statistics_is_weighed_by_a_person(office: Office) -> None:
    await proven(office, CURRENT.email, OBJECT_STATISTICS + CURRENT.name)
    with pytest.raises(InputError) as unweighed:
        await office.approve(0)
    assert unweighed.value.code == "blocks_missing"
    request = request_of(office, Label.BEZWAAR)
    await questions.choose(office.desk, f"staff:{office.staff[0]}", request.id, {"weighing": "stopped"})
    await office.work()
    shown = letter(office, Label.BEZWAAR)
    assert "statistieken bijhouden" in shown and "je krijgt gelijk" in shown


async def test_who_filled_in_a_form_on_a_customers_site_is_sent_on(office: Office) -> None:
    await office.mail("bezoeker@elders.example", "formulier", FORM)
    if not office.requests():  # not clear enough for the program: a person opens it
        (row,) = office.rows(Inbound)
        await triage.open_as(office.desk, office.staff[0], row.id, [Label.VERWIJDERING])
        await office.work()
    request = request_of(office, Label.VERWIJDERING)
    await drafting.redirect(office.desk, office.staff[0], request.id)
    answer = one_letter(await decided(office, Label.VERWIJDERING), "bezoeker@elders.example")
    assert request_of(office, Label.VERWIJDERING).state == "transferred"
    assert "niet van ons" in answer.flat or "eigenaar" in answer.flat
    assert stands(office, "webanizr-platform", "SELECT count(*) FROM form_submissions")[0][0] > 0
