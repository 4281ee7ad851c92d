"""A whole desk in a folder: real mail door, real reader, real SMTP out, real databases; only the clock is set.

A test writes letters as a customer would, lets the desk work until nothing is left, and reads what arrived in the
sink. Not here: the running program with its loops and ticks (`bot/run`); the steps are driven by hand.

Fixture: `shared` (import it where it is used); `open_office` makes an office for one test.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx
import pytest
from sqlalchemy import Row, select

from bot.config import Organisation, Settings, WebSection
from bot.demo.customers import build
from bot.demo.program import demo_organisation
from bot.wiring import build_desk, close, make_accept, prepare_organisations
from cases.context import Context
from cases.letters import from_json
from cases.messages import RawInbound
from cases.protocols import Accept, Reader
from cases.types import ChannelKind, Custody, Origin, RefusalGround, WorkKind
from intake.email.settings import SmtpDoorSettings, SmtpSettings, Tls
from intake.email.smtpd import Door, Recipients, open_door
from render.letter import LetterContext, letter_text
from storage.audit import AuditReport, verify
from storage.models import Audit, Draft, Outbox, Request, SQLModel, Staff, StaffRole, WorkItem, table
from storage.unit import Reads, Store, Unit
from tests.support import model
from tests.support.arrived import BASE_URL, Mail, quoted
from tests.support.clock import SetClock
from tests.support.kept_mailbox import KeptMailbox
from tests.support.smtp_sink import Sink, smtp_sink
from tests.support.stores import Database, migrated_url, open_store
from web.app import create_app
from web.settings import WebSettings
from workflow import approval, deadlines, drafting, execute, lookup, mailbox, outbox, prepare, process
from workflow.approval import ApproveResult
from workflow.desk import Desk, Limits

TODAY = date(2026, 1, 5)  # the day on which the set clock starts
ROOMY = Limits(mails_per_sender_day=20, mails_per_organisation_hour=500, undo=timedelta(seconds=30))


# --- what is shared by a run ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """The model and the sample customers: made once a run, read by every worker."""

    folder: Path
    reader: Reader

    def customers_of(self, organisation: str) -> None:
        """Builds one organisation's customers when nobody has yet."""
        done = self.folder / f"{organisation}.done"
        with _locked(self.folder / "customers.lock"):
            if not done.exists():
                build(organisation, self.folder / "customers", TODAY)
                done.touch()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Shared:
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "office"
    folder.mkdir(exist_ok=True)
    return Shared(folder, _reader())


@cache
def _reader() -> Reader:
    """Each module that imports the fixture has one of its own; they share this."""
    from nlp.reader import make_reader

    return make_reader(model.ready())


@cache
def _organisation(key: str, base: Path) -> Organisation:
    """Read once: a policy with its sources is a thousand lines of TOML."""
    return demo_organisation(key, base)


