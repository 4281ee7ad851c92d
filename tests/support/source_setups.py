"""The firm of `firm.py` behind each kind of data source that can hold it whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import sqlalchemy as sa

from sources.registry import Source
from sources.settings import load_sources
from sources.sql import SqlSource
from sources.sql_settings import SqlSourceSettings
from tests.support import firm, postgres
from tests.support.fake_source import FakeSource

DOWN = "de database is niet bereikbaar"
SLOW = "de database gaf niet op tijd antwoord"


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
def _fake(_folder: Path) -> Iterator[Setup]:
    info, people = sql_settings("sqlite:///none.db").info, firm.people()
    source, broken, endless = (FakeSource("boek", people, info, failure=words) for words in ("", DOWN, SLOW))
    yield Setup(source, broken, endless)


SETUPS: dict[str, Callable[[Path], AbstractContextManager[Setup]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "fake": _fake,
}
