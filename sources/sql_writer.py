"""Opens a database of the organisation to write: an account of its own, one transaction per change.

SQLite's authoriser refuses to write in tables that are not declared to be changed. What the driver says is dropped, as
in `sql_reader`. Not here: which statements a change takes (`sql_changes`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from datetime import datetime
from functools import partial
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cases.errors import OutsideError
from cases.protocols import Change, Changed
from cases.types import ActionStatus, Verb
from sources.sql_changes import apply
from sources.sql_reader import CONNECT_SECONDS, TOO_SLOW, Reader, limit_sqlite
from sources.sql_settings import SqlSourceSettings

_WRITES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


def make_write_engine(settings: SqlSourceSettings) -> Engine | None:
    url = settings.write_url
    if url is None:
        return None
    if url.get_backend_name() == "sqlite":
        return sa.create_engine(
            "sqlite://", creator=partial(_open_sqlite, settings), poolclass=NullPool, hide_parameters=True
        )
    if url.get_backend_name() != "postgresql":
        return sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    return sa.create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": int(settings.timeout_seconds * 1000) + 1,
            "application_name": "privacyloket",
        },
    )


def carry_out(engine: Engine, settings: SqlSourceSettings, change: Change, now: datetime, deadline: float) -> Changed:
    """Everything of the change or nothing. UNKNOWN only when the line broke after the commit was sent."""
    stage = "connect"
    try:
        with engine.connect() as connection:
            stage = "change"
            _begin(connection, deadline)
            changed = apply(Reader(connection, deadline, settings.schema), settings, change, now)
            if changed.status is ActionStatus.DONE:
                stage = "commit"
                connection.commit()
            return changed
    except OutsideError as error:
        return Changed(change.id, ActionStatus.FAILED, error=str(error))
    except SQLAlchemyError as error:
        return _failed(change, error, stage, late=time.monotonic() >= deadline, local=engine.dialect.name == "sqlite")


def _failed(change: Change, error: SQLAlchemyError, stage: str, *, late: bool, local: bool) -> Changed:
    kind = type(getattr(error, "orig", None) or error).__name__
    status = ActionStatus.FAILED
    if isinstance(error, IntegrityError):
        if change.verb is Verb.ERASE:
            words = f"andere records verwijzen naar dit record in '{change.table}': wis die eerst"
        else:
            words = "de database weigert een waarde (verplicht, uniek of een verwijzing)"
    elif stage == "commit" and not local:
        status, words = ActionStatus.UNKNOWN, "de verbinding brak af; niet zeker is of de wijziging is gedaan"
    elif late:
        words = TOO_SLOW
    elif stage == "connect":
        words = "de database is niet bereikbaar"
    else:
        words = f"de database kon de wijziging niet uitvoeren ({kind})"
    return Changed(change.id, status, error=words)


def _begin(connection: Connection, deadline: float) -> None:
    if connection.dialect.name == "sqlite":
        limit_sqlite(connection, deadline)
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _open_sqlite(settings: SqlSourceSettings) -> sqlite3.Connection:
    assert settings.write_url is not None
    connection = sqlite3.connect(
        f"file:{quote(settings.write_url.database or '')}?mode=rw",
        uri=True,
        timeout=min(CONNECT_SECONDS, settings.timeout_seconds),
        isolation_level=None,
    )
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased is not left in the file
    may = frozenset(table.info.name.lower() for table in settings.searched if table.info.can)
    connection.set_authorizer(partial(_authorise, may))
    return connection


def _authorise(
    may: Collection[str], action: int, table: str | None, _column: str | None, _file: str | None, trigger: str | None
) -> int:
    """A trigger of the system's own may write where it likes."""
    if action in _WRITES and table is not None and table.lower() not in may and trigger is None:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
