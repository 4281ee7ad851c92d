"""Settings of the mail doors as frozen values. Made by bot/config; wrong combinations stop the start."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from ipaddress import ip_address

from cases.errors import ConfigError


class Tls(StrEnum):
    """How the line is protected. There is no "if the server can": a downgrade is an error."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"  # loopback only


class Auth(StrEnum):
    """How we log in."""

    PASSWORD = "password"  # noqa: S105  the name of a way, no password
    XOAUTH2 = "xoauth2"  # Microsoft 365 and Google: a token that is renewed


class Marking(StrEnum):
    """What happens in the mailbox to a message that was recognised as a request."""

    KEYWORD = "keyword"  # stays where it is, with the keyword; where the server keeps none: as `none`
    FOLDER = "folder"  # moved to the folder; a message that also asks something else only gets the keyword
    NONE = "none"


class SentCopy(StrEnum):
    """Who puts a copy of our mail into Sent."""

    AUTO = "auto"  # looks whether the provider did; appends when it did not
    APPEND = "append"
    NEVER = "never"


class Envelope(StrEnum):
    """The reverse-path of our mail."""

    MAILBOX = "mailbox"
    VERP = "verp"  # a sub-address per message, so that a bounce names its message by itself


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """Certificates are checked, always; `ca_file` names the organisation's own authority."""
    return ssl.create_default_context(cafile=ca_file or None)


def _refuse_plain(kind: str, host: str, tls: Tls) -> None:
    if tls is Tls.NONE and not is_loopback(host):
        raise ConfigError("een onbeveiligde verbinding mag alleen met deze machine zelf", key=f"{kind}.tls")


@dataclass(frozen=True, slots=True)
class OauthSettings:
    """Where tokens come from. The refresh token is not here: `init` gets it, the store keeps it sealed."""

    provider: str  # "microsoft", "google" or a name of one's own
    client_id: str
    client_secret: str = field(default="", repr=False)
    device_url: str = ""  # RFC 8628 device authorisation endpoint; "" takes the provider's
    token_url: str = ""
    scope: str = ""
    tenant: str = "common"  # microsoft only
    timeout_seconds: float = 20.0
    secret_ends: date | None = None  # Microsoft's client secrets end after two years at most; nobody is told
    authorize_url: str = ""  # RFC 6749 3.1 authorisation endpoint, for signing in by a browser; "" takes the provider's


@dataclass(frozen=True, slots=True)
class SenderCheckSettings:
    """Whose word about a sender address counts (RFC 8601). Without any of it only our own check is made."""

    authserv_ids: tuple[str, ...] = ()  # how the receiving server signs its results; "-" where it gives no name
    arc_sealers: tuple[str, ...] = ()  # domains of forwarders whose seal is believed (RFC 8617)
    received_by: tuple[str, ...] = ()  # host names of the receiving servers, as in ImapSettings
    own_check: bool = True
    dns_seconds: float = 5.0  # one question
    budget_seconds: float = 15.0  # all questions about one message


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One watched mailbox (guest custody)."""

    organisation: str
    account: str  # the mailbox address
    host: str
    username: str
    password: str = field(repr=False)
    port: int = 993
    tls: Tls = Tls.TLS
    ca_file: str = ""
    folder: str = "INBOX"
    poll_seconds: float = 60.0
    idle: bool = True
    timeout_seconds: float = 60.0
    batch_messages: int = 32
    batch_bytes: int = 20_000_000
    max_message_bytes: int = 50_000_000  # larger: headers only are taken, flagged for staff by their size
    received_by: tuple[str, ...] = ()  # host names whose topmost Received field tells the time of receipt
    auth: Auth = Auth.PASSWORD
    marking: Marking = Marking.KEYWORD
    keyword: str = "Privacyloket"
    request_folder: str = "Privacyloket"  # watched too: what a colleague drags into it is a request
    sent_folder: str = ""  # "" finds it by its special use (RFC 6154) or usual name; "-" is not watched
    junk_folder: str = ""  # the same
    sent_copy: SentCopy = SentCopy.AUTO

    def __post_init__(self) -> None:
        _refuse_plain("imap", self.host, self.tls)


@dataclass(frozen=True, slots=True)
class SmtpDoorSettings:
    """Our own listener (host custody)."""

    host: str = "127.0.0.1"
    port: int = 8025
    hostname: str = "localhost"  # what we call ourselves in the greeting
    max_message_bytes: int = 26_214_400
    max_recipients: int = 100
    max_connections: int = 200
    timeout_seconds: float = 120.0
    certificate: str = ""  # PEM files; with them STARTTLS is offered
    key: str = ""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The submission server one mailbox sends through."""

    host: str
    from_address: str
    from_name: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    port: int = 587
    tls: Tls = Tls.STARTTLS
    ca_file: str = ""
    envelope_from: str = ""  # "" means from_address
    null_sender: bool = False  # automatic mail with an empty reverse-path (RFC 3834), where the server allows it
    timeout_seconds: float = 30.0
    max_messages: int = 100  # per connection
    idle_seconds: float = 20.0
    auth: Auth = Auth.PASSWORD
    envelope: Envelope = Envelope.MAILBOX
    messages_per_hour: int = 0  # what the provider allows; 0: no limit known
    dkim_selector: str = ""  # with dkim_key_file: our own DKIM signature (RFC 6376); most providers sign themselves
    dkim_key_file: str = ""

    def __post_init__(self) -> None:
        _refuse_plain("smtp", self.host, self.tls)
        if self.tls is Tls.NONE and self.username and not is_loopback(self.host):
            raise ConfigError("een wachtwoord vraagt een beveiligde verbinding", key="smtp.tls")
        if self.auth is Auth.XOAUTH2 and not self.username:
            raise ConfigError("xoauth2 vraagt een gebruikersnaam: het adres van de mailbox", key="smtp.username")
        if bool(self.dkim_selector) != bool(self.dkim_key_file):
            raise ConfigError("dkim_selector en dkim_key_file horen bij elkaar", key="smtp.dkim_selector")
