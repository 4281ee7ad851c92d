"""Claiming work: lease and attempt + 1 in one short transaction; the settle step must name the same token.

One query for every queue and both databases. On PostgreSQL rows that another process holds are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select, update

from storage.models import SQLModel, table
from storage.unit import Unit

LEASE = timedelta(minutes=5)  # longer than any one step may take; a crash is repeated after it


def claim(
    unit: Unit, model: type[SQLModel], *where: ColumnElement[bool], order: Sequence[Any], limit: int,
    lease: timedelta = LEASE,
) -> tuple[str, Sequence[Row[Any]]]:  # fmt: skip
    """Takes up to `limit` rows; gives the claim token and the rows as they are now."""
    rows = table(model)
    free = or_(rows.c.lease_until.is_(None), rows.c.lease_until < unit.now)
    wanted = select(rows.c.id).where(*where, free).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    ids = [row.id for row in unit.rows(wanted)]
    if not ids:
        return "", ()
    token = unit.new_id()
    unit.execute(
        update(rows)
        .where(rows.c.id.in_(ids))
        .values(claim_token=token, lease_until=unit.now + lease, attempts=rows.c.attempts + 1)
    )
    taken = unit.rows(select(rows).where(rows.c.id.in_(ids)).order_by(*order))
    return token, taken


RELEASED: dict[str, Any] = {"claim_token": None, "lease_until": None}
