""" "Hoe staat het ermee?" and "laat maar": what the proven mailbox hears of its requests, and what nobody else does.

In the three texts: a house that says je (whatnext), one that says u (nexxt), and English.
"""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.demo.known import Known, Role, known
from cases.errors import InputError
from cases.protocols import Changed
from cases.types import ActionStatus, Form, Label, WorkKind
from handlers.process_letters import ExtensionReason
from storage.models import Case, Conversation, Inbound
from tests.acceptance.rights import at, decided, letter, office_at, one_letter, proven, request_of
from tests.acceptance.words import ACCESS, ACCESS_U, DROP, ERASURE, ERASURE_U, LETTERS, STATUS, THIEF
from tests.support.arrived import Mail
from tests.support.office import Office, shared
from workflow import terms, triage, wishes

__all__ = ["office_at", "shared"]  # fixtures
ACCESS_EN = (
    "Dear sir or madam,\n\nUnder article 15 of the GDPR I request a copy of all the personal data that you hold about "
    "me.\n\nKind regards,\n"
)
VAGUE = "Mijn zus zegt dat ik hier later spijt van krijg. Kunnen we het maar zo laten?"
DATES = re.compile(r"\b\d{1,2} (?:januari|februari|maart|January|February|March) 2026")


def customer(office: Office, role: Role = Role.CURRENT) -> Known:
    return known(office.organisation, role)


async def opened_by_staff(office: Office, address: str, text: str, label: Label) -> Mail:
    """A mail of its own, not under one of ours: a colleague reads it as this; gives the receipt with the code."""
    await office.mail(address, "vraagje", text)
    row = max(office.rows(Inbound), key=lambda one: (one.created_at, one.id))
    await triage.open_as(office.desk, office.staff[0], row.id, [label])
    (receipt,) = await office.work()
    return receipt


# --- status: the proven channel ---------------------------------------------------------------------------------------


@at("whatnext")
async def test_each_open_request_has_its_stage_and_its_day(office_at: Office) -> None:
    office, who = office_at, customer(office_at, Role.FORMER)
    receipt = await proven(office, who.email, ACCESS + who.name)
    (second,) = await office.reply(receipt, ERASURE)
    (told,) = await office.reply(receipt, STATUS)
    assert "gegevens inzien" in told.flat and "een medewerker bekijkt het antwoord" in told.flat
    assert "gegevens wissen" in told.flat and "we wachten op je code" in told.flat
    assert second.has_code and "5 februari 2026" in told.flat and "19 januari 2026" in told.flat
    assert "De termijn loopt gewoon door" in told.flat


@at("nexxt")
async def test_an_extended_a_standing_and_a_late_term_say_so(office_at: Office) -> None:
    office, who = office_at, customer(office_at)
    receipt = await proven(office, who.email, ACCESS_U + who.name)
    staff, request = office.staff[0], request_of(office, Label.INZAGE)
    await terms.suspend(office.desk, staff, request.id, "specify", date(2026, 1, 6))
    (still,) = await office.reply(receipt, STATUS)
    assert "De termijn staat stil sinds 6 januari 2026" in still.flat and "om welke gegevens het u gaat" in still.flat
    await terms.resume(office.desk, staff, request.id, date(2026, 1, 9))
    await terms.extend(office.desk, staff, request.id, ExtensionReason.COMPLEXITY, "er zijn veel systemen")
    await office.advance(days=2)
    (longer,) = await office.reply(receipt, STATUS)
    assert "We hebben meer tijd nodig voor uw verzoek" in longer.flat and "7 april 2026" in longer.flat
    await office.advance(days=100)
    (late,) = await office.reply(receipt, STATUS)
    assert "We zijn te laat met ons antwoord" in late.flat and "dat spijt ons" in late.flat


@at("whatnext")
async def test_an_erasure_that_waits_names_its_day_and_what_was_done(office_at: Office) -> None:
    office, who = office_at, customer(office_at, Role.FORMER)
    receipt = await proven(office, who.email, ERASURE + who.name)
    await decided(office, Label.VERWIJDERING)
    (waits,) = await office.reply(receipt, STATUS)
    assert "We beginnen er op 8 januari 2026 mee" in waits.flat and "gewist in" not in waits.flat
    await office.advance(days=3)
    (over,) = await office.reply(receipt, STATUS)
    assert "beantwoord" in over.flat and "8 januari 2026: gegevens gewist in" in over.flat
    assert "Antwoord uiterlijk op" not in over.flat


@at("nexxt")
async def test_english_is_answered_in_english(office_at: Office) -> None:
    office, who = office_at, customer(office_at)
    receipt = await proven(office, who.email, ACCESS_EN + who.name)
    assert office.rows(Conversation)[0].form == Form.EN.value
    (told,) = await office.reply(receipt, receipt.code)  # used already: how far it is
    assert "seeing your data" in told.flat and "a member of staff is looking at the answer" in told.flat
    assert "5 February 2026" in told.flat and "The clock is running as usual" in told.flat


@at("whatnext")
async def test_a_mail_of_its_own_is_answered_once_the_mailbox_is_proven(office_at: Office) -> None:
    """The case is over, so nothing leads a new mail to it: a colleague reads it, the code proves it."""
    office, who = office_at, customer(office_at)
    await proven(office, who.email, ACCESS + who.name)
    await decided(office, Label.INZAGE)
    receipt = await opened_by_staff(office, who.email, STATUS, Label.STATUS)
    assert "gegevens inzien" not in receipt.flat and "beantwoord" not in receipt.flat
    (_, told) = await office.reply(receipt, receipt.code)
    assert "beantwoord" in told.flat and "5 januari 2026" in told.flat and "automatische assistent" in told.flat
    assert request_of(office, Label.STATUS).state == "answered"


