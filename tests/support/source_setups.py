"""The firm of `firm.py` behind each kind of data source that can hold it whole."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy as sa
from openpyxl import Workbook

from sources.file_settings import FileSettings
from sources.files import FileSource
from sources.registry import Source
from sources.settings import load_sources
from sources.sql import SqlSource
from sources.sql_settings import SqlSourceSettings
from tests.support import firm, postgres
from tests.support.fake_source import FakeSource

_NAMES = ("klant", "factuur", "regel", "domein", "bezoek")
DOWN = "de database is niet bereikbaar"
SLOW = "het systeem gaf niet op tijd antwoord"


@dataclass(frozen=True)
class Setup:
    """One source with data, the same source out of order, and the same source with endless work."""

    source: Source
    broken: Source
    endless: Source
    broken_words: str = DOWN
    endless_words: str = SLOW


def sql_settings(url: str) -> SqlSourceSettings:
    head = f'[[source]]\nname = "boek"\nlabel = "Administratie"\nurl = "{url}"\nwrite_url = "{url}"\n'
    (settings,) = load_sources(head + firm.TABLES, file="test.toml")
    assert isinstance(settings, SqlSourceSettings)
    return settings


def _sql(url: str, broken_url: str) -> Setup:
    settings = sql_settings(url)
    slow = settings.tables[0]
    slow = replace(
        slow,
        info=replace(slow.info, name="traag", fields=slow.info.fields[2:3]),
        find_by={"email": ("mail",)},
        named_by={},
        gives={},
        addresses=("mail",),
        technical=(),
        key=(),
        customer=None,
    )
    endless = replace(settings, tables=(slow,), timeout_seconds=0.3)
    away = sa.make_url(broken_url)
    broken = replace(settings, url=away, write_url=away)
    ready, away_now, slow_now = (SqlSource(each, lambda: firm.NOW) for each in (settings, broken, endless))
    return Setup(ready, away_now, slow_now)


@contextmanager
def _sqlite(folder: Path) -> Iterator[Setup]:
    path = folder / "boek.db"
    connection = sqlite3.connect(path)
    connection.executescript(firm.SCHEMA + firm.ENDLESS["sqlite"])
    connection.close()
    yield _sql(f"sqlite:///{path}", f"sqlite:///{folder / 'weg.db'}")


def _build_postgres(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(firm.SCHEMA)
        connection.execute(firm.ENDLESS["postgresql"])


@contextmanager
def _postgres(_folder: Path) -> Iterator[Setup]:
    with postgres.database(postgres.make_template("datasource_contract", _build_postgres)) as url:
        yield _sql(url, "postgresql+psycopg://x:x@127.0.0.1:1/x")


@contextmanager
def _files(folder: Path, suffix: str) -> Iterator[Setup]:
    """The rows of the database as files: one per table, or a workbook with a sheet per table."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(firm.SCHEMA)
    (folder / "b").mkdir()
    book = Workbook()
    tables = firm.TABLES
    for name in _NAMES:
        found = connection.execute(f"SELECT * FROM {name}")
        rows = [tuple(column[0] for column in found.description), *found]
        if suffix == "csv":
            with (folder / "b" / f"{name}.csv").open("w", newline="", encoding="cp1252") as file:
                csv.writer(file, delimiter=";").writerows(rows)
            place = f'file = "{name}.csv"\nnumbers = ["bedrag"]'
        else:
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append([_excel_value(column, value) for column, value in zip(rows[0], row, strict=True)])
            place = f'file = "boek.xlsx"\nsheet = "{name}"'
        tables = tables.replace(f'name = "{name}"\n', f'name = "{name}"\n{place}\n')
    if suffix == "xlsx":
        book.save(folder / "b" / "boek.xlsx")
    else:
        for flag in ("geblokkeerd", "nieuwsbrief", "post"):
            tables = tables.replace(f"{flag} = true", f'{flag} = "1"').replace(f"{flag} = false", f'{flag} = "0"')
    connection.close()
    head = '[[source]]\nkind = "csv"\nname = "boek"\nlabel = "Administratie"\ncopies = "kopieen"\n'
    ready, away = (_file_settings(head + tables, folder / where) for where in ("b", "weg"))
    slow = replace(ready, tables=replace(ready.tables, timeout_seconds=0.0))
    words = f"bestand '{'klant.csv' if suffix == 'csv' else 'boek.xlsx'}' is niet te lezen"
    source, broken, endless = (FileSource(each, lambda: firm.NOW) for each in (ready, away, slow))
    yield Setup(source, broken, endless, words)


def _file_settings(toml: str, base: Path) -> FileSettings:
    (settings,) = load_sources(toml, file="test.toml", base=base)
    assert isinstance(settings, FileSettings)
    return settings


def _excel_value(column: str, value: object) -> object:
    """A sheet knows dates and yes or no."""
    if column in ("sinds", "tot", "datum", "betaald", "afgemeld") and isinstance(value, str) and value[:1].isdigit():
        return date.fromisoformat(value)
    return bool(value) if column in ("geblokkeerd", "nieuwsbrief", "post") and value in (0, 1) else value


@contextmanager
def _fake(_folder: Path) -> Iterator[Setup]:
    info, people = sql_settings("sqlite:///none.db").info, firm.people()
    source, broken, endless = (FakeSource("boek", people, info, failure=words) for words in ("", DOWN, SLOW))
    yield Setup(source, broken, endless)


SETUPS: dict[str, Callable[[Path], AbstractContextManager[Setup]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "csv": partial(_files, suffix="csv"),
    "xlsx": partial(_files, suffix="xlsx"),
    "fake": _fake,
}
