"""Cases joined and split: everything moves along, no date moves, and proof stays with whom it was given by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from bot.demo.known import Role, known
from cases.errors import InputError, RuleError
from cases.types import Label, OutboxStatus, WorkKind
from storage.models import (
    Audit,
    Case,
    CaseIdentifier,
    Conversation,
    Deadline,
    Draft,
    Finding,
    Inbound,
    Message,
    Outbox,
    metadata,
    table,
)
from storage.queries import moving
from storage.unit import Reads
from tests.acceptance.rights import decided, office, one_letter, proven, request_of
from tests.acceptance.words import ACCESS, ERASURE, THIEF
from tests.support.office import Office, Shared, open_office, shared
from workflow import breach, joining, persons, retention, splitting
from workflow.split_rows import Apart

__all__ = ["office", "shared"]  # fixtures
ORGANISATION = "whatnext"
CUSTOMER = known(ORGANISATION, Role.FORMER)
BOTH = (
    "Hallo,\n\nStuur mij eerst een kopie van alle persoonsgegevens die jullie van mij hebben. Daarna wil ik dat jullie "
    "mijn gegevens verwijderen.\n\nGroet,\n"
)
WIFE = known(ORGANISATION, Role.CURRENT)


def case_of(office: Office, request: Row[Any]) -> Row[Any]:
    (row,) = office.rows(Case, table(Case).c.id == request.case_id)
    return row


def dates(office: Office, request_id: str) -> list[tuple[Any, ...]]:
    rows = table(Deadline)
    found = office.rows(Deadline, rows.c.request_id == request_id, rows.c.cancelled_at.is_(None))
    return sorted((row.kind, row.due_at, row.told) for row in found if row.kind != "identity_reminder")


def words_of(office: Office, message: Row[Any]) -> str:
    def read(reads: Reads) -> str:
        sealer = reads.keys.data(reads, message.data_key_id)
        return str(sealer.open_json(message.content, f"message.content:{message.id}")["text"])

    return office.store.read_here(read)


def test_every_table_that_names_a_case_is_moved() -> None:
    named = {name for name, found in metadata.tables.items() if "case_id" in found.c}
    assert named == {table(model).name for model in moving.OF_A_CASE}


# --- split ------------------------------------------------------------------------------------------------------------


async def asked_both(office: Office) -> Mapping[Label, Row[Any]]:
    """One mail with two wishes, proven; gives the two requests."""
    await proven(office, CUSTOMER.email, BOTH + CUSTOMER.name)
    return {label: request_of(office, label) for label in (Label.INZAGE, Label.VERWIJDERING)}


async def test_one_mail_with_two_matters_becomes_two_cases(office: Office) -> None:
    asked = await asked_both(office)
    first = asked[Label.INZAGE]
    before = {label: dates(office, row.id) for label, row in asked.items()}
    new_id = await splitting.split(office.desk, office.staff[0], first.case_id, Apart((asked[Label.VERWIJDERING].id,)))
    erasure, access = request_of(office, Label.VERWIJDERING), request_of(office, Label.INZAGE)
    assert (erasure.case_id, access.case_id) == (new_id, first.case_id)
    old, new = case_of(office, access), case_of(office, erasure)
    assert new.number != old.number
    assert new.received_at == old.received_at, "received is received"
    assert {label: dates(office, row.id) for label, row in asked.items()} == before
    told = one_letter(await office.advance(minutes=1), CUSTOMER.email)
    assert old.number in told.text
    assert new.number in told.text
    split = [(row.chain, row.actor) for row in office.rows(Audit, table(Audit).c.tag == "case.split")]
    assert sorted(split) == sorted((case, f"staff:{office.staff[0]}") for case in (old.id, new.id))
    assert len({row.conversation_id for row in office.requests()}) == 2
    assert {row.assurance for row in office.rows(Conversation)} == {3}, "the same person, proven once"


async def test_what_was_split_goes_its_own_way_to_the_end(office: Office) -> None:
    asked = await asked_both(office)
    await splitting.split(office.desk, office.staff[0], asked[Label.INZAGE].case_id, Apart((asked[Label.INZAGE].id,)))
    await office.advance(minutes=1)
    answer = one_letter(await decided(office, Label.INZAGE), CUSTOMER.email)
    case = case_of(office, request_of(office, Label.INZAGE))
    assert case.number in answer.subject
    assert request_of(office, Label.INZAGE).state == "answered"
    assert case.closed_at is not None
    assert case_of(office, request_of(office, Label.VERWIJDERING)).closed_at is None


async def test_the_message_stands_in_both_and_each_is_read_with_its_own_key(office: Office) -> None:
    asked = await asked_both(office)
    old_id = asked[Label.INZAGE].case_id
    new_id = await splitting.split(office.desk, office.staff[0], old_id, Apart((asked[Label.VERWIJDERING].id,)))
    messages = office.rows(Message, table(Message).c.incoming)
    asking = [row for row in messages if "kopie" in words_of(office, row)]
    assert {(row.case_id, row.copy_of is not None) for row in asking} == {(old_id, False), (new_id, True)}
    assert len({row.data_key_id for row in asking}) == 2
    assert {row.value_index for row in office.rows(CaseIdentifier)} != set()
    old, new = ({r.value_index for r in office.rows(CaseIdentifier, table(CaseIdentifier).c.case_id == one)}
                for one in (old_id, new_id))  # fmt: skip
    assert old == new
    assert len(office.rows(Inbound)) == 2, "received once, however many cases it stands in"


async def test_split_for_another_person_takes_no_proof_along(office: Office) -> None:
    asked = await asked_both(office)
    going = asked[Label.VERWIJDERING]
    apart = Apart((going.id,), other_person=True, name=WIFE.name)
    await splitting.split(office.desk, office.staff[0], going.case_id, apart)
    await office.advance(minutes=1)
    request = request_of(office, Label.VERWIJDERING)
    assert (request.state, request.awaiting) == ("identifying", "staff")
    talks = {row.case_id: row for row in office.rows(Conversation)}
    assert talks[request.case_id].assurance == 1
    assert talks[request.case_id].human_since is not None
    assert talks[going.case_id].assurance == 3
    assert office.rows(CaseIdentifier, table(CaseIdentifier).c.case_id == request.case_id) == []
    assert office.item(WorkKind.HANDLE).case_id == request.case_id
    assert office.rows(Finding, table(Finding).c.request_id == request.id) == [], "that was found about the writer"
    await persons.first_letter(office.desk, office.staff[0], talks[request.case_id].id, "representative")
    assert "machtiging" in one_letter(await office.advance(minutes=1), CUSTOMER.email).flat
    assert request_of(office, Label.INZAGE).state == "awaiting_approval", "the writer's own goes on"


async def test_before_the_proof_the_second_case_gets_a_code_of_its_own(office: Office) -> None:
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", BOTH + CUSTOMER.name)
    going = request_of(office, Label.VERWIJDERING)
    await splitting.split(office.desk, office.staff[0], going.case_id, Apart((going.id,)), tell=False)
    code_mail = one_letter(await office.work(), CUSTOMER.email)
    assert code_mail.code != receipt.code
    await office.reply(code_mail, code_mail.code)
    assert office.states() == {"inzage": "identifying", "verwijdering": "awaiting_approval"}
    await office.reply(receipt, receipt.code)
    assert office.states()["inzage"] == "awaiting_approval"


async def test_what_can_not_be_split_says_why(office: Office) -> None:
    asked = await asked_both(office)
    access, erasure = asked[Label.INZAGE], asked[Label.VERWIJDERING]
    everything = (access.id, erasure.id)
    for chosen, why in (((), "choose_request"), (("nothing",), "choose_request"), (everything, "split_all")):
        with pytest.raises(InputError) as caught:
            await splitting.split(office.desk, office.staff[0], access.case_id, Apart(chosen))
        assert caught.value.code == why
    await office.approve(0, office.draft(access.id))
    with pytest.raises(InputError) as caught:
        await splitting.split(office.desk, office.staff[0], access.case_id, Apart((access.id,)))
    assert caught.value.code == "split_closed", "its letter is on its way"


async def test_joining_undoes_a_split(everywhere: Office) -> None:
    office = everywhere
    asked = await asked_both(office)
    old_id = asked[Label.INZAGE].case_id
    messages, before = len(office.rows(Message)), dates(office, asked[Label.VERWIJDERING].id)
    apart = Apart((asked[Label.VERWIJDERING].id,))
    new_id = await splitting.split(office.desk, office.staff[0], old_id, apart, tell=False)
    await office.work()
    await joining.join_cases(office.desk, office.staff[0], old_id, [new_id], tell=False)
    await office.work()
    assert {row.case_id for row in office.requests()} == {old_id}
    assert len(office.rows(Message)) == messages, "nothing stands there twice"
    assert dates(office, asked[Label.VERWIJDERING].id) == before
    assert office.states() == {"inzage": "awaiting_approval", "verwijdering": "awaiting_approval"}
    known_messages = {row.id for row in office.rows(Message)}
    assert all(row.message_id in known_messages for row in office.requests())


async def test_cases_joined_by_mistake_come_apart_with_their_own_person(office: Office) -> None:
    """The whole conversation goes, with its proof, its pages and whose it is."""
    access, erasure = await two_cases(office)
    await joining.join_cases(office.desk, office.staff[0], access.case_id, [erasure.case_id], tell=False)
    await office.work()
    new_id = await splitting.split(office.desk, office.staff[0], access.case_id, Apart((erasure.id,)), tell=False)
    await office.work()
    request = request_of(office, Label.VERWIJDERING)
    assert (request.case_id, request.conversation_id) == (new_id, erasure.conversation_id)
    case = case_of(office, request)
    who = office.store.read_here(
        lambda reads: reads.keys.data(reads, case.data_key_id).open_json(case.requester, f"case.requester:{case.id}")
    )
    assert who["address"] == THIEF
    assert all(words_of(office, row) for row in office.rows(Message))
    (answer, *_) = await decided(office, Label.VERWIJDERING)
    assert (answer.to, case.number in answer.subject) == (THIEF, True)


async def test_the_split_case_outlives_the_first_one(tmp_path: Path, shared: Shared) -> None:
    """Two years after the first one closed its words go; those of the other do not."""
    async with open_office(tmp_path, shared) as office:
        await _outlives(office)


async def _outlives(office: Office) -> None:
    asked = await asked_both(office)
    access = asked[Label.INZAGE]
    new_id = await splitting.split(
        office.desk, office.staff[0], access.case_id, Apart((asked[Label.VERWIJDERING].id,)), tell=False
    )
    await office.work()
    await decided(office, Label.INZAGE)
    office.clock.advance(days=731)
    assert await retention.purge(office.desk) >= 1
    mine = office.rows(Message, table(Message).c.case_id == new_id)
    assert any("kopie" in words_of(office, row) for row in mine)
    gone = office.rows(Message, table(Message).c.case_id == access.case_id)
    with pytest.raises(RuleError):
        words_of(office, gone[0])


# --- joined -----------------------------------------------------------------------------------------------------------


async def two_cases(office: Office) -> tuple[Row[Any], Row[Any]]:
    """Access from the customer's own mailbox, erasure from another one: two cases, both proven."""
    await proven(office, CUSTOMER.email, ACCESS + CUSTOMER.name)
    await proven(office, THIEF, ERASURE + CUSTOMER.name)
    return request_of(office, Label.INZAGE), request_of(office, Label.VERWIJDERING)


