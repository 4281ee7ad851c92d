"""The whole desk for crash tests: one access request from the first mail to the letter, real parts, one process.

Each scenario looks at what stands on disk and in the database and does what is still to do, as the program does after
a restart; undisturbed it has the same points every time. Files are the world outside: `in/` is the mailbox, `taken/`
what was acknowledged, `sent/` what left, one file per send. Normalising, reading, rendering and the PDF are real too,
but leave nothing behind, so they are no points.

Not here: what is killed and what must come of it (`test_desk_crashes`).
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.config import Settings, WebSection
from bot.demo.known import Known, Role, known
from bot.demo.program import demo_organisation
from bot.wiring import build_desk, close, make_accept, prepare_organisations
from cases.context import Context
from cases.messages import RawInbound
from cases.protocols import Change, Changed, DataSource, Found, Identifier, Outgoing, Reader, SentProof, SourceInfo
from cases.types import ChannelKind, Custody, DraftStatus, OutboxStatus
from intake.email.compose import compose
from storage.models import Draft, Outbox, Staff, StaffRole, table
from storage.unit import Reads, Unit
from tests.faults import launcher
from tests.faults.launcher import KillSwitch
from tests.support.clock import START, SetClock
from tests.support.stores import open_store
from workflow import approval, lookup, outbox, prepare, process
from workflow.desk import Desk, Limits

# Collected before the launcher starts: each fork finds these imported.
launcher.IMPORTED += ["tests.faults.warm", "tests.faults.desk"]

ORGANISATION = "whatnext"
MAILBOX = f"info@{ORGANISATION}.example"
CUSTOMER, OTHER_CUSTOMER = known(ORGANISATION, Role.CURRENT), known(ORGANISATION, Role.NO_INVOICES)
COLLEAGUE = "saskia"
LIMITS = Limits(undo=timedelta(0))  # time stands still during one life
_CODE = re.compile(r"^ *(\d{6}) *$", re.MULTILINE)
_REQUEST = """Hallo,

Ik wil graag weten welke persoonsgegevens jullie van mij hebben. Kunnen jullie me een overzicht sturen?
Mijn klantnummer is {number}.

Groetjes,
{name}
"""


# --- the place ------------------------------------------------------------------------------------------------------


def settings(folder: Path, customers: Path) -> Settings:
    """`customers` holds the folder of the sample databases."""
    return Settings(
        folder=folder, database_url="", root_key_file=folder / "unused", root_key="",
        base_url="https://loket.example", instance="kantoor", web=WebSection(enabled=False), door=None,
        organisations=(demo_organisation(ORGANISATION, customers),), limits=LIMITS, tray=folder / "tray",
    )  # fmt: skip


def prepare_place(url: str, folder: Path, customers: Path) -> None:
    """A desk on its first morning: one organisation, one colleague who decides, one letter in the mailbox."""
    for name in ("in", "taken", "sent"):
        (folder / name).mkdir(parents=True)
    store = open_store(url, Context(SetClock().now))
    store.write_here(lambda unit: prepare_organisations(unit, settings(folder, customers)))
    store.write_here(_add_colleague)
    store.close()
    write_request(folder, "1-request.eml", CUSTOMER)


def _add_colleague(unit: Unit) -> None:
    unit.add(
        Staff, id=COLLEAGUE, login=COLLEAGUE, name="Saskia", role_name="medewerker privacy", notify="",
        password_hash="!", created_at=unit.now,
    )  # fmt: skip
    unit.add(StaffRole, id=unit.new_id(), staff_id=COLLEAGUE, organisation_id=ORGANISATION, role="approver")


# --- outside the desk -----------------------------------------------------------------------------------------------


class FolderSender:
    """One file for every send, also for the second of the same mail: what left can not be called back."""

    def __init__(self, folder: Path, switch: KillSwitch) -> None:
        self._folder, self._switch = folder, switch

    async def send(self, message: Outgoing) -> SentProof:
        return await self._switch.outside("send", asyncio.to_thread(self._leave, message))

    def _leave(self, message: Outgoing) -> SentProof:
        mail = compose(
            message, from_name="What Next", from_address=MAILBOX, reply_to=message.reply_to, instance="kantoor",
            demo=False,
        )  # fmt: skip
        number = len(list(self._folder.iterdir())) + 1
        with (self._folder / f"{number:02}.eml").open("xb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        return SentProof("250 taken")

    async def close(self) -> None:
        """Nothing is held open."""


class SwitchedSource:
    """A real source of which every question is a point."""

    def __init__(self, real: DataSource, switch: KillSwitch) -> None:
        self._real, self._switch = real, switch
        self.name, self.close = real.name, real.close

    def describe(self) -> SourceInfo:
        return self._real.describe()

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        return await self._switch.outside("find", self._real.find(identifiers))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        return await self._switch.outside("addresses", self._real.addresses_on_file(identifier))

    def answered(self, answer: Mapping[str, Any]) -> Found:
        return self._real.answered(answer)

    async def change(self, change: Change) -> Changed:
        return await self._switch.outside("change", self._real.change(change))


@dataclass(frozen=True, slots=True)
class Sent:
    """One file in `sent/`."""

    message_id: str
    subject: str
    text: str
    reply_to: str


def sent(folder: Path) -> list[Sent]:
    return [_opened(file) for file in sorted((folder / "sent").iterdir())]


def _opened(file: Path) -> Sent:
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    text = str(body.get_content()).replace("\r\n", "\n")
    return Sent(str(mail["Message-ID"]), str(mail["Subject"]), text, str(mail["Reply-To"]))


def write_request(folder: Path, name: str, customer: Known) -> None:
    text = _REQUEST.format(number=customer.customer_number, name=customer.name)
    _write(folder, name, customer, "Welke gegevens hebben jullie van mij?", text, START)


def _write(
    folder: Path, name: str, customer: Known, subject: str, text: str, at: datetime, *, to: str = MAILBOX
) -> None:
    """The customer's mail program; the file is there whole or not at all."""
    message = EmailMessage()
    message["From"] = f"{customer.name} <{customer.email}>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{name}@mail.example>"
    message.set_content(text)
    draft = folder / name
    draft.write_bytes(message.as_bytes())
    draft.rename(folder / "in" / name)


