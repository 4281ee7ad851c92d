"""What only a database can get wrong: writing, caps, missing tables, odd bytes, views, and words of the driver."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cases.errors import OutsideError, Permanent, RuleError, Temporary
from cases.protocols import FieldInfo, FindStatus, Identifier, SourceRole, TableInfo
from sources.sql import SqlSource
from sources.sql_reader import make_engine, reading
from sources.sql_search import _Search
from sources.sql_settings import SqlSourceSettings, SqlTable
from tests.support.postgres import postgres_database

__all__ = ["postgres_database"]

SANNE = Identifier("email", "sanne@voorbeeld.example", proven=True)
SCHEMA = """
CREATE TABLE klant (id INTEGER, mail TEXT, notitie TEXT);
INSERT INTO klant VALUES (1, 'sanne@voorbeeld.example', 'belt graag'), (2, 'sanne@voorbeeld.example', 'tweede');
CREATE TABLE winkel_order (id INTEGER, mail TEXT, notitie TEXT);
INSERT INTO winkel_order VALUES (1, 'sanne@voorbeeld.example', 'van een ander');
CREATE VIEW klant_en_order AS SELECT k.id, k.mail, w.notitie FROM klant k JOIN winkel_order w ON w.mail = k.mail;
"""


def table(name: str, **other: Any) -> SqlTable:
    fields = (FieldInfo("mail", "E-mail", "contact"), FieldInfo("notitie", "Notitie", "correspondence"))
    info = TableInfo(name, name, SourceRole.CONTROLLER, fields)
    return replace(SqlTable(info, find_by={"email": ("mail",)}, technical=("id",)), **other)


PROCESSOR = SqlTable(TableInfo("winkel_order", "Van klanten", SourceRole.PROCESSOR, ()))


@pytest.fixture
def settings(tmp_path: Path) -> SqlSourceSettings:
    path = tmp_path / "met spatie & 'quote'?.db"
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    connection.close()
    return SqlSourceSettings("boek", "Boek", sa.URL.create("sqlite", database=str(path)), (table("klant"), PROCESSOR))


@pytest.fixture
async def source(settings: SqlSourceSettings) -> AsyncIterator[SqlSource]:
    ready = SqlSource(settings)
    yield ready
    await ready.close()


async def ask(settings: SqlSourceSettings) -> tuple[FindStatus, str]:
    source = SqlSource(settings)
    found = await source.find([SANNE])
    await source.close()
    return found.status, found.error


async def test_more_rows_than_the_cap_is_an_error_and_never_a_cut(settings: SqlSourceSettings) -> None:
    assert (await ask(replace(settings, max_rows=2)))[0] is FindStatus.FOUND
    status, error = await ask(replace(settings, max_rows=1))
    assert status is FindStatus.FAILED
    assert "meer dan 1 regels" in error


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (table("klanten"), "tabel 'klanten' bestaat niet in de database"),
        (table("klant", technical=("id", "nr")), "in tabel 'klant' ontbreekt kolom 'nr'"),
        (table("klant_en_order"), "kon de vraag niet uitvoeren"),
    ],
    ids=["no table", "no column", "processor data behind a view"],
)
async def test_failures_in_plain_words(settings: SqlSourceSettings, changed: SqlTable, words: str) -> None:
    status, error = await ask(replace(settings, tables=(changed, PROCESSOR)))
    assert status is FindStatus.FAILED
    assert words in error
    assert "sanne" not in error


async def test_a_file_that_is_no_database(settings: SqlSourceSettings, tmp_path: Path) -> None:
    other = tmp_path / "brief.db"
    other.write_text("Geachte heer, " * 100)
    assert await ask(replace(settings, url=settings.url.set(database=str(other)))) == (
        FindStatus.FAILED,
        "de database is niet bereikbaar",
    )
    assert not (tmp_path / "weg.db").exists()
    await ask(replace(settings, url=settings.url.set(database=str(tmp_path / "weg.db"))))
    assert not (tmp_path / "weg.db").exists()  # looking never makes one


async def test_bytes_that_are_no_text_hide_nobody(settings: SqlSourceSettings, source: SqlSource) -> None:
    connection = sqlite3.connect(settings.url.database or "")
    connection.execute("UPDATE klant SET notitie = CAST(x'62ff' AS TEXT) WHERE id = 1")
    connection.commit()
    connection.close()
    found = await source.find([SANNE])
    assert ("sanne@voorbeeld.example", "b\ufffd") in found.tables[0].rows


async def test_links_that_never_end_are_reported(settings: SqlSourceSettings) -> None:
    connection = sqlite3.connect(settings.url.database or "")
    connection.executemany("INSERT INTO klant VALUES (?, ?, ?)", [(n, f"{n}@x.example", n + 1) for n in range(3, 40)])
    connection.execute("UPDATE klant SET notitie = 3")
    connection.executemany("UPDATE klant SET notitie = ? WHERE id = ?", [(n + 1, n) for n in range(3, 40)])
    connection.commit()
    connection.close()
    chain = table("klant", find_by={"email": ("mail",), "volgende": ("id",)}, gives={"volgende": ("notitie",)})
    status, error = await ask(replace(settings, tables=(chain,)))
    assert status is FindStatus.FAILED
    assert "blijven naar elkaar doorverwijzen" in error


def test_a_processor_table_is_never_named_in_a_statement(settings: SqlSourceSettings) -> None:
    engine = make_engine(settings)
    with reading(engine, settings, time.monotonic() + 10) as reader:
        search = _Search(reader, settings, reader.shapes())
        with pytest.raises(RuleError):
            search._select(PROCESSOR, [sa.column("mail")])
    # And SQLite itself refuses.
    with pytest.raises(Permanent), reading(engine, settings, time.monotonic() + 10) as reader:
        reader.connection.execute(sa.text("SELECT mail FROM winkel_order"))


async def test_only_declared_controller_tables_are_read(settings: SqlSourceSettings) -> None:
    source = SqlSource(settings)
    statements: list[str] = []
    sa.event.listen(source._engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    await source.find([SANNE])
    await source.addresses_on_file(SANNE)
    await source.close()
    assert any("FROM klant" in statement for statement in statements)
    assert not any("winkel_order" in statement for statement in statements)
    assert not any("sanne" in statement for statement in statements)


WRITES = (
    "INSERT INTO klant VALUES (9, 'x', 'y')",
    "UPDATE klant SET mail = 'x'",
    "DROP TABLE klant",
    "CREATE TABLE n (i INT)",
)


@pytest.mark.parametrize("statement", WRITES)
def test_sqlite_is_opened_to_read_only(settings: SqlSourceSettings, statement: str) -> None:
    with (
        pytest.raises(Exception, match="database"),
        reading(make_engine(settings), settings, time.monotonic() + 10) as r,
    ):
        r.connection.execute(sa.text(statement))


def test_postgres_is_opened_to_read_only(settings: SqlSourceSettings, postgres_database: str) -> None:
    writer = sa.create_engine(postgres_database, poolclass=sa.NullPool)
    with writer.begin() as connection:
        connection.execute(sa.text("CREATE TABLE klant (id INT, mail TEXT, notitie TEXT)"))
    there = replace(settings, url=sa.make_url(postgres_database))
    for statement in WRITES:
        reader = reading(make_engine(there), there, time.monotonic() + 10)
        with pytest.raises(Permanent, match="ReadOnlySqlTransaction"), reader as ready:
            ready.connection.execute(sa.text(statement))


async def test_check_names_what_no_category_covers(settings: SqlSourceSettings, source: SqlSource) -> None:
    assert await source.check() == ["bron 'boek': tabel 'klant_en_order' staat niet in de instellingen"]
    other = SqlSource(
        replace(
            settings,
            tables=(table("klant", technical=("nr",)), table("weg"), PROCESSOR),
            ignored_tables=("klant_en_order",),
        )
    )
    assert await other.check() == [
        "bron 'boek': in tabel 'klant' ontbreekt kolom 'nr'",
        "bron 'boek': kolom 'id' van tabel 'klant' valt onder geen categorie",
        "bron 'boek': tabel 'weg' bestaat niet in de database",
    ]
    await other.close()
    gone = SqlSource(replace(settings, url=settings.url.set(database="/bestaat/niet.db")))
    assert await gone.check() == ["bron 'boek': de database is niet bereikbaar"]
    await gone.close()


async def test_words_of_the_driver_are_dropped(settings: SqlSourceSettings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    engine = make_engine(settings)
    with pytest.raises(OutsideError) as caught, reading(engine, settings, time.monotonic() + 10) as reader:
        reader.connection.execute(
            sa.text("SELECT geheim_van_sanne FROM winkel_order WHERE mail = :m"), {"m": SANNE.value}
        )
    assert "sanne" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert "sanne" not in caplog.text


def test_the_database_itself_stops_at_the_time_limit(settings: SqlSourceSettings) -> None:
    """Else the thread of a question that nobody waits for any more would run on for ever."""
    count = sa.text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
    with (
        pytest.raises(Temporary, match="niet op tijd"),
        reading(make_engine(settings), settings, time.monotonic()) as r,
    ):
        r.connection.execute(count)


async def test_what_people_share_leads_to_nobody_elses_address(settings: SqlSourceSettings) -> None:
    connection = sqlite3.connect(settings.url.database or "")
    connection.execute("INSERT INTO klant VALUES (3, 'huisgenoot@elders.example', '020 123 4567')")
    connection.execute("UPDATE klant SET notitie = '020 123 4567'")
    connection.commit()
    connection.close()
    shared = table("klant", gives={"phone": ("notitie",)}, named_by={"phone": ("notitie",)}, addresses=("mail",))
    source = SqlSource(replace(settings, tables=(shared,)))
    assert await source.addresses_on_file(replace(SANNE, proven=False)) == ("sanne@voorbeeld.example",)
    await source.close()
