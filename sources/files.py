"""A `DataSource` over CSV files and Excel sheets (`kind = "csv"`): read into a database in memory, asked like one.

What a change alters is written back to the file: only the cells that differ and the rows that go, in one move, with the
file as it was kept aside for some days (erased data stand in that copy, so it goes by itself). A file that somebody has
open or changed meanwhile is left alone. Not here: reading and writing the formats (`file_csv`, `file_excel`).
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from cases.context import system_clock
from cases.errors import OutsideError, Permanent, Temporary
from cases.guard import outside_unit
from cases.protocols import Change, Changed
from cases.types import ActionStatus
from sources.file_csv import CsvFile
from sources.file_settings import FileSettings, TableFile
from sources.sql_changes import apply
from sources.sql_reader import Reader, limit_sqlite
from sources.table_source import TableSource

if TYPE_CHECKING:
    from sources.file_excel import ExcelFile

_LARGEST = 50_000_000  # bytes
Cells = dict[int, dict[str, Any]]  # row number -> column -> what stands in the database in memory


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A file as it was read."""

    file: CsvFile | ExcelFile
    stamp: tuple[int, int]  # when it was written last, and its size
    cells: Cells = field(default_factory=dict)


class FileSource(TableSource):
    def __init__(self, settings: FileSettings, clock: Callable[[], datetime] = system_clock) -> None:
        super().__init__(settings.tables, clock)
        self._files = settings
        self._lock = threading.Lock()  # one change at a time: a file has no transactions

    @contextmanager
    def _open(self, deadline: float) -> Iterator[Reader]:
        with self._memory(deadline) as (reader, _):
            yield reader

    def _carry_out(self, change: Change, now: datetime, deadline: float) -> Changed:
        try:
            with self._lock, self._memory(deadline) as (reader, loaded):
                self._remove_copies(now)
                changed = apply(reader, self._settings, change, now)
                if changed.status is ActionStatus.DONE:
                    reader.arm()  # too late now is certainly not done
                    self._write_back(reader.connection, loaded, now)
                return changed
        except OutsideError as error:
            return Changed(change.id, ActionStatus.FAILED, error=str(error))

    @contextmanager
    def _memory(self, deadline: float) -> Iterator[tuple[Reader, Mapping[str, _Loaded]]]:
        """All declared files in one database that lives as long as the question."""
        engine = sa.create_engine("sqlite://", poolclass=StaticPool, creator=_empty, hide_parameters=True)
        try:
            with engine.connect() as connection:
                limit_sqlite(connection, deadline)
                reader = Reader(connection, deadline, None)
                loaded = {}
                for name, where in self._files.files.items():
                    reader.arm()
                    loaded[name] = _load(connection, name, where)
                yield reader, loaded
        except SQLAlchemyError as error:
            kind = type(getattr(error, "orig", None) or error).__name__
            raise Permanent(f"de bestanden konden niet bevraagd worden ({kind})") from None
        finally:
            engine.dispose()

    def _write_back(self, connection: Connection, loaded: Mapping[str, _Loaded], now: datetime) -> None:
        stamps = {self._files.files[name].path: before.stamp for name, before in loaded.items()}
        for name, before in loaded.items():
            after = _cells(connection, name)
            gone = sorted(before.cells.keys() - after.keys())
            altered = {
                row: {column: value for column, value in cells.items() if value != before.cells[row][column]}
                for row, cells in after.items()
            }
            altered = {row: cells for row, cells in altered.items() if cells}
            if gone or altered:
                path = self._files.files[name].path
                self._replace(path, stamps[path], partial(before.file.write, gone=gone, altered=altered), now)
                stamps[path] = _stamp(path)  # the next sheet of the same workbook

    def _replace(self, path: Path, stamp: tuple[int, int], write: Callable[[Path], None], now: datetime) -> None:
        if any(lock.exists() for lock in _locks(path)):
            raise Temporary(f"bestand '{path.name}' staat bij iemand open; sluit het en probeer het opnieuw")
        new = path.with_name(f".{path.name}.nieuw")
        try:
            write(new)
            if _stamp(path) != stamp:
                raise Temporary(f"bestand '{path.name}' is net door iemand anders gewijzigd")
            self._files.copies.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(path, self._files.copies / f"{now:%Y%m%dT%H%M%S%f} {path.name}")
            shutil.copymode(path, new)
            with new.open("rb") as written:
                os.fsync(written.fileno())
            new.replace(path)
        except OSError as error:
            raise Permanent(f"bestand '{path.name}' is niet te schrijven ({type(error).__name__})") from None
        finally:
            new.unlink(missing_ok=True)

    async def forget_copies(self) -> int:
        """Erased data stand in a copy: it goes on its day, also when nothing is changed any more."""
        outside_unit("sources.files")
        return await self._run(lambda _: self._remove_copies(self._clock()))

    def _remove_copies(self, now: datetime) -> int:
        """By the name, which says when: a copied file keeps its old time."""
        if not any(table.info.can for table in self._settings.searched):
            return 0  # nothing is ever changed here, so there is no folder of ours
        oldest = f"{now - timedelta(days=self._files.keep_copies_days):%Y%m%dT%H%M%S%f}"
        copies = self._files.copies.glob("*T* *")
        over = [copy for copy in copies if re.match(r"\d{8}T\d{12} ", copy.name) and copy.name < oldest]
        try:
            for copy in over:
                copy.unlink(missing_ok=True)
        except OSError as error:
            raise Permanent(f"een oude kopie is niet te verwijderen ({type(error).__name__})") from None
        return len(over)


def _empty() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)


def _load(connection: Connection, name: str, where: TableFile) -> _Loaded:
    """One file becomes one table; SQLite's own row number is the number of the row in its file."""
    path = where.path
    try:
        stamp = _stamp(path)
        if stamp[1] > _LARGEST:
            raise Permanent(f"bestand '{path.name}' is groter dan {_LARGEST // 1_000_000} MB")
        file = _file(where)
        columns, rows = file.read(where.numbers)
    except OSError:
        raise Temporary(f"bestand '{path.name}' is niet te lezen") from None
    quoted = [_quoted(column) for column in columns]
    kinds = ", ".join(f"{column} {kind}" for column, kind in zip(quoted, columns.values(), strict=True))
    connection.exec_driver_sql(f"CREATE TABLE {_quoted(name)} ({kinds})")
    if rows:
        marks = ", ".join("?" * (len(columns) + 1))
        into = f"INSERT INTO {_quoted(name)} (_rowid_, {', '.join(quoted)}) VALUES ({marks})"  # noqa: S608 - quoted
        connection.exec_driver_sql(into, [(number, *row) for number, row in rows.items()])
    return _Loaded(file, stamp, _cells(connection, name))


def _file(where: TableFile) -> CsvFile | ExcelFile:
    if not where.excel:
        return CsvFile(where.path, where.encoding, where.delimiter)
    from sources.file_excel import ExcelFile  # noqa: PLC0415 - a quarter of a second, for those who have sheets

    return ExcelFile(where.path, where.sheet)


def _cells(connection: Connection, name: str) -> Cells:
    found = connection.exec_driver_sql(f"SELECT _rowid_ AS _rowid_, * FROM {_quoted(name)}")  # noqa: S608
    columns = list(found.keys())[1:]
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in found}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _locks(path: Path) -> tuple[Path, ...]:
    """What Excel and LibreOffice lay beside a file that somebody has open."""
    return path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#")