# --- the office -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Office:
    """A desk with its doors; `organisation` is the one that a test means when it names none."""

    desk: Desk
    accept: Accept
    door: Door
    clock: SetClock
    sink: Sink
    folder: Path
    organisation: str
    staff: tuple[str, str]  # two approvers
    web: WebSettings
    shared_mailbox: KeptMailbox
    _seen: int = 0
    _posted: int = 0

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def mailbox(self) -> str:
        return f"info@{self.organisation}.example"

    # --- the customer -----------------------------------------------------------------------------------------------

    def write(
        self, from_: str, subject: str, text: str, *, to: str = "", under: Mail | None = None, name: str = "",
        **headers: str,
    ) -> EmailMessage:  # fmt: skip
        """A letter as a mail program makes it; `under` answers a mail of ours."""
        self._posted += 1
        message = EmailMessage()
        message["From"] = f"{name} <{from_}>" if name else from_
        message["To"] = to or (under.reply_to if under else self.mailbox)
        message["Subject"] = subject
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = f"<{self._posted}@{from_.rpartition('@')[2]}>"
        if under is not None:
            message["In-Reply-To"] = under.message_id
            message["References"] = under.message_id
        for key, value in headers.items():
            message[key.replace("_", "-")] = value
        message.set_content(text + (quoted(under) if under is not None else ""))
        return message

    async def post(self, message: EmailMessage | bytes, *, sender: str | None = None, to: Sequence[str] = ()) -> str:
        """Hands a mail to the door by SMTP (sender "": the null sender); gives the door's answer."""
        if isinstance(message, EmailMessage):
            sender = parseaddr(str(message["From"]))[1] if sender is None else sender
            to = to or (parseaddr(str(message["To"]))[1],)
            message = message.as_bytes()
        return await self._deliver(message, sender or "", tuple(to) or (self.mailbox,))

    async def _deliver(self, raw: bytes, sender: str, to: Sequence[str]) -> str:
        client = aiosmtplib.SMTP(hostname=self.door.host, port=self.door.port, use_tls=False, start_tls=False)
        await client.connect()
        try:
            await client.ehlo()
            await client.mail(sender)
            for address in to:
                await client.rcpt(address)
            response = await client.data(raw)
        finally:
            await client.quit()
        return f"{response.code} {response.message}"

    async def mail(self, from_: str, subject: str, text: str, **options: Any) -> list[Mail]:
        """Somebody writes, the desk works; gives the mails that arrived because of it."""
        await self.post(self.write(from_, subject, text, **options))
        return await self.work()

    async def reply(self, to: Mail, text: str, *, from_: str = "", **options: Any) -> list[Mail]:
        """An answer to a mail of ours, by its reply address."""
        return await self.mail(from_ or to.to, f"Re: {to.subject}", text, under=to, **options)

    async def guest(
        self, raw: bytes, *, uid: int, received_at: datetime | None = None, origin: Origin = Origin.INBOX,
        message_id: str = "",
    ) -> list[Mail]:  # fmt: skip
        """A mail found in a shared mailbox that people work in as well (the IMAP watcher's way in)."""
        await self.accept(
            RawInbound(
                organisation=self.organisation, channel=ChannelKind.EMAIL, account=self.mailbox, raw=raw,
                received_at=received_at or self.clock.now(), custody=Custody.GUEST, folder="INBOX", uidvalidity=1,
                uid=uid, message_id=message_id or f"<guest-{uid}@post.example>", origin=origin,
            )
        )  # fmt: skip
        return await self.work()

    # --- the desk ---------------------------------------------------------------------------------------------------

    async def work(self) -> list[Mail]:
        """Every step until nothing is left to do now; gives the mails that arrived meanwhile."""
        while await self.steps():
            pass
        return self.new_mails()

    async def steps(self) -> int:
        desk = self.desk
        done = await process.run_once(desk) + await lookup.run_once(desk)
        done += await prepare.run_once(desk) + await execute.run_once(desk) + await outbox.run_once(desk)
        return done + await mailbox.run_once(desk)

    async def advance(self, **parts: float) -> list[Mail]:
        """Time goes by, the dates are looked at, the desk works."""
        self.clock.advance(**parts)
        await deadlines.sweep(self.desk)
        return await self.work()

    def new_mails(self) -> list[Mail]:
        fresh, self._seen = self.sink.taken[self._seen :], len(self.sink.taken)
        return [Mail(one.recipients[0], one.content) for one in fresh]

    @property
    def mails(self) -> list[Mail]:
        """Everything that ever arrived."""
        return [Mail(one.recipients[0], one.content) for one in self.sink.taken]

    def browser(self) -> httpx.AsyncClient:
        """A browser without cookies on the real pages."""
        app = create_app(self.desk, self.web)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL)

    # --- the staff ----------------------------------------------------------------------------------------------------

    def draft(self, request_id: str = "") -> Row[Any]:
        """The newest draft that waits, of one request or of all."""
        drafts = table(Draft)
        waits = drafts.c.status.in_(["open", "second_person"])
        query = select(drafts).where(waits).order_by(drafts.c.created_at.desc())
        if request_id:
            query = query.where(drafts.c.request_id == request_id)
        row = self.store.read_here(lambda reads: reads.one(query))
        assert row is not None, "no draft waits"
        return row

    def letter_of(self, draft: Row[Any]) -> str:
        """The text of a draft as staff see it."""

        def read(reads: Reads) -> str:
            sealer = reads.keys.data(reads, draft.data_key_id)
            letter = from_json(sealer.open_text(draft.letter, f"draft.letter:{draft.id}"))
            own = self.desk.organisation(draft.organisation_id)
            return letter_text(letter, LetterContext(organisation=own.policy.name, demo=False))

        return self.store.read_here(read)

    async def approve(
        self, who: int = 0, draft: Row[Any] | None = None, edits: dict[str, str] | None = None
    ) -> ApproveResult:
        draft = draft if draft is not None else self.draft()
        staff_id, desk = self.staff[who], self.desk
        return await approval.approve(desk, staff_id, draft.id, draft.package_digest, edits or {}, totp_fresh=False)

    async def approved(self, draft: Row[Any] | None = None) -> list[Mail]:
        """One colleague approves, the undo window passes, the letter leaves."""
        await self.approve(0, draft)
        return await self.advance(minutes=1)

    async def refuse(
        self, request_id: str, ground: RefusalGround, facts: dict[str, str], text: str, *, who: int = 0
    ) -> str:
        return await drafting.refuse(self.desk, self.staff[who], request_id, ground, facts, text)

    async def undo(self, outbox_id: str, who: int = 0) -> None:
        await approval.undo_letter(self.desk, self.staff[who], outbox_id)

    # --- looking inside -----------------------------------------------------------------------------------------------

    def rows(self, model: type[SQLModel], *where: Any) -> Sequence[Row[Any]]:
        return self.store.read_here(lambda reads: reads.rows(select(table(model)).where(*where)))

    def requests(self) -> Sequence[Row[Any]]:
        rows = table(Request)
        return self.store.read_here(lambda reads: reads.rows(select(rows).order_by(rows.c.received_at, rows.c.id)))

    def request(self) -> Row[Any]:
        (row,) = self.requests()
        return row

    def request_row(self, request_id: str) -> Row[Any]:
        return next(row for row in self.requests() if row.id == request_id)

    def state(self) -> str:
        return str(self.request().state)

    def states(self) -> dict[str, str]:
        return {row.label: row.state for row in self.requests()}

    def work_list(self) -> list[WorkKind]:
        """What stands on the staff list, in the order in which it came."""
        rows = table(WorkItem)
        query = select(rows.c.kind).where(rows.c.closed_at.is_(None)).order_by(rows.c.opened_at, rows.c.id)
        return [WorkKind(row.kind) for row in self.store.read_here(lambda reads: reads.rows(query))]

    def item(self, kind: WorkKind) -> Row[Any]:
        """The one open line of this kind."""
        rows = table(WorkItem)
        (row,) = self.rows(WorkItem, rows.c.kind == kind.value, rows.c.closed_at.is_(None))
        return row

    def sent_kinds(self) -> list[str]:
        rows = table(Outbox)
        query = select(rows.c.kind).where(rows.c.status == "sent").order_by(rows.c.created_at, rows.c.id)
        return [row.kind for row in self.store.read_here(lambda reads: reads.rows(query))]

    def moved_by(self, state: str) -> str:
        """Who brought a request into this state, by the audit log."""
        rows = table(Audit)
        found = self.rows(Audit, rows.c.tag == "request.moved")
        return next(str(row.actor) for row in found if row.facts["after"] == state)

    def audit(self) -> AuditReport:
        return self.store.read_here(verify)


