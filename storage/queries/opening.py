"""Opening sealed columns for a page: what was erased is shown as erased, never as an error."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from storage.models import DataKey, table
from storage.unit import Reads


def open_text(reads: Reads, key_id: str | None, sealed: bytes | None, context: str) -> str:
    """Sealed words; "" when there are none, or when they were erased."""
    if sealed is None or key_id is None or not key_stands(reads, key_id):
        return ""
    return reads.keys.data(reads, key_id).open_text(sealed, context)


def open_json(reads: Reads, key_id: str | None, sealed: bytes | None, context: str) -> Any:
    """The value, or None when it was erased (its data key is gone). A value that does not open still raises."""
    if sealed is None or key_id is None or not key_stands(reads, key_id):
        return None
    return reads.keys.data(reads, key_id).open_json(sealed, context)


def key_stands(reads: Reads, key_id: str) -> bool:
    """The database decides, not the keys in memory: another process may have erased the key (an empty row)."""
    keys = table(DataKey)
    row = reads.one(select(keys.c.parent_id).where(keys.c.id == key_id, keys.c.wrapped != b""))
    return row is not None and (row.parent_id is None or key_stands(reads, row.parent_id))
