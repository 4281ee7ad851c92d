"""The mail tables of the configuration (`imap`, `smtp`, `oauth`, `sender_check`) and the settings made of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cases.policy import Policy
from cases.strict_toml import Document
from intake.email.oauth import check_settings
from intake.email.settings import (
    Auth,
    Envelope,
    ImapSettings,
    Marking,
    OauthSettings,
    SenderCheckSettings,
    SentCopy,
    SmtpSettings,
    Tls,
)


@dataclass(frozen=True, slots=True)
class ImapSection:
    """The organisation's existing mailbox (guest custody): what is no request is left as it was found."""

    host: str
    username: str
    password_env: str = ""
    password_file: str = ""
    port: int = 993
    tls: Tls = Tls.TLS
    ca_file: str = ""
    folder: str = "INBOX"
    poll_seconds: float = 60.0
    idle: bool = True
    received_by: tuple[str, ...] = ()
    auth: Auth = Auth.PASSWORD
    marking: Marking = Marking.KEYWORD
    keyword: str = "Privacyloket"
    request_folder: str = "Privacyloket"
    sent_folder: str = ""
    junk_folder: str = ""
    sent_copy: SentCopy = SentCopy.AUTO


@dataclass(frozen=True, slots=True)
class SmtpSection:
    """The submission server that letters leave through."""

    host: str
    port: int = 587
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    tls: Tls = Tls.STARTTLS
    ca_file: str = ""
    envelope_from: str = ""
    null_sender: bool = False
    auth: Auth = Auth.PASSWORD
    envelope: Envelope = Envelope.MAILBOX
    messages_per_hour: int = 0
    dkim_selector: str = ""
    dkim_key_file: str = ""


@dataclass(frozen=True, slots=True)
class OauthSection:
    """Signing in without a password (Microsoft 365, Google); `privacyloket init` signs in."""

    provider: str
    client_id: str
    client_secret_env: str = ""
    client_secret_file: str = ""
    tenant: str = "common"
    device_url: str = ""
    authorize_url: str = ""
    token_url: str = ""
    scope: str = ""
    secret_ends: date | None = None


@dataclass(frozen=True, slots=True)
class SenderCheckSection:
    """Whose word about a sender counts; it is shown to staff and opens nothing."""

    authserv_ids: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()
    own_check: bool = True
    known_domains: tuple[str, ...] = ()  # besides our own: domains that others may try to look like


def imap_settings(
    document: Document, where: str, key: str, mailbox: str, imap: ImapSection | None, base: Path
) -> ImapSettings | None:
    if imap is None:
        return None
    return ImapSettings(
        organisation=key, account=mailbox, host=imap.host, username=imap.username,
        password=_password(document, where, imap, base), port=imap.port, tls=imap.tls,
        ca_file=beside(base, imap.ca_file), folder=imap.folder, poll_seconds=imap.poll_seconds, idle=imap.idle,
        received_by=imap.received_by, auth=imap.auth, marking=imap.marking, keyword=imap.keyword,
        request_folder=imap.request_folder, sent_folder=imap.sent_folder, junk_folder=imap.junk_folder,
        sent_copy=imap.sent_copy,
    )  # fmt: skip


def smtp_settings(
    document: Document, where: str, mailbox: str, smtp: SmtpSection | None, policy: Policy, base: Path
) -> SmtpSettings | None:
    if smtp is None:
        return None
    return SmtpSettings(
        host=smtp.host, port=smtp.port, username=smtp.username,
        password=_password(document, where, smtp, base) if smtp.username else "", tls=smtp.tls,
        ca_file=beside(base, smtp.ca_file), from_address=mailbox, from_name=policy.name,
        envelope_from=smtp.envelope_from, null_sender=smtp.null_sender, auth=smtp.auth, envelope=smtp.envelope,
        messages_per_hour=smtp.messages_per_hour, dkim_selector=smtp.dkim_selector,
        dkim_key_file=beside(base, smtp.dkim_key_file),
    )  # fmt: skip


def oauth_settings(document: Document, where: str, oauth: OauthSection | None, base: Path) -> OauthSettings | None:
    if oauth is None:
        return None
    secret = ""
    if oauth.client_secret_env or oauth.client_secret_file:
        secret = read_secret(document, where, oauth.client_secret_env, oauth.client_secret_file, base)
    settings = OauthSettings(
        provider=oauth.provider, client_id=oauth.client_id, client_secret=secret, device_url=oauth.device_url,
        authorize_url=oauth.authorize_url,
        token_url=oauth.token_url, scope=oauth.scope, tenant=oauth.tenant, secret_ends=oauth.secret_ends,
    )  # fmt: skip
    check_settings(settings)
    return settings


def sender_check_settings(check: SenderCheckSection, imap: ImapSection | None) -> SenderCheckSettings:
    return SenderCheckSettings(
        authserv_ids=check.authserv_ids, arc_sealers=check.arc_sealers, own_check=check.own_check,
        received_by=imap.received_by if imap is not None else (),
    )  # fmt: skip


def beside(base: Path, file: str) -> str:
    """A path in the configuration starts at the configuration's folder."""
    return str(base / file) if file else ""


def _password(document: Document, where: str, section: ImapSection | SmtpSection, base: Path) -> str:
    if section.auth is Auth.XOAUTH2:
        return ""
    return read_secret(document, where, section.password_env, section.password_file, base)


def read_secret(document: Document, where: str, env: str, file: str, base: Path) -> str:
    """A secret never stands in the configuration itself."""
    if env:
        if env not in os.environ:
            raise document.error(f"{where}.password_env", f"de omgevingsvariabele {env} is niet gezet")
        return os.environ[env]
    if file:
        try:
            return (base / file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise document.error(f"{where}.password_file", "dit bestand is niet leesbaar") from error
    raise document.error(where, "geef password_env of password_file")
