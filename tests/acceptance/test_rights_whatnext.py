"""WhatNext: former customers in 14 days, an export as .csv at any time, internal mailings that are advertising."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.types import ActionStatus, Label, RestrictionGround, WorkKind
from storage.models import Export, Restriction, SourceAction, SourceTask
from tests.acceptance.rights import decided, letter, office, one_letter, proven, request_of, stands
from tests.acceptance.words import ACCESS, DECISION, ERASURE, OBJECT_FRAUD, OBJECT_MAILINGS, PORTABLE, STOP
from tests.support.office import Office, shared
from workflow import freezes, links, questions, tasks

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "whatnext"
CURRENT = known(ORGANISATION, Role.CURRENT)
FORMER = known(ORGANISATION, Role.FORMER)
UNPAID = known(ORGANISATION, Role.UNPAID)
HOW_LONG = "Hallo,\n\nHoe lang bewaren jullie mijn persoonsgegevens?\n\nGroet,\n"
SAFE = "Hallo,\n\nIk heb een vraag over privacy: wie van jullie medewerkers mag mijn gegevens zien?\n\nGroet,\n"


async def settle(office: Office, label: Label, **chosen: str) -> None:
    """A colleague settles something on the way; the draft is made anew."""
    await questions.choose(office.desk, f"staff:{office.staff[0]}", request_of(office, label).id, chosen)
    await office.work()


# --- verwijdering -----------------------------------------------------------------------------------------------------


async def test_a_former_customer_is_gone_within_fourteen_days(office: Office) -> None:
    await proven(office, FORMER.email, ERASURE + FORMER.name)
    assert request_of(office, Label.VERWIJDERING).told_on == date(2026, 1, 19)
    await decided(office, Label.VERWIJDERING)
    answer = one_letter(await office.advance(days=3), FORMER.email)
    assert office.clock.now().date() <= date(2026, 1, 19)
    kept = "SELECT voornaam, achternaam, straat, postcode, telefoon, email FROM klanten WHERE klantnr = ?"
    assert stands(office, ORGANISATION, kept, FORMER.customer_number) in ([], [(None,) * 6])
    assert "artikel 52 lid 4 AWR" in answer.text and "31 december 20" in answer.text
    assert "Naar de rechter" in answer.text, "a part stays: that part is a refusal"
    years = stands(office, ORGANISATION, "SELECT min(datum) FROM facturen WHERE klantnr = ?", FORMER.customer_number)
    assert years[0][0] is None or years[0][0] >= "2018-01-01", "what is past seven years is gone"


async def test_a_running_customer_says_what_is_meant_and_keeps_the_contract(office: Office) -> None:
    receipt = await proven(office, CURRENT.email, ERASURE + CURRENT.name, "verwijderen")
    question = office.mails[-1]
    assert "1." in question.text and "3." in question.text
    await office.reply(question, "1")
    assert request_of(office, Label.VERWIJDERING).state == "awaiting_approval"
    assert receipt.to == CURRENT.email
    assert "artikel 6 lid 1 onder b AVG" in letter(office, Label.VERWIJDERING)
    await decided(office, Label.VERWIJDERING)
    answer = one_letter(await office.advance(days=3), CURRENT.email)
    assert "Naar de rechter" in answer.text
    row = stands(office, ORGANISATION, "SELECT email, telefoon FROM klanten WHERE klantnr = ?", CURRENT.customer_number)
    assert row == [(CURRENT.email, None)], "a contract needs the address; the phone number it does not"


async def test_an_open_invoice_is_named_with_its_amount(office: Office) -> None:
    await proven(office, UNPAID.email, ERASURE + UNPAID.name)
    await settle(office, Label.VERWIJDERING, customer="former")
    shown = letter(office, Label.VERWIJDERING)
    assert "artikel 17 lid 3 onder e AVG" in shown and "€" in shown


# --- inzage and overdracht --------------------------------------------------------------------------------------------


async def download(office: Office, token: str, address: str) -> zipfile.ZipFile:
    """The link opens with a code to the proven address."""
    await links.send_download_code(office.desk, token)
    code = one_letter(await office.work(), address).code
    _, content = await links.package(office.desk, await links.redeem(office.desk, token, code))
    return zipfile.ZipFile(io.BytesIO(content))


async def test_the_data_are_taken_along_as_csv_and_nothing_is_deleted(office: Office) -> None:
    (receipt, *_) = await office.mail(CURRENT.email, "overstappen", PORTABLE + CURRENT.name)
    assert "gratis" in receipt.flat or "kost" in receipt.flat, "the statement promises it without costs"
    await office.reply(receipt, receipt.code)
    shown = letter(office, Label.OVERDRACHT)
    assert "CSV" in shown and "blijven bij ons staan" in shown
    answer = one_letter(await decided(office, Label.OVERDRACHT), CURRENT.email)
    names = (await download(office, answer.token("d"), CURRENT.email)).namelist()
    assert [name for name in names if name.endswith(".csv")] and [name for name in names if name.endswith(".json")]
    assert office.rows(SourceAction) == []
    assert stands(office, ORGANISATION, "SELECT count(*) FROM klanten WHERE email = ?", CURRENT.email) == [(1,)]


async def test_access_holds_the_data_and_what_is_done_with_them(office: Office) -> None:
    await proven(office, CURRENT.email, ACCESS + CURRENT.name)
    answer = one_letter(await decided(office, Label.INZAGE), CURRENT.email)
    assert request_of(office, Label.INZAGE).state == "answered"
    package = await download(office, answer.token("d"), CURRENT.email)
    everything = b"".join(package.read(name) for name in package.namelist() if name.endswith((".csv", ".json")))
    assert CURRENT.customer_number.encode() in everything
    assert len(office.rows(Export)) == 1


# --- bezwaar ----------------------------------------------------------------------------------------------------------


async def test_an_objection_freezes_is_weighed_and_honoured(office: Office) -> None:
    await proven(office, CURRENT.email, OBJECT_FRAUD + CURRENT.name)
    with pytest.raises(InputError) as unweighed:  # nobody wrote down the weighing yet
        await office.approve(0)
    assert unweighed.value.code == "blocks_missing"
    await freezes.freeze_now(office.desk, office.staff[0], office.draft().id)
    (row,) = office.rows(Restriction)
    assert row.ground == RestrictionGround.OBJECTION and row.lifted_at is None
    await settle(office, Label.BEZWAAR, weighing="stopped")
    assert "je krijgt gelijk" in letter(office, Label.BEZWAAR)
    await decided(office, Label.BEZWAAR)
    for task in office.rows(SourceTask):  # records that other uses need as well are seen to by a person
        await tasks.answer_by_staff(office.desk, f"staff:{office.staff[0]}", task.id, nothing=False)
    await office.advance(minutes=1)
    assert request_of(office, Label.BEZWAAR).state == "answered"


async def test_compelling_grounds_are_a_refusal_and_told_before_the_use_goes_on(office: Office) -> None:
    await proven(office, CURRENT.email, OBJECT_FRAUD + CURRENT.name)
    await freezes.freeze_now(office.desk, office.staff[0], office.draft().id)
    await settle(office, Label.BEZWAAR, weighing="overriding")
    with pytest.raises(InputError):  # which interest, and why it weighs more: not boilerplate
        await office.approve(0)
    await settle(
        office, Label.BEZWAAR, interest="er loopt een onderzoek naar misbruik van btw-nummers",
        why="zonder deze gegevens is dat misbruik niet te vinden",
    )  # fmt: skip
    answer = one_letter(await decided(office, Label.BEZWAAR), CURRENT.email)
    assert request_of(office, Label.BEZWAAR).state == "refused"
    assert request_of(office, Label.BEZWAAR).ground == "compelling"
    for said in ("dwingende redenen", "misbruik van btw-nummers", "Autoriteit Persoonsgegevens", "rechtbank"):
        assert said in answer.flat
    assert "12 januari 2026" in answer.text, "a week after the letter"
    (row,) = office.rows(Restriction)
    with pytest.raises(InputError) as early:
        await freezes.lift(office.desk, office.staff[0], row.id)
    assert early.value.code == "not_yet"
    await office.advance(days=8)
    await freezes.lift(office.desk, office.staff[0], row.id)
    assert office.rows(Restriction)[0].lifted_by == f"staff:{office.staff[0]}"


async def test_a_letter_says_frozen_only_when_it_was(office: Office) -> None:
    await proven(office, CURRENT.email, OBJECT_FRAUD + CURRENT.name)
    await settle(office, Label.BEZWAAR, weighing="stopped")
    assert office.rows(Restriction) == []
    assert "gebruikten we deze gegevens niet" not in letter(office, Label.BEZWAAR)


async def test_against_the_mailings_an_objection_is_absolute(office: Office) -> None:
    await proven(office, CURRENT.email, OBJECT_MAILINGS + CURRENT.name)
    answer = one_letter(await decided(office, Label.BEZWAAR), CURRENT.email)
    assert "valt er niets af te wegen" in answer.flat and "dwingende" not in answer.flat
    assert {row.status for row in office.rows(SourceAction)} <= {ActionStatus.DONE, ActionStatus.NOTHING}
    assert request_of(office, Label.BEZWAAR).state == "answered"


# --- afmelden, besluit, vraag -----------------------------------------------------------------------------------------


async def test_off_the_mailings_without_a_hurdle(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "afmelden", STOP + CURRENT.first)
    assert request_of(office, Label.AFMELDEN).state == "answered" and office.moved_by("answered") == "program"
    off = stands(office, ORGANISATION, "SELECT afgemeld FROM mailings WHERE email = ?", CURRENT.email)
    assert [row for row in off if row[0] is None] == []
    assert "factuur" in mails[-1].flat, "what goes on is said"
    assert "waarom" not in mails[-1].flat.lower(), "and no reason is asked"


async def test_a_machine_decided_nothing_and_a_person_looked(office: Office) -> None:
    await proven(office, CURRENT.email, DECISION + CURRENT.name)
    await settle(office, Label.BESLUIT, review="upheld")
    with pytest.raises(InputError):  # the reasons are a person's own words
        await office.approve(0)
    reasons = {"human": "Ik heb je bestelling zelf nagekeken. Het adres was onvolledig."}
    answer = one_letter(await decided(office, Label.BESLUIT, reasons), CURRENT.email)
    assert "medewerker privacy" in answer.flat and "zelf nagekeken" in answer.flat
    assert request_of(office, Label.BESLUIT).state == "answered"


async def test_a_question_with_an_approved_answer_is_answered_by_the_program(office: Office) -> None:
    mails = await office.mail(CURRENT.email, "vraag", HOW_LONG + CURRENT.name)
    assert request_of(office, Label.VRAAG).state == "answered" and office.moved_by("answered") == "program"
    answer = mails[-1]
    assert "automatische assistent" in answer.flat and "privacyverklaring" in answer.flat
    assert "7 jaar" not in answer.flat or "factu" in answer.flat


async def test_a_question_without_one_is_written_by_a_person(office: Office) -> None:
    await office.mail(CURRENT.email, "vraag", SAFE + CURRENT.name)
    assert office.states() == {"vraag": "awaiting_approval"}
    assert WorkKind.APPROVE in office.work_list()
    with pytest.raises(InputError):
        await office.approve(0)
    answer = one_letter(
        await decided(office, Label.VRAAG, {"answer": "Alleen de twee collega's van de administratie."}), CURRENT.email
    )
    assert "twee collega's" in answer.flat and office.states() == {"vraag": "answered"}
