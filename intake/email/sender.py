"""The mail senders: by SMTP, and to a tray of files that can send nothing. Both keep the `Sender` promise.

What makes the difference for the outbox is when a line breaks: before DATA nothing has happened (Temporary), after it
nobody knows (Uncertain: never repeated blindly). What a refusal means is in `replies`.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiosmtplib

from cases.errors import ConfigError, Permanent, Temporary, Throttled, Uncertain
from cases.guard import outside_unit
from cases.protocols import Outgoing, SentProof
from intake.email.compose import compose, smtp_address
from intake.email.dkim import load_signer
from intake.email.domains import domain_of
from intake.email.faults import Fault, certificate_fault
from intake.email.replies import refusal, scrubbed
from intake.email.settings import Auth, Envelope, SmtpSettings, Tls, client_context
from intake.email.throttle import Bucket

_SAFE_ID = re.compile(r"[^A-Za-z0-9_-]")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def _now() -> datetime:
    return datetime.now(UTC)


class AccessToken(Protocol):
    """`oauth.AccessTokens`, or a fake. Blocking."""

    def access_token(self, *, fresh: bool = False) -> str: ...


class SmtpSender:
    """Sends for one account over one connection that is used again; a lock keeps messages one behind the other.

    `tokens` is needed for auth = xoauth2, `bounce_address` (outbox id → reverse-path) for envelope = verp. A message
    over the provider's limit raises Throttled before anything is tried.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        instance: str,
        demo: bool = False,
        clock: Callable[[], datetime] = _now,
        tokens: AccessToken | None = None,
        bounce_address: Callable[[str], str] | None = None,
    ) -> None:
        if settings.auth is Auth.XOAUTH2 and tokens is None:
            raise ConfigError("xoauth2 vraagt een [oauth]-tabel", key="smtp.auth")
        if settings.envelope is Envelope.VERP and bounce_address is None:
            raise ConfigError("verp vraagt een mailbox met plus-adressen", key="smtp.envelope")
        self._settings, self._instance, self._demo, self._clock = settings, instance, demo, clock
        self._tokens = tokens if settings.auth is Auth.XOAUTH2 else None
        self._bounce_address = bounce_address if settings.envelope is Envelope.VERP else None
        self._sign = _signer(settings)
        self._bucket = Bucket(settings.messages_per_hour) if settings.messages_per_hour else None
        self._tls = client_context(settings.ca_file) if settings.tls is not Tls.NONE else None
        self._lock = asyncio.Lock()
        self._client: aiosmtplib.SMTP | None = None
        self._sent = 0
        self._used_at = 0.0

    def rendered(self, message: Outgoing) -> bytes:
        """The bytes that leave: the same on every try, and the same that a copy in Sent holds."""
        moment = message.created_at or self._clock()
        data = compose(
            message,
            from_name=self._settings.from_name,
            from_address=self._settings.from_address,
            reply_to=message.reply_to,
            instance=self._instance,
            demo=self._demo,
            date=moment,
            international=True,
        )
        if message.raw is not None:  # somebody else's: only its line ends are set right (RFC 5321 2.3.8)
            data = _LINE_END.sub(b"\r\n", data)
            return data if data.endswith(b"\r\n") else data + b"\r\n"
        return self._sign(data, moment) if self._sign else data

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("the mail sender")
        recipient = smtp_address(message.recipient, international=True)
        # A signature is arithmetic of many milliseconds; the rest is not worth a thread.
        data = await asyncio.to_thread(self.rendered, message) if self._sign else self.rendered(message)
        async with self._lock:
            self._check_limit()
            try:
                client = await self._envelope(self._reverse_path(message), recipient, data)
                if self._bucket is not None:
                    self._bucket.take()
                reply = await self._data(client, data)
            except BaseException:  # cancellation too: a half-used line is never used again
                self._drop()
                raise
            self._sent += 1
            self._used_at = asyncio.get_running_loop().time()
            return SentProof(reply, raw=data)

    async def close(self) -> None:
        async with self._lock:
            await self._quit()

    def _check_limit(self) -> None:
        if self._bucket is None:
            return
        wait = self._bucket.wait(asyncio.get_running_loop().time())
        if wait > 0:
            raise Throttled("de provider staat dit uur niet meer berichten toe", timedelta(seconds=wait))

    def _reverse_path(self, message: Outgoing) -> str:
        if message.automatic and self._settings.null_sender:
            return ""
        if self._bounce_address is not None:
            return self._bounce_address(message.outbox_id)
        return self._settings.envelope_from or self._settings.from_address

    async def _envelope(self, sender: str, recipient: str, data: bytes) -> aiosmtplib.SMTP:
        """A line on which MAIL and RCPT were accepted. A line that died while idle is replaced once."""
        reused = await self._reusable()
        while True:
            client = reused or await self._connect()
            options, encoding = _mail_options(client, recipient, data)
            try:
                await client.mail(sender, options=options, encoding=encoding)
                await client.rcpt(recipient, encoding=encoding)
                return client
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError) as error:
                self._drop()
                if reused is None:
                    raise Temporary(f"de verbinding brak voor het bericht: {type(error).__name__}") from None
                reused = None
            except aiosmtplib.SMTPResponseException as error:
                if reused is not None and error.code == 421:
                    self._drop()
                    reused = None
                    continue
                raise refusal(error.code, error.message) from None

    async def _data(self, client: aiosmtplib.SMTP, data: bytes) -> str:
        try:
            response = await client.data(data)
        except aiosmtplib.SMTPServerDisconnected:
            raise Uncertain("de verbinding brak nadat het bericht was aangeboden") from None
        except aiosmtplib.SMTPResponseException as error:
            if error.code < 400:  # no SMTP reply at all: the library's code for a broken line
                raise Uncertain("de verbinding brak nadat het bericht was aangeboden") from None
            raise refusal(error.code, error.message) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Uncertain(f"geen antwoord nadat het bericht was aangeboden: {type(error).__name__}") from None
        return scrubbed(response.code, response.message)

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
        """A greeted, protected line on which we are logged in. A refused token is renewed once."""
        for fresh in (False, True):
            token = await asyncio.to_thread(self._tokens.access_token, fresh=fresh) if self._tokens else ""
            client = self._new_client()
            try:
                await client.connect()
                if token:
                    await client.auth_xoauth2(self._settings.username, token)
                elif client.is_ehlo_or_helo_needed:
                    await client.ehlo()
            except aiosmtplib.SMTPAuthenticationError as error:
                client.close()
                if fresh or not token:
                    # A wrong password is no fault of the letter: it waits, and the outbox raises the alarm.
                    raise Temporary(f"{Fault.LOGIN}: {scrubbed(error.code, error.message)}") from None
                continue
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                client.close()
                raise _no_line(error) from None
            self._client, self._sent = client, 0
            return client
        raise AssertionError("both tries end above")

    def _new_client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        by_password = settings.auth is Auth.PASSWORD
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls is Tls.TLS,
            start_tls=settings.tls is Tls.STARTTLS,
            tls_context=self._tls,
            username=(settings.username or None) if by_password else None,
            password=(settings.password or None) if by_password else None,
            timeout=settings.timeout_seconds,
        )

    async def _quit(self) -> None:
        if self._client is not None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):  # it was going away anyhow
                await self._client.quit(timeout=5)
        self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _signer(settings: SmtpSettings) -> Callable[[bytes, datetime], bytes] | None:
    if not settings.dkim_key_file:
        return None
    domain = domain_of(settings.from_address)
    return load_signer(domain, settings.dkim_selector, settings.dkim_key_file)


