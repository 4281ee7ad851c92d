"""Between the approval of an erasure and its first change: a last look, and the other wishes of the same person."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError, Stale
from cases.protocols import FindStatus, Found, Identifier
from cases.types import ActionStatus, RequestState, WorkKind
from storage.models import Audit, Case, DataKey, Draft, SourceAction, table
from storage.queries.writing import move_request
from storage.unit import Reads
from tests.acceptance.words import ACCESS, COMPLAINT, ERASURE
from tests.support.office import Office
from workflow import retention, second_look

FORMER = known("whatnext", Role.FORMER)
NUMBER = FORMER.customer_number


def customers(office: Office, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Reads or changes what stands in the organisation's own database."""
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database, database:
        return database.execute(sql, values).fetchall()


def still_there(office: Office) -> bool:
    return customers(office, "SELECT count(*) FROM klanten WHERE email = ?", FORMER.email) == [(1,)]


def statuses(office: Office) -> set[str]:
    return {row.status for row in office.rows(SourceAction)}


def notes(office: Office) -> list[str]:
    draft = office.draft()

    def read(reads: Reads) -> list[str]:
        found: list[str] = reads.keys.data(reads, draft.data_key_id).open_json(draft.notes, f"draft.notes:{draft.id}")
        return found

    return office.store.read_here(read)


async def approved(office: Office) -> None:
    (receipt,) = await office.mail(FORMER.email, "verwijderen", ERASURE + FORMER.name)
    await office.reply(receipt, receipt.code)
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    assert office.state() == "executing"


# --- a fresh look -----------------------------------------------------------------------------------------------------


async def test_what_came_in_since_the_approval_goes_back_to_staff_and_nothing_is_erased(changing: Office) -> None:
    office = changing
    await approved(office)
    for subject in ("Terugbellen", "Nieuwe vraag"):
        customers(
            office, "INSERT INTO berichten (klantnr, datum, onderwerp, notitie) VALUES (?, '2026-01-06', ?, 'Belde.')",
            NUMBER, subject,
        )  # fmt: skip
    assert await office.advance(days=3) == []  # no letter: nothing happened
    assert office.state() == "awaiting_approval"
    assert still_there(office) and statuses(office) == {ActionStatus.CANCELLED}
    assert notes(office)[0].startswith("Er is nog niets gewist.")
    assert "Klantenadministratie, Berichten en notities: 2 nieuw" in notes(office)[0]
    assert office.work_list() == [WorkKind.APPROVE]
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    (letter,) = await office.advance(days=3)
    assert "gewist" in letter.text and not still_there(office)
    assert customers(office, "SELECT count(*) FROM berichten WHERE klantnr = ?", NUMBER) == [(0,)]
    assert office.audit().problems == ()


async def test_a_record_that_is_somebody_elses_by_now_is_not_erased(changing: Office) -> None:
    """The customer number was given to another person: same key, another record."""
    office = changing
    await approved(office)
    customers(
        office,
        "UPDATE klanten SET voornaam = 'Siem', achternaam = 'Nieuwkomer', straat = 'Duinroosstraat', huisnummer = '9', "
        "postcode = '1111 AA', plaats = 'Diemen', telefoon = '020 000' WHERE klantnr = ?", NUMBER,
    )  # fmt: skip
    await office.advance(days=3)
    assert office.state() == "awaiting_approval" and still_there(office)
    assert "Klantgegevens: 1 gewijzigd" in notes(office)[0]


async def test_an_invoice_that_must_be_kept_now_changes_the_package(changing: Office) -> None:
    office = changing
    await approved(office)
    customers(
        office,
        "INSERT INTO facturen (factuurnr, klantnr, datum, naam, totaal) VALUES ('N-1', ?, '2026-01-05', 'x', 9)",
        NUMBER,
    )  # fmt: skip
    await office.advance(days=3)
    assert office.state() == "awaiting_approval" and still_there(office)
    assert "Facturen: 1 nieuw" in notes(office)[0]


async def test_a_login_or_a_record_that_went_by_itself_stops_nothing(changing: Office) -> None:
    office = changing
    await approved(office)
    customers(office, "UPDATE inlog SET laatst = '2026-01-06' WHERE klantnr = ?", NUMBER)
    customers(office, "DELETE FROM boekingen WHERE klantnr = ?", NUMBER)
    (letter,) = await office.advance(days=3)
    assert office.state() == "answered" and "gewist" in letter.text
    assert not still_there(office)


