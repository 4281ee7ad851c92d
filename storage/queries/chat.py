"""A web chat as its visitor sees it: the session behind a token, and what was said in it. Letters and mails are not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select

from cases.types import ChannelKind, OutboxKind, OutboxStatus
from storage.models import ChatSession, Conversation, Inbound, Message, Outbox, table
from storage.queries.opening import key_stands
from storage.unit import Reads

SHOWN = 200  # lines; what is older is on the case page
_VISIBLE = (OutboxStatus.SENDING.value, OutboxStatus.SENT.value, OutboxStatus.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    organisation: str
    vouched: tuple[tuple[str, str], ...]  # what the organisation's portal signed; () once that is too old


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation on the visitor's screen."""

    id: str
    by: str  # "visitor", "assistant" or "person"
    text: str
    at: datetime
    choices: tuple[tuple[str, str], ...] = ()
    ref: str = ""  # the id that the visitor's page gave it


def session_of(reads: Reads, organisation: str, digest: str) -> Session | None:
    """None for an unknown, foreign or ended token alike."""
    rows = table(ChatSession)
    row = reads.one(select(rows).where(rows.c.token_digest == digest))
    if row is None or row.organisation_id != organisation or row.expires_at <= reads.now:
        return None
    vouched: tuple[tuple[str, str], ...] = ()
    if row.vouched is not None and row.vouched_until is not None and row.vouched_until > reads.now:
        pairs = reads.keys.root().open_json(row.vouched, vouched_context(row.id))
        vouched = tuple((str(kind), str(value)) for kind, value in pairs)
    return Session(row.id, row.organisation_id, vouched)


def vouched_context(session_id: str) -> str:
    return f"chat_session.vouched:{session_id}"


def sessions_of_network(reads: Reads, organisation: str, network: str, since: timedelta) -> int:
    rows = table(ChatSession)
    found = select(func.count()).where(
        rows.c.organisation_id == organisation, rows.c.network_index == network, rows.c.created_at > reads.now - since
    )
    return int(reads.value(found))


def messages_of_session(reads: Reads, account: str, session_id: str, since: timedelta) -> int:
    """How much was accepted lately, by the beginning of its external id (the unique index is used)."""
    rows = table(Inbound)
    found = select(func.count()).where(
        rows.c.channel == ChannelKind.WEB.value, rows.c.account == account,
        rows.c.external_id >= f"{session_id}:", rows.c.external_id < f"{session_id};",
        rows.c.created_at > reads.now - since,
    )  # fmt: skip
    return int(reads.value(found))


def conversation_of(reads: Reads, organisation: str, account: str, index: str) -> Row[Any] | None:
    """The newest conversation of a session."""
    talks = table(Conversation)
    return reads.one(
        select(talks)
        .where(talks.c.organisation_id == organisation, talks.c.channel == ChannelKind.WEB.value)
        .where(talks.c.address_index == index, talks.c.account == account)
        .order_by(talks.c.last_message_at.desc(), talks.c.id.desc())
        .limit(1)
    )


def lines(reads: Reads, organisation: str, account: str, index: str) -> list[Line]:
    """The lines of all conversations of a session, oldest first."""
    talks, rows, posts, inbound = table(Conversation), table(Message), table(Outbox), table(Inbound)
    mine = select(talks.c.id).where(
        talks.c.organisation_id == organisation, talks.c.channel == ChannelKind.WEB.value, talks.c.account == account,
        talks.c.address_index == index,
    )  # fmt: skip
    said_here = (inbound.c.channel == ChannelKind.WEB.value) | (
        (posts.c.channel == ChannelKind.WEB.value) & posts.c.status.in_(_VISIBLE)
    )
    query = (
        select(
            rows.c.id,
            rows.c.data_key_id,
            rows.c.content,
            rows.c.incoming,
            rows.c.kind,
            rows.c.at,
            inbound.c.external_id,
        )
        .outerjoin(posts, posts.c.id == rows.c.outbox_id)
        .outerjoin(inbound, inbound.c.id == rows.c.inbound_id)
        .where(rows.c.conversation_id.in_(mine), said_here, or_(rows.c.incoming, rows.c.outbox_id.is_not(None)))
        .order_by(rows.c.id.desc())
        .limit(SHOWN)
    )
    found = sorted(reads.rows(query), key=lambda row: (row.id[:12], not row.incoming, row.id))
    stands = {key_id: key_stands(reads, key_id) for key_id in {row.data_key_id for row in found}}
    return [_line(reads, row) for row in found if stands[row.data_key_id]]


def _line(reads: Reads, row: Row[Any]) -> Line:
    content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"message.content:{row.id}")
    by = "visitor" if row.incoming else "person" if row.kind == OutboxKind.LETTER.value else "assistant"
    choices = tuple((str(value), str(words)) for value, words in content.get("choices", ()))
    return Line(row.id, by, content["text"], row.at, choices, (row.external_id or "").partition(":")[2])