def _no_line(error: Exception) -> Temporary:
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 400:
        found = refusal(error.code, error.message)
        return found if isinstance(found, Temporary) else Temporary(f"{Fault.NO_LINE}: {found}")
    if fault := certificate_fault(error):
        return Temporary(fault)
    if "STARTTLS" in str(error):  # not offered; the library has no kind of its own for it
        return Temporary(Fault.NOT_PROTECTED)
    return Temporary(f"{Fault.NO_LINE}: {type(error).__name__}")


def _mail_options(client: aiosmtplib.SMTP, recipient: str, data: bytes) -> tuple[list[str], str]:
    """What MAIL has to announce (RFC 1870, 6152, 6531), and how addresses are written. A server that can not take the
    message is not tried: it would refuse late, or garble it."""
    options, encoding = [], "ascii"
    if client.supports_extension("size"):
        limit = client.esmtp_extensions.get("size", "").strip()
        if limit.isdecimal() and 0 < int(limit) < len(data):
            raise Permanent(f"het bericht is langer dan de mailserver aanneemt ({limit} bytes)")
        options.append(f"SIZE={len(data)}")
    if not data.isascii():
        if not client.supports_extension("8bitmime"):
            raise Permanent("de mailserver neemt geen 8-bits mail aan (8BITMIME)")
        options.append("BODY=8BITMIME")
    if not recipient.isascii():
        if not client.supports_extension("smtputf8"):
            raise Permanent("de mailserver neemt geen adres met letters buiten ASCII aan (SMTPUTF8)")
        options.append("SMTPUTF8")
        encoding = "utf-8"
    return options, encoding


class TraySender:
    """Writes each mail as a file into a folder. It has no network at all, so a demo can not send by accident."""

    def __init__(
        self, folder: Path, *, from_name: str, from_address: str, instance: str, clock: Callable[[], datetime] = _now
    ) -> None:
        self._folder, self._from, self._instance, self._clock = folder, (from_name, from_address), instance, clock

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("the tray")
        smtp_address(message.recipient, international=True)
        data = compose(
            message,
            from_name=self._from[0],
            from_address=self._from[1],
            reply_to=message.reply_to,
            instance=self._instance,
            demo=True,
            date=self._clock(),
            international=True,
        )
        name = (_SAFE_ID.sub("_", message.outbox_id)[:100] or "zonder-nummer") + ".eml"
        try:
            await asyncio.to_thread(_write_whole, self._folder, name, data)
        except OSError as error:
            raise Temporary(f"de map voor uitgaande mail is niet te schrijven: {type(error).__name__}") from None
        return SentProof(f"250 tray {name}", raw=data)

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
