"""Claiming work: lease and attempt + 1 in one short transaction; the settle step must name the same token.

One query for every queue and both databases. On PostgreSQL rows that another process holds are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, or_, select, update

from storage.models import SQLModel, table
from storage.unit import Unit

LEASE = timedelta(minutes=5)  # longer than any one step may take; a crash is repeated after it


def claim(
    unit: Unit, model: type[SQLModel], *where: ColumnElement[bool], order: Sequence[Column[Any]], limit: int,
    lease: timedelta = LEASE, **changes: Any,
) -> tuple[str, Sequence[Row[Any]]]:  # fmt: skip
    """Takes up to `limit` rows in one statement; gives the claim token and the rows as they are now, in order.

    `changes` are written with the claim (an outbox row says `sending` before a byte is on the wire).
    """
    rows = table(model)
    free = or_(rows.c.lease_until.is_(None), rows.c.lease_until < unit.now)
    wanted = select(rows.c.id).where(*where, free).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    token = unit.new_id()
    taken = unit.rows(
        update(rows)
        .where(rows.c.id.in_(wanted.scalar_subquery()))
        .values(claim_token=token, lease_until=unit.now + lease, attempts=rows.c.attempts + 1, **changes)
        .returning(*rows.c)
    )
    if not taken:
        return "", ()
    return token, sorted(taken, key=lambda row: tuple(getattr(row, column.name) for column in order))


RELEASED: dict[str, Any] = {"claim_token": None, "lease_until": None}
