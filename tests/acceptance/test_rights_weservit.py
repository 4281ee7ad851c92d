"""Weservit: what it calls consent and is a contract, advertising per channel, complaints, terms per purpose."""

from __future__ import annotations

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.types import Label, WorkKind
from storage.models import SourceAction, Suppression
from tests.acceptance.rights import decided, letter, office, one_letter, proven, request_of, stands
from tests.acceptance.words import COMPLAINT_U, ERASURE_U, LETTERS, STOP_U
from tests.support.office import Office, shared
from workflow import approval, drafting, questions

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "weservit"
CURRENT = known(ORGANISATION, Role.CURRENT)
FORMER = known(ORGANISATION, Role.FORMER)
UNPAID = known(ORGANISATION, Role.UNPAID)
CONSENT_ORDERS = (
    "Geachte heer, mevrouw,\n\nIk trek mijn toestemming in voor het gebruik van mijn gegevens voor mijn bestelling en "
    "mijn abonnement.\n\nHoogachtend,\n"
)
CONSENT_MIXED = (
    "Geachte heer, mevrouw,\n\nIk trek mijn toestemming in voor de nieuwsbrief en voor mijn bestellingen.\n\n"
    "Hoogachtend,\n"
)
NO_POST = "Goedemiddag,\n\nIk wil geen reclame meer per post ontvangen. Geen folders meer in de bus.\n\nGroet,\n"
SHOP = (
    "Geachte heer, mevrouw,\n\nIk heb iets besteld bij een webwinkel die u host. Verwijder mijn persoonsgegevens uit "
    "die webwinkel.\n\nHoogachtend,\n"
)


def lists(office: Office) -> tuple[object, ...]:
    """Newsletter, post, phone, social media."""
    sql = "SELECT nieuwsbrief, post, telefoon, sociale_media FROM reclame WHERE mailadres = ?"
    (row,) = stands(office, ORGANISATION, sql, CURRENT.email)
    return row


# --- intrekken --------------------------------------------------------------------------------------------------------


async def test_orders_rest_on_the_contract_and_go_on(office: Office) -> None:
    await proven(office, CURRENT.email, CONSENT_ORDERS + CURRENT.name)
    mails = await decided(office, Label.INTREKKEN)
    answer = one_letter(mails, CURRENT.email)
    assert request_of(office, Label.INTREKKEN).state == "refused"
    assert "staat dat we hiervoor toestemming vragen. Dat is niet juist" in answer.flat
    assert "nodig voor onze afspraak met u" in answer.flat
    assert "Autoriteit Persoonsgegevens" in answer.text and "rechtbank" in answer.text
    assert office.rows(SourceAction) == []


async def test_the_newsletter_stops_and_the_orders_go_on(office: Office) -> None:
    """One wish of two kinds: off the list at once, the rest explained by a person."""
    await proven(office, CURRENT.email, CONSENT_MIXED + CURRENT.name)
    assert lists(office)[0] == 0, "before anybody looked"
    answer = one_letter(await decided(office, Label.INTREKKEN), CURRENT.email)
    assert office.states() == {"intrekken": "answered", "afmelden": "answered"}
    assert request_of(office, Label.INTREKKEN).decision == "partly"
    for said in ("u onze nieuwsbrief sturen", "uw bestelling of abonnement uitvoeren", "was toen goed en blijft zo"):
        assert said in answer.flat


# --- afmelden, per channel --------------------------------------------------------------------------------------------


async def test_only_the_post_stops(office: Office) -> None:
    before = lists(office)
    mails = await office.mail(CURRENT.email, "post", NO_POST + CURRENT.name)
    assert office.states() == {"afmelden": "answered"} and office.moved_by("answered") == "program"
    newsletter, post, phone, social = lists(office)
    assert post == 0
    assert (newsletter, phone, social) == (before[0], *before[2:]), "the other ways were not meant"
    assert "post" in mails[-1].flat
    assert {row.channel for row in office.rows(Suppression)} == {"post"}


async def test_no_advertising_at_all(office: Office) -> None:
    await office.mail(CURRENT.email, "reclame", STOP_U + CURRENT.name)
    assert lists(office) == (0, 0, 0, 0)
    assert len(office.rows(Suppression)) >= 4


# --- klacht -----------------------------------------------------------------------------------------------------------


