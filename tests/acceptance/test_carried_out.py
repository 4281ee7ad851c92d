"""Changes that are carried out: a correction with its way back, an opt-out at once, a freeze, an objection."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bot.demo.known import Role, known
from cases.errors import Stale
from cases.types import ActionStatus, WorkKind
from storage.models import Approval, SourceAction, SourceTask, Suppression, table
from tests.support.office import Office
from workflow import questions, tasks, undo

CURRENT = known("whatnext", Role.CURRENT)
PHONE = (
    "Hallo,\n\nMijn telefoonnummer staat verkeerd bij jullie. Het oude nummer 020 123 4501 moet 020 123 4599 worden."
    "\n\nGroet,\n"
)
NEW = "marieke@nieuwadres.example"
EMAIL = f"Hallo,\n\nWillen jullie mijn e-mailadres wijzigen? Het is niet meer {CURRENT.email} maar {NEW}.\n\nGroet,\n"
NEW_IBAN = "NL20INGB0001234567"
IBAN = f"Mijn rekeningnummer is veranderd. Mijn nieuwe IBAN is {NEW_IBAN}, willen jullie dat aanpassen?\n\nGroet,\n"
STOP = "Hallo, ik wil geen nieuwsbrief en geen reclame meer van jullie ontvangen. Schrijf mij uit.\n\nGroet,\n"
FREEZE = (
    "Hallo,\n\nMijn gegevens bij jullie kloppen niet. Zolang dat wordt uitgezocht wil ik dat jullie ze niet gebruiken. "
    "Ik vraag om beperking van de verwerking.\n\nGroet,\n"
)


def stands(office: Office, column: str) -> object:
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database:
        query = f"SELECT {column} FROM klanten WHERE klantnr = ?"
        return database.execute(query, (CURRENT.customer_number,)).fetchone()[0]


async def proven(office: Office, text: str) -> None:
    (receipt,) = await office.mail(CURRENT.email, "vraag", text + CURRENT.name)
    await office.reply(receipt, receipt.code)


async def test_a_phone_number_is_put_right_after_approval(changing: Office) -> None:
    office = changing
    await proven(office, PHONE)
    assert office.states() == {"correctie": "awaiting_approval"}
    assert stands(office, "telefoon") == CURRENT.phone
    mails = await office.approved()
    assert office.states() == {"correctie": "answered"}
    assert str(stands(office, "telefoon")).replace(" ", "").endswith("201234599")
    assert [mail.to for mail in mails] == [CURRENT.email]
    assert "4599" not in mails[0].text  # a mail holds no data: the new value is masked, the own words are too


async def test_a_changed_address_is_told_to_both_and_can_be_undone(changing: Office) -> None:
    office = changing
    await proven(office, EMAIL)
    mails = await office.approved()
    assert stands(office, "email") == NEW
    told = {mail.to for mail in mails if "ongedaan" in mail.text}
    assert told == {CURRENT.email, NEW}
    token = next(mail for mail in mails if mail.to == CURRENT.email and "/ongedaan/" in mail.text).token("ongedaan")
    await undo.use(office.desk, token)
    assert stands(office, "email") == CURRENT.email
    assert WorkKind.NEW_MESSAGE in office.work_list()  # somebody looks what happened
    with pytest.raises(Stale):
        await undo.use(office.desk, token)


async def test_after_72_hours_it_stays(changing: Office) -> None:
    office = changing
    await proven(office, EMAIL)
    mails = await office.approved()
    token = next(mail for mail in mails if "/ongedaan/" in mail.text).token("ongedaan")
    await office.advance(hours=73)
    with pytest.raises(Stale):
        await undo.use(office.desk, token)
    assert await undo.forget_previous(office.desk) > 0
    assert await undo.forget_previous(office.desk) == 0
    assert stands(office, "email") == NEW


async def test_a_bank_account_is_changed_only_by_who_reads_the_address_on_file(changing: Office) -> None:
    """Asked from elsewhere with a customer number: the code goes to the old address, word of it goes there too."""
    office, before = changing, stands(changing, "iban")
    asks = f"Mijn klantnummer is {CURRENT.customer_number}. {IBAN}{CURRENT.name}"
    mails = await office.mail("iemand@elders.example", "rekening", asks)
    own, on_file = (next(mail for mail in mails if mail.to == to) for to in ("iemand@elders.example", CURRENT.email))
    await office.reply(own, own.code)
    assert office.draft().plan == [], "the mailbox that asks is not the customer's: nothing found, nothing changed"
    await office.reply(own, on_file.code)
    told = await office.approved()
    assert stands(office, "iban") == NEW_IBAN
    (way_back,) = [mail for mail in told if "/ongedaan/" in mail.text and mail.to == CURRENT.email]
    assert NEW_IBAN not in way_back.text
    await undo.use(office.desk, way_back.token("ongedaan"))
    assert stands(office, "iban") == before


async def test_a_record_that_changed_meanwhile_is_not_overwritten(changing: Office) -> None:
    office = changing
    await proven(office, PHONE)
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database:
        database.execute("UPDATE klanten SET telefoon = '020 999' WHERE klantnr = ?", (CURRENT.customer_number,))
        database.commit()
    assert await office.approved() == []
    assert stands(office, "telefoon") == "020 999"
    assert office.states() == {"correctie": "awaiting_approval"}  # a new draft that says so
    assert [row.status for row in office.rows(SourceAction)] == [ActionStatus.CONFLICT]


async def test_an_opt_out_is_carried_out_at_once_by_the_program(changing: Office) -> None:
    office = changing
    mails = await office.mail(CURRENT.email, "uitschrijven", STOP + CURRENT.name)
    assert office.states() == {"afmelden": "answered"}
    assert office.moved_by("answered") == "program"
    assert office.rows(Approval) == []
    assert {row.status for row in office.rows(SourceAction)} <= {ActionStatus.DONE, ActionStatus.NOTHING}
    assert len(office.rows(Suppression)) >= 4
    assert any("automatische assistent" in mail.text for mail in mails)


async def test_unknown_and_known_addresses_hear_the_same(changing: Office) -> None:
    office = changing
    known_mails = await office.mail(CURRENT.email, "uitschrijven", STOP)
    unknown_mails = await office.mail("niemand@nergens.example", "uitschrijven", STOP)

    def words(text: str) -> list[str]:
        return [line for line in text.splitlines() if "WHA-" not in line and "loket.example" not in line]

    assert [words(mail.text) for mail in known_mails] == [words(mail.text) for mail in unknown_mails]


async def test_a_freeze_waits_for_a_person_and_is_set_in_the_system(changing: Office) -> None:
    office = changing
    await proven(office, FREEZE)
    request = next(row for row in office.requests() if row.label == "beperking")
    await questions.choose(office.desk, f"staff:{office.staff[0]}", request.id, {"ground": "accuracy"})
    await office.work()
    await office.approved(office.draft(request.id))
    (task,) = office.rows(SourceTask)  # what the system can not freeze by itself is one task for a person
    assert office.request_row(request.id).state == "executing"
    await tasks.answer_by_staff(office.desk, f"staff:{office.staff[0]}", task.id, nothing=False)
    await office.work()
    assert office.request_row(request.id).state == "answered"
    rows = table(SourceAction)
    assert {row.status for row in office.rows(SourceAction, rows.c.verb == "restrict")} == {ActionStatus.DONE}
