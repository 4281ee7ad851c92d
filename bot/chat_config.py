"""The chat tables of the configuration and the settings made of them. A chat without a table is off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.mail_config import read_secret
from bot.telegram.settings import OFFICIAL, TelegramSettings
from cases.strict_toml import Document
from cases.types import Label
from intake.intercom.settings import IntercomSettings, Region
from web.chat.settings import Algorithm, PortalSettings, WebChatSettings

MIN_SECRET = 32  # bytes of a shared secret (RFC 7518, 3.2)
_PORTAL_KINDS = ("email", "customer_number")
_BOT_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{16,}")
_HOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")  # Bot API, setWebhook


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


@dataclass(frozen=True, slots=True)
class TelegramSection:
    """The organisation's bot: questions and status pass there, nothing else."""

    username: str  # of the bot, with or without @
    token_env: str = ""
    token_file: str = ""
    api: str = OFFICIAL  # or a Bot API server of one's own
    webhook: bool = False  # true: Telegram brings updates to base_url; false: we ask for them
    secret_env: str = ""  # of the webhook
    secret_file: str = ""
    approve: tuple[Label, ...] = ()  # kinds that staff may approve with a button in their own chat
    messages_per_minute: int = 20  # of one person


def telegram_settings(
    document: Document, where: str, key: str, section: TelegramSection | None, base: Path
) -> TelegramSettings | None:
    if section is None:
        return None
    api, secret = urlsplit(section.api), ""
    if not api.netloc or (api.scheme != "https" and api.hostname not in ("localhost", "127.0.0.1", "::1")):
        raise document.error(f"{where}.api", "het token gaat alleen over https, of naar deze machine zelf")
    if section.webhook:
        secret = read_secret(document, where, section.secret_env, section.secret_file, base)
        if not _HOOK_SECRET.fullmatch(secret):
            raise document.error(where, "het geheim van de webhook: 32 tot 256 tekens uit A-Z, a-z, 0-9, _ en -")
    token = read_secret(document, where, section.token_env, section.token_file, base)
    if not _BOT_TOKEN.fullmatch(token):
        raise document.error(where, "dit is geen token van een bot (van @BotFather: cijfers, dubbele punt, tekens)")
    if section.messages_per_minute < 1:
        raise document.error(f"{where}.messages_per_minute", "minstens 1")
    return TelegramSettings(
        key, section.username.strip().removeprefix("@"), token, section.api.rstrip("/"), webhook=section.webhook,
        secret=secret, approve=frozenset(section.approve), messages_per_minute=section.messages_per_minute,
    )  # fmt: skip


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
    if "email" not in section.claims:
        raise document.error(f"{where}.claims", "het e-mailadres hoort erbij: daar gaat het antwoord heen")
    key = read_secret(document, where, section.key_env, section.key_file, base)
    if section.algorithm is Algorithm.HS256 and len(key.encode()) < MIN_SECRET:
        raise document.error(where, f"de gedeelde sleutel is te kort: minstens {MIN_SECRET} tekens")
    return PortalSettings(section.algorithm, key, section.issuer, section.audience, section.claims)
