"""What conversations about rights share: a desk per organisation, a few steps, and what each is held to at its end.

Not here: the words people write (`words`), the desk itself (`tests/support/office`).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from bot.demo.known import KNOWN
from cases.audit import PROGRAM
from cases.letters import from_json, missing
from cases.others import Choice
from cases.transitions import ANSWERED_BY_PROGRAM
from cases.types import OPEN_STATES, Assurance, Decision, DraftStatus, Label, OutboxKind, RequestState, WorkKind
from handlers.wording import wrong_form
from storage.models import Audit, Conversation, Draft, Outbox, Request, table
from storage.unit import Reads
from tests.support.arrived import Mail
from tests.support.office import Office, Shared, open_office
from workflow import others
from workflow.others import EXPORTED

# To staff, to those who keep a system or got the data: not written in the organisation's form of address.
_TO_OTHERS = {OutboxKind.STAFF_NOTICE, OutboxKind.TASK, OutboxKind.RECIPIENT, OutboxKind.FORWARD, OutboxKind.TRANSFER}
_NEVER = ("alles 7 jaar", "alles zeven jaar", "bewaarplicht telecom", "dashboard")


@asynccontextmanager
async def desk_of(folder: Path, shared: Shared, organisation: str) -> AsyncIterator[Office]:
    """A desk whose customers may be changed; what happened at it is looked through at the end."""
    async with open_office(folder, shared, organisations=[organisation], own_customers=True) as office:
        yield office
        every_letter_is_right(office)
        every_end_is_a_persons(office)
        assert office.audit().problems == ()


@pytest.fixture
async def office(request: pytest.FixtureRequest, tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    """The desk of the module's ORGANISATION."""
    async with desk_of(tmp_path, shared, request.module.ORGANISATION) as opened:
        yield opened


@pytest.fixture
async def office_at(request: pytest.FixtureRequest, tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    """The desk of the organisation that `at` names for this test."""
    async with desk_of(tmp_path, shared, request.param) as opened:
        yield opened


def at(*organisations: str) -> pytest.MarkDecorator:
    """Runs the conversation at each of these."""
    return pytest.mark.parametrize("office_at", organisations, indirect=True)


# --- steps ------------------------------------------------------------------------------------------------------------


async def proven(office: Office, address: str, text: str, subject: str = "verzoek") -> Mail:
    """Somebody asks and sends the code back; gives the receipt, which can be answered further."""
    (receipt, *_) = await office.mail(address, subject, text)
    await office.reply(receipt, receipt.code)
    return receipt


def request_of(office: Office, label: Label) -> Row[Any]:
    (row,) = [row for row in office.requests() if row.label == label.value]
    return row


def letter(office: Office, label: Label) -> str:
    """What staff see of the letter that waits, on one line."""
    return " ".join(office.letter_of(office.draft(request_of(office, label).id)).split())


async def decided(office: Office, label: Label, edits: Mapping[str, str] | None = None) -> list[Mail]:
    """One person approves, a second one where two are needed; gives what leaves within a minute.

    What may be about somebody else in an export stays out.
    """
    request = request_of(office, label)
    if label in EXPORTED:
        await others.decide(office.desk, office.staff[0], office.draft(request.id).id, {}, rest=Choice.OUT.value)
        await office.work()
    await office.approve(0, office.draft(request.id), dict(edits or {}))
    if WorkKind.SECOND_APPROVAL in office.work_list():
        await office.approve(1, office.draft(request.id))
    return await office.advance(minutes=1)


def one_letter(mails: list[Mail], address: str) -> Mail:
    """The answer among what left."""
    (found,) = [mail for mail in mails if mail.to == address]
    return found


def stands(office: Office, database: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What really stands in one of the organisation's own databases."""
    with closing(sqlite3.connect(office.folder / "customers" / f"{database}.db")) as opened:
        return opened.execute(sql, values).fetchall()


# --- what every conversation is held to -------------------------------------------------------------------------------


def every_letter_is_right(office: Office) -> None:
    """What the law wants said, in the form of the house, without data in a mail."""
    form = office.desk.organisation(office.organisation).policy.form
    kinds = {row.message_id.strip("<>"): OutboxKind(row.kind) for row in office.rows(Outbox)}
    values = [value for person in KNOWN[office.organisation] for value in (person.phone, person.postcode)]
    values += [f"{person.street} {person.house_number}" for person in KNOWN[office.organisation]]
    for mail in office.mails:
        kind = kinds[mail.message_id.strip("<>")]
        assert [word for word in _NEVER if word in mail.flat.lower()] == []
        assert [value for value in values if value in mail.flat or value in mail.html] == []
        if kind not in _TO_OTHERS:
            words = re.sub(r"https?://\S+", "", mail.text)  # a secret may hold "-u-"
            assert wrong_form(form, words) == (), mail.subject
    for row in office.rows(Draft, table(Draft).c.status == DraftStatus.APPROVED.value):
        label = Label(office.request_row(row.request_id).label)
        assert missing(from_json(office.store.read_here(_text_of(row))), label, Decision(row.decision)) == ()


def _text_of(row: Row[Any]) -> Any:
    def read(reads: Reads) -> str:
        return reads.keys.data(reads, row.data_key_id).open_text(row.letter, f"draft.letter:{row.id}")

    return read


def every_end_is_a_persons(office: Office) -> None:
    """In the audit row of every request that ended: a colleague, or the requester who had proven the mailbox.

    Only what the program may answer by itself ends in its own name.
    """
    assured = {f"requester:{row.id}": row.assurance for row in office.rows(Conversation)}
    colleagues = {f"staff:{staff_id}" for staff_id in office.staff}
    moved = office.rows(Audit, table(Audit).c.tag == "request.moved")
    for request in office.rows(Request):
        if RequestState(request.state) in OPEN_STATES:
            continue
        (actor,) = [row.actor for row in moved if row.subject == request.id and row.facts["after"] == request.state]
        by_program = actor == PROGRAM and request.state == "answered" and Label(request.label) in ANSWERED_BY_PROGRAM
        proven_one = assured.get(actor, Assurance.NONE) >= Assurance.MAILBOX_PROVEN
        assert by_program or actor in colleagues or proven_one, f"{request.label} ended as {request.state} by {actor}"
