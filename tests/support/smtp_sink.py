"""A mail server that takes, refuses or hangs up as it is told, and remembers what it got."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class Behaviour(StrEnum):
    ACCEPT = "accept"
    LATER = "later"  # 451 after the data
    REFUSE = "refuse"  # 554 after the data
    REFUSE_RECIPIENT = "refuse_recipient"  # 550 at RCPT
    DROP_BEFORE_DATA = "drop_before_data"  # hangs up at RCPT
    DROP_AFTER_DATA = "drop_after_data"  # took everything, hangs up without an answer
    HANG_AFTER_DATA = "hang_after_data"  # took everything, says nothing more


@dataclass(frozen=True, slots=True)
class Taken:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: tuple[str, ...] = ()  # of MAIL: SIZE, BODY, SMTPUTF8


@dataclass(slots=True)
class Sink:
    """`script` says what happens to the coming messages, one by one; when it is empty they are accepted."""

    host: str = "127.0.0.1"
    port: int = 0
    script: deque[Behaviour] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)  # answered with 250
    seen: list[Taken] = field(default_factory=list)  # every message whose data arrived
    connections: int = 0
    answers: dict[str, deque[str]] = field(default_factory=dict)  # "MAIL", "RCPT", "DATA": what is said instead of 250
    tokens: set[str] = field(default_factory=set)  # XOAUTH2 lets these in
    deliver: Callable[[bytes], None] | None = None  # where what is taken goes on to
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    logins: list[tuple[str, bool]] = field(default_factory=list)  # who, and whether it worked

    def say(self, stage: str, *replies: str) -> None:
        """The next replies at this stage."""
        self.answers.setdefault(stage, deque()).extend(replies)

    def _said(self, stage: str) -> str:
        waiting = self.answers.get(stage)
        return waiting.popleft() if waiting else ""

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """As the large providers do it: an error comes as a challenge, the refusal after an empty answer."""
        told = dict(part.split("=", 1) for part in b64decode(args[1]).decode().split("\x01") if "=" in part)
        known = told["auth"].removeprefix("Bearer ") in self.tokens
        self.logins.append((told["user"], known))
        if not known:
            await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self._said("MAIL"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    def behave(self, *behaviours: Behaviour) -> None:
        self.script.extend(behaviours)

    def _now(self) -> Behaviour:
        return self.script[0] if self.script else Behaviour.ACCEPT

    def _next(self) -> Behaviour:
        return self.script.popleft() if self.script else Behaviour.ACCEPT

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self._said("RCPT"):
            return reply
        if self._now() is Behaviour.DROP_BEFORE_DATA:
            self._next()
            _hang_up(server)
            return "421 gone"
        if self._now() is Behaviour.REFUSE_RECIPIENT:
            self._next()
            return f"550 5.1.1 <{address}> unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = Taken(
            (envelope.mail_from or "").strip("<>"), tuple(envelope.rcpt_tos), envelope.content,
            tuple(envelope.mail_options),
        )  # fmt: skip
        self.seen.append(message)
        if reply := self._said("DATA"):
            return reply
        behaviour = self._next()
        if behaviour is Behaviour.LATER:
            return "451 4.7.1 try again later"
        if behaviour is Behaviour.REFUSE:
            return f"554 5.7.1 refused for <{envelope.rcpt_tos[0]}>"
        self.taken.append(message)
        if self.deliver is not None:
            await asyncio.to_thread(self.deliver, message.content)
        if behaviour is Behaviour.HANG_AFTER_DATA:
            self.hanging.set()
            await asyncio.Event().wait()  # until the line is closed
        if behaviour is Behaviour.DROP_AFTER_DATA:
            _hang_up(server)
        return f"250 2.0.0 queued as {len(self.taken)}"


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


class _CountedSMTP(SMTP):
    def __init__(self, sink: Sink, **options: Any) -> None:
        super().__init__(sink, **options)
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.connections += 1
        super().connection_made(transport)


@asynccontextmanager
async def smtp_sink(port: int = 0, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Sink]:
    """A sink on a free loopback port, in the running loop; `options` go to the library's session.

    `tls` from the first byte; for STARTTLS the library's own `tls_context`.
    """
    sink = Sink()
    loop = asyncio.get_running_loop()
    lines: list[_CountedSMTP] = []

    def session() -> _CountedSMTP:
        settings = {"hostname": "sink.example", "enable_SMTPUTF8": True, "auth_require_tls": False, **options}
        lines.append(_CountedSMTP(sink, loop=loop, **settings))
        return lines[-1]

    server = await loop.create_server(session, sink.host, port, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for line in lines:
            if line.transport is not None:
                line.transport.close()
        await server.wait_closed()
        await asyncio.sleep(0)  # let the lines see that they are closed