def _add_colleagues(unit: Unit, organisations: Sequence[str]) -> tuple[str, str]:
    """Two approvers of every organisation who want warnings; nobody signs in, so no password is made."""
    ids = []
    for login in ("saskia", "bram"):
        staff_id = unit.new_id()
        ids.append(staff_id)
        unit.add(
            Staff, id=staff_id, login=login, name=login.title(), role_name="medewerker privacy",
            notify=f"{login}@kantoor.example", password_hash="!", created_at=unit.now,
        )  # fmt: skip
        for organisation in organisations:
            unit.add(StaffRole, id=unit.new_id(), staff_id=staff_id, organisation_id=organisation, role="approver")
    return ids[0], ids[1]


@asynccontextmanager
async def open_office(
    folder: Path, shared: Shared, *, database: Database = "sqlite", organisations: Sequence[str] = ("whatnext",),
    limits: Limits = ROOMY, own_customers: bool = False, forward_to: str = "", instance: str = "kantoor",
    lock_wait: float | None = None, clock: SetClock | None = None,
) -> AsyncIterator[Office]:  # fmt: skip
    """An office that is closed again, whatever happened in it."""
    clock = clock or SetClock()
    for organisation in organisations:
        shared.customers_of(organisation)
    base = shared.folder
    if own_customers:
        shutil.copytree(shared.folder / "customers", folder / "customers")
        base = folder
    async with smtp_sink() as sink:
        with migrated_url(database, folder) as url:
            address = url if lock_wait is None else f"{url}?timeout={lock_wait}"
            store = open_store(address, Context(clock.now))
            settings = _settings(folder, base, organisations, sink, limits, instance, forward_to)
            store.write_here(lambda unit: prepare_organisations(unit, settings))
            staff = store.write_here(lambda unit: _add_colleagues(unit, organisations))
            kept = KeptMailbox()
            desk = replace(
                build_desk(settings, store, lambda: shared.reader),
                mailboxes={found.mailbox: kept for found in settings.organisations},
            )
            accept = make_accept(desk)
            recipients = Recipients({found.mailbox: found.key for found in settings.organisations})
            assert settings.door is not None
            door = await open_door(settings.door, recipients, accept, clock.now)
            try:
                yield Office(
                    desk, accept, door, clock, sink, folder, organisations[0], staff, WebSettings(base_url=BASE_URL),
                    kept,
                )  # fmt: skip
            finally:
                await door.stop()
                await close(desk)


def _settings(
    folder: Path, base: Path, organisations: Sequence[str], sink: Sink, limits: Limits, instance: str, forward_to: str
) -> Settings:
    made = []
    for key in organisations:
        found = _organisation(key, base)
        smtp = SmtpSettings(
            host=sink.host, port=sink.port, tls=Tls.NONE, from_address=found.mailbox, from_name=found.policy.name,
            timeout_seconds=10,
        )  # fmt: skip
        made.append(replace(found, smtp=smtp, forward_to=forward_to))
    return Settings(
        folder=folder, database_url="", root_key_file=folder / "unused", root_key="", base_url=BASE_URL,
        instance=instance, web=WebSection(enabled=False), organisations=tuple(made), limits=limits,
        door=SmtpDoorSettings(port=0, hostname="loket.example", max_message_bytes=2_000_000),
    )  # fmt: skip
