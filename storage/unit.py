"""The store, and the unit of work.

A write unit is a plain function run in the writer's thread inside one short transaction: it has no event loop, so it
can not await network, disk, classifier or template, and the guard raises when it calls one. SQLite has one writer
thread (the in-process write lock); PostgreSQL has several.

Inserts are kept back and go out table by table as `executemany`: a unit that settles thirty messages writes each
table once. Audit entries go out last, when everything else has been written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Insert, Row, Table, Update, bindparam, insert, update
from sqlalchemy.dialects import sqlite

from cases.audit import AuditTag
from cases.context import Context
from cases.errors import RuleError, Stale
from cases.guard import inside_unit, outside_unit
from storage.audit import AuditWriter
from storage.engine import make_engines, parse_url, translated
from storage.keys import Keyring
from storage.models import SQLModel, metadata, table

T = TypeVar("T")
log = logging.getLogger(__name__)
_ORDER = {found.name: place for place, found in enumerate(metadata.sorted_tables)}


class Reads:
    """Reading inside one transaction; Core selects in, plain rows out."""

    def __init__(self, connection: Connection, keyring: Keyring, now: datetime) -> None:
        self.connection, self.keys, self.now = connection, keyring, now
        self.memo: dict[str, Any] = {}  # what was looked up once and stays so for this transaction

    def rows(self, query: Executable, **given: Any) -> Sequence[Row[Any]]:
        """`given`: the parameters of a query that was made once (`bindparam`); making one costs more than asking it."""
        return self.connection.execute(query, given).all()

    def one(self, query: Executable, **given: Any) -> Row[Any] | None:
        """The first row, or None."""
        return self.connection.execute(query, given).first()

    def value(self, query: Executable, **given: Any) -> Any:
        return self.connection.execute(query, given).scalar()


class Unit(Reads):
    """One write transaction. Rows that were added are in the database after `flush`, at the latest at the end."""

    def __init__(self, connection: Connection, keyring: Keyring, context: Context) -> None:
        super().__init__(connection, keyring, context.clock())
        self.new_id = context.new_id
        self.after_commit: list[Callable[[], None]] = []  # quick and in memory; not run when the unit is undone
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._later: list[tuple[Update, dict[str, Any]]] = []
        self._audit = AuditWriter(self)

    def add(self, model: type[SQLModel], **values: Any) -> None:
        """Keeps back one new row; columns that are not given take the model's default."""
        found = table(model)
        defaults = _defaults(found)
        row = {**defaults, **values}
        if len(row) != len(defaults):
            raise RuleError(f"{found.name} has no column {sorted(values.keys() - defaults.keys())}")
        self._waiting.setdefault(found.name, []).append(row)

    def flush(self) -> None:
        """Writes the rows that were kept back, parents before children."""
        for name in sorted(self._waiting, key=_ORDER.__getitem__):
            _insert(self.connection, name, self._waiting[name])
        self._waiting.clear()

    def finish(self) -> None:
        """Writes what is still kept back, audit entries last."""
        self.flush()
        self._change_now()
        self._audit.write()
        self.flush()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What the block did is undone when it raises, and only that: the unit can go on."""
        self.flush()
        mark, changes = self._audit.mark(), len(self._later)
        try:
            with translated(), self.connection.begin_nested():
                yield
                self.flush()
        except BaseException:
            self._waiting.clear()
            self._audit.undo(mark)
            del self._later[changes:]
            raise

    def rows(self, query: Executable, **given: Any) -> Sequence[Row[Any]]:
        self.flush()
        return super().rows(query, **given)

    def one(self, query: Executable, **given: Any) -> Row[Any] | None:
        self.flush()
        return super().one(query, **given)

    def value(self, query: Executable, **given: Any) -> Any:
        self.flush()
        return super().value(query, **given)

    def execute(self, statement: Executable, **given: Any) -> CursorResult[Any]:
        self.flush()
        result = self.connection.execute(statement, given)
        assert isinstance(result, CursorResult)
        return result

    def change(self, model: type[SQLModel], row_id: str, *, if_: dict[str, Any] | None = None, **values: Any) -> None:
        """Updates one row; raises Stale when it is gone or no longer as `if_` says (claim token, version, state)."""
        statement, given = _update_of(model, row_id, if_ or {}, values)
        if self.execute(statement, **given).rowcount != 1:
            raise Stale(f"{table(model).name} has changed meanwhile")

    def change_later(
        self, model: type[SQLModel], row_id: str, *, if_: dict[str, Any] | None = None, **values: Any
    ) -> None:
        """The same at the end of the unit: for rows that this unit does not read again."""
        statement, given = _update_of(model, row_id, if_ or {}, values)
        self.update_later(statement, **given)

    def update_later(self, statement: Update, **given: Any) -> None:
        """One row of a prepared update. All rows of one statement go out together at the end of the unit, which is
        undone (Stale) when one of them did not match."""
        self._later.append((statement, given))

    def _change_now(self) -> None:
        together: dict[Update, list[dict[str, Any]]] = {}
        for statement, given in self._later:
            together.setdefault(statement, []).append(given)
        self._later.clear()
        for statement, rows in together.items():
            if self.connection.execute(statement, rows).rowcount != len(rows):  # of `executemany`: the sum
                raise Stale("a row has changed meanwhile")

    def record(
        self, tag: AuditTag, *, organisation: str, actor: str, case: str | None = None, subject: str | None = None,
        new_case: bool = False, **facts: Any,
    ) -> None:  # fmt: skip
        """One audit entry, written at the end of this transaction. `new_case` saves the look-up of the chain's head."""
        self._audit.append(tag, organisation, actor, case, subject, facts, fresh=new_case)


