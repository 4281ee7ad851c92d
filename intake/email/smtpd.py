"""Our own mail listener (host custody): "250" is said only after the message is committed.

It never relays: an address that is not one of ours gets 550 at RCPT. Message text is not looked at here; a session
costs a store and nothing else. RFC 5321, 1870, 3463.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from cases.errors import place_of
from cases.messages import RawInbound
from cases.protocols import Accept
from cases.types import ChannelKind, Custody
from intake.email.headers import peek_message_id
from intake.email.settings import SmtpDoorSettings
from intake.email.threading import mailbox_of

log = logging.getLogger(__name__)

# The library logs envelope addresses; those are personal data and stay out of our logs.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

_GRACE_SECONDS = 10.0  # for sessions in the middle of a store when the door closes
_DATA_SECONDS = 1800.0  # for one message, however steadily it drips in


@dataclass(frozen=True, slots=True)
class Target:
    organisation: str
    account: str


class Recipients:
    """Which addresses are ours: `{"info@whatnext.example": "whatnext"}`; tags after "+" and capitals do not count."""

    def __init__(self, accounts: Mapping[str, str]) -> None:
        self._targets = {mailbox_of(address): Target(key, address) for address, key in accounts.items()}
        self._postmaster: dict[str, Target] = {}
        for address, target in self._targets.items():
            self._postmaster.setdefault(address.rpartition("@")[2], target)

    def find(self, address: str) -> Target | None:
        if target := self._targets.get(mailbox_of(address)):
            return target
        local, _, domain = address.strip().lower().rpartition("@")
        if local == "postmaster":  # RFC 5321 4.5.1: somebody reads it
            return self._postmaster.get(domain)
        return next(iter(self._targets.values()), None) if (local, domain) == ("", "postmaster") else None

    def targets(self, addresses: Iterable[str]) -> dict[Target, tuple[str, ...]]:
        """Each account once, with the envelope addresses that led to it."""
        found: dict[Target, tuple[str, ...]] = {}
        for address in addresses:
            if target := self.find(address):
                found[target] = (*found.get(target, ()), address)
        return found


class _Handler:
    """aiosmtpd's hooks; the names are the library's."""

    def __init__(
        self, recipients: Recipients, accept: Accept, clock: Callable[[], datetime], settings: SmtpDoorSettings
    ) -> None:
        self._recipients, self._accept, self._clock, self._settings = recipients, accept, clock, settings
        self.storing = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self._settings.max_recipients:
            return "452 4.5.3 Too many recipients"
        if self._recipients.find(address) is None:
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_VRFY(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str
    ) -> str:
        return "252 2.1.5 Send some mail, we will see"  # the same for every address

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")
        self.storing += 1
        self.idle.clear()
        try:
            now = self._clock()
            identifier = peek_message_id(raw)
            peer = (str(session.peer[0]) if session.peer else "", session.host_name or "")
            await asyncio.gather(
                *(
                    self._accept(self._inbound(target, to, raw, now, identifier, envelope.mail_from, peer))
                    for target, to in self._recipients.targets(envelope.rcpt_tos).items()
                )
            )
        except Exception as error:  # the other side keeps the message and comes back; copies are joined
            log.warning("smtp door: not stored: %s", place_of(error))
            return "451 4.3.0 Not stored, try again later"
        finally:
            self.storing -= 1
            if not self.storing:
                self.idle.set()
        return "250 2.0.0 Stored"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("smtp door: session error: %s", place_of(error))
        return "451 4.3.0 Local error"

    @staticmethod
    def _inbound(
        target: Target, to: tuple[str, ...], raw: bytes, now: datetime, identifier: str | None, sender: str | None,
        peer: tuple[str, str],
    ) -> RawInbound:  # fmt: skip
        return RawInbound(
            organisation=target.organisation,
            channel=ChannelKind.EMAIL,
            account=target.account,
            raw=raw,
            received_at=now,
            custody=Custody.HOST,
            message_id=identifier,
            envelope_from=(sender or "").strip("<>"),  # the library keeps "<>" for the null sender
            envelope_to=to,
            peer_ip=peer[0],
            helo=peer[1],
        )


# An ordinary path (RFC 5321 4.1.2): dot-atom at domain, then the parameters; everything else goes to the library.
_PLAIN_PATH = re.compile(r"\s*<([A-Za-z0-9_+=~-]+(?:\.[A-Za-z0-9_+=~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>(.*)")


class _Session(SMTP):
    """The library's session with its own way of taking the data: per block instead of per line, of any length."""

    line_length_limit = 1_000_000  # what the reader holds at once; real HTML mail has lines far over RFC 5322's 998

    def __init__(self, handler: _Handler, door: Door, **options: Any) -> None:
        super().__init__(handler, **options)
        self._door = door
        self._taking_data = False

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The library reads every address with the header parser of `email`, half a millisecond each."""
        if plain := _PLAIN_PATH.fullmatch(arg):
            return plain[1], plain[2]
        return super()._getaddr(arg)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._door.admit(self):  # called again after STARTTLS: the same session
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._door.leave(self):
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """The library's timer counts from the last command: a slow line that goes on sending is not idle."""
        super().data_received(data)
        if self._taking_data:
            self._reset_timeout()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if await self.check_helo_needed():
            return
        if arg or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._taking_data = True
        try:
            async with asyncio.timeout(_DATA_SECONDS):
                data = await self._read_data(self.data_size_limit or 0)
        except TimeoutError:
            await self.push("421 4.4.2 Took too long, try again later")
            self._writer.close()
            return
        except asyncio.CancelledError:  # the other side hung up in the middle
            self._writer.close()
            raise
        finally:
            self._taking_data = False
        if data is None:
            self._set_post_data_state()  # type: ignore[no-untyped-call]  # the library has no types here
            await self.push("552 5.3.4 Error: too much mail data")
            return
        self.envelope.content = self.envelope.original_content = data
        status = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # the library has no types here
        await self.push(status)

    async def _read_data(self, limit: int) -> bytes | None:
        """Up to <CRLF>.<CRLF>, and nothing else ends it; None when it was too much. Stuffed dots are taken out."""
        data = bytearray(b"\r\n")  # the line end of DATA itself: the end mark may follow at once
        too_much = False
        while not data.endswith(b"\r\n.\r\n"):
            try:
                data += await self._reader.readuntil(b".\r\n")
            except asyncio.LimitOverrunError as error:
                data += await self._reader.read(error.consumed)
            if len(data) > limit + 7:
                too_much = True
                del data[:-5]  # only the end mark is looked for
        return None if too_much else bytes(data[:-3]).replace(b"\r\n.", b"\r\n")[2:]


