"""The mail senders: by SMTP, and to a tray of files that can send nothing. Both keep the `Sender` promise.

What makes the difference for the outbox is when a line breaks: before DATA nothing has happened (Temporary), after it
nobody knows (Uncertain: never repeated blindly). Server replies may quote addresses: they are scrubbed before anyone
sees them.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib

from cases.errors import OutsideError, Permanent, Temporary, Uncertain
from cases.guard import outside_unit
from cases.protocols import Outgoing, SentProof
from intake.email.compose import compose, smtp_address
from intake.email.settings import SmtpSettings, Tls, client_context

_ADDRESS = re.compile(r"[^\s<>:;,]+@[^\s<>:;,]+")
_SAFE_ID = re.compile(r"[^A-Za-z0-9_-]")


def _now() -> datetime:
    return datetime.now(UTC)


def _scrub(code: int, reply: str) -> str:
    return f"{code} {_ADDRESS.sub('[adres]', ' '.join(reply.split()))}"[:200]


class SmtpSender:
    """Sends for one account over one connection that is used again; a lock keeps messages one behind the other."""

    def __init__(
        self, settings: SmtpSettings, *, instance: str, demo: bool = False, clock: Callable[[], datetime] = _now
    ) -> None:
        self._settings, self._instance, self._demo, self._clock = settings, instance, demo, clock
        self._tls = client_context(settings.ca_file) if settings.tls is not Tls.NONE else None
        self._lock = asyncio.Lock()
        self._client: aiosmtplib.SMTP | None = None
        self._sent = 0
        self._used_at = 0.0

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("the mail sender")
        recipient = smtp_address(message.recipient)
        data = compose(
            message,
            from_name=self._settings.from_name,
            from_address=self._settings.from_address,
            reply_to=message.reply_to,
            instance=self._instance,
            demo=self._demo,
            date=self._clock(),
        )
        async with self._lock:
            try:
                client = await self._envelope(self._reverse_path(message), recipient)
                proof = await self._data(client, data)
            except BaseException:  # cancellation too: a half-used line is never used again
                self._drop()
                raise
            self._sent += 1
            self._used_at = asyncio.get_running_loop().time()
            return proof

    async def close(self) -> None:
        async with self._lock:
            await self._quit()

    def _reverse_path(self, message: Outgoing) -> str:
        if message.automatic and self._settings.null_sender:
            return ""
        return self._settings.envelope_from or self._settings.from_address

    async def _envelope(self, sender: str, recipient: str) -> aiosmtplib.SMTP:
        """A line on which MAIL and RCPT were accepted. A line that died while idle is replaced once."""
        reused = await self._reusable()
        while True:
            client = reused or await self._connect()
            try:
                await client.mail(sender)
                await client.rcpt(recipient)
                return client
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError) as error:
                self._drop()
                if reused is None:
                    raise Temporary(f"the line broke before the data: {type(error).__name__}") from None
                reused = None
            except aiosmtplib.SMTPResponseException as error:
                if reused is not None and error.code == 421:
                    self._drop()
                    reused = None
                    continue
                raise _by_code(error) from None

    async def _data(self, client: aiosmtplib.SMTP, data: bytes) -> SentProof:
        try:
            response = await client.data(data)
        except aiosmtplib.SMTPServerDisconnected:
            raise Uncertain("the line broke after the data was offered") from None
        except aiosmtplib.SMTPResponseException as error:
            if error.code < 400:  # no SMTP reply at all: the library's code for a broken line
                raise Uncertain("the line broke after the data was offered") from None
            raise _by_code(error) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Uncertain(f"no answer after the data was offered: {type(error).__name__}") from None
        return SentProof(_scrub(response.code, response.message))

    async def _reusable(self) -> aiosmtplib.SMTP | None:
        client = self._client
        if client is None:
            return None
        idle = asyncio.get_running_loop().time() - self._used_at
        if client.is_connected and self._sent < self._settings.max_messages and idle < self._settings.idle_seconds:
            return client
        await self._quit()
        return None

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls is Tls.TLS,
            start_tls=settings.tls is Tls.STARTTLS,
            tls_context=self._tls,
            username=settings.username or None,
            password=settings.password or None,
            timeout=settings.timeout_seconds,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            # A wrong password is no fault of the letter: it waits, and the outbox raises the alarm.
            raise Temporary(f"no line to the mail server: {type(error).__name__}") from None
        self._client, self._sent = client, 0
        return client

    async def _quit(self) -> None:
        if self._client is not None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):  # it was going away anyhow
                await self._client.quit(timeout=5)
        self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _by_code(error: aiosmtplib.SMTPResponseException) -> OutsideError:
    text = _scrub(error.code, error.message)
    return Permanent(text) if error.code >= 500 else Temporary(text)


class TraySender:
    """Writes each mail as a file into a folder. It has no network at all, so a demo can not send by accident."""

    def __init__(
        self, folder: Path, *, from_name: str, from_address: str, instance: str, clock: Callable[[], datetime] = _now
    ) -> None:
        self._folder, self._from, self._instance, self._clock = folder, (from_name, from_address), instance, clock

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("the tray")
        smtp_address(message.recipient)
        data = compose(
            message,
            from_name=self._from[0],
            from_address=self._from[1],
            reply_to=message.reply_to,
            instance=self._instance,
            demo=True,
            date=self._clock(),
        )
        name = (_SAFE_ID.sub("_", message.outbox_id)[:100] or "zonder-nummer") + ".eml"
        try:
            await asyncio.to_thread(_write_whole, self._folder, name, data)
        except OSError as error:
            raise Temporary(f"the tray can not be written: {type(error).__name__}") from None
        return SentProof(f"250 tray {name}")

    async def close(self) -> None:
        """Nothing is held open."""


def _write_whole(folder: Path, name: str, data: bytes) -> None:
    """A file is there whole or not at all; sent twice, it is the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