def answer_the_code(folder: Path, at: datetime) -> None:
    """The customer sends the code back, once, when it has come."""
    name = "2-code.eml"
    if any((folder / box / name).exists() for box in ("in", "taken")):
        return
    for mail in sent(folder):
        if found := _CODE.search(mail.text):
            _write(folder, name, CUSTOMER, f"Re: {mail.subject}", found.group(1), at, to=mail.reply_to)
            return


# --- the scenarios ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class At:
    """Where a desk stands and when: what every scenario is told."""

    url: str
    folder: Path
    customers: Path
    now: datetime


def request(at: At, switch: KillSwitch) -> None:
    """The first mail: a case, and an acknowledgement with a code."""
    asyncio.run(_live(at, switch, _request))


def code(at: At, switch: KillSwitch) -> None:
    """The code comes back: the sources are asked, a draft with its export waits for staff."""
    asyncio.run(_live(at, switch, _code))


def letter(at: At, switch: KillSwitch) -> None:
    """Staff approve, the letter leaves, the case is over."""
    asyncio.run(_live(at, switch, _letter))


def talk(at: At, switch: KillSwitch) -> None:
    """All of it."""
    asyncio.run(_live(at, switch, _request, _code, _letter))


def decide(at: At, switch: KillSwitch) -> None:
    """A colleague looks in the mailbox for each message of which nobody knows whether it left, and says what is so."""
    asyncio.run(_live(at, switch, _decide))


Part = Callable[[Desk, At, KillSwitch], Awaitable[None]]


async def _live(at: At, switch: KillSwitch, *parts: Part) -> None:
    """One life of the program, or what there is of it. Commits count from the first thing that is done for somebody."""
    store, found = open_store(at.url, Context(SetClock(at.now).now)), settings(at.folder, at.customers)
    await store.write(lambda unit: prepare_organisations(unit, found))
    switch.watch(store)
    desk = build_desk(found, store, _reader)
    own = desk.organisations[ORGANISATION]
    sources: dict[str, DataSource] = {name: SwitchedSource(real, switch) for name, real in own.sources.items()}
    desk = replace(desk, organisations={ORGANISATION: replace(own, sources=sources)})
    desk = desk.with_sender(MAILBOX, FolderSender(at.folder / "sent", switch))
    for part in parts:
        await part(desk, at, switch)
    await close(desk)


def _reader() -> Reader:
    from tests.faults.warm import READER  # here, because only forks need it: there it stands ready

    return READER


async def _request(desk: Desk, at: At, switch: KillSwitch) -> None:
    await _fetch(desk, at.folder, switch)
    await _work(desk)


async def _code(desk: Desk, at: At, switch: KillSwitch) -> None:
    await asyncio.to_thread(answer_the_code, at.folder, at.now)
    await _fetch(desk, at.folder, switch)
    await _work(desk)


async def _letter(desk: Desk, _at: At, _switch: KillSwitch) -> None:
    draft = await desk.store.read(_open_draft)
    if draft is not None:
        await approval.approve(desk, COLLEAGUE, *draft, {}, totp_fresh=False)
    await _work(desk)


async def _fetch(desk: Desk, folder: Path, switch: KillSwitch) -> None:
    """The mailbox: a mail goes out of it when it is accepted, and is offered again until then."""
    accept = make_accept(desk)
    for file in sorted((folder / "in").iterdir()):
        raw = await asyncio.to_thread(file.read_bytes)
        head = email.message_from_bytes(raw, policy=email.policy.default)
        await accept(
            RawInbound(
                organisation=ORGANISATION, channel=ChannelKind.EMAIL, account=MAILBOX, raw=raw,
                received_at=head["Date"].datetime, custody=Custody.HOST, message_id=str(head["Message-ID"]),
                envelope_from=parseaddr(str(head["From"]))[1], envelope_to=(str(head["To"]),),
            )
        )  # fmt: skip
        await switch.outside("acknowledge", asyncio.to_thread(file.rename, folder / "taken" / file.name))


async def _work(desk: Desk) -> None:
    """Each step once: what one of them hands over, the next one takes."""
    for step in (process, lookup, prepare, outbox):
        await step.run_once(desk)


def _open_draft(reads: Reads) -> tuple[str, str] | None:
    drafts = table(Draft)
    row = reads.one(select(drafts).where(drafts.c.status == DraftStatus.OPEN.value))
    return (row.id, row.package_digest) if row is not None else None


async def _decide(desk: Desk, at: At, _switch: KillSwitch) -> None:
    rows = table(Outbox)
    query = select(rows.c.id, rows.c.message_id).where(rows.c.status == OutboxStatus.UNCERTAIN.value)
    left = {mail.message_id for mail in await asyncio.to_thread(sent, at.folder)}
    for row in await desk.store.read(lambda reads: reads.rows(query)):
        await outbox.decide_uncertain(desk, COLLEAGUE, row.id, arrived=row.message_id in left)
