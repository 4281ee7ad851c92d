"""What a driver hands over becomes one of the few kinds of value that an export can show.

Dates that SQLite holds as text become dates where they can be read as such and stay text where not: one odd row must
not hide a person's file. Money stays exact.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import types

from cases.errors import Permanent
from cases.protocols import Value


def plain_value(raw: object, column: types.TypeEngine[Any]) -> Value:
    """`raw` as the driver gave it; `column` is the type the database declares."""
    match raw:
        case int() if isinstance(column, types.Boolean) and raw in (0, 1):
            return bool(raw)
        case None | bool() | int() | float() | datetime() | date():
            return raw
        case str():
            return _dated(raw, column)
        case Decimal():
            return float(raw) if raw.is_finite() and Decimal(repr(float(raw))) == raw else str(raw)
        case _:
            return _described(raw)


def _described(raw: object) -> str:
    if isinstance(raw, bytes | bytearray | memoryview):
        return f"binair, {len(bytes(raw))} bytes"
    return json.dumps(raw, ensure_ascii=False, default=str) if isinstance(raw, dict | list) else str(raw)


def _dated(text: str, column: types.TypeEngine[Any]) -> Value:
    with suppress(ValueError):
        if isinstance(column, types.DateTime):
            return datetime.fromisoformat(text)
        if isinstance(column, types.Date):
            return date.fromisoformat(text)
    return text


def fitting(values: list[Value], column: types.TypeEngine[Any]) -> list[Value]:
    """Key values in the kind of the column they are compared with; PostgreSQL compares no text with a number."""
    if isinstance(column, types.Integer | types.Numeric):
        return [number for value in values if (number := _number(value)) is not None]
    if isinstance(column, types.String):
        return [str(value) for value in values]
    return values


def _number(value: Value) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def stored_value(value: object, column: types.TypeEngine[Any], *, sqlite: bool) -> object:
    """A value as it is written: in the kind of its column, or as SQLite keeps it. Permanent if it can not be."""
    if value is None:
        return None
    try:
        fitted = _fitted(value, column)
    except (ValueError, ArithmeticError):
        raise Permanent("een nieuwe waarde past niet in haar kolom") from None
    if not sqlite:
        return fitted
    if isinstance(fitted, datetime):
        return fitted.isoformat(sep=" ")
    if isinstance(fitted, date):
        return fitted.isoformat()
    return str(fitted) if isinstance(fitted, Decimal) else fitted


def _fitted(value: object, column: types.TypeEngine[Any]) -> object:
    if isinstance(column, types.Boolean):
        return str(value).lower() in ("true", "1", "ja", "yes")
    if isinstance(column, types.Integer):
        return int(str(value))
    if isinstance(column, types.Float):
        return float(str(value))
    if isinstance(column, types.Numeric):
        return Decimal(str(value))
    if isinstance(column, types.DateTime):
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if isinstance(column, types.Date):
        if isinstance(value, datetime):
            return value.date()
        return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    if isinstance(column, types.String):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def same_value(one: Value, other: Value) -> bool:
    """Whether two values say the same; one of them may have been kept as JSON in between."""
    if one is None or other is None:
        return one is other
    return one == other or _written(one) == _written(other)


def _written(value: Value) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
