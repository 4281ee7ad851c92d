"""Which database holds what about whom: a TOML file becomes frozen settings.

Every column is either a field (with the policy category that ties it to purpose, basis, term and recipients; art. 30
AVG asks for that anyway) or `technical` (keys that say nothing about a person).
Not here: how TOML is read strictly (`cases/strict_toml`), opening a database (`sql_reader`), asking it (`sql`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cases.errors import ConfigError
from cases.protocols import FieldInfo, SourceInfo, SourceRole, TableInfo
from cases.strict_toml import Document
from sources.identifiers import SHARED_KINDS

_MASKS = ("", "iban")
_LONGEST_FIND = 300  # seconds


@dataclass(frozen=True, slots=True)
class SqlTable:
    """One table and the ways in and out of it."""

    info: TableInfo
    find_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # identifier kind -> columns that open a row
    # Kind -> columns that only lead to the address on file: a former address or a shared phone may be another's now.
    named_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # kind -> columns a found row hands on
    addresses: tuple[str, ...] = ()  # columns with the e-mail address on file: where a code may go
    technical: tuple[str, ...] = ()  # columns that are known and never shown

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.technical) | {info.name for info in self.info.fields}


@dataclass(frozen=True, slots=True)
class SqlSourceSettings:
    """One database. `tables` holds the processor tables too, so that they can be named; nothing searches them."""

    name: str
    label: str
    url: URL = field(repr=False)  # may hold a password
    tables: tuple[SqlTable, ...]
    schema: str | None = None  # PostgreSQL; None is the search path
    timeout_seconds: float = 10  # for one whole find
    max_rows: int = 20_000  # for one whole find; more is an error, never a silent cut
    ignored_tables: tuple[str, ...] = ()  # known to hold nothing about persons

    @property
    def searched(self) -> tuple[SqlTable, ...]:
        return tuple(table for table in self.tables if table.info.role is SourceRole.CONTROLLER)

    @property
    def info(self) -> SourceInfo:
        return SourceInfo(self.name, self.label, tuple(table.info for table in self.tables))


# The shape of the file; the names are its keys.


@dataclass(frozen=True, slots=True)
class _Field:
    label: str
    category: str
    secret: bool = False
    mask: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    label: str
    role: SourceRole = SourceRole.CONTROLLER
    find_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    technical: tuple[str, ...] = ()
    fields: Mapping[str, _Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    label: str
    table: tuple[_Table, ...]
    url: str = ""
    url_env: str = ""
    url_file: str = ""
    schema: str = ""
    timeout_seconds: int = 10
    max_rows: int = 20_000
    ignored_tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    source: tuple[_Source, ...]


def load_sources(
    source: str | Mapping[str, Any],
    *,
    file: str,
    base: Path | None = None,
    categories: Collection[str] | None = None,
) -> tuple[SqlSourceSettings, ...]:
    """Reads the `[[source]]` tables of a TOML text, or of a table that was read before (then errors have no line).

    Relative SQLite paths start at `base`, or else in the folder of `file`. With `categories`, the keys of the
    policy's categories, every field's category must be one of them.
    """
    document = Document(source if isinstance(source, str) else "", file=file)
    if not isinstance(source, str):
        document.table = dict(source)
    try:
        return _load(document, base or Path(file).parent, categories)
    except ConfigError as error:
        if document.lines:
            raise
        raise ConfigError(error.reason, file=error.file, key=error.key) from None


def _load(document: Document, base: Path, categories: Collection[str] | None) -> tuple[SqlSourceSettings, ...]:
    shape = document.build(_File)
    _unique(document, "source", [source.name for source in shape.source])
    loaded = []
    for number, source in enumerate(shape.source, 1):
        key = f"source[{number}]"
        if not 0 < source.timeout_seconds <= _LONGEST_FIND:
            raise document.error(f"{key}.timeout_seconds", f"kies 1 tot en met {_LONGEST_FIND} seconden")
        if source.max_rows < 1:
            raise document.error(f"{key}.max_rows", "moet minstens 1 zijn")
        _unique(document, f"{key}.table", [table.name for table in source.table])
        for index, table in enumerate(source.table, 1):
            _check_table(document, f"{key}.table[{index}]", table, source.table, categories)
        loaded.append(
            SqlSourceSettings(
                name=source.name,
                label=source.label,
                url=_url(document, key, source, base),
                tables=tuple(map(_table, source.table)),
                schema=source.schema or None,
                timeout_seconds=source.timeout_seconds,
                max_rows=source.max_rows,
                ignored_tables=source.ignored_tables,
            )
        )
    return tuple(loaded)


def _table(table: _Table) -> SqlTable:
    fields = tuple(
        FieldInfo(name=name, label=f.label, category=f.category, secret=f.secret, mask=f.mask)
        for name, f in table.fields.items()
    )
    info = TableInfo(name=table.name, label=table.label, role=table.role, fields=fields)
    return SqlTable(info, table.find_by, table.named_by, table.gives, table.addresses, table.technical)


def _unique(document: Document, key: str, names: list[str]) -> None:
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise document.error(f"{key}[{number}].name", f"de naam '{name}' komt twee keer voor")


def _check_table(
    document: Document, key: str, table: _Table, others: tuple[_Table, ...], categories: Collection[str] | None
) -> None:
    for name, info in table.fields.items():
        if info.mask not in _MASKS:
            raise document.error(f"{key}.fields.{name}.mask", f"kies uit: {', '.join(filter(None, _MASKS))}")
        if categories is not None and info.category not in categories:
            raise document.error(f"{key}.fields.{name}.category", f"het beleid kent '{info.category}' niet")
    if table.role is SourceRole.PROCESSOR:
        for way in ("find_by", "named_by", "gives", "addresses"):
            if getattr(table, way):
                raise document.error(f"{key}.{way}", "een verwerkerstabel is van een ander en wordt nooit doorzocht")
        return
    for required in ("fields", "find_by"):
        if not getattr(table, required):
            raise document.error(f"{key}.{required}", "ontbreekt of is leeg: zo wordt in deze tabel niets gevonden")
    _check_columns(document, key, table)
    _check_links(document, key, table, others)


def _check_columns(document: Document, key: str, table: _Table) -> None:
    """Ways in and out name declared columns; a secret never opens or leaves anything."""
    open_columns = {*table.technical, *(name for name, info in table.fields.items() if not info.secret)}
    kinds_of = {"find_by": table.find_by, "named_by": table.named_by, "gives": table.gives}
    for way, kinds in (kinds_of | {"addresses": {"": table.addresses}}).items():
        for columns in kinds.values():
            for column in columns:
                if column not in open_columns:
                    raise document.error(f"{key}.{way}", f"kolom '{column}' is geen (open) veld en niet technisch")


def _check_links(document: Document, key: str, table: _Table, others: tuple[_Table, ...]) -> None:
    """A key of this source that nobody gives or nobody looks for is a slip of the pen."""
    searched = {kind for other in others for kind in other.find_by}
    given = {kind for other in others for kind in other.gives}
    named: set[str] = set()  # nothing inside the source leads to a column that only serves what a person names
    ways = (("find_by", table.find_by, given), ("named_by", table.named_by, named), ("gives", table.gives, searched))
    for way, kinds, counterpart in ways:
        for kind in kinds:
            if kind not in SHARED_KINDS | counterpart:
                known = ", ".join(sorted(SHARED_KINDS))
                raise document.error(
                    f"{key}.{way}", f"'{kind}' is geen bekende soort ({known}) en geen sleutel tussen twee tabellen"
                )


def _url(document: Document, key: str, source: _Source, base: Path) -> URL:
    """From `url`, or for one with a password from `url_env` or `url_file`. Errors never repeat the value."""
    ways = [way for way in ("url", "url_env", "url_file") if getattr(source, way)]
    if len(ways) != 1:
        raise document.error(f"{key}.{(*ways, 'url')[0]}", "geef precies één van url, url_env en url_file")
    at, text = f"{key}.{ways[0]}", getattr(source, ways[0])
    if ways[0] == "url_env":
        text = os.environ.get(text, "")
    elif ways[0] == "url_file":
        try:
            text = (base / text).read_text(encoding="utf-8").strip()
        except OSError:
            raise document.error(at, "dit bestand is niet te lezen") from None
    try:
        url = make_url(text)
    except ArgumentError:
        raise document.error(at, "leeg of geen database-URL") from None
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite":
        raise document.error(at, "begin met sqlite:/// of postgresql+psycopg://")
    if not url.database or url.database == ":memory:":
        raise document.error(at, "noem een bestand")
    return url.set(database=str(base / url.database))
