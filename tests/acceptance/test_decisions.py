"""What staff decide and what it rests on: two people, one version of the facts, a failed system is no empty one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cases.errors import InputError, RuleError, Stale
from cases.types import DraftStatus, RefusalGround, WorkKind
from storage.models import Approval, Audit, Draft, Finding, Outbox, table
from tests.acceptance.words import ACCESS, COMPLAINT, CUSTOMER, ERASURE, FORMER, STOP, UNKNOWN
from tests.support.arrived import Mail
from tests.support.office import Office, Shared, open_office
from workflow import approval

FACTS = {
    "claim": "een factuur die nog open staat",
    "amount": "€ 120,50",
    "what_kept": "je naam, je adres en die factuur",
    "review_on": "1 april 2026",
}


@pytest.fixture
async def own_office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    """With customers of its own, so that a system can be taken away."""
    async with open_office(tmp_path, shared, own_customers=True) as opened:
        yield opened


async def proven(office: Office, text: str = ACCESS, address: str = CUSTOMER.email) -> Mail:
    (receipt,) = await office.mail(address, "verzoek", text)
    await office.reply(receipt, receipt.code)
    return receipt


# --- two people -------------------------------------------------------------------------------------------------------


async def test_a_refusal_takes_two_people(everywhere: Office) -> None:
    office = everywhere
    await proven(office, ERASURE)
    request = office.request()
    draft_id = await office.refuse(request.id, RefusalGround.LEGAL_CLAIM, FACTS, "De nieuwsbrief stoppen we meteen.")
    draft = office.draft()
    assert draft.id == draft_id and draft.status == DraftStatus.SECOND_PERSON
    assert office.work_list() == [WorkKind.SECOND_APPROVAL]
    assert await office.advance(minutes=5) == [], "one is not enough"

    with pytest.raises(InputError) as same:
        await office.approve(0, draft)
    assert same.value.code == "second_person"
    office.clock.advance(days=2)
    with pytest.raises(InputError):
        await office.approve(0, draft)  # two colleagues: waiting makes no second pair of eyes
    assert office.state() == "awaiting_approval"

    await office.approve(1, draft)
    letters = [mail for mail in await office.advance(minutes=1) if mail.to == CUSTOMER.email]
    assert len(letters) == 1
    assert "Autoriteit Persoonsgegevens" in letters[0].text and "rechter" in letters[0].text
    assert office.state() == "refused"
    assert office.moved_by("refused") == f"staff:{office.staff[1]}"
    approvals = [row.staff_id for row in office.rows(Approval)]
    assert sorted(approvals) == sorted(office.staff)
    assert office.audit().problems == ()


async def test_a_letter_that_lacks_what_the_law_wants_said_can_not_be_approved(office: Office) -> None:
    """A complaint that nobody has written out yet: the list of blocks is held against the decision."""
    await office.mail(CUSTOMER.email, "klacht", COMPLAINT + CUSTOMER.name)
    assert office.states() == {"klacht": "awaiting_approval"}
    with pytest.raises(InputError) as lacking:
        await office.approve(0)
    assert lacking.value.code == "blocks_missing"
    assert await office.advance(minutes=5) == [] and office.draft().status == DraftStatus.OPEN


async def test_a_refusal_needs_its_facts(office: Office) -> None:
    await proven(office, ERASURE, FORMER.email)
    with pytest.raises(InputError):
        await office.refuse(office.request().id, RefusalGround.LEGAL_CLAIM, {}, "")
    assert office.draft().status == DraftStatus.OPEN


async def test_who_may_not_decide_does_not(office: Office) -> None:
    await proven(office)
    draft = office.draft()
    with pytest.raises(InputError) as refused:
        await approval.approve(office.desk, "somebody", draft.id, draft.package_digest, {}, totp_fresh=True)
    assert refused.value.code == "not_allowed"


# --- one version of the facts -----------------------------------------------------------------------------------------


async def test_an_approval_of_yesterday_does_not_hold_for_what_came_in_today(everywhere: Office) -> None:
    office = everywhere
    receipt = await proven(office)
    seen = office.draft()
    await office.reply(receipt, "Mijn klantnummer is " + CUSTOMER.customer_number)
    with pytest.raises(Stale):
        await office.approve(0, seen)
    assert office.state() == "awaiting_approval"
    assert office.rows(Outbox, table(Outbox).c.kind == "letter") == []
    assert WorkKind.NEW_MESSAGE in office.work_list()

    await approval.hand_back(office.desk, office.staff[0], seen.id)
    await office.work()
    fresh = office.draft()
    assert fresh.id != seen.id
    (letter,) = await office.approved(fresh)
    assert letter.to == CUSTOMER.email and office.state() == "answered"


async def test_thanks_change_nothing(office: Office) -> None:
    receipt = await proven(office)
    seen = office.draft()
    await office.reply(receipt, "Bedankt!")
    await office.approve(0, seen)


async def test_what_was_approved_is_what_leaves(everywhere: Office) -> None:
    """Staff's own words included; nothing is written again between the approval and the mail."""
    office = everywhere
    await proven(office)
    draft = office.draft()
    result = await office.approve(0, draft)
    (row,) = office.rows(Outbox, table(Outbox).c.id == result.outbox_id)
    approved = office.store.read_here(
        lambda reads: reads.keys.data(reads, row.data_key_id).open_json(row.content, f"outbox.content:{row.id}")
    )
    (letter,) = await office.advance(minutes=1)
    assert letter.text.strip() == str(approved["text"]).strip()
    assert letter.text.strip() == office.letter_of(_draft(office, draft.id)).strip()
    assert letter.subject == approved["subject"]


