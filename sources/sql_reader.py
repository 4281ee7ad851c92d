"""Opens a database of the organisation, to read only and against a clock.

Three locks on the door: the connection itself is read-only, SQLite's authoriser refuses processor tables even behind
a view, and every statement runs out of time with the whole question. Driver messages can hold data of persons, so
they are dropped here and replaced by plain words for staff.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cases.errors import Permanent, Temporary
from cases.protocols import SourceRole
from sources.sql_settings import SqlSourceSettings, SqlTable

CONNECT_SECONDS = 5
_SQLITE_STEPS = 10_000  # virtual machine steps between two looks at the clock: well under a millisecond
TOO_SLOW = "het systeem gaf niet op tijd antwoord"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the database says a table looks like."""

    types: dict[str, sa.types.TypeEngine[Any]]
    key: tuple[str, ...]  # primary key columns; empty when there is none
    required: frozenset[str] = frozenset()  # columns that are never NULL


@dataclass(frozen=True, slots=True)
class Reader:
    """One read-only transaction with a last moment."""

    connection: Connection
    deadline: float  # time.monotonic
    schema: str | None

    def rows(self, statement: sa.Select[Any]) -> Sequence[Row[Any]]:
        self.arm()
        return self.connection.execute(statement).all()

    def shapes(self, names: Sequence[str] | None = None) -> dict[str, Shape]:
        """The tables and views of these names, or all there are."""
        self.arm()
        inspector = sa.inspect(self.connection)
        columns = inspector.get_multi_columns(schema=self.schema, filter_names=names, kind=ObjectKind.ANY)
        keys = inspector.get_multi_pk_constraint(schema=self.schema, filter_names=names, kind=ObjectKind.ANY)
        return {
            name: Shape(
                types={column["name"]: column["type"] for column in found},
                key=tuple(keys.get((schema, name), {"constrained_columns": []})["constrained_columns"]),
                required=frozenset(column["name"] for column in found if not column["nullable"]),
            )
            for (schema, name), found in columns.items()
        }

    def declared(self, tables: Sequence[SqlTable]) -> dict[str, Shape]:
        """The shapes of the declared tables; Permanent when one, or a column of it, is not there."""
        shapes = self.shapes([table.info.name for table in tables])
        for table in tables:
            shape = shapes.get(table.info.name)
            if shape is None:
                raise Permanent(f"tabel '{table.info.name}' bestaat niet in de database")
            if missing := sorted(table.columns - shape.types.keys()):
                raise Permanent(f"in tabel '{table.info.name}' ontbreekt kolom '{missing[0]}'")
        return shapes

    def arm(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Temporary(TOO_SLOW)
        if self.connection.dialect.name == "postgresql":
            milliseconds = str(int(left * 1000) + 1)
            self.connection.execute(sa.select(sa.func.set_config("statement_timeout", milliseconds, True)))


def make_engine(settings: SqlSourceSettings) -> Engine:
    """An engine without a pool: a question is rare, and a connection that lies open is one that is found broken.

    SQLite and PostgreSQL refuse to write here; for any other database the account must be one that only reads.
    """
    if settings.url.get_backend_name() == "sqlite":
        return sa.create_engine(
            "sqlite://", creator=partial(_open_sqlite, settings), poolclass=NullPool, hide_parameters=True
        )
    if settings.url.get_backend_name() != "postgresql":
        return sa.create_engine(settings.url, poolclass=NullPool, hide_parameters=True)
    return sa.create_engine(
        settings.url,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",  # links and rows come from one moment
        connect_args={
            "options": "-c default_transaction_read_only=on",
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": int(settings.timeout_seconds * 1000) + 1,
            "application_name": "privacyloket",
        },
    )


@contextmanager
def reading(engine: Engine, settings: SqlSourceSettings, deadline: float) -> Iterator[Reader]:
    """A reader for one question. Leaves nothing but Temporary and Permanent, without words of the driver."""
    connected = False
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                limit_sqlite(connection, deadline)
                connection.exec_driver_sql("PRAGMA query_only = ON")
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1")  # a file that is no database shows
            connected = True
            yield Reader(connection, deadline, settings.schema)
    except SQLAlchemyError as error:
        # `from None` throughout: the chain would carry the driver's words into logs.
        if time.monotonic() >= deadline:
            raise Temporary(TOO_SLOW) from None
        if not connected:
            raise Temporary("de database is niet bereikbaar") from None
        kind = type(getattr(error, "orig", None) or error).__name__
        if isinstance(error, OperationalError):
            raise Temporary(f"de database gaf een storing ({kind})") from None
        raise Permanent(f"de database kon de vraag niet uitvoeren ({kind})") from None


def _open_sqlite(settings: SqlSourceSettings) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(settings.url.database or '')}?mode=ro",
        uri=True,
        timeout=min(CONNECT_SECONDS, settings.timeout_seconds),
        isolation_level=None,  # the transaction is begun below, not by the driver's guess
    )
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # one bad byte must not hide a file
    connection.set_authorizer(partial(_authorise, processor_tables(settings)))
    return connection


def processor_tables(settings: SqlSourceSettings) -> frozenset[str]:
    return frozenset(t.info.name.lower() for t in settings.tables if t.info.role is SourceRole.PROCESSOR)


def _authorise(closed: frozenset[str], action: int, table: str | None, *_rest: str | None) -> int:
    if action == sqlite3.SQLITE_READ and table is not None and table.lower() in closed:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def limit_sqlite(connection: Connection, deadline: float) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _SQLITE_STEPS)
