"""The post: what came in (hand-over 1), what goes out (hand-over 3), where each mailbox was read to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint

from cases.types import InboundStatus, Origin, OutboxStatus
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
    sealed,
    text,
    uint32,
)  # fmt: skip


class Inbound(SQLModel, table=True):
    """One message as it was received; `raw` and `envelope` are sealed with its own data key."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("account", "message_id_digest", "raw_digest"),
        UniqueConstraint("channel", "account", "external_id"),
        Index("ix_inbound_work", "status", "organisation_id", "lease_until"),
        Index("ix_inbound_content", "organisation_id", "content_digest"),
    )
    id: str = key()
    organisation_id: str = refers("organisation.id")
    channel: str = text()
    account: str = text()
    custody: str = text()
    external_id: str | None = maybe_text()
    message_id_digest: str = text()  # keyed; of the raw digest when there is no Message-ID
    raw_digest: str = text()  # keyed SHA-256 of the bytes
    content_digest: str | None = maybe_text()  # keyed; set when the message has been taken apart
    data_key_id: str | None = maybe_text()  # None once our copy is erased
    envelope: bytes | None = maybe_sealed()
    raw: bytes | None = maybe_sealed()
    size: int
    received_at: datetime = moment(index=True)
    created_at: datetime = moment()
    origin: str = text(Origin.INBOX)
    sender: Any = json_value()  # SenderEvidence: results of checks, no address
    suggested_case_id: str | None = maybe_text()  # its subject names that case: for staff to decide
    folder: str | None = maybe_text()
    uidvalidity: int | None = maybe_uint32()
    uid: int | None = maybe_uint32()
    status: str = text(InboundStatus.STORED)
    outcome: str | None = maybe_text()
    linked_to: str | None = maybe_text()  # the first copy, when this is a duplicate
    scores: Any = json_value()  # labels with probabilities and the model version; no words
    error: str = text("")
    done_at: datetime | None = maybe_moment()
    claim_token: str | None = maybe_text()
    lease_until: datetime | None = maybe_moment()
    attempts: int = 0


class ImapLedger(SQLModel, table=True):
    """How far a folder was read: moved in the same transaction that stores the message."""

    __tablename__ = "imap_ledger"
    __table_args__ = (UniqueConstraint("account", "folder"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    account: str = text()
    folder: str = text()
    uidvalidity: int = uint32()
    last_uid: int = uint32()
    connected_at: datetime = moment()  # mail older than this is never answered automatically


class Outbox(SQLModel, table=True):
    """One message to one recipient, written in the transaction that decided it."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_work", "status", "not_before", "lease_until"),
        Index("ix_outbox_counter", "recipient_index", "created_at"),
        Index("ix_outbox_hour", "organisation_id", "automatic", "unasked", "created_at"),
    )
    id: str = key()
    organisation_id: str = refers("organisation.id")
    channel: str = text()
    account: str = text()
    kind: str = text()
    status: str = text(OutboxStatus.QUEUED)
    conversation_id: str | None = refers("conversation.id", nullable=True)
    case_id: str | None = maybe_text(index=True)
    request_id: str | None = maybe_text(index=True)
    draft_id: str | None = maybe_text(index=True)
    data_key_id: str = refers("data_key.id", index=False)
    recipient: bytes = sealed()
    recipient_index: str = text()
    content: bytes = sealed()  # JSON: subject, text, html
    raw: bytes | None = maybe_sealed()  # forwarded mail, unchanged
    message_id: str = text(unique=True)  # made before sending, the same on every try
    threading: Any = json_value()  # in_reply_to and references: Message-IDs only
    automatic: bool
    unasked: bool = False  # counts for the loop limits
    not_before: datetime = moment()
    created_at: datetime = moment()
    sent_at: datetime | None = maybe_moment()
    server_reply: str = text("")
    claim_token: str | None = maybe_text()
    lease_until: datetime | None = maybe_moment()
    attempts: int = 0


class ChannelHealth(SQLModel, table=True):
    """Whether a door or sender works, for the staff page and the alarm."""

    __tablename__ = "channel_health"
    __table_args__ = (UniqueConstraint("name"),)
    id: str = key()
    organisation_id: str | None = maybe_text()
    name: str = text()
    ok: bool
    reason: str = text("")
    changed_at: datetime = moment()


class Lease(SQLModel, table=True):
    """Who holds a job that only one process may do (a mailbox watcher, a tick); `fence` only ever rises."""

    __tablename__ = "lease"
    id: str = key()  # the name of the job
    holder: str = text()
    fence: int
    until: datetime = moment()
