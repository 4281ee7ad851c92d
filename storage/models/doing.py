"""What is done in the organisation's systems, and what must still be done: changes, kept records, tasks, notices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint

from cases.types import ActionStatus, NoticeStatus, TaskStatus
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


class SourceAction(SQLModel, table=True):
    """One change in one system, written when the package is approved. Its id makes doing it twice harmless."""

    __tablename__ = "source_action"
    __table_args__ = (Index("ix_source_action_work", "status", "not_before", "lease_until"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    draft_id: str | None = maybe_text(index=True)
    data_key_id: str = refers("data_key.id", index=False)
    source: str = text()
    verb: str = text()
    table_name: str = text("")
    position: int  # actions of one request go in this order
    status: str = text(ActionStatus.WAITING)
    content: bytes = sealed()  # JSON: keys, values, expected, columns, identifiers, channels, description
    previous: bytes | None = maybe_sealed()  # JSON: what stood there, while it can be undone
    records: int = 0
    error: str = text("")
    not_before: datetime = moment()
    undo_until: datetime | None = maybe_moment()  # a change of address, bank or login
    done_at: datetime | None = maybe_moment()
    claim_token: str | None = maybe_text()
    lease_until: datetime | None = maybe_moment()
    attempts: int = 0


class LedgerEntry(SQLModel, table=True):
    """The erasure ledger: one line per record, and of kept ones until when. It outlives the case (art. 5(2)).

    The reference is sealed with the organisation's ledger key, which no purge of a case touches: on the end date the
    record must be found, and after a restored backup the erasures must be done again.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (Index("ix_ledger_end", "ends_on", "closed_at"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str | None = maybe_text(index=True)
    case_number: str = text()
    source: str = text()
    table_name: str = text()
    fate: str = text()  # cases.types.Fate
    data_key_id: str | None = maybe_text()
    reference: bytes | None = maybe_sealed()  # the record's key in its system: after a restore it must be found again
    reference_digest: str = text(index=True)  # keyed: the same record is never listed twice
    # Column → keyed digest of what named the person there: a key that was given to a stranger since must show.
    identity: Any = json_value()
    columns: Any = json_value()
    category: str = text("")
    law: str = text("")  # an article, never words about somebody
    note: bytes | None = maybe_sealed()  # JSON: why staff kept it longer, by whom and when
    ends_on: date | None = maybe_day()
    recorded_at: datetime = moment()
    reviewed_at: datetime | None = maybe_moment()  # without an end date: when staff last said that it must stay
    offered_at: datetime | None = maybe_moment()  # staff got the line "termijn verlopen: alsnog wissen"
    closed_at: datetime | None = maybe_moment()
    closed_by: str = text("")


class Suppression(SQLModel, table=True):
    """Never write here again: a keyed digest of the address, per channel, until withdrawn."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("organisation_id", "channel", "address_digest"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    channel: str = text()  # cases.policy.AdChannel
    address_digest: str = text()
    request_id: str | None = maybe_text()
    erased: bool = False  # its person was erased: it should stand nowhere, not just be switched off
    since: datetime = moment()
    withdrawn_at: datetime | None = maybe_moment()


class Restriction(SQLModel, table=True):
    """Data frozen under art. 18: the person hears it before it is lifted (18(3))."""

    __tablename__ = "restriction"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    case_id: str = refers("case.id")
    ground: str = text()  # cases.types.RestrictionGround
    since: datetime = moment()
    review_on: date | None = maybe_day()
    told_at: datetime | None = maybe_moment()  # a letter that says when the use goes on has left
    told_by: str | None = maybe_text()  # outbox row of the letter that announces the lifting; it counts from sending
    lifted_at: datetime | None = maybe_moment()
    lifted_by: str = text("")


class RecipientNotice(SQLModel, table=True):
    """Art. 19: one recipient told of one change, with its confirmation."""

    __tablename__ = "recipient_notice"
    __table_args__ = (UniqueConstraint("request_id", "recipient"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    recipient: str = text()  # key of the policy's recipient
    verb: str = text()
    status: str = text(NoticeStatus.WAITING)
    outbox_id: str | None = maybe_text()
    token_digest: str | None = maybe_text(index=True)  # of the page with the button "verwerkt"
    data_key_id: str | None = maybe_text()
    note: bytes | None = maybe_sealed()  # why it could not be told, in words of staff
    created_at: datetime = moment()
    sent_at: datetime | None = maybe_moment()
    confirmed_at: datetime | None = maybe_moment()


class SourceTask(SQLModel, table=True):
    """A system kept by hand: one task page per question or change, by signed link, with a deputy and a due date."""

    __tablename__ = "source_task"
    __table_args__ = (Index("ix_source_task_open", "status", "due_on"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    action_id: str | None = maybe_text(index=True)  # a change; None: what do you hold?
    data_key_id: str = refers("data_key.id", index=False)
    source: str = text()
    content: bytes = sealed()  # JSON: what to look for or to change
    token_digest: str = text(unique=True)
    status: str = text(TaskStatus.OPEN)
    answer: bytes | None = maybe_sealed()  # JSON: tables, files
    due_on: date | None = maybe_day()
    reminded: int = 0  # 1: the keeper was reminded; 2: the deputy was asked
    created_at: datetime = moment()
    answered_at: datetime | None = maybe_moment()


class Suspension(SQLModel, table=True):
    """A reasoned act of staff; a routine code never suspends. Both dates are kept."""

    __tablename__ = "suspension"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    asked_on: date | None = maybe_day()
    answered_on: date | None = maybe_day()
    reason: str = text()  # "identity" or "specify"
    by: str = text()
    at: datetime = moment()


class Breach(SQLModel, table=True):
    """The breach register (art. 33(5)); 72 hours count from `known_at`, weekends included."""

    __tablename__ = "breach"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str | None = maybe_text(index=True)
    outbox_id: str | None = maybe_text()
    inbound_id: str | None = maybe_text()
    data_key_id: str = refers("data_key.id", index=False)
    kind: str = text()  # sent_wrong | reported
    description: bytes = sealed()
    known_at: datetime = moment()
    due_at: datetime = moment()
    risk: str = text("")  # "" undecided | none | risk | high
    authority_told_at: datetime | None = maybe_moment()
    persons_told_at: datetime | None = maybe_moment()
    decided_by: str = text("")
    reason: bytes | None = maybe_sealed()  # of the judgement, in words of staff
    letter: bytes | None = maybe_sealed()  # JSON: what art. 34(2) asks, in words of staff, and whom it is for
    closed_at: datetime | None = maybe_moment()


class BreachNotice(SQLModel, table=True):
    """Art. 34: one person told of one breach. Whether it left or came back is seen on the message itself."""

    __tablename__ = "breach_notice"
    __table_args__ = (UniqueConstraint("breach_id", "recipient_index"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    breach_id: str = refers("breach.id")
    outbox_id: str = refers("outbox.id", index=False)
    recipient_index: str = text()  # nobody is told twice
    created_at: datetime = moment()


class Mandate(SQLModel, table=True):
    """Somebody acts for somebody else: representative, parent, guardian, heir. A person judges the proof."""

    __tablename__ = "mandate"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str = refers("case.id")
    kind: str = text()  # representative | parent | guardian | heir | authority
    status: str = text("asked")  # asked | accepted | refused
    answer_to: str = text("person")  # who gets the answer: person | representative
    data_key_id: str | None = maybe_text()
    scope: bytes | None = maybe_sealed()  # what it is for, in words of staff
    by: str = text("")
    at: datetime = moment()


class Evidence(SQLModel, table=True):
    """A file that somebody uploaded to prove something; it goes on the day it is checked."""

    __tablename__ = "evidence"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    case_id: str = refers("case.id")
    conversation_id: str = refers("conversation.id")
    kind: str = text()  # id_copy | mandate | other
    data_key_id: str | None = maybe_text()  # None once it is erased
    content: bytes | None = maybe_sealed()
    media_type: str = text()
    size: int
    doubt: bytes | None = maybe_sealed()  # named by staff before a copy was asked; with the key of the conversation
    status: str = text("stored")  # stored | quarantined | checked | erased
    created_at: datetime = moment()
    checked_at: datetime | None = maybe_moment()
    checked_by: str = text("")


class Transfer(SQLModel, table=True):
    """Art. 20(2): data go straight to another party, at an address that the person confirmed on the proven channel."""

    __tablename__ = "transfer"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    data_key_id: str = refers("data_key.id", index=False)
    party: bytes = sealed()  # JSON: name, address
    address_index: str = text()
    link_id: str | None = maybe_text(index=True)
    asked_at: datetime = moment()
    confirmed_at: datetime | None = maybe_moment()  # by the person
    opened_at: datetime | None = maybe_moment()  # by the other party, with a code to that address
