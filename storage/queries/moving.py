"""Rows that go from one case to another, when cases are joined or one is split.

What names a case is in one list (a test holds it to the models). What is sealed with the key of the case that is left
is sealed anew: erasing that case later must not take it along. Which rows go is decided in `workflow/joining` and
`workflow/splitting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from storage.models import (
    BlindIndex,
    Breach,
    CaseIdentifier,
    Conversation,
    Evidence,
    Mandate,
    Message,
    Outbox,
    Request,
    Restriction,
    SQLModel,
    WorkItem,
    table,
)
from storage.types import Sealed
from storage.unit import Unit

OF_A_CASE: tuple[type[SQLModel], ...] = (
    Conversation, Request, Message, CaseIdentifier, BlindIndex, Outbox, WorkItem, Mandate, Restriction, Breach, Evidence
)  # fmt: skip


def move(unit: Unit, model: type[SQLModel], where: ColumnElement[bool], case_id: str) -> None:
    """Rows of one table to another case; their keys are not touched."""
    unit.execute(update(table(model)).where(where).values(case_id=case_id))


def seal_anew(unit: Unit, model: type[SQLModel], rows: Sequence[Row[Any]], key_id: str) -> None:
    """What these rows hold, under another key: every sealed column, whose contexts are "table.column:id"."""
    found = table(model)
    columns = [column.name for column in found.columns if isinstance(column.type, Sealed)]
    new = unit.keys.data(unit, key_id)
    for row in rows:
        if row.data_key_id is None or row.data_key_id == key_id:
            continue
        old = unit.keys.data(unit, row.data_key_id)
        changes: dict[str, Any] = {}
        for name in columns:
            content, context = getattr(row, name), f"{found.name}.{name}:{row.id}"
            if content is not None:
                changes[name] = new.seal(old.open(content, context), context)
        unit.change(model, row.id, data_key_id=key_id, **changes)


def with_case_key(unit: Unit, from_key: str, to_key: str, *, case_id: str, requests: ColumnElement[bool]) -> None:
    """What names no key of its own is sealed with its case's: identifiers, and what was settled on the way."""
    identifiers, of_requests = table(CaseIdentifier), table(Request)
    old, new = unit.keys.data(unit, from_key), unit.keys.data(unit, to_key)
    for row in unit.rows(select(identifiers).where(identifiers.c.case_id == case_id)):
        context = f"case_identifier.value:{row.id}"
        unit.change(CaseIdentifier, row.id, value=new.seal(old.open(row.value, context), context))
    for row in unit.rows(select(of_requests).where(requests, of_requests.c.chosen.is_not(None))):
        context = f"request.chosen:{row.id}"
        unit.change(Request, row.id, chosen=new.seal(old.open(row.chosen, context), context))
