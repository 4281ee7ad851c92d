"""The people who work here, their sessions, and the list of what waits for a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, UniqueConstraint

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
    text,
)  # fmt: skip


class Staff(SQLModel, table=True):
    __tablename__ = "staff"
    id: str = key()
    login: str = text(unique=True)
    name: str = text()
    role_name: str = text()  # named in letters: "medewerker privacy"
    notify: str = text("")  # address for warnings; empty: none
    password_hash: str = text()  # Argon2id
    totp: bytes | None = maybe_sealed()  # sealed with the root key
    totp_step: datetime | None = maybe_moment()  # of the last one-time code that was used: a code counts once
    active: bool = True
    failed_logins: int = 0
    locked_until: datetime | None = maybe_moment()
    created_at: datetime = moment()


class StaffRole(SQLModel, table=True):
    """What a person may do for one organisation."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("staff_id", "organisation_id"),)
    id: str = key()
    staff_id: str = refers("staff.id")
    organisation_id: str = refers("organisation.id")
    role: str = text()  # agent | approver | admin


class StaffSession(SQLModel, table=True):
    __tablename__ = "staff_session"
    id: str = key()
    token_digest: str = text(unique=True)
    staff_id: str = refers("staff.id")
    csrf: str = text()
    created_at: datetime = moment()
    expires_at: datetime = moment()


class WorkItem(SQLModel, table=True):
    """One line on the staff list. `same` keeps one open line per matter."""

    __tablename__ = "work_item"
    __table_args__ = (UniqueConstraint("same"), Index("ix_work_open", "organisation_id", "closed_at", "due_on"))
    id: str = key()
    organisation_id: str = refers("organisation.id")
    kind: str = text()
    same: str | None = maybe_text()  # emptied when the line is closed
    case_id: str | None = maybe_text(index=True)
    request_id: str | None = maybe_text(index=True)
    inbound_id: str | None = maybe_text(index=True)
    outbox_id: str | None = maybe_text(index=True)
    draft_id: str | None = maybe_text()
    detail: str = text("")  # a code for the sentence shown; no personal data
    facts: Any = json_value()
    due_on: date | None = maybe_day()
    opened_at: datetime = moment()
    closed_at: datetime | None = maybe_moment()
    closed_by: str | None = maybe_text()
    notified_at: datetime | None = maybe_moment()  # staff were mailed about it
    chat_told_at: datetime | None = maybe_moment()  # staff heard of it in their chat
