"""One connection to an IMAP server: protected line, login by password or token, errors in our own words.

A downgrade does not exist: STARTTLS that is refused or a certificate that does not fit is an error (RFC 8314). What the
server said is never shown or logged: it may quote an address. Folders are in `imap_folders`, reading in `imap_fetch`.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from imaplib import IMAP4
from typing import Any, Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, LoginError, ProtocolError

from cases.errors import ConfigError, LoketError, Temporary
from intake.email.faults import Fault, certificate_fault
from intake.email.settings import Auth, ImapSettings, Tls, client_context

log = logging.getLogger(__name__)
logging.getLogger("imapclient").setLevel(logging.WARNING)  # it would write lines of mail and log-in names


class Tokens(Protocol):
    """Hands out access tokens for one account. Blocking, safe to call from several threads."""

    def access_token(self, *, fresh: bool = False) -> str:
        """`fresh` after the server refused the last one. Raises Temporary when there is none to be had."""
        ...


class _Client(IMAPClient):  # type: ignore[misc]  # untyped
    """Its `idle_check` asks the socket, but a line that came in one packet with the "+" stands in the buffer already.

    So the first look after `idle` reads without asking.
    """

    _look_first = False

    def idle(self) -> None:
        super().idle()
        self._look_first = True

    def _poll_socket(self, sock: Any, timeout: float | None = None) -> Any:
        if self._look_first:
            self._look_first = False
            return True
        return super()._poll_socket(sock, timeout)


def connect(settings: ImapSettings, tokens: Tokens | None) -> IMAPClient:
    """Connected and logged in. A refused token is renewed once, over a line of its own."""
    if settings.auth is Auth.PASSWORD:
        return _logged_in(settings, lambda client: _by_password(client, settings))
    if tokens is None:
        raise ConfigError("xoauth2 vraagt een aanmelding: voer eerst `privacyloket init` uit", key="imap.auth")
    try:
        return _with_token(settings, tokens.access_token())
    except LoginError:
        return _with_token(settings, tokens.access_token(fresh=True))


def _by_password(client: IMAPClient, settings: ImapSettings) -> None:
    """LOGIN knows ASCII only; other letters go by SASL PLAIN, in UTF-8 (RFC 4616)."""
    ascii_only = settings.username.isascii() and settings.password.isascii()
    (client.login if ascii_only else client.plain_login)(settings.username, settings.password)


def _with_token(settings: ImapSettings, token: str) -> IMAPClient:
    return _logged_in(settings, lambda client: client.oauth2_login(settings.username, token))


class _LogIn(Protocol):
    def __call__(self, client: IMAPClient, /) -> object: ...


def _logged_in(settings: ImapSettings, log_in: _LogIn) -> IMAPClient:
    context = client_context(settings.ca_file) if settings.tls is not Tls.NONE else None
    client = _Client(
        settings.host,
        port=settings.port,
        ssl=settings.tls is Tls.TLS,
        ssl_context=context,
        timeout=SocketTimeout(settings.timeout_seconds, settings.timeout_seconds),
    )
    try:
        client.normalise_times = False  # its "local time" uses today's offset for every date
        if settings.tls is Tls.STARTTLS:
            _protect(client, context)
        log_in(client)
    except BaseException:
        leave(client)
        raise
    return client


def _protect(client: IMAPClient, context: ssl.SSLContext | None) -> None:
    """Not offered or refused ends it here: no password goes over a plain line."""
    if not client.has_capability("STARTTLS"):
        raise Temporary(Fault.NOT_PROTECTED)
    try:
        client.starttls(context)
    except IMAP4.error as error:
        raise error if broken(error) else Temporary(Fault.NOT_PROTECTED) from error


def leave(client: IMAPClient) -> None:
    """Logs out; closes the line in any case."""
    try:
        client.logout()
    except Exception:
        log.debug("imap: the line was gone before logout")
        with suppress(Exception):
            client.shutdown()  # closes the socket all the same


@contextmanager
def session(settings: ImapSettings, tokens: Tokens | None) -> Iterator[IMAPClient]:
    """A connection for one piece of work, whatever breaks in it is Temporary."""
    try:
        client = connect(settings, tokens)
        try:
            yield client
        finally:
            leave(client)
    except (IMAP4.error, OSError, ValueError) as error:
        raise Temporary(reason(error)) from error


def broken(error: Exception) -> bool:
    """Is the line of no more use? A plain NO, BAD or an answer nobody can read leaves it as it was."""
    return isinstance(error, (IMAP4.abort, OSError))


_LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|SERVERBUG|LIMIT|THROTTLED|CONTACTADMIN)\b", re.I)  # RFC 5530


def later(error: Exception) -> bool:
    """Does the server ask to try later? Every other NO is its last word."""
    return _LATER.search(str(error)) is not None


def reason(error: Exception) -> str:
    """For staff: what kind of failure, never what the server said (it may quote an address)."""
    if isinstance(error, LoketError):
        return str(error)
    if fault := certificate_fault(error):
        return fault
    if isinstance(error, LoginError) and later(error):
        return Fault.NOT_NOW
    for kind, told in _FAULTS:
        if isinstance(error, kind):
            return told
    return f"{Fault.NO_LINE}: {type(error).__name__}"


_FAULTS: tuple[tuple[type[Exception], Fault], ...] = (  # the first that fits
    (LoginError, Fault.LOGIN),
    (CapabilityError, Fault.NOT_OFFERED),
    (TimeoutError, Fault.NO_ANSWER),
    (ProtocolError, Fault.UNREADABLE),
    (IMAP4.abort, Fault.BROKEN_OFF),
    (IMAP4.error, Fault.REFUSED),
)
