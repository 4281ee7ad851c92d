"""Every way in which a request ends, for each request type: by a person, and the audit log says by whom.

The conversations hold themselves to it when they end (`rights.every_end_is_a_persons`); here each pair of the table is
walked on a stored request, and the two acts that end one without a letter are done for real.
"""

from __future__ import annotations

import pytest

from bot.demo.known import Role, known
from cases.audit import PROGRAM, staff_actor
from cases.errors import RuleError
from cases.transitions import ANSWERED_BY_PROGRAM, TABLE
from cases.types import OPEN_STATES, Label, RequestState
from storage.models import Audit, Inbound, Request, table
from storage.queries.writing import move_request
from tests.acceptance.rights import office
from tests.acceptance.words import DAILY, DROP
from tests.support.office import Office, shared
from workflow import people, triage

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "whatnext"
CUSTOMER = known(ORGANISATION, Role.CURRENT)
CLOSING = [(before, after) for before in TABLE for after in TABLE[before] if after not in OPEN_STATES]


OPENED = [label for label in Label if label is not Label.OVERIG]  # that one is never a request of its own


async def opened(office: Office, label: Label) -> str:
    """A colleague reads a message as this request; gives its id."""
    await office.post(office.write(CUSTOMER.email, "bericht", DAILY))
    await office.work()
    (row,) = office.rows(Inbound)
    await triage.open_as(office.desk, office.staff[0], row.id, [label])
    return str(office.request().id)


def put(office: Office, request_id: str, state: RequestState) -> None:
    """Where the walk begins; not a move of the life of a request."""
    office.store.write_here(lambda unit: unit.change(Request, request_id, state=state.value))


def end(office: Office, request_id: str, state: RequestState, actor: str) -> None:
    office.store.write_here(lambda unit: move_request(unit, request_id, state, actor=actor))


def ends(office: Office, request_id: str) -> list[tuple[str, str, str]]:
    """Before, after and by whom, of each end in the audit log."""
    rows = office.rows(Audit, table(Audit).c.tag == "request.moved", table(Audit).c.subject == request_id)
    states = {state.value for state in OPEN_STATES}
    found = [(str(row.facts["before"]), str(row.facts["after"]), str(row.actor)) for row in rows]
    return [one for one in found if one[1] not in states]


@pytest.mark.parametrize("label", Label)
async def test_every_end_of_the_table_names_a_person(office: Office, label: Label) -> None:
    request_id = await opened(office, Label.INZAGE)
    office.store.write_here(lambda unit: unit.change(Request, request_id, label=label.value))
    actor = staff_actor(office.staff[1])
    for before, after in CLOSING:
        put(office, request_id, before)
        if not (after is RequestState.ANSWERED and label in ANSWERED_BY_PROGRAM):
            with pytest.raises(RuleError):
                end(office, request_id, after, PROGRAM)
        end(office, request_id, after, actor)
    walked = [(before.value, after.value, actor) for before, after in CLOSING]
    assert ends(office, request_id) == walked
    put(office, request_id, RequestState.RECEIVED)


@pytest.mark.parametrize("label", OPENED)
async def test_a_colleague_says_it_was_no_request(office: Office, label: Label) -> None:
    request_id = await opened(office, label)
    before = office.request().state
    await people.not_a_request(office.desk, office.staff[1], office.request().case_id)
    assert ends(office, request_id) == [(before, "withdrawn", staff_actor(office.staff[1]))]


@pytest.mark.parametrize("label", [label for label in OPENED if label not in ANSWERED_BY_PROGRAM])
async def test_the_proven_requester_drops_it(office: Office, label: Label) -> None:
    request_id = await opened(office, label)
    receipt = (await office.work())[-1]
    if receipt.has_code:
        await office.reply(receipt, receipt.code)
    await office.reply(receipt, DROP)
    by_requester = [("withdrawn", f"requester:{office.request().conversation_id}")] if receipt.has_code else []
    assert [one[1:] for one in ends(office, request_id)] == by_requester, "without proof a person reads it"
