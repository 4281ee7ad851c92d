"""The web chat behind its pages: sessions, what a visitor says, what the visitor sees. Everything stands in rows.

A session is a secret in the visitor's browser; it names a chat and proves nothing about a customer. What the
organisation's own portal signed (`vouched`) is sealed with the session and handed in with every message.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from cases.errors import InputError
from cases.messages import ChatFile, ChatMessage, RawInbound
from cases.protocols import Accept
from cases.types import ChannelKind, Custody, WorkKind
from storage.models import ChatSession, Evidence, table
from storage.queries import chat
from storage.queries.chat import Line, Session
from storage.queries.writing import open_work
from storage.seal import token_digest
from storage.unit import Unit
from workflow.desk import Desk
from workflow.evidence import MAX_FILE, media_type_of
from workflow.opening import index_kind

SESSION_LIFE = timedelta(days=30)  # from the last visit; a chat without a case is kept no longer
VOUCHED_LIFE = timedelta(hours=2)  # a portal's word holds for a visit
SESSIONS_A_NETWORK_HOUR = 60  # an office or a school shares one network
MESSAGES_A_MINUTE = 20
MAX_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Opened:
    session: Session
    token: str  # for the visitor's browser
    resumed: bool


def account_of(organisation: str) -> str:
    return f"web:{organisation}"


def network_of(peer: str) -> str:
    """Where a visitor comes from, coarsely: limits need no more than the network."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 56}", strict=False))


async def open_session(
    desk: Desk, organisation: str, token: str, *, peer: str, vouched: Sequence[tuple[str, str]] = ()
) -> Opened:
    """The session of a token, or a new one. InputError `too_many` when a network begins too many.

    Whoever logs in at the portal begins anew: what was typed in this browser before may be another person's.
    """
    session = None
    if token and not vouched:
        session = await desk.store.read(lambda reads: chat.session_of(reads, organisation, token_digest(token)))
    if session is not None:
        found = session
        await desk.store.write(lambda unit: _seen(unit, found.id))
        return Opened(session, token, resumed=True)
    token = secrets.token_urlsafe(24)
    network = desk.index(organisation, "network", network_of(peer))
    session_id = await desk.store.write(lambda unit: _begin(unit, organisation, token, network, vouched))
    return Opened(Session(session_id, organisation, tuple(vouched)), token, resumed=False)


def _seen(unit: Unit, session_id: str) -> None:
    unit.change(ChatSession, session_id, last_seen_at=unit.now, expires_at=unit.now + SESSION_LIFE)


def _begin(unit: Unit, organisation: str, token: str, network: str, vouched: Sequence[tuple[str, str]]) -> str:
    if chat.sessions_of_network(unit, organisation, network, timedelta(hours=1)) >= SESSIONS_A_NETWORK_HOUR:
        raise InputError("too_many")
    session_id = unit.new_id()
    sealed = unit.keys.root().seal_json(list(vouched), chat.vouched_context(session_id)) if vouched else None
    unit.add(
        ChatSession, id=session_id, organisation_id=organisation, token_digest=token_digest(token), vouched=sealed,
        vouched_until=unit.now + VOUCHED_LIFE if vouched else None, network_index=network, created_at=unit.now,
        last_seen_at=unit.now, expires_at=unit.now + SESSION_LIFE,
    )  # fmt: skip
    return session_id


async def session(desk: Desk, organisation: str, token: str) -> Session:
    """InputError `no_session` for a token that opens none."""
    found = await desk.store.read(lambda reads: chat.session_of(reads, organisation, token_digest(token)))
    if found is None:
        raise InputError("no_session")
    return found


async def say(
    desk: Desk, accept: Accept, visitor: Session, *, message_id: str, text: str, choice: str = "", language: str = "",
    peer: str = "", files: tuple[ChatFile, ...] = (),
) -> None:  # fmt: skip
    """Hands one message in; the same `message_id` again is the same message. InputError `too_long`, `too_many`."""
    if len(text) > MAX_TEXT:
        raise InputError("too_long")
    account = account_of(visitor.organisation)
    lately = await desk.store.read(
        lambda reads: chat.messages_of_session(reads, account, visitor.id, timedelta(minutes=1))
    )
    if lately >= MESSAGES_A_MINUTE:
        raise InputError("too_many")
    message = ChatMessage(
        sender=visitor.id, text=text, message_id=message_id, choice=choice, language=language, files=files,
        vouched=visitor.vouched,
    )  # fmt: skip
    await accept(
        RawInbound(
            organisation=visitor.organisation, channel=ChannelKind.WEB, account=account, raw=message.to_raw(),
            received_at=desk.now(), custody=Custody.HOST, external_id=f"{visitor.id}:{message_id}",
            peer_ip=network_of(peer),
        )
    )  # fmt: skip


async def lines(desk: Desk, visitor: Session) -> list[Line]:
    """What was said; letters and mails are not shown here."""
    account, index = account_of(visitor.organisation), _index(desk, visitor)
    return await desk.store.read(lambda reads: chat.lines(reads, visitor.organisation, account, index))


async def keep_file(desk: Desk, accept: Accept, visitor: Session, *, message_id: str, content: bytes) -> None:
    """Evidence that somebody uploads: sealed with a key of its own, for staff to check and then erase.

    The browser tries again with the same `message_id`: the file is kept once.
    InputError: `file_type`, `too_long`, `no_case` (nobody asked for evidence yet).
    """
    if len(content) > MAX_FILE:
        raise InputError("too_long")
    media_type = media_type_of(content)
    if not media_type:
        raise InputError("file_type")
    evidence_id = desk.index(visitor.organisation, "evidence", f"{visitor.id}:{message_id}")
    await desk.store.write(lambda unit: _keep(unit, desk, visitor, evidence_id, content, media_type))
    file = ChatFile(media_type.rpartition("/")[2], media_type, len(content), evidence_id)
    await say(desk, accept, visitor, message_id=message_id, text="", files=(file,))


def _keep(unit: Unit, desk: Desk, visitor: Session, evidence_id: str, content: bytes, media_type: str) -> None:
    account, index = account_of(visitor.organisation), _index(desk, visitor)
    talk = chat.conversation_of(unit, visitor.organisation, account, index)
    if talk is None or talk.case_id is None or talk.frozen:
        raise InputError("no_case")
    rows = table(Evidence)
    if unit.one(select(rows.c.id).where(rows.c.id == evidence_id)) is not None:
        return
    key_id = unit.keys.new_data_key(unit, visitor.organisation)
    unit.add(
        Evidence, id=evidence_id, organisation_id=visitor.organisation, case_id=talk.case_id, conversation_id=talk.id,
        kind="other", data_key_id=key_id, media_type=media_type, size=len(content), created_at=unit.now,
        content=unit.keys.data(unit, key_id).seal(content, f"evidence.content:{evidence_id}"),
    )  # fmt: skip
    open_work(unit, WorkKind.EVIDENCE, visitor.organisation, same=talk.id, case_id=talk.case_id)


def _index(desk: Desk, visitor: Session) -> str:
    return desk.index(visitor.organisation, index_kind(ChannelKind.WEB), visitor.id)
