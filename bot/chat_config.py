"""The chat tables of the configuration and the settings made of them. A chat without a table is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.mail_config import read_secret
from cases.strict_toml import Document
from intake.intercom.settings import IntercomSettings, Region
from web.chat.settings import Algorithm, PortalSettings, WebChatSettings

MIN_SECRET = 32  # bytes of a shared secret (RFC 7518, 3.2)
_PORTAL_KINDS = ("email", "customer_number")


@dataclass(frozen=True, slots=True)
class PortalSection:
    """The organisation's own portal: the token that it signs for a customer who is logged in."""

    issuer: str
    algorithm: Algorithm = Algorithm.HS256
    key_env: str = ""
    key_file: str = ""  # the shared secret, or the public key (PEM)
    audience: str = "privacyloket"
    claims: Mapping[str, str] = field(default_factory=lambda: {"email": "email"})  # identifier → claim


@dataclass(frozen=True, slots=True)
class WebChatSection:
    """The chat on the organisation's own pages, and on /chat/<key> of this installation."""

    origins: tuple[str, ...] = ()  # "https://www.example.nl": pages that may embed the widget
    portal: PortalSection | None = None


@dataclass(frozen=True, slots=True)
class IntercomSection:
    """The organisation's workspace at Intercom: questions and status pass there, nothing else."""

    workspace: str  # its id, e.g. "ab12cd34"
    admin_id: str  # the teammate in whose name the program answers
    region: Region = Region.EU
    access_token_env: str = ""
    access_token_file: str = ""
    client_secret_env: str = ""  # of the app: signs what Intercom tells us
    client_secret_file: str = ""
    poll_seconds: float = 300.0
    base_url: str = ""  # another address than the region's


def intercom_settings(
    document: Document, where: str, key: str, section: IntercomSection | None, base: Path
) -> IntercomSettings | None:
    if section is None:
        return None
    token, secret = (
        read_secret(document, where, getattr(section, f"{name}_env"), getattr(section, f"{name}_file"), base)
        for name in ("access_token", "client_secret")
    )
    return IntercomSettings(
        key, section.workspace, section.admin_id, token, secret, region=section.region, base_url=section.base_url,
        poll_seconds=section.poll_seconds,
    )  # fmt: skip


def web_chat_settings(
    document: Document, where: str, key: str, section: WebChatSection | None, base: Path
) -> WebChatSettings | None:
    if section is None:
        return None
    for number, origin in enumerate(section.origins, 1):
        parts = urlsplit(origin)
        local = parts.hostname in ("localhost", "127.0.0.1")
        if not parts.netloc or parts.path or parts.query or (parts.scheme != "https" and not local):
            raise document.error(f"{where}.origins[{number}]", "schrijf een adres zonder pad: https://www.voorbeeld.nl")
    origins = tuple(origin.lower() for origin in section.origins)
    return WebChatSettings(key, origins, _portal(document, f"{where}.portal", section.portal, base))


def _portal(document: Document, where: str, section: PortalSection | None, base: Path) -> PortalSettings | None:
    if section is None:
        return None
    for kind in section.claims:
        if kind not in _PORTAL_KINDS:
            raise document.error(f"{where}.claims.{kind}", f"kies uit: {', '.join(_PORTAL_KINDS)}")
    key = read_secret(document, where, section.key_env, section.key_file, base)
    if section.algorithm is Algorithm.HS256 and len(key.encode()) < MIN_SECRET:
        raise document.error(where, f"de gedeelde sleutel is te kort: minstens {MIN_SECRET} tekens")
    return PortalSettings(section.algorithm, key, section.issuer, section.audience, section.claims)
