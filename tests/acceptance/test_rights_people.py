"""People and turns that go another way: heirs, a child, a representative, nobody known, a change of mind."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bot.demo.known import Role, known
from cases.types import Label, WorkKind
from storage.models import Conversation, Export, Finding, Inbound, Mandate, SourceAction
from tests.acceptance.rights import decided, office, one_letter, proven, request_of
from tests.acceptance.words import ACCESS, DROP, ERASURE, STATUS, THIEF, UNKNOWN
from tests.support.office import Office, shared
from workflow import people, persons, triage

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "whatnext"
CURRENT = known(ORGANISATION, Role.CURRENT)
OTHER = known(ORGANISATION, Role.UNPAID)
DEAD = "Hallo,\n\nMijn vader is vorige maand overleden. Willen jullie al zijn persoonsgegevens verwijderen?\n\nSaar"
CHILD = "Hoi, ik ben 13 jaar. Kunnen jullie al mijn persoonsgegevens verwijderen? Groetjes, Fien"
LAWYER = (
    "Hallo,\n\nNamens mijn cliënt vraag ik jullie om inzage in al zijn persoonsgegevens. Een machtiging stuur ik "
    "graag toe.\n\nGroet,\nmr. K. Pleitema"
)
BOTH_WAYS = "Hallo,\n\nVerwijder al mijn gegevens, maar bewaar ze ook want ik wil ze volgend jaar inzien.\n\nGroet,\n"
ASIDE = "Hebben jullie ook een folder over de cursus WordPress?"


# --- special persons --------------------------------------------------------------------------------------------------


async def test_heirs_hear_nothing_from_a_machine(office: Office) -> None:
    assert await office.mail("saar@elders.example", "mijn vader", DEAD) == []
    assert {WorkKind.TRIAGE, WorkKind.HANDLE} & set(office.work_list())
    if not office.requests():
        (row,) = office.rows(Inbound)
        await triage.open_as(office.desk, office.staff[0], row.id, [Label.VERWIJDERING])
        assert await office.work() == []
    (talk,) = office.rows(Conversation)
    await persons.first_letter(office.desk, office.staff[0], talk.id, "heirs")
    told = one_letter(await office.advance(minutes=1), "saar@elders.example")
    assert "gecondoleerd" in told.flat.lower() or "verlies" in told.flat.lower()
    assert office.rows(Export) == [] and office.rows(SourceAction) == [] and "/d/" not in told.text


async def test_a_child_is_told_what_it_can_do_alone(office: Office) -> None:
    await office.mail("fien@elders.example", "hoi", CHILD)
    assert request_of(office, Label.VERWIJDERING).state == "received" and WorkKind.HANDLE in office.work_list()
    (talk,) = office.rows(Conversation)
    await persons.first_letter(office.desk, office.staff[0], talk.id, "child")
    told = one_letter(await office.advance(minutes=1), "fien@elders.example")
    assert "reclame" in told.flat and "klacht" in told.flat
    assert office.rows(SourceAction) == []


async def test_a_representative_shows_the_mandate_first(office: Office) -> None:
    await office.mail("pleitema@advocaten.example", "inzage", LAWYER)
    assert request_of(office, Label.INZAGE).state == "received"
    (talk,) = office.rows(Conversation)
    await persons.first_letter(office.desk, office.staff[0], talk.id, "representative")
    told = one_letter(await office.advance(minutes=1), "pleitema@advocaten.example")
    assert "machtiging" in told.flat
    (row,) = office.rows(Mandate)
    await persons.judge_mandate(office.desk, office.staff[1], row.id, accepted=True, scope="inzage", answer_to="person")
    (row,) = office.rows(Mandate)
    assert (row.status, row.by) == ("accepted", f"staff:{office.staff[1]}")
    assert office.rows(Export) == []


async def test_two_accounts_on_one_address_are_not_mixed(office: Office) -> None:
    """Whose data would it be? A person looks; no export is made, and nothing is called "nothing found"."""
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database:
        database.execute("UPDATE klanten SET email = ? WHERE klantnr = ?", (CURRENT.email, OTHER.customer_number))
        database.commit()
    await proven(office, CURRENT.email, ACCESS + CURRENT.name)
    for minutes in (2, 6):
        await office.advance(minutes=minutes)
    assert WorkKind.SOURCE_FAILED in office.work_list()
    assert office.rows(Export) == []
    assert "twee personen" in office.rows(Finding)[-1].error
    draft = office.draft(request_of(office, Label.INZAGE).id)
    assert draft.decision != "nothing_found"


async def test_nobody_we_know_hears_where_we_looked(office: Office) -> None:
    await proven(office, UNKNOWN, ACCESS)
    answer = one_letter(await decided(office, Label.INZAGE), UNKNOWN)
    assert request_of(office, Label.INZAGE).decision == "nothing_found"
    assert "mailadres" in answer.flat and "klantnummer" in answer.flat, "searched with, and what else may help"


# --- turns ------------------------------------------------------------------------------------------------------------


async def test_contradictory_wishes_are_asked_back_or_read_by_a_person(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "mijn gegevens", BOTH_WAYS + CURRENT.name)
    assert "answered" not in office.states().values()
    assert office.rows(SourceAction) == []
    assert WorkKind.TRIAGE in office.work_list() or any("bedoel" in mail.subject for mail in mails)


async def test_something_else_inside_a_case_goes_to_people(office: Office) -> None:
    receipt = await proven(office, CURRENT.email, ACCESS + CURRENT.name)
    assert await office.reply(receipt, ASIDE) == []
    assert WorkKind.NEW_MESSAGE in office.work_list()
    (talk,) = office.rows(Conversation)
    await people.reply(office.desk, office.staff[0], talk.id, "Die folder hebben we niet meer.")
    told = one_letter(await office.advance(minutes=1), CURRENT.email)
    assert "folder hebben we niet meer" in told.flat
    assert request_of(office, Label.INZAGE).state == "awaiting_approval"


async def test_how_far_it_is_is_told_by_the_program(office: Office) -> None:
    receipt = await proven(office, CURRENT.email, ACCESS + CURRENT.name)
    (told,) = await office.reply(receipt, STATUS)
    assert "5 januari 2026" in told.text and "automatische assistent" in told.flat
    assert request_of(office, Label.INZAGE).state == "awaiting_approval"


async def test_only_the_proven_requester_drops_a_request(office: Office) -> None:
    (receipt, *_) = await office.mail(CURRENT.email, "wissen", ERASURE + CURRENT.name)
    await office.reply(receipt, DROP)
    assert request_of(office, Label.VERWIJDERING).state == "identifying", "not proven: a person reads it"
    await office.reply(receipt, receipt.code)
    await office.mail(THIEF, "Re: wissen", DROP, under=receipt)
    assert request_of(office, Label.VERWIJDERING).state != "withdrawn", "our secret in another mailbox"
    await office.mail(CURRENT.email, "wissen", DROP)
    assert request_of(office, Label.VERWIJDERING).state != "withdrawn", "the address alone is a claim"
    mails = await office.reply(receipt, DROP)
    assert request_of(office, Label.VERWIJDERING).state == "withdrawn"
    assert office.moved_by("withdrawn").startswith("requester:")
    assert len(mails) == 1
    await office.advance(days=10)
    assert office.rows(SourceAction) == []


@pytest.mark.parametrize("who", [CURRENT.email, UNKNOWN])
async def test_a_dropped_request_says_the_same_to_everybody(office: Office, who: str) -> None:
    receipt = await proven(office, who, ACCESS)
    (told,) = await office.reply(receipt, DROP)
    assert request_of(office, Label.INZAGE).state == "withdrawn"
    assert CURRENT.customer_number not in told.flat and "klantnummer" not in told.flat.lower()
