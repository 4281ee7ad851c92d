"""What only a database can get wrong when it is changed: references, locks, a line that breaks, closed tables."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from cases.errors import ConfigError
from cases.protocols import Change
from cases.types import ActionStatus, Verb
from sources.settings import load_sources
from sources.sql import SqlSource
from sources.sql_settings import SqlSourceSettings
from sources.sql_writer import make_write_engine
from tests.support import firm
from tests.support.firm import EMAIL, NOW, key
from tests.support.postgres import postgres_database
from tests.support.source_setups import sql_settings

__all__ = ["postgres_database"]


@pytest.fixture
def settings(tmp_path: Path) -> SqlSourceSettings:
    connection = sqlite3.connect(tmp_path / "boek.db")
    connection.executescript(firm.SCHEMA)
    connection.close()
    return sql_settings(f"sqlite:///{tmp_path / 'boek.db'}")


@pytest.fixture
async def source(settings: SqlSourceSettings) -> AsyncIterator[SqlSource]:
    ready = SqlSource(settings, lambda: NOW)
    yield ready
    await ready.close()


async def test_a_record_that_others_refer_to_stays_and_says_so(source: SqlSource) -> None:
    result = await source.change(Change("1", Verb.ERASE, "factuur", (key(10), key(12))))
    assert result.status is ActionStatus.FAILED
    assert result.error == "andere records verwijzen naar dit record in 'factuur': wis die eerst"
    assert len((await source.find([EMAIL])).tables[1].rows) == 2


async def test_a_value_that_a_column_refuses_is_failed(settings: SqlSourceSettings, source: SqlSource) -> None:
    connection = sqlite3.connect(settings.url.database or "")
    connection.execute("CREATE UNIQUE INDEX een_naam ON klant (naam)")
    connection.close()
    result = await source.change(Change("1", Verb.CORRECT, "klant", (key(1),), {"naam": "Joost Anders"}))
    assert result.status is ActionStatus.FAILED
    assert "Joost" not in result.error
    wrong = await source.change(Change("2", Verb.CORRECT, "klant", (key(1),), {"sinds": "geen dag"}))
    assert (wrong.status, wrong.error) == (ActionStatus.FAILED, "een nieuwe waarde past niet in haar kolom")


async def test_a_database_that_is_busy_has_changed_nothing(settings: SqlSourceSettings, source: SqlSource) -> None:
    connection = sqlite3.connect(settings.url.database or "", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    hurried = SqlSource(replace(settings, timeout_seconds=0.2), lambda: NOW)
    result = await hurried.change(Change("1", Verb.ERASE, "regel", (key(100),)))
    await hurried.close()
    connection.rollback()
    connection.close()
    assert result.status is ActionStatus.FAILED
    assert len((await source.find([EMAIL])).tables[2].rows) == 3


@pytest.mark.parametrize("statement", ["DELETE FROM winkel_order", "UPDATE bezoek SET bladzijde = NULL"])
def test_sqlite_writes_in_declared_tables_only(settings: SqlSourceSettings, statement: str) -> None:
    engine = make_write_engine(settings)
    assert engine is not None
    with engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match="not authorized"):
        connection.exec_driver_sql(statement)


async def test_what_is_erased_is_not_left_in_the_file(settings: SqlSourceSettings, source: SqlSource) -> None:
    change = Change("1", Verb.ANONYMISE, "klant", (key(1),))
    assert (await source.change(change)).status is ActionStatus.DONE
    assert b"Sanne Voorbeeld" not in _bytes(settings.url.database or "")


def _bytes(file: str) -> bytes:
    return Path(file).read_bytes()


async def test_a_line_that_breaks_at_the_commit_leaves_it_unknown(postgres_database: str) -> None:
    plain = postgres_database.replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        connection.execute(firm.SCHEMA)
    source = SqlSource(sql_settings(postgres_database), lambda: NOW)
    assert source._write_engine is not None

    def cut(_: sa.Connection) -> None:
        with psycopg.connect(plain, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'privacyloket' AND datname = current_database()"
            )

    sa.event.listen(source._write_engine, "commit", cut)
    change = Change("1", Verb.ERASE, "regel", (key(100),))
    assert (await source.change(change)).status is ActionStatus.UNKNOWN
    sa.event.remove(source._write_engine, "commit", cut)
    again = await source.change(change)  # the same change finds out: here it had not been done
    assert (again.status, again.records) == (ActionStatus.DONE, 1)
    await source.close()


def test_a_driver_that_is_not_there_is_said_at_the_start() -> None:
    head = '[[source]]\nname = "boek"\nlabel = "Boek"\nurl = "mssql+pyodbc://x/y"\n'
    with pytest.raises(ConfigError, match="voor 'mssql\\+pyodbc' is geen stuurprogramma"):
        load_sources(head + firm.TABLES, file="test.toml")