async def test_everything_of_a_joined_case_moves_along(office: Office) -> None:
    access, erasure = await two_cases(office)
    (talk,) = office.rows(Conversation, table(Conversation).c.case_id == erasure.case_id)
    await persons.first_letter(office.desk, office.staff[0], talk.id, "representative")
    letter = next(row for row in office.rows(Outbox) if row.case_id == erasure.case_id)
    await breach.sent_wrong(office.desk, office.staff[0], letter.id, "Deze mail ging naar een ander.")
    await joining.join_cases(office.desk, office.staff[0], access.case_id, [erasure.case_id])
    for model in moving.OF_A_CASE:
        assert office.rows(model, table(model).c.case_id == erasure.case_id) == [], model
    left = case_of(office, erasure)
    assert (left.linked_to, left.closed_at is not None) == (access.case_id, True)
    await office.work()
    told = [mail for mail in await office.advance(minutes=1) if "samen" in mail.subject]
    assert [mail.to for mail in told] == [CUSTOMER.email], "the one that is stopped hears nothing"


async def test_a_waiting_letter_of_a_joined_case_leaves_once(office: Office) -> None:
    access, erasure = await two_cases(office)
    await office.approve(0, office.draft(access.id))
    await joining.join_cases(office.desk, office.staff[0], erasure.case_id, [access.case_id], tell=False)
    mails = [*await office.work(), *await office.advance(minutes=1), *await office.advance(minutes=10)]
    assert len([mail for mail in mails if mail.to == CUSTOMER.email]) == 1
    assert request_of(office, Label.INZAGE).state == "answered"
    letters = [row for row in office.rows(Outbox) if row.request_id == access.id and row.draft_id]
    assert [(row.status, row.case_id) for row in letters] == [(OutboxStatus.SENT.value, erasure.case_id)]
    drafts = office.rows(Draft, table(Draft).c.request_id == access.id)
    assert [row.status for row in drafts] == ["approved"]


