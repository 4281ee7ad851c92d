"""How every table is written: text keys, an organisation on every row, no relationships and no lazy loads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Table
from sqlmodel import Field, SQLModel

from storage.types import CleanText, JsonText, Sealed, UtcDateTime

# Both databases know every constraint by the same name, so that a migration can name it.
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def key() -> Any:
    return Field(primary_key=True, sa_type=CleanText)


def text(default: Any = ..., *, index: bool = False, unique: bool = False) -> Any:
    return Field(default=default, sa_type=CleanText, index=index, unique=unique)


def maybe_text(*, index: bool = False) -> Any:
    return Field(default=None, sa_type=CleanText, nullable=True, index=index)


def moment(*, index: bool = False) -> Any:
    return Field(sa_type=UtcDateTime, index=index)


def maybe_moment(*, index: bool = False) -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=True, index=index)


def maybe_day() -> Any:
    return Field(default=None, sa_type=Date, nullable=True)


def maybe_uint32() -> Any:
    """UID and UIDVALIDITY go to 4,294,967,295 (RFC 9051, 9): more than PostgreSQL's INTEGER holds."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def uint32() -> Any:
    return Field(sa_type=BigInteger)


def sealed() -> Any:
    return Field(sa_type=Sealed)


def maybe_sealed() -> Any:
    return Field(default=None, sa_type=Sealed, nullable=True)


def json_value(default: Any = None) -> Any:
    return Field(default=default, sa_type=JsonText, nullable=True)


def refers(target: str, *, nullable: bool = False, index: bool = True) -> Any:
    if nullable:
        return Field(default=None, sa_type=CleanText, foreign_key=target, nullable=True, index=index)
    return Field(sa_type=CleanText, foreign_key=target, index=index)


def table(model: type[SQLModel]) -> Table:
    """The Core table behind a model; queries are Core selects."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


__all__ = [
    "SQLModel", "date", "datetime", "json_value", "key", "maybe_day", "maybe_moment", "maybe_sealed",
    "maybe_text", "maybe_uint32", "moment", "refers", "sealed", "table", "text", "uint32",
]  # fmt: skip