async def complained(office: Office, **chosen: str) -> None:
    await office.mail(CURRENT.email, "klacht", COMPLAINT_U + CURRENT.name)
    if chosen:
        request = request_of(office, Label.KLACHT)
        await questions.choose(office.desk, f"staff:{office.staff[1]}", request.id, chosen)
        await office.work()


async def test_a_complaint_needs_findings(office: Office) -> None:
    await complained(office)
    with pytest.raises(InputError) as empty:
        await office.approve(1)
    assert empty.value.code == "blocks_missing"
    assert request_of(office, Label.KLACHT).state == "awaiting_approval"


async def test_a_complaint_that_holds_gets_a_remedy_and_a_talk(office: Office) -> None:
    await complained(office, finding="founded", other_person="yes")
    edits = {"findings": "Uw adres ging naar een drukker die u niet kende.", "remedy": "De drukker heeft het gewist."}
    answer = one_letter(await decided(office, Label.KLACHT, edits), CURRENT.email)
    assert request_of(office, Label.KLACHT).state == "answered"
    for said in (
        "een drukker",
        "heeft het gewist",
        "Wilt u hier met iemand over praten",
        "Autoriteit Persoonsgegevens",
    ):
        assert said in answer.flat


async def test_a_complaint_that_does_not_hold_names_the_court(office: Office) -> None:
    await complained(office, finding="rejected", other_person="yes")
    edits = {
        "findings": "Wij gaven uw gegevens alleen door aan het register van uw domeinnaam.",
        "facts": "In het logboek van vorig jaar staat geen andere ontvanger.",
    }
    answer = one_letter(await decided(office, Label.KLACHT, edits), CURRENT.email)
    assert request_of(office, Label.KLACHT).state == "refused"
    assert "rechtbank" in answer.flat and "register van uw domeinnaam" in answer.flat


# --- verwijdering -----------------------------------------------------------------------------------------------------


async def test_each_kind_of_data_has_its_own_end(office: Office) -> None:
    await proven(office, FORMER.email, ERASURE_U + FORMER.name)
    await decided(office, Label.VERWIJDERING)
    answer = one_letter(await office.advance(days=3), FORMER.email)
    assert "artikel 52 lid 4 AWR" in answer.text and "31 december" in answer.text
    assert stands(office, ORGANISATION, "SELECT count(*) FROM reclame WHERE mailadres = ?", FORMER.email) == [(0,)]
    question = "SELECT count(*) FROM contactformulier WHERE mailadres = ?"
    assert stands(office, ORGANISATION, question, FORMER.email) == [(0,)]
    assert stands(
        office, ORGANISATION, "SELECT count(*) FROM factuur WHERE debnr = ?", int(FORMER.customer_number)
    ) != [(0,)]


async def test_access_comes_first_then_the_erasure_keeps_what_is_unpaid(office: Office) -> None:
    asked = LETTERS["inzage-wissen"]
    receipt = await proven(office, asked.address, asked.text)
    assert set(office.states()) == {"inzage", "verwijdering"}
    question = next(mail for mail in office.mails if "Wat moeten we wissen" in mail.subject)
    await office.reply(question, "1")
    await office.approve(0, office.draft(request_of(office, Label.VERWIJDERING).id))
    await office.approve(1, office.draft(request_of(office, Label.VERWIJDERING).id))
    await office.advance(days=4)
    assert {row.status for row in office.rows(SourceAction)} == {"waiting"}, "nothing goes before access was answered"
    access = request_of(office, Label.INZAGE)
    await approval.hand_back(office.desk, office.staff[0], office.draft(access.id).id)  # made before the answer came
    await office.work()
    await office.approved(office.draft(access.id))
    await office.advance(minutes=1)
    assert office.states() == {"inzage": "answered", "verwijdering": "answered"}
    assert receipt.to == UNPAID.email


# --- data of customers of customers -----------------------------------------------------------------------------------


async def test_a_shop_that_is_hosted_here_answers_for_itself(office: Office) -> None:
    await office.mail("koper@elders.example", "webwinkel", SHOP)
    request = request_of(office, Label.VERWIJDERING)
    assert WorkKind.HANDLE in office.work_list() and request.state == "received"
    await drafting.redirect(office.desk, office.staff[0], request.id)
    assert "niet" in letter(office, Label.VERWIJDERING)
    answer = one_letter(await decided(office, Label.VERWIJDERING), "koper@elders.example")
    assert request_of(office, Label.VERWIJDERING).state == "transferred"
    assert "webwinkel" in answer.flat or "klant" in answer.flat
    assert office.rows(SourceAction) == []