def _tell_of_failure(work: asyncio.Future[Any]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        log.warning("a write unit failed after its caller had left (%s)", type(error).__name__)


_updates: dict[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], Update] = {}
_default_values: dict[str, dict[str, Any]] = {}
_SQLITE = sqlite.dialect(paramstyle="qmark")


def _defaults(found: Table) -> dict[str, Any]:
    known = _default_values.get(found.name)
    if known is None:
        known = {c.name: (c.default.arg if c.default is not None else None) for c in found.columns}  # type: ignore[attr-defined]
        _default_values[found.name] = known
    return known


def _insert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    """Handing SQLite the values ourselves, each by its column's type, takes half the time; a mail makes 26 rows."""
    if connection.dialect.name != _SQLITE.name:
        connection.execute(_insert_into(name), rows)
        return
    text, columns = _plain_insert(name)
    values = [
        tuple(
            value if (value := row[column]) is None or process is None else process(value)
            for column, process in columns
        )
        for row in rows
    ]
    connection.exec_driver_sql(text, values)


@cache
def _insert_into(name: str) -> Insert:
    return insert(metadata.tables[name])


@cache
def _plain_insert(name: str) -> tuple[str, tuple[tuple[str, Callable[[Any], Any] | None], ...]]:
    """The statement with its question marks, and for each the column and what makes a stored value of one."""
    columns = metadata.tables[name].columns
    made = _insert_into(name).compile(dialect=_SQLITE, column_keys=[column.name for column in columns])
    places = made.positiontup or []
    return str(made), tuple((one, columns[one].type.dialect_impl(_SQLITE).bind_processor(_SQLITE)) for one in places)


def _update_of(
    model: type[SQLModel], row_id: str, if_: dict[str, Any], values: dict[str, Any]
) -> tuple[Update, dict[str, Any]]:
    """The statement for these columns, made once, and its parameters for one row."""
    empty = tuple(name for name, value in if_.items() if value is None)
    wanted = {name: value for name, value in if_.items() if value is not None}
    given = {f"if_{name}": value for name, value in wanted.items()} | {f"to_{n}": v for n, v in values.items()}
    return _update(table(model).name, empty, tuple(wanted), tuple(values)), given | {"row_id": row_id}


def _update(name: str, empty: tuple[str, ...], if_: tuple[str, ...], to: tuple[str, ...]) -> Update:
    statement = _updates.get((name, empty, if_, to))
    if statement is None:
        found = metadata.tables[name]
        statement = update(found).where(
            found.c.id == bindparam("row_id"), *(found.c[column].is_(None) for column in empty)
        )
        for column in if_:
            statement = statement.where(found.c[column] == bindparam(f"if_{column}"))
        statement = statement.values({column: bindparam(f"to_{column}") for column in to})
        _updates[name, empty, if_, to] = statement
    return statement


class Store:
    """The database. `write` and `read` take a plain function; nothing else touches a connection."""

    def __init__(self, url: str, keyring: Keyring, context: Context, *, writers: int = 4) -> None:
        self.url, self.keyring, self.context = parse_url(url), keyring, context
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.write_engine, self.read_engine = make_engines(self.url, writers=writers)
        self._writer = ThreadPoolExecutor(1 if self.sqlite else writers, thread_name_prefix="store-write")
        self._reader = ThreadPoolExecutor(2, thread_name_prefix="store-read")

    async def write(self, function: Callable[[Unit], T]) -> T:
        """Runs one write unit; commits when it returns, rolls back when it raises.

        Raises Temporary when the database is locked, gone or full; Stale when a row or a unique key changed hands.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._writer, self.write_here, function)
        try:
            # The unit goes on when its caller is cancelled: half-known commits are worse than late ones.
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(_tell_of_failure)
            raise

    async def read(self, function: Callable[[Reads], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, self.read_here, function)

    def write_here(self, function: Callable[[Unit], T]) -> T:
        """The same in the calling thread: for the command line, tests and start-up."""
        outside_unit("another unit")
        with translated(), inside_unit(), self.write_engine.begin() as connection:
            unit = Unit(connection, self.keyring, self.context)
            result = function(unit)
            unit.finish()
        for then in unit.after_commit:
            then()
        return result

    def read_here(self, function: Callable[[Reads], T]) -> T:
        with translated(), self.read_engine.connect() as connection:
            return function(Reads(connection, self.keyring, self.context.clock()))

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._reader.shutdown(wait=True)
        self.write_engine.dispose()
        self.read_engine.dispose()
