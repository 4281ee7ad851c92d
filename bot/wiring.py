"""The composition root: builds everything once, from settings to desk. Nothing else knows which parts there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from functools import partial

from sqlalchemy import select

from bot.config import Organisation, Settings
from bot.tokens import SealedTokens
from cases.audit import PROGRAM
from cases.context import Context
from cases.protocols import Accept, DataSource, Reader, Sender
from cases.types import ChannelKind, Form
from handlers.wording import load_all
from intake.accept import Acceptance
from intake.email.authentication import SenderCheck
from intake.email.imap_acts import ImapActs
from intake.email.imap_search import ImapSearch
from intake.email.oauth import AccessTokens
from intake.email.resolver import SystemResolver
from intake.email.sender import SmtpSender, TraySender
from intake.email.threading import find_token, mailbox_of, make_message_id, make_reply_address
from intake.email.verp import bounced_outbox_id, make_bounce_address
from intake.intercom.client import IntercomClient
from intake.intercom.sender import IntercomSender
from intake.normalise import normalise
from sources.registry import open_source
from storage import migrate
from storage.keys import Keyring, load_root_key
from storage.models import ChannelState, PolicyVersion, table
from storage.models import Organisation as OrganisationRow
from storage.unit import Store, Unit
from web.chat.sender import WebChatSender
from workflow.desk import Desk, OrganisationDesk, Wake


class ReplyThreads:
    """Secrets of one installation by which a reply finds its conversation (`cases.protocols.Threads`)."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def reply_address(self, organisation: str, mailbox: str, conversation_id: str) -> str:
        return make_reply_address(mailbox, conversation_id, self._keys(organisation)[0])

    def conversation_of(self, organisation: str, addresses: Sequence[str]) -> str | None:
        return find_token(addresses, self._keys(organisation))

    def message_id(self, organisation: str, mailbox: str, outbox_id: str) -> str:
        return make_message_id(outbox_id, self._keys(organisation)[0], mailbox_of(mailbox).rpartition("@")[2])

    def bounced(self, organisation: str, addresses: Sequence[str]) -> str | None:
        return bounced_outbox_id(addresses, self._keys(organisation))

    def _keys(self, organisation: str) -> tuple[bytes, ...]:
        """The newest first; running conversations still hold codes of the one before."""
        return self._keyring.organisation(organisation).reply


def open_store(settings: Settings, context: Context) -> Store:
    """The store with its root key; brings the database to the newest revision."""
    keyring = Keyring(load_root_key(settings.root_key_file, value=settings.root_key))
    store = Store(settings.database_url, keyring, context)
    migrate.upgrade(store)
    return store


def prepare_organisations(unit: Unit, settings: Settings) -> None:
    """Rows and keys of every configured organisation, and the text of the policy that decisions are made under."""
    rows, versions = table(OrganisationRow), table(PolicyVersion)
    known = {row.id for row in unit.rows(select(rows.c.id))}
    channels = {(row.organisation_id, row.channel) for row in unit.rows(select(table(ChannelState)))}
    seen = {row.id for row in unit.rows(select(versions.c.id))}
    for organisation in settings.organisations:
        if organisation.key not in known:
            prefix = organisation.key[:3].upper()
            unit.add(OrganisationRow, id=organisation.key, case_prefix=prefix, created_at=unit.now)
            unit.flush()
        for channel in (ChannelKind.EMAIL, *(chat for chat, _ in organisation.chats)):
            if (organisation.key, channel.value) not in channels:
                unit.add(
                    ChannelState, id=f"{organisation.key}:{channel}", organisation_id=organisation.key,
                    channel=channel.value, mode=organisation.starts.value, changed_at=unit.now, changed_by=PROGRAM,
                )  # fmt: skip
        unit.keys.ensure(unit, organisation.key)
        if organisation.policy.version not in seen:
            unit.add(
                PolicyVersion, id=organisation.policy.version, organisation_id=organisation.key,
                content=organisation.policy_text, first_used_at=unit.now,
            )  # fmt: skip


