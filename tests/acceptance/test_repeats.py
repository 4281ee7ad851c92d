"""The same wish asked twice: linked, answered once, and never left waiting for an answer that does not come."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Row

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.types import Label, RequestState, WorkKind
from storage.models import Draft, Request, WorkItem, table
from storage.queries.open_cases import in_the_way
from storage.queries.writing import move_request
from storage.unit import Unit
from tests.acceptance.rights import office, proven
from tests.acceptance.words import ACCESS, THIEF
from tests.support.office import Office, shared
from workflow import joining

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "whatnext"
CUSTOMER = known(ORGANISATION, Role.FORMER)


async def again(office: Office, mailbox: str = "trijn@werk.example") -> tuple[Row[Any], Row[Any]]:
    """The same wish from a second mailbox that names the first one; both proven. Gives first and newest."""
    if not office.requests():
        await proven(office, CUSTOMER.email, ACCESS + CUSTOMER.name)
    same = f"{ACCESS}{CUSTOMER.name}\n\nIk sta bij jullie bekend met {CUSTOMER.email}."
    (receipt, *_) = [mail for mail in await office.mail(mailbox, "verzoek", same) if mail.to == mailbox]
    await office.reply(receipt, receipt.code)
    return office.requests()[0], office.requests()[-1]


async def refused(office: Office, mine: str, other: str) -> str:
    with pytest.raises(InputError) as caught:
        await joining.link_repeat(office.desk, office.staff[0], mine, other)
    return caught.value.code


async def test_a_repetition_is_answered_once(office: Office) -> None:
    first, second = await again(office)
    await joining.link_repeat(office.desk, office.staff[0], second.id, first.id)
    drafts = table(Draft)
    waits = office.rows(Draft, drafts.c.status == "open")
    assert [row.request_id for row in waits] == [first.id]
    mails = await office.approved(waits[0])
    assert len([mail for mail in mails if mail.to == CUSTOMER.email]) == 1
    assert {row.state for row in office.requests()} == {"answered"}


async def test_what_a_request_can_not_wait_for(office: Office) -> None:
    first, second = await again(office)
    await proven(office, THIEF, ACCESS)
    third = office.requests()[-1]
    assert await refused(office, third.id, first.id) == "other_person"
    await joining.link_repeat(office.desk, office.staff[0], second.id, first.id)
    assert await refused(office, first.id, second.id) == "other_is_repeat", "each would wait for the other"
    await office.approved(office.draft(first.id))
    assert await refused(office, third.id, first.id) == "other_ended"


async def test_a_chain_waits_for_the_last_one(office: Office) -> None:
    first, second = await again(office)
    _, third = await again(office, "trijn@school.example")
    with pytest.raises(InputError):  # proven is only that mailbox, which the third one does not name
        await joining.link_repeat(office.desk, office.staff[0], third.id, second.id)
    await joining.join_cases(office.desk, office.staff[0], second.case_id, [third.case_id], tell=False)
    await joining.link_repeat(office.desk, office.staff[0], third.id, second.id)
    await joining.link_repeat(office.desk, office.staff[0], second.id, first.id)
    await office.approved(office.draft(first.id))
    assert [row.state for row in office.requests()] == ["answered"] * 3


async def test_when_the_first_one_is_dropped_the_other_is_somebodys_work(office: Office) -> None:
    """It waited for an answer that never comes; until it has its own it still keeps an erasure waiting."""
    first, second = await again(office)
    await joining.link_repeat(office.desk, office.staff[0], second.id, first.id)

    def drop(unit: Unit) -> None:
        move_request(unit, first.id, RequestState.WITHDRAWN, actor=f"requester:{first.conversation_id}")

    office.store.write_here(drop)
    rows = table(WorkItem)
    (line,) = office.rows(WorkItem, rows.c.kind == WorkKind.HANDLE.value, rows.c.closed_at.is_(None))
    assert (line.request_id, line.detail) == (second.id, "first_dropped")
    found = office.store.read_here(lambda reads: in_the_way(reads, [second.case_id]))
    assert [one.label for one in found[second.case_id]] == [Label.INZAGE]
    await joining.unlink_repeat(office.desk, office.staff[0], second.id)
    await office.work()
    assert office.draft(second.id).status == "open"
    assert WorkKind.HANDLE not in office.work_list()


async def test_unlinked_it_goes_on_by_itself(office: Office) -> None:
    first, second = await again(office)
    await joining.link_repeat(office.desk, office.staff[0], second.id, first.id)
    await joining.unlink_repeat(office.desk, office.staff[0], second.id)
    await office.work()
    assert office.draft(second.id).status == "open"
    rows = table(WorkItem)
    lines = office.rows(WorkItem, rows.c.kind == WorkKind.APPROVE.value, rows.c.closed_at.is_(None))
    assert {row.request_id for row in lines} == {first.id, second.id}
    assert [row.same_as for row in office.rows(Request)] == [None, None]
