"""What Alembic runs: on the connection and in the transaction that `storage/migrate.py` hands over."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from storage.models import metadata
from storage.types import CleanText, JsonText, Sealed, UtcDateTime

# Revisions are frozen: they name the database's own types, not ours, which may change.
_PLAIN: dict[type[Any], str] = {
    CleanText: "sa.Text()",
    JsonText: "sa.Text()",
    UtcDateTime: "sa.DateTime(timezone=True)",
    Sealed: "sa.LargeBinary()",
}


def plain_types(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    return _PLAIN.get(type(item), False) if kind == "type" else False


def run() -> None:
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_types,
        transactional_ddl=True,  # SQLite too: the driver opens and closes no transactions of its own
    )
    context.run_migrations()


run()