def build_desk(
    settings: Settings, store: Store, reader: Callable[[], Reader], *, cpu: Executor | None = None, demo: bool = False
) -> Desk:
    """The desk. The store must hold the organisations already (`prepare_organisations`)."""
    tokens = {organisation.mailbox: make_tokens(organisation, store) for organisation in settings.organisations}
    return Desk(
        store=store,
        organisations={o.key: _organisation(o, store.context.clock, tokens[o.mailbox]) for o in settings.organisations},
        reader=reader,
        normalise=partial(normalise, instance=settings.instance),
        senders={
            organisation.mailbox: make_sender(settings, organisation, store, tokens[organisation.mailbox])
            for organisation in settings.organisations
        }
        | _chat_senders(settings),
        threads=ReplyThreads(store.keyring),
        mailboxes={o.mailbox: ImapActs(o.imap, tokens[o.mailbox]) for o in settings.organisations if o.imap},
        authenticate=make_sender_check(settings),
        base_url=settings.base_url,
        instance=settings.instance,
        limits=settings.limits,
        wake=Wake(),
        cpu=cpu or ThreadPoolExecutor(2, thread_name_prefix="cpu"),
        demo=demo,
    )


def _chat_senders(settings: Settings) -> dict[str, Sender]:
    """The ways out of the chat channels, by account."""
    found: dict[str, Sender] = {}
    for organisation in settings.organisations:
        if organisation.web_chat is not None:
            found[organisation.web_chat.account] = WebChatSender()
        if organisation.intercom is not None:
            found[organisation.intercom.account] = IntercomSender(IntercomClient(organisation.intercom))
        if organisation.telegram is not None:
            from bot.telegram.sender import TelegramSender, make_bot  # noqa: PLC0415  # aiogram: 3 s and 150 MB

            found[organisation.telegram.account] = TelegramSender(make_bot(organisation.telegram))
    return found


def _organisation(
    organisation: Organisation, clock: Callable[[], datetime], tokens: AccessTokens | None
) -> OrganisationDesk:
    mail = ImapSearch(organisation.imap, tokens) if organisation.imap else None
    sources: dict[str, DataSource] = {found.name: open_source(found, clock, mail) for found in organisation.sources}
    return OrganisationDesk(
        key=organisation.key, policy=organisation.policy, mailbox=organisation.mailbox,
        texts=dict(load_all(_house_form(organisation), organisation.texts)), sources=sources,
        forward_to=organisation.forward_to, list_other_mail=organisation.list_other_mail,
        colleagues=organisation.colleagues, plus_addresses=organisation.plus_addresses,
    )  # fmt: skip


def _house_form(organisation: Organisation) -> Form:
    return organisation.policy.form


def make_tokens(organisation: Organisation, store: Store) -> AccessTokens | None:
    """The sign-in of one mailbox, shared by reading and sending; None where it logs in with a password."""
    if organisation.oauth is None:
        return None
    kept = SealedTokens(store, organisation.key, organisation.mailbox)
    return AccessTokens(organisation.oauth, kept, store.context.clock)


def make_sender_check(settings: Settings) -> SenderCheck | None:
    """One for the whole program; None when no organisation has senders checked (the demo asks no DNS)."""
    checked = {o.key: o.sender_check for o in settings.organisations if o.sender_check is not None}
    if not checked:
        return None
    known = {o.key: (o.mailbox.rpartition("@")[2], *o.known_domains) for o in settings.organisations}
    return SenderCheck(checked, SystemResolver(), lambda organisation: known.get(organisation, ()))


def make_sender(
    settings: Settings, organisation: Organisation, store: Store, tokens: AccessTokens | None = None
) -> Sender:
    """The way out of one mailbox; in the demo a tray that has no network at all."""
    clock = store.context.clock
    if settings.tray is not None:
        return TraySender(
            settings.tray, from_name=organisation.policy.name, from_address=organisation.mailbox,
            instance=settings.instance, clock=clock,
        )  # fmt: skip
    assert organisation.smtp is not None
    keyring, mailbox = store.keyring, organisation.mailbox

    def bounce_address(outbox_id: str) -> str:
        return make_bounce_address(mailbox, outbox_id, keyring.organisation(organisation.key).reply[0])

    return SmtpSender(
        organisation.smtp, instance=settings.instance, clock=clock, tokens=tokens, bounce_address=bounce_address
    )


def make_accept(desk: Desk) -> Accept:
    return Acceptance(desk.store, woken=desk.wake.inbound.set)


async def close(desk: Desk) -> None:
    """Lets go of connections; call it when no worker runs any more."""
    for sender in desk.senders.values():
        await sender.close()
    for organisation in desk.organisations.values():
        for source in organisation.sources.values():
            await source.close()
    desk.cpu.shutdown(wait=True)
    desk.store.close()
