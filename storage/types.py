"""Column types that keep SQLite and PostgreSQL alike: UTC times, text without NUL or lone surrogates, JSON as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from cases.errors import RuleError


def clean_text(value: str) -> str:
    """PostgreSQL refuses NUL, UTF-8 refuses lone surrogates: both are taken out before storing."""
    text = str(value)
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


# One encoder, kept: `json.dumps` with options builds one on every call.
sorted_json = json.JSONEncoder(sort_keys=True, default=str).encode


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite drops time zones, so it is stored as UTC and given back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise RuleError("a naive date-time can not be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text for people and codes alike."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value, stored with sorted keys so that equal values have equal bytes. Never personal data."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else sorted_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Sealed(LargeBinary):
    """Bytes sealed with a data key (see storage/seal.py); unreadable without it."""

    cache_ok = True
