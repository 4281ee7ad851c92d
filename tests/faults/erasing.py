"""An approved erasure that is carried out, for crash tests: the desk of `desk`, with changes in the sources as points.

Each place has customers of its own, since they change. Not here: what is killed and what must come of it
(`test_execute_crashes`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from sqlalchemy import select

from bot.wiring import build_desk, close, prepare_organisations
from cases.context import Context
from cases.protocols import Change, Changed, Reader
from cases.types import DraftStatus, RequestState
from storage.models import Draft, Request, Staff, StaffRole, table
from storage.unit import Reads, Unit
from tests.faults import desk, launcher
from tests.faults.launcher import KillSwitch
from tests.support.clock import START, SetClock
from tests.support.stores import open_store
from workflow import approval, execute, outbox, prepare, questions
from workflow.desk import Desk

launcher.IMPORTED += ["tests.faults.erasing"]

SECOND = "bram"
_WISH = "Hallo,\n\nIk wil dat jullie al mijn persoonsgegevens verwijderen.\n\nGroet,\n"


class ChangedSource(desk.SwitchedSource):
    """A real source of which every change is a point as well."""

    async def change(self, change: Change) -> Changed:
        return await self._switch.outside("change", self._real.change(change))


def prepare_place(url: str, folder: Path) -> None:
    """A desk with two colleagues, and a customer's wish in the mailbox."""
    desk.prepare_place(url, folder, folder)
    (folder / "in" / "1-request.eml").unlink()
    store = open_store(url, Context(SetClock().now))
    store.write_here(_second_colleague)
    store.close()
    message = EmailMessage()
    message["From"], message["To"] = desk.CUSTOMER.email, desk.MAILBOX
    message["Subject"], message["Date"] = "Verwijderen", format_datetime(START)
    message["Message-ID"] = "<1-erasure@mail.example>"
    message.set_content(_WISH + desk.CUSTOMER.name)
    (folder / "in" / "1-erasure.eml").write_bytes(message.as_bytes())


def _second_colleague(unit: Unit) -> None:
    unit.add(
        Staff, id=SECOND, login=SECOND, name="Bram", role_name="medewerker privacy", notify="", password_hash="!",
        created_at=unit.now,
    )  # fmt: skip
    unit.add(StaffRole, id=unit.new_id(), staff_id=SECOND, organisation_id=desk.ORGANISATION, role="approver")


# --- the scenarios ----------------------------------------------------------------------------------------------------


def approve(at: desk.At, switch: KillSwitch) -> None:
    """The contract has ended, a colleague says; two of them approve the package."""
    asyncio.run(_live(at, switch, _approve))


def carry_out(at: desk.At, switch: KillSwitch) -> None:
    """The wait is over: changes, ledger and letter, until nothing is left."""
    asyncio.run(_live(at, switch, _carry_out))


async def _live(at: desk.At, switch: KillSwitch, part: Callable[[Desk], Awaitable[None]]) -> None:
    store, found = open_store(at.url, Context(SetClock(at.now).now)), desk.settings(at.folder, at.customers)
    await store.write(lambda unit: prepare_organisations(unit, found))
    switch.watch(store)
    office = build_desk(found, store, _nobody_reads)
    own = office.organisations[desk.ORGANISATION]
    sources = {name: ChangedSource(real, switch) for name, real in own.sources.items()}
    office = replace(office, organisations={desk.ORGANISATION: replace(own, sources=dict(sources))})
    office = office.with_sender(desk.MAILBOX, desk.FolderSender(at.folder / "sent", switch))
    await part(office)
    await close(office)


def _nobody_reads() -> Reader:
    raise AssertionError("no message comes in")


async def _approve(office: Desk) -> None:
    request_id = await office.store.read(_running)
    await questions.choose(office, f"staff:{desk.COLLEAGUE}", request_id, {"customer": "former"})
    await prepare.run_once(office)
    for colleague in (desk.COLLEAGUE, SECOND):
        draft_id, digest = await office.store.read(_waits)
        await approval.approve(office, colleague, draft_id, digest, {}, totp_fresh=False)
    await outbox.run_once(office)


async def _carry_out(office: Desk) -> None:
    while await execute.run_once(office) + await outbox.run_once(office):
        pass


def _running(reads: Reads) -> str:
    rows = table(Request)
    return str(reads.value(select(rows.c.id).where(rows.c.state == RequestState.PREPARING.value)))


def _waits(reads: Reads) -> tuple[str, str]:
    drafts = table(Draft)
    waits = drafts.c.status.in_([DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value])
    row = reads.one(select(drafts).where(waits))
    assert row is not None
    return row.id, row.package_digest
