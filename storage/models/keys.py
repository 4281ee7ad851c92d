"""Organisations and their keys. Emptying a data key is how content is erased for good."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint

from storage.models.base import SQLModel, datetime, key, maybe_moment, moment, refers, sealed, text


class Organisation(SQLModel, table=True):
    __tablename__ = "organisation"
    id: str = key()  # the key used in policies and configuration
    case_prefix: str = text()  # the letters before a case number
    created_at: datetime = moment()


class MasterKey(SQLModel, table=True):
    """One of the three keys of an organisation, wrapped by the root key that never enters the database."""

    __tablename__ = "master_key"
    __table_args__ = (UniqueConstraint("organisation_id", "purpose", "version"),)
    id: str = key()
    organisation_id: str = refers("organisation.id")
    purpose: str = text()  # seal | index | tombstone
    version: int
    wrapped: bytes = sealed()
    created_at: datetime = moment()
    retired_at: datetime | None = maybe_moment()


class DataKey(SQLModel, table=True):
    """The key of one message or one case.

    Wrapped by the organisation's seal key, or, once a message has joined a case, by the key of that case:
    emptying the case's key makes everything below it unreadable.
    """

    __tablename__ = "data_key"
    id: str = key()
    organisation_id: str = refers("organisation.id")
    parent_id: str | None = refers("data_key.id", nullable=True)
    master_version: int
    wrapped: bytes = sealed()
    created_at: datetime = moment()
