"""What stands behind the demo's page (`web.demo.DemoFace`): letters in by real SMTP, the tray out, and the clock."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path

import aiosmtplib
from sqlalchemy import select

from bot.demo.clock import DemoClock
from bot.demo.colleagues import COLLEAGUES
from bot.demo.letters import Letter, ready_letters
from cases.calendar import at_hour, local_date
from cases.errors import InputError
from cases.types import OPEN_STATES
from storage.models import Request, table
from storage.unit import Reads
from web.demo import ReadyLetter, TrayMail
from workflow.desk import Desk


class Demo:
    """One per running demo."""

    def __init__(
        self, desk: Desk, clock: DemoClock, tray: Path, smtp_port: int, after_jump: Callable[[], Awaitable[object]]
    ) -> None:
        self._desk, self._clock, self._tray, self._port = desk, clock, tray, smtp_port
        self._after_jump = after_jump
        self._letters = {letter.key: letter for letter in ready_letters()}

    def letters(self) -> Sequence[ReadyLetter]:
        return [ReadyLetter(x.key, x.title, x.description, x.organisation) for x in self._letters.values()]

    async def send_ready(self, key: str) -> None:
        letter = self._letters.get(key)
        if letter is None:
            raise InputError("no_such_letter")
        await self.send(letter)

    async def send_free(
        self, organisation: str, from_address: str, from_name: str, subject: str, text: str, *, to: str = ""
    ) -> None:
        await self.send(Letter(organisation, from_name, from_address, subject, text), to=to)

    async def send(self, letter: Letter, *, to: str = "", in_reply_to: str = "") -> None:
        """Over the real listener, as any mail server would."""
        mailbox = self._desk.organisation(letter.organisation).mailbox
        message = compose(letter, to or mailbox, self._clock.now(), in_reply_to=in_reply_to)
        await aiosmtplib.send(
            message, hostname="127.0.0.1", port=self._port, sender=letter.address, recipients=[to or mailbox],
            start_tls=False, timeout=20,
        )  # fmt: skip

    def tray(self, limit: int) -> Sequence[TrayMail]:
        return read_tray(self._tray, limit)

    def colleagues(self) -> Sequence[tuple[str, str]]:
        return COLLEAGUES

    def now(self) -> datetime:
        return self._clock.now()

    async def jump(self, kind: str) -> None:
        """To nine o'clock on another day: `tomorrow`, `fourteen_days`, or `last_day` (of what is due first)."""
        today = local_date(self._clock.now())
        if kind == "last_day":
            day = await self._desk.store.read(_next_told) or today
            day = max(day, today + timedelta(days=1))
        else:
            day = today + timedelta(days=1 if kind == "tomorrow" else 14)
        self._clock.set(at_hour(day, 9))
        await self._after_jump()


def _next_told(reads: Reads) -> date | None:
    rows = table(Request)
    states = [state.value for state in OPEN_STATES]
    day: date | None = reads.value(
        select(rows.c.told_on)
        .where(rows.c.state.in_(states), rows.c.told_on > local_date(reads.now))
        .order_by(rows.c.told_on)
        .limit(1)
    )
    return day


def compose(letter: Letter, to: str, at: datetime, *, in_reply_to: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = formataddr((letter.name, letter.address))
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=letter.address.rpartition("@")[2])
    if in_reply_to:
        message["In-Reply-To"] = in_reply_to
    message.set_content(letter.text)
    return message


def read_tray(folder: Path, limit: int) -> list[TrayMail]:
    """The newest mails of the tray, newest first."""
    files = sorted(folder.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    return [_tray_mail(file) for file in files[:limit]]


def _tray_mail(file: Path) -> TrayMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return TrayMail(
        id=file.stem,
        at=message["Date"].datetime,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content() if text is not None else "",
        html=html.get_content() if html is not None else "",
        reply_to=str(message["Reply-To"] or ""),
    )
