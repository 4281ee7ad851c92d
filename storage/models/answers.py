"""Answers: what the sources said, the draft that staff judge, the approvals, the export and the links to it."""

from __future__ import annotations

from typing import Any

from cases.types import DraftStatus
from storage.models.base import (
    SQLModel,
    datetime,
    json_value,
    key,
    maybe_moment,
    maybe_sealed,
    maybe_text,
    moment,
    refers,
    sealed,
    text,
)  # fmt: skip


class Finding(SQLModel, table=True):
    """What one source answered for one request. Failed is never the same as nothing."""

    __tablename__ = "finding"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    data_key_id: str = refers("data_key.id", index=False)
    source: str = text()
    status: str = text()  # found | nothing | failed
    rows_found: int = 0
    content: bytes | None = maybe_sealed()  # JSON of the tables
    error: str = text("")
    at: datetime = moment()


class Export(SQLModel, table=True):
    """A generated package; `content` is sealed with its own key, so that expiry deletes one row of keys."""

    __tablename__ = "export"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    data_key_id: str | None = maybe_text()  # None once it is purged
    content: bytes | None = maybe_sealed()
    digest: str = text()  # SHA-256 of the zip
    size: int
    manifest: Any = json_value()  # counts and digests; no personal data
    created_at: datetime = moment()
    expires_at: datetime = moment()


class Draft(SQLModel, table=True):
    """Hand-over 2: the package that staff approve. `package_digest` covers every byte that would be sent."""

    __tablename__ = "draft"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    export_id: str | None = refers("export.id", nullable=True)
    data_key_id: str = refers("data_key.id", index=False)
    status: str = text(DraftStatus.OPEN)
    decision: str = text()
    ground: str = text("")  # RefusalGround, when it is a refusal
    letter: bytes = sealed()  # JSON: subject, form, blocks
    notes: bytes = sealed()  # JSON: notes for staff
    plan: Any = json_value()  # actions without personal data: source, verb, table, counts
    actions: bytes | None = maybe_sealed()  # JSON: the same with their records and values, dry run, wait, whom to tell
    others: bytes | None = maybe_sealed()  # JSON: values in the export that may be about somebody else (art. 15(4))
    look_first: bool = False  # approved to erase: the systems are asked once more before anything begins
    package_digest: str = text()
    content_version: int
    policy_version: str = text()
    made_by: str = text()  # "program" or "staff:<id>"
    created_at: datetime = moment()
    version: int = 1


class Approval(SQLModel, table=True):
    """One act of one person on one draft, bound to the digest that person saw."""

    __tablename__ = "approval"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    draft_id: str = refers("draft.id")
    staff_id: str = refers("staff.id", index=False)
    act: str = text()  # approve | second | hand_back
    package_digest: str = text()
    second_look: bool = False  # the same person after the cooling time
    at: datetime = moment()


class Link(SQLModel, table=True):
    """A signed way in for a requester. A GET never uses it up; personal data need a code besides."""

    __tablename__ = "link"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    kind: str = text()  # case | export
    token_digest: str = text(unique=True)
    conversation_id: str = refers("conversation.id")
    request_id: str | None = maybe_text()
    export_id: str | None = maybe_text(index=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    revoked_at: datetime | None = maybe_moment()
    opened: int = 0  # downloads after the code
