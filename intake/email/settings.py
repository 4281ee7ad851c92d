"""Settings of the mail doors as frozen values. Made by bot/config; wrong combinations stop the start."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from cases.errors import ConfigError


class Tls(StrEnum):
    """How the line is protected. There is no "if the server can": a downgrade is an error."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"  # loopback only


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

    def __post_init__(self) -> None:
        _refuse_plain("smtp", self.host, self.tls)
        if self.tls is Tls.NONE and self.username and not is_loopback(self.host):
            raise ConfigError("een wachtwoord vraagt een beveiligde verbinding", key="smtp.tls")
