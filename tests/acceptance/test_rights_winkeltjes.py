"""Winkeltjes: a code where the statement asks for an ID, no dead law as a ground, shops that answer themselves."""

from __future__ import annotations

import re

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.types import Label, RefusalGround, WorkKind
from storage.models import Evidence, SourceAction
from tests.acceptance.rights import decided, letter, office, one_letter, proven, request_of, stands
from tests.acceptance.words import ACCESS, ERASURE, LETTERS, STOP
from tests.support.office import Office, shared
from workflow import drafting, evidence

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "winkeltjes"
CURRENT = known(ORGANISATION, Role.CURRENT)
FORMER = known(ORGANISATION, Role.FORMER)
UNPAID = known(ORGANISATION, Role.UNPAID)
TRAFFIC = "Hallo,\n\nIk wil dat jullie al mijn persoonsgegevens verwijderen, ook de verkeersgegevens.\n\nGroet,\n"
DOMAIN = "Hallo,\n\nIk trek mijn toestemming in voor de registratie van mijn domeinnaam.\n\nGroet,\n"
PASSPORT = "Hallo,\n\nIk heb een vraag over privacy: moet ik een kopie van mijn paspoort sturen?\n\nGroet,\n"
SHOP = "Ik heb iets besteld bij een webwinkel die jullie hosten. Verwijder mijn persoonsgegevens uit die webwinkel."
_PAPERS = re.compile(r"legitimatie|identiteitsbewijs|paspoort|id-kaart|rijbewijs", re.IGNORECASE)


async def test_access_takes_a_code_and_no_paper(office: Office) -> None:
    """Its statement asks for a copy of an ID; the law does not let it (12(2), 5(1)(c)). Nowhere is one asked."""
    (receipt, *_) = await office.mail(CURRENT.email, "gegevens", ACCESS + CURRENT.name)
    assert receipt.has_code and request_of(office, Label.INZAGE).state == "identifying"
    await office.reply(receipt, receipt.code)
    answer = one_letter(await decided(office, Label.INZAGE), CURRENT.email)
    assert request_of(office, Label.INZAGE).state == "answered" and "/d/" in answer.text
    assert [mail.subject for mail in office.mails if _PAPERS.search(mail.flat)] == []


async def test_a_shielded_copy_only_on_a_named_doubt_and_gone_the_same_day(office: Office) -> None:
    """The last resort: staff name their doubt, the mail says what to cover, a visible number is erased at once."""
    await office.mail(CURRENT.email, "verzoek", ACCESS + CURRENT.name)
    request = request_of(office, Label.INZAGE)
    staff = office.staff[0]
    with pytest.raises(InputError, match="no_doubt"):
        await evidence.ask_id_copy(office.desk, staff, request.conversation_id, " ")
    asked = await evidence.ask_id_copy(office.desk, staff, request.conversation_id, "twee klanten met deze naam")
    mail = one_letter(await office.advance(minutes=1), CURRENT.email)
    assert "twee klanten met deze naam" in mail.flat and "BSN" in mail.text and "foto" in mail.text
    link = re.search(r"/z/[\w-]+", mail.text)
    assert link is not None
    async with office.browser() as http:
        for content in (b"%PDF-1.7 met een zichtbaar nummer", b"%PDF-1.7 afgeschermd"):
            sent = await http.post(
                f"{link[0]}/bewijs", data={"vraag": asked}, files={"bestand": ("kopie.pdf", content)}
            )
            assert sent.status_code == 303 and WorkKind.EVIDENCE in office.work_list()
            visible = b"zichtbaar" in content
            await evidence.settle(office.desk, staff, asked, again=visible, accepted=not visible)
            (row,) = office.rows(Evidence)
            assert (row.content, row.data_key_id) == (None, None)
            assert row.status == ("asked" if visible else "checked")
            assert b"twee klanten" not in row.doubt, "a word about a person is sealed like every other"
    await office.work()
    assert request_of(office, Label.INZAGE).state == "awaiting_approval"