class Door:
    """The running listener. `host` and `port` say where it really listens (port 0 asks for a free one)."""

    def __init__(self, settings: SmtpDoorSettings, handler: _Handler) -> None:
        self._settings, self._handler = settings, handler
        self._open: set[SMTP] = set()
        self._server: asyncio.Server | None = None
        self.host, self.port = settings.host, settings.port

    def admit(self, session: SMTP) -> bool:
        if session not in self._open and len(self._open) >= self._settings.max_connections:
            return False
        self._open.add(session)
        return True

    def leave(self, session: SMTP) -> bool:
        """Whether it had been let in."""
        known = session in self._open
        self._open.discard(session)
        return known

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        settings = self._settings
        tls = _server_context(settings)
        self._server = await loop.create_server(
            lambda: _Session(
                self._handler,
                self,
                data_size_limit=settings.max_message_bytes,
                enable_SMTPUTF8=True,
                hostname=settings.hostname,
                ident="ESMTP",
                tls_context=tls,
                timeout=settings.timeout_seconds,
                auth_exclude_mechanism=["LOGIN", "PLAIN"],
                loop=loop,
            ),
            host=settings.host,
            port=settings.port,
        )
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def stop(self) -> None:
        """No new sessions; what is being stored gets its answer; then the lines are closed."""
        if self._server is None:
            return
        self._server.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._handler.idle.wait(), _GRACE_SECONDS)
        for session in tuple(self._open):
            if session.transport is not None:
                session.transport.close()
        await self._server.wait_closed()
        self._server = None


async def open_door(
    settings: SmtpDoorSettings, recipients: Recipients, accept: Accept, clock: Callable[[], datetime]
) -> Door:
    """Starts listening and answers the door; `await door.stop()` closes it."""
    door = Door(settings, _Handler(recipients, accept, clock, settings))
    await door.start()
    return door


def _server_context(settings: SmtpDoorSettings) -> ssl.SSLContext | None:
    if not settings.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.key or None)
    return context
