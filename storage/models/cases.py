"""Cases, the conversations they are talked about in, the requests they hold and the dates of each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint

from cases.types import Assurance, Awaiting, Form, RequestState
from storage.models.base import (
    SQLModel,
    date,
    datetime,
    json_value,
    key,
    maybe_day,
    maybe_moment,
    maybe_sealed,
    maybe_text,
    moment,
    refers,
    sealed,
    text,
)  # fmt: skip


class Case(SQLModel, table=True):
    """One matter with one requester. `content_version` rises when something a decision rests on has changed."""

    __tablename__ = "case"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    number: str = text()
    data_key_id: str = refers("data_key.id", index=False)
    requester: bytes = sealed()  # JSON: name, address, form
    received_at: datetime = moment()
    opened_at: datetime = moment()
    closed_at: datetime | None = maybe_moment()
    content_version: int = 1
    linked_to: str | None = maybe_text()  # the case it was joined into: everything of it stands there
    version: int = 1


class Conversation(SQLModel, table=True):
    """One thread on one channel account. Assurance belongs to it and is never inherited by another."""

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_address", "organisation_id", "channel", "address_index"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str | None = refers("case.id", nullable=True)
    data_key_id: str = refers("data_key.id", index=False)
    channel: str = text()
    account: str = text()
    address: bytes = sealed()
    address_index: str = text()
    assurance: int = int(Assurance.ADDRESS_CLAIMED)
    evidence: Any = json_value()  # method and date of the proof, never the proof
    assured_until: datetime | None = maybe_moment()
    awaited: str = text("")  # the question that stands open: "code", "clarify", "other_address" …
    choices: Any = json_value()  # labels offered in a clarifying question
    asking_id: str | None = maybe_text()  # the conversation that asked for the code sent here
    language: str = text("nl")
    form: str = text(Form.NL_U)
    human_since: datetime | None = maybe_moment()  # the bot is silent from here on
    frozen: bool = False  # somebody said "niet ik"
    ident_address: bytes | None = maybe_sealed()  # chat: the e-mail address that was typed, where codes and letters go
    ident_index: str | None = maybe_text(index=True)
    network_index: str | None = maybe_text(index=True)  # chat: the visitor's network, keyed; for limits only
    last_message_at: datetime = moment()
    created_at: datetime = moment()
    version: int = 1


class Message(SQLModel, table=True):
    """One message of a conversation, in or out, as staff and requester see it."""

    __tablename__ = "message"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    conversation_id: str = refers("conversation.id")
    case_id: str | None = maybe_text(index=True)
    data_key_id: str = refers("data_key.id", index=False)
    inbound_id: str | None = maybe_text(index=True)
    outbox_id: str | None = maybe_text()
    copy_of: str | None = maybe_text()  # a message of the case that this one was split from; stands in both
    incoming: bool
    kind: str = text("")  # OutboxKind of what went out
    content: bytes = sealed()  # JSON: subject, text, quoted, from, attachments, evidence, facts
    labels: Any = json_value()
    at: datetime = moment()


class Request(SQLModel, table=True):
    """One thing that is asked in a case, with its own life and dates."""

    __tablename__ = "request"
    __table_args__ = (Index("ix_request_work", "state", "wake_at", "lease_until"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str = refers("case.id")
    conversation_id: str = refers("conversation.id")
    label: str = text()
    state: str = text(RequestState.RECEIVED)
    awaiting: str = text(Awaiting.NOBODY)
    message_id: str | None = maybe_text()  # the message that asked it
    received_at: datetime = moment()
    told_on: date | None = maybe_day()  # the date the requester was told
    due_on: date | None = maybe_day()  # the latest legal date
    policy_version: str = text()
    decision: str | None = maybe_text()
    ground: str | None = maybe_text()  # RefusalGround, when it was refused
    chosen: bytes | None = maybe_sealed()  # JSON: what staff or the requester settled on the way, by its key
    extended_on: date | None = maybe_day()  # the letter about two further months left on this day
    resumed_at: datetime | None = maybe_moment()  # it goes on with one that was closed for silence, from here
    same_as: str | None = maybe_text()  # a repetition: answered with the other one
    handler_id: str | None = maybe_text()  # who took it
    failure: str = text("")  # plain words for staff; no personal data
    wake_at: datetime | None = maybe_moment()  # work on it from this moment
    closed_at: datetime | None = maybe_moment()
    claim_token: str | None = maybe_text()
    lease_until: datetime | None = maybe_moment()
    attempts: int = 0
    version: int = 1


class Deadline(SQLModel, table=True):
    """One date with its inputs and its reasoning in words; fired at most once."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("request_id", "kind", "due_at"),
        Index("ix_deadline_due", "fired_at", "cancelled_at", "due_at"),
    )
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    kind: str = text()
    due_on: date | None = maybe_day()  # None for clock times (72 hours)
    due_at: datetime = moment()  # when the row fires; the end of the local day for terms
    told: bool = False
    inputs: Any = json_value()
    reasoning: str = text()
    fired_at: datetime | None = maybe_moment()
    cancelled_at: datetime | None = maybe_moment()


class CaseIdentifier(SQLModel, table=True):
    """A handle to find the person by, proven in one conversation or only named."""

    __tablename__ = "case_identifier"
    __table_args__ = (UniqueConstraint("conversation_id", "kind", "value_index"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str = refers("case.id")
    conversation_id: str = refers("conversation.id")
    kind: str = text()
    value: bytes = sealed()
    value_index: str = text(index=True)
    proven: bool = False
    looked_up_at: datetime | None = maybe_moment(index=True)  # whether an address on file was sought for it


class IdentityCode(SQLModel, table=True):
    """A one-time code. Expiry counts from sending; it counts only for the conversation that asked for it."""

    __tablename__ = "identity_code"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    conversation_id: str = refers("conversation.id")
    purpose: str = text()  # mailbox | on_file | download
    outbox_id: str | None = maybe_text(index=True)  # the mail it leaves with; its time runs from that moment
    link_id: str | None = maybe_text()
    identifier_id: str | None = maybe_text()  # what an on_file code proves
    digest: str = text()
    sent_to_index: str = text(index=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    attempts_left: int
    used_at: datetime | None = maybe_moment()
    void_at: datetime | None = maybe_moment()


class BlindIndex(SQLModel, table=True):
    """Exact tokens by which staff find a case: e-mail, mail domain, phone, postcode + number, name part."""

    __tablename__ = "blind_index"
    __table_args__ = (Index("ix_blind", "organisation_id", "kind", "token"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str = refers("case.id")
    kind: str = text()
    token: str = text()
    key_version: int