def _draft(office: Office, draft_id: str):  # type: ignore[no-untyped-def]  # a row
    return office.rows(Draft, table(Draft).c.id == draft_id)[0]


async def test_an_approval_can_be_taken_back_while_the_letter_waits(everywhere: Office) -> None:
    office = everywhere
    await proven(office)
    result = await office.approve(0)
    assert result.outbox_id is not None
    office.clock.advance(seconds=20)
    await office.undo(result.outbox_id)
    assert await office.advance(minutes=5) == []
    assert office.state() == "awaiting_approval" and office.work_list() == [WorkKind.APPROVE]
    (letter,) = await office.approved()
    assert letter.to == CUSTOMER.email
    with pytest.raises(RuleError):
        await office.undo(office.rows(Outbox, table(Outbox).c.kind == "letter")[-1].id)
    assert office.state() == "answered"


async def test_a_draft_of_a_case_that_is_over_can_not_be_approved(office: Office) -> None:
    receipt = await proven(office)
    draft = office.draft()
    await office.reply(receipt, "Laat maar, ik trek mijn verzoek in.")
    assert office.state() == "withdrawn"
    with pytest.raises(RuleError):
        await office.approve(0, draft)
    assert await office.advance(minutes=5) == []


# --- failed is not empty ----------------------------------------------------------------------------------------------


async def test_a_failed_system_is_no_empty_one(own_office: Office) -> None:
    """Asked three times; then staff get a draft that says so, and a line on their list."""
    office = own_office
    database = office.folder / "customers" / "whatnext.db"
    away = database.rename(database.with_suffix(".weg"))
    await proven(office)
    assert office.state() == "preparing" and office.work_list() == [WorkKind.SOURCE_FAILED]
    for minutes in (2, 6):
        await office.advance(minutes=minutes)
    assert office.state() == "awaiting_approval"
    assert [row.status for row in office.rows(Finding)] == ["failed"] * 3
    draft = office.draft()
    assert draft.decision != "nothing_found" and "niets gevonden onder dit adres" not in office.letter_of(draft).lower()
    assert {WorkKind.SOURCE_FAILED, WorkKind.APPROVE} <= set(office.work_list())
    assert "niet bevraagd" in office.request().failure

    away.rename(database)
    await approval.hand_back(office.desk, office.staff[0], draft.id)
    await office.work()
    assert office.draft().decision == "granted"
    assert office.work_list() == [WorkKind.APPROVE]


async def test_a_system_that_comes_back_in_time_is_asked_again(own_office: Office) -> None:
    office = own_office
    database = office.folder / "customers" / "whatnext.db"
    away = database.rename(database.with_suffix(".weg"))
    await proven(office)
    away.rename(database)
    await office.advance(minutes=2)
    assert office.draft().decision == "granted"
    assert [row.status for row in office.rows(Finding)] == ["failed", "found"]
    assert office.work_list() == [WorkKind.APPROVE], "the line about the failure is closed"
    assert office.request().failure == ""


async def test_an_opt_out_that_a_system_keeps_waiting_is_acknowledged(own_office: Office) -> None:
    office = own_office
    database = office.folder / "customers" / "whatnext.db"
    away = database.rename(database.with_suffix(".weg"))
    assert await office.mail(CUSTOMER.email, "reclame", STOP) == []
    await office.advance(minutes=3)
    assert office.sent_kinds() == ["acknowledgement"], "the answer waits for the system, the person hears of us"
    away.rename(database)
    await office.advance(minutes=30)
    assert office.states() == {"afmelden": "answered"} and office.sent_kinds() == ["acknowledgement", "done"]


async def test_nothing_found_says_where_was_looked(office: Office) -> None:
    await proven(office, address=UNKNOWN)
    assert [row.status for row in office.rows(Finding)] == ["nothing"]
    assert office.work_list() == [WorkKind.APPROVE]
    tags = [row.tag for row in office.rows(Audit)]
    assert "sources.asked" in tags