async def test_a_system_that_can_not_be_asked_again_is_waited_for(
    changing: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = changing
    await approved(office)
    source = office.desk.organisation("whatnext").sources["whatnext"]
    real = source.find
    down = [True]

    async def find(identifiers: list[Identifier]) -> Found:
        return Found("whatnext", FindStatus.FAILED) if down[0] else await real(identifiers)

    monkeypatch.setattr(type(source), "find", lambda _, identifiers: find(identifiers))
    assert await office.advance(days=3) == []
    assert statuses(office) == {ActionStatus.WAITING} and still_there(office)
    assert WorkKind.SOURCE_FAILED in office.work_list()
    down[0] = False
    (letter,) = await office.advance(minutes=11)
    assert "gewist" in letter.text and office.state() == "answered"
    assert WorkKind.SOURCE_FAILED not in office.work_list()


# --- access first, in whichever case ----------------------------------------------------------------------------------

ELSEWHERE = "trijntje@nieuwepost.example"


async def access_elsewhere(office: Office) -> str:
    """She asks what is held from a new address, and proves it with the code sent to the old one."""
    text = ACCESS.replace("Groet,", f"Mijn klantnummer is {NUMBER}.\n\nGroet,") + FORMER.name
    mails = await office.mail(ELSEWHERE, "inzage", text, name=FORMER.name)
    new = next(mail for mail in mails if mail.to == ELSEWHERE)
    old = next(mail for mail in mails if mail.to == FORMER.email)
    await office.reply(new, new.code)
    await office.reply(new, old.code)
    return next(str(row.id) for row in office.requests() if row.label == "inzage")


async def erasure_approved(office: Office) -> str:
    (receipt, *_) = await office.mail(FORMER.email, "verwijderen", ERASURE + FORMER.name)
    await office.reply(receipt, receipt.code)
    request = next(row for row in office.requests() if row.label == "verwijdering")
    await office.approve(0, office.draft(request.id))
    await office.approve(1, office.draft(request.id))
    await office.advance(minutes=1)
    return str(request.id)


async def test_an_erasure_waits_for_an_access_request_in_another_case(changing: Office) -> None:
    office = changing
    access, erasure = await access_elsewhere(office), await erasure_approved(office)
    assert office.request_row(access).case_id != office.request_row(erasure).case_id
    await office.advance(days=5)
    assert statuses(office) == {ActionStatus.WAITING} and still_there(office)
    (why,) = office.store.read_here(lambda reads: second_look.held_back(reads, [erasure]))[erasure]
    assert (why.label, why.case_id) == ("inzage", office.request_row(access).case_id)
    await office.approved(office.draft(access))
    await office.advance(minutes=1)
    assert office.states() == {"inzage": "answered", "verwijdering": "answered"} and not still_there(office)


async def test_it_still_comes_first_when_it_was_asked_during_the_look(changing: Office) -> None:
    """The look has begun (other systems answer slowly), then the other request came in."""
    office = changing
    _, erasure = await access_elsewhere(office), await erasure_approved(office)
    office.clock.advance(days=5)
    (draft,) = office.rows(Draft, table(Draft).c.request_id == erasure)
    with pytest.raises(Stale):
        await second_look._look(office.desk, draft.id)
    await office.work()
    assert statuses(office) == {ActionStatus.WAITING} and still_there(office)


async def test_staff_go_on_all_the_same_with_a_reason(changing: Office) -> None:
    office = changing
    access, erasure = await access_elsewhere(office), await erasure_approved(office)
    await office.advance(days=5)
    with pytest.raises(InputError, match="no_reason"):
        await second_look.go_on(office.desk, office.staff[0], erasure, " ")
    await second_look.go_on(office.desk, office.staff[0], erasure, "Zei aan de telefoon: inzage hoeft niet meer.")
    await office.work()
    assert office.request_row(erasure).state == "answered" and not still_there(office)
    assert office.request_row(access).state == "awaiting_approval"
    assert any(row.facts == {"keys": [second_look.ALL_THE_SAME]} for row in office.rows(Audit))
    with pytest.raises(Stale):
        await second_look.go_on(office.desk, office.staff[0], erasure, "nog eens")


async def test_a_complaint_or_a_strangers_request_does_not_hold_an_erasure_up(changing: Office) -> None:
    office = changing
    await office.mail(ELSEWHERE, "klacht", COMPLAINT + FORMER.name)
    named = f"Mijn klantnummer is {NUMBER} en mijn adres {FORMER.email}.\n\nGroet,"
    await office.mail("nieuwsgierig@elders.example", "inzage", ACCESS.replace("Groet,", named))
    erasure = await erasure_approved(office)
    await office.advance(days=3)
    assert office.request_row(erasure).state == "answered" and not still_there(office)


# --- the desk's own files ---------------------------------------------------------------------------------------------


async def test_the_file_of_a_case_stays_while_the_same_person_has_one_open(changing: Office) -> None:
    """Two years after the end the words of a case go; not while a complaint may be about them."""
    office = changing
    (receipt,) = await office.mail(FORMER.email, "inzage", ACCESS + FORMER.name)
    await office.reply(receipt, receipt.code)
    await office.approved()
    (case,) = office.rows(Case)
    await office.advance(days=725)
    await office.mail(FORMER.email, "klacht", COMPLAINT + FORMER.name)
    complaint = next(row for row in office.requests() if row.label == "klacht")
    assert complaint.case_id != case.id
    office.clock.advance(days=10)
    await retention.purge(office.desk)
    assert not erased(office, case.data_key_id)
    office.store.write_here(lambda unit: move_request(unit, complaint.id, RequestState.WITHDRAWN, actor="requester:x"))
    await retention.purge(office.desk)
    assert erased(office, case.data_key_id)


def erased(office: Office, key_id: str) -> bool:
    (key,) = office.rows(DataKey, table(DataKey).c.id == key_id)
    return bool(key.wrapped == b"")