async def test_no_older_approval_holds_by_chance(office: Office) -> None:
    """Each case counts its own versions; a draft of the one must not look fresh in the other."""
    access, erasure = await two_cases(office)
    shown = office.draft(access.id)
    await joining.join_cases(office.desk, office.staff[0], erasure.case_id, [access.case_id], tell=False)
    with pytest.raises(RuleError):
        await office.approve(0, shown)
    await office.work()
    fresh = office.draft(access.id)
    assert case_of(office, request_of(office, Label.INZAGE)).number in office.letter_of(fresh)


async def test_a_joined_case_goes_when_the_other_one_goes(office: Office) -> None:
    access, erasure = await two_cases(office)
    await joining.join_cases(office.desk, office.staff[0], access.case_id, [erasure.case_id], tell=False)
    await office.work()
    office.clock.advance(days=731)
    await retention.purge(office.desk)
    assert all(words_of(office, row) for row in office.rows(Message)), "the matter is still open"


async def test_joining_twice_and_from_elsewhere_is_refused(office: Office) -> None:
    access, erasure = await two_cases(office)
    await joining.join_cases(office.desk, office.staff[0], access.case_id, [erasure.case_id], tell=False)
    with pytest.raises(InputError) as caught:
        await joining.join_cases(office.desk, office.staff[0], access.case_id, [erasure.case_id])
    assert caught.value.code == "joined_already"


async def test_the_unproven_name_never_takes_the_place_of_the_proven_one(office: Office) -> None:
    await office.mail(THIEF, "inzage", ACCESS + CUSTOMER.name, name="Iemand Anders")
    claimed = office.request()
    await proven(office, CUSTOMER.email, ERASURE + CUSTOMER.name)
    erasure = request_of(office, Label.VERWIJDERING)
    await joining.join_cases(office.desk, office.staff[0], claimed.case_id, [erasure.case_id])
    case = case_of(office, request_of(office, Label.VERWIJDERING))
    who = office.store.read_here(
        lambda reads: reads.keys.data(reads, case.data_key_id).open_json(case.requester, f"case.requester:{case.id}")
    )
    assert who["address"] == CUSTOMER.email
    assert one_letter(await office.advance(minutes=1), CUSTOMER.email)
    assert request_of(office, Label.INZAGE).state == "identifying", "the other one still has to prove itself"
