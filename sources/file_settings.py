"""Which files hold what about whom: one `[[source]]` of kind "csv" (CSV and Excel). A table is a file, or one sheet.

Columns, ways in and changes are declared as for a database (`sql_settings`). Not here: reading and writing (`files`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from cases.protocols import SourceInfo, SourceRole
from sources.sql_settings import SqlSourceSettings, SqlTableShape, read_tables
from sources.tables import Place, SourceShape, check_source

_EXCEL = (".xlsx", ".xlsm")


@dataclass(frozen=True, slots=True)
class TableFile:
    path: Path
    sheet: str = ""  # Excel; empty is the first
    numbers: tuple[str, ...] = ()  # CSV: columns that hold amounts, with a comma or a point
    encoding: str = ""  # CSV; empty: UTF-8, or else Windows-1252
    delimiter: str = ""  # CSV; empty: as the first line shows

    @property
    def excel(self) -> bool:
        return self.path.suffix.lower() in _EXCEL


@dataclass(frozen=True, slots=True)
class FileSettings:
    tables: SqlSourceSettings
    files: Mapping[str, TableFile]  # table -> file; processor tables have none
    copies: Path  # where a file is kept as it was before a change
    keep_copies_days: int

    @property
    def name(self) -> str:
        return self.tables.name

    @property
    def info(self) -> SourceInfo:
        return self.tables.info


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table(SqlTableShape):
    file: str = ""
    sheet: str = ""
    numbers: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape(SourceShape):
    table: tuple[_Table, ...]
    copies: str = ""
    keep_copies_days: int = 7
    max_rows: int = 20_000


def read_files(place: Place, entry: object) -> FileSettings:
    source = place.document.part(_Shape, entry, place.key)
    check_source(place, source)
    if source.keep_copies_days < 1:
        raise place.error("keep_copies_days", "moet minstens 1 zijn")
    for index, table in enumerate(source.table, 1):
        here = place.at(f"table[{index}]")
        if table.can and not source.copies:
            raise here.error(
                "can", "zonder 'copies' (een map voor het bestand zoals het was) wordt hier niets gewijzigd"
            )
        if table.role is SourceRole.CONTROLLER and not table.file:
            raise here.error("file", "noem het bestand")
        if table.encoding:
            _check_encoding(here, table.encoding)
    tables = SqlSourceSettings(
        name=source.name, label=source.label, url=URL.create("sqlite"), recipient=source.recipient,
        tables=read_tables(place, source.table, writes=bool(source.copies)),
        timeout_seconds=source.timeout_seconds, max_rows=source.max_rows,
    )  # fmt: skip
    files = {
        table.name: TableFile(place.base / table.file, table.sheet, table.numbers, table.encoding, table.delimiter)
        for table in source.table
        if table.role is SourceRole.CONTROLLER
    }
    return FileSettings(tables, files, place.base / source.copies, source.keep_copies_days)


def _check_encoding(place: Place, name: str) -> None:
    try:
        "".encode(name)
    except LookupError:
        raise place.error("encoding", "deze codering bestaat niet") from None