@at("nexxt")
async def test_nothing_open_is_said_by_a_person(office_at: Office) -> None:
    office, who = office_at, customer(office_at)
    receipt = await opened_by_staff(office, who.email, STATUS, Label.STATUS)
    await office.reply(receipt, receipt.code)
    assert "geen open verzoek van u" in letter(office, Label.STATUS)
    told = one_letter(await decided(office, Label.STATUS), who.email)
    assert "geen open verzoek van u" in told.flat


# --- status: not proven, no facts -------------------------------------------------------------------------------------


@at("whatnext", "nexxt")
async def test_before_the_code_no_fact_is_told(office_at: Office) -> None:
    office, who = office_at, customer(office_at)
    (receipt, *_) = await office.mail(who.email, "verzoek", ACCESS_U + who.name)
    (told,) = await office.reply(receipt, STATUS)
    assert DATES.findall(told.flat) == [] and "inzien" not in told.flat
    assert "als we zeker weten dat dit mailadres van" in told.flat and "'nieuwe code'" in told.flat


@at("whatnext")
async def test_a_second_conversation_of_the_case_hears_nothing_of_the_first(office_at: Office) -> None:
    """A colleague joined somebody's mail to the case: that proves nothing, and tells nothing."""
    office, who = office_at, customer(office_at)
    await proven(office, who.email, ACCESS + who.name)
    (case,) = office.rows(Case)
    await office.mail(THIEF, f"Re: over {case.number}", LETTERS["twijfel"].text)
    row = max(office.rows(Inbound), key=lambda one: (one.created_at, one.id))
    await triage.join(office.desk, office.staff[0], row.id)
    for mail in await office.mail(THIEF, "vraagje", STATUS):
        assert DATES.findall(mail.flat) == [] and "inzien" not in mail.flat and "medewerker bekijkt" not in mail.flat
    other = await opened_by_staff(office, "iemand@anders.example", STATUS, Label.STATUS)
    await office.reply(other, other.code)
    assert "geen open verzoek" in letter(office, Label.STATUS), "another mailbox, proven for itself only"


# --- annuleren --------------------------------------------------------------------------------------------------------


@at("whatnext", "nexxt")
async def test_dropping_before_anything_was_done(office_at: Office) -> None:
    office, who = office_at, customer(office_at, Role.FORMER)
    receipt = await proven(office, who.email, ERASURE_U + who.name)
    (closed,) = await office.reply(receipt, DROP)
    assert request_of(office, Label.VERWIJDERING).state == "withdrawn"
    assert "Dat is nu gesloten" in closed.flat and "nog niets uitgevoerd" in closed.flat


@at("whatnext")
async def test_dropping_after_a_part_was_done_says_what(office_at: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """One table was not as shown: the rest is done, and a person looks. Then the requester drops it."""
    office, who = office_at, customer(office_at, Role.FORMER)
    receipt = await proven(office, who.email, ERASURE + who.name)
    await decided(office, Label.VERWIJDERING)
    source = office.desk.organisation("whatnext").sources["whatnext"]
    real = type(source).change

    async def conflicting(self, change):  # type: ignore[no-untyped-def]
        if change.table == "inlog":
            return Changed(change.id, ActionStatus.CONFLICT, error="anders dan getoond")
        return await real(self, change)

    monkeypatch.setattr(type(source), "change", conflicting)
    await office.advance(days=4)
    assert request_of(office, Label.VERWIJDERING).state == "awaiting_approval"
    (closed,) = await office.reply(receipt, DROP)
    assert "Dit was al gebeurd" in closed.flat and "9 januari 2026: gegevens gewist in" in closed.flat
    assert "kunnen we niet terughalen" in closed.flat and "niets uitgevoerd" not in closed.flat
    assert "@" not in closed.flat.replace(office.mailbox, ""), "no data of the person in it"


@at("whatnext")
async def test_a_wish_that_only_a_person_hears_closes_what_waits(office_at: Office) -> None:
    """Read by staff in the proven conversation: what had not begun is called off, then the letter says so."""
    office, who = office_at, customer(office_at, Role.FORMER)
    receipt = await proven(office, who.email, ERASURE + who.name)
    assert await office.reply(receipt, VAGUE) == []
    assert WorkKind.NEW_MESSAGE in office.work_list() and request_of(office, Label.VERWIJDERING).state != "withdrawn"
    await wishes.add(office.desk, office.staff[0], office.rows(Conversation)[0].id, Label.ANNULEREN)
    await office.work()
    assert request_of(office, Label.VERWIJDERING).state == "withdrawn"
    assert office.moved_by("withdrawn").startswith("requester:")
    assert WorkKind.NEW_MESSAGE not in office.work_list()
    told = one_letter(await decided(office, Label.ANNULEREN), who.email)
    assert "Dat is nu gesloten" in told.flat and "nog niets uitgevoerd" in told.flat


@at("nexxt")
async def test_a_wish_is_not_added_without_proof_nor_twice(office_at: Office) -> None:
    office, who = office_at, customer(office_at, Role.FORMER)
    (receipt, *_) = await office.mail(who.email, "verzoek", ERASURE_U + who.name)
    talk, staff = office.rows(Conversation)[0].id, office.staff[0]
    for label, code in ((Label.ANNULEREN, "not_proven"), (Label.VERWIJDERING, "open_already")):
        with pytest.raises(InputError) as refused:
            await wishes.add(office.desk, staff, talk, label)
        assert refused.value.code == code
    await office.reply(receipt, receipt.code)
    await decided(office, Label.VERWIJDERING)
    await wishes.add(office.desk, staff, talk, Label.STATUS)
    (told,) = await office.work()
    assert "We beginnen er op" in told.flat and "u het nog stoppen" in told.flat
