"""What the desk does in a shared mailbox, how far it may go there, and what it remembers about senders and logins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint

from cases.types import ActStatus
from storage.models.base import (
    SQLModel,
    datetime,
    json_value,
    key,
    maybe_moment,
    maybe_sealed,
    maybe_text,
    maybe_uint32,
    moment,
    refers,
    text,
)  # fmt: skip


class MailboxAct(SQLModel, table=True):
    """One change in a shared mailbox: a keyword, a move, a copy in Sent. Written where it is decided, done later."""

    __tablename__ = "mailbox_act"
    __table_args__ = (Index("ix_mailbox_act_work", "status", "not_before", "lease_until"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    account: str = text()
    kind: str = text()  # cases.protocols.ActKind
    status: str = text(ActStatus.WAITING)
    inbound_id: str | None = maybe_text(index=True)
    outbox_id: str | None = maybe_text(index=True)
    folder: str = text("")
    uidvalidity: int | None = maybe_uint32()
    uid: int | None = maybe_uint32()
    stays: bool = False
    data_key_id: str | None = maybe_text()  # of the copy for Sent
    raw: bytes | None = maybe_sealed()  # the bytes as they were sent; emptied when they stand in Sent
    error: str = text("")
    created_at: datetime = moment()
    not_before: datetime = moment()
    done_at: datetime | None = maybe_moment()
    claim_token: str | None = maybe_text()
    lease_until: datetime | None = maybe_moment()
    attempts: int = 0


class ChannelState(SQLModel, table=True):
    """How far one channel of an organisation may go by itself; who decided so, and what was ticked before."""

    __tablename__ = "channel_state"
    __table_args__ = (UniqueConstraint("organisation_id", "channel"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    channel: str = text()  # cases.types.ChannelKind
    mode: str = text()  # cases.types.ChannelMode
    changed_at: datetime = moment()
    changed_by: str = text("")  # an actor
    reason: str = text("")
    ticked: Any = json_value()  # golive: item → {"by", "at", "reason"}
    notes: Any = json_value()  # what the watcher found: no keywords, Junk not watched …
    backlog_at: datetime | None = maybe_moment()  # when the backlog was last looked through


class OutgoingStop(SQLModel, table=True):
    """Stop alles uitgaands: while the row stands nothing leaves; intake and clocks go on."""

    __tablename__ = "outgoing_stop"
    id: str = key()  # the organisation's key, or "*" for all of them
    stopped_at: datetime = moment()
    stopped_by: str = text()
    reason: str = text("")


class SenderMark(SQLModel, table=True):
    """A sender that staff marked as spam: later mail goes to a list, is never answered and never dropped."""

    __tablename__ = "sender_mark"
    __table_args__ = (UniqueConstraint("organisation_id", "address_index"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    address_index: str = text()
    marked_at: datetime = moment()
    marked_by: str = text()


class OauthGrant(SQLModel, table=True):
    """The refresh token of one mailbox login, sealed with the root key; a rotated token replaces it at once."""

    __tablename__ = "oauth_grant"
    id: str = key()  # the account, e.g. info@…
    organisation_id: str = refers("organisation.id")
    refresh_token: bytes | None = maybe_sealed()
    expires_at: datetime | None = maybe_moment()  # when the provider says so
    updated_at: datetime = moment()