async def test_traffic_goes_and_only_the_books_stay(office: Office) -> None:
    """The telecom retention law has been out of operation since 2015: never a ground."""
    await proven(office, FORMER.email, TRAFFIC + FORMER.name)
    shown = letter(office, Label.VERWIJDERING)
    assert "Telecom" not in shown and "bewaarplicht" not in shown.lower()
    kept = re.findall(r"Waarom: ([^-]+?) Tot en met", shown)
    laws = {why.partition(" Het gaat om")[0] for why in kept}
    assert laws == {"De wet verplicht het: artikel 52 lid 4 AWR."}
    await decided(office, Label.VERWIJDERING)
    await office.advance(days=3)
    assert request_of(office, Label.VERWIJDERING).state == "answered"
    assert stands(office, ORGANISATION, "SELECT count(*) FROM vragen WHERE mail = ?", FORMER.email) == [(0,)]


async def test_what_it_promised_without_limit_is_not_called_excessive(office: Office) -> None:
    await proven(office, CURRENT.email, ACCESS + CURRENT.name)
    facts = {"evidence": "dit is de derde vraag dit jaar", "offered": "een overzicht van het laatste jaar"}
    for ground in (RefusalGround.EXCESSIVE, RefusalGround.UNFOUNDED):
        with pytest.raises(InputError) as blocked:
            await office.refuse(request_of(office, Label.INZAGE).id, ground, facts, "Wel sturen we een overzicht.")
        assert blocked.value.code == "ground_blocked"


async def test_a_refused_erasure_always_says_why(office: Office) -> None:
    await proven(office, UNPAID.email, ERASURE + UNPAID.name)
    facts = {
        "claim": "een factuur die nog open staat", "amount": "€ 120,50", "review_on": "1 april 2026",
        "what_kept": "je naam, je adres en die factuur",
    }  # fmt: skip
    request = request_of(office, Label.VERWIJDERING)
    await office.refuse(request.id, RefusalGround.LEGAL_CLAIM, facts, "Al het andere wissen we nu.")
    await office.approve(1, office.draft(request.id))
    answer = one_letter(await office.advance(minutes=1), UNPAID.email)
    assert request_of(office, Label.VERWIJDERING).state == "refused"
    for said in (
        "€ 120,50",
        "1 april 2026",
        "artikel 17 lid 3 onder e AVG",
        "Autoriteit Persoonsgegevens",
        "rechtbank",
    ):
        assert said in answer.flat


async def test_a_domain_name_rests_on_the_contract(office: Office) -> None:
    await proven(office, CURRENT.email, DOMAIN + CURRENT.name)
    answer = one_letter(await decided(office, Label.INTREKKEN), CURRENT.email)
    assert request_of(office, Label.INTREKKEN).state == "refused"
    assert "je domeinnaam vastleggen" in answer.flat and "nodig voor onze afspraak met je" in answer.flat


async def test_a_shop_that_is_hosted_here_answers_for_itself(office: Office) -> None:
    await office.mail("koper@elders.example", "webwinkel", SHOP)
    request = request_of(office, Label.VERWIJDERING)
    assert request.state == "received" and WorkKind.HANDLE in office.work_list()
    await drafting.redirect(office.desk, office.staff[0], request.id)
    answer = one_letter(await decided(office, Label.VERWIJDERING), "koper@elders.example")
    assert request_of(office, Label.VERWIJDERING).state == "transferred"
    assert "eigenaar" in answer.flat or "webwinkel" in answer.flat
    assert office.rows(SourceAction) == []
    assert stands(office, ORGANISATION, "SELECT count(*) FROM shop_klanten")[0][0] > 0


async def test_a_question_about_an_id_is_answered_with_no(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "vraag", PASSPORT + CURRENT.name)
    assert office.states() == {"vraag": "answered"} and office.moved_by("answered") == "program"
    assert "Stuur ons geen legitimatiebewijs" in mails[-1].flat


async def test_opting_out_leaves_mail_about_orders(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "reclame", STOP + CURRENT.name)
    assert office.states() == {"afmelden": "answered"}
    assert "bestelling" in mails[-1].flat


async def test_the_invoice_of_somebody_else_is_a_breach_and_a_complaint(office: Office) -> None:
    """No automatic answer to the matter itself: a person, and the 72 hours."""
    told = LETTERS["klacht"]
    await office.mail(told.address, told.subject, told.text)
    assert {WorkKind.BREACH, WorkKind.HANDLE} & set(office.work_list())
    assert "answered" not in office.states().values()
