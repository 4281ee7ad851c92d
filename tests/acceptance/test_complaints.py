"""A complaint about how something was handled goes to somebody else than who handled it, where there is somebody."""

from __future__ import annotations

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.types import Label, RefusalGround, WorkKind
from storage.models import Request, Staff, table
from tests.acceptance.rights import decided, office, one_letter, proven, request_of
from tests.acceptance.words import ACCESS_U, COMPLAINT_U
from tests.integration.test_web_rights import signed_in
from tests.support.office import Office, shared
from tests.support.web_client import csrf
from workflow import complaints, drafting, questions

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "weservit"
CUSTOMER = known(ORGANISATION, Role.CURRENT)
OTHER = known(ORGANISATION, Role.FORMER)
FOUND = {"findings": "Uw adres ging naar een drukker die u niet kende.", "remedy": "De drukker heeft het gewist."}
WHY = "Bram is met verlof en de termijn loopt"


async def complained(office: Office, finding: str = "founded", about: str = CUSTOMER.email) -> str:
    """Saskia answered a request for access; then this person complains. Gives the complaint's id."""
    await proven(office, about, ACCESS_U)
    await decided(office, Label.INZAGE)
    await office.mail(CUSTOMER.email, "klacht", COMPLAINT_U + CUSTOMER.name)
    complaint = request_of(office, Label.KLACHT)
    await questions.choose(office.desk, f"staff:{office.staff[1]}", complaint.id, {"finding": finding})
    await office.work()
    return str(complaint.id)


async def test_the_first_handler_stands_aside_and_a_colleague_answers(office: Office) -> None:
    complaint = await complained(office)
    with pytest.raises(InputError, match="first_handler"):
        await office.approve(0, office.draft(complaint), FOUND)
    await office.approve(1, office.draft(complaint), FOUND)
    answer = one_letter(await office.advance(minutes=1), CUSTOMER.email)
    assert "een drukker" in answer.flat and request_of(office, Label.KLACHT).state == "answered"


async def test_somebody_elses_request_is_no_earlier_handling(office: Office) -> None:
    complaint = await complained(office, about=OTHER.email)
    await office.approve(0, office.draft(complaint), FOUND)


async def test_who_took_the_earlier_request_handled_it_too(office: Office) -> None:
    complaint, rows = await complained(office), table(Request)
    took = rows.update().where(rows.c.label == "inzage").values(handler_id=office.staff[1])
    office.store.write_here(lambda unit: unit.execute(took))
    await office.approve(1, office.draft(complaint), FOUND)  # nobody is left who did not


async def test_where_there_is_nobody_else_the_first_handler_answers(office: Office) -> None:
    complaint, people = await complained(office), table(Staff)
    off = people.update().where(people.c.id == office.staff[1]).values(active=False)
    office.store.write_here(lambda unit: unit.execute(off))
    await office.approve(0, office.draft(complaint), FOUND)
    assert one_letter(await office.advance(minutes=1), CUSTOMER.email)


async def test_with_a_reason_the_first_handler_answers_all_the_same(office: Office) -> None:
    """On the page: the form, the reason that everybody sees afterwards, and nothing of it readable in the database."""
    complaint = await complained(office)
    case_id, address = request_of(office, Label.KLACHT).case_id, f"/bureau/verzoek/{complaint}/klacht-zelf"
    with pytest.raises(InputError, match="no_reason"):
        await complaints.answer_all_the_same(office.desk, office.staff[0], complaint, " ")
    async with signed_in(office) as http:
        page = await http.get(f"/bureau/zaak/{case_id}")
        assert "Laat een collega deze klacht beoordelen" in page.text and address in page.text
        done = await http.post(address, data={"reason": WHY, "csrf": csrf(page)})
        assert done.status_code == 303
        page = await http.get(f"/bureau/zaak/{case_id}")
        assert WHY in page.text and "Saskia behandelde deze persoon eerder" in page.text and address not in page.text
    await office.approve(0, office.draft(complaint), FOUND)
    assert one_letter(await office.advance(minutes=1), CUSTOMER.email)
    assert "verlof" not in str([tuple(row) for row in office.rows(Request)])


async def test_of_two_who_reject_it_one_did_not_handle_it(office: Office) -> None:
    complaint = await complained(office, "rejected")
    words = {"findings": "Wij gaven niets door.", "facts": "In het logboek staat geen andere ontvanger."}
    ground = {"evidence": "dit is de derde klacht", "offered": "een gesprek"}
    with pytest.raises(InputError, match="first_handler"):
        await drafting.refuse(
            office.desk, office.staff[0], complaint, RefusalGround.EXCESSIVE, ground, "Wij zochten het na.", "Niets."
        )
    with pytest.raises(InputError, match="first_handler"):
        await office.approve(0, office.draft(complaint), words)
    await office.approve(1, office.draft(complaint), words)
    assert WorkKind.SECOND_APPROVAL in office.work_list()
    await office.approve(0, office.draft(complaint))
    assert "rechtbank" in one_letter(await office.advance(minutes=1), CUSTOMER.email).flat
