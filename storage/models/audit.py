"""The audit log: one hash chain per case (and one per organisation for what belongs to no case)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import UniqueConstraint

from storage.models.base import SQLModel, datetime, json_value, key, maybe_text, moment, refers, text


class Audit(SQLModel, table=True):
    """One act. Facts are ids, counts, states and digests, never content: the log outlives what it tells of."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("chain", "seq"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    chain: str = text()  # case id, or "org:<key>"
    seq: int
    at: datetime = moment(index=True)
    actor: str = text()  # program | staff:<id> | requester:<conversation id>
    tag: str = text()
    subject: str | None = maybe_text()  # id of the row it is about
    facts: Any = json_value()
    previous: str = text()
    digest: str = text()


class AuditCheckpoint(SQLModel, table=True):
    """A digest over the heads of all chains: shows that no whole chain has gone. Only the newest keeps the heads."""

    __tablename__ = "audit_checkpoint"
    id: str = key()
    at: datetime = moment()
    chains: int
    heads: Any = json_value()
    previous: str = text()
    digest: str = text()


class PolicyVersion(SQLModel, table=True):
    """The text of each policy that a decision was made under."""

    __tablename__ = "policy_version"
    id: str = key()  # digest of the file
    organisation_id: str = refers("organisation.id")
    content: str = text()
    first_used_at: datetime = moment()
