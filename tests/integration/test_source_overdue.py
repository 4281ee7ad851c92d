"""What is kept past its term, in the sample organisations: counted as SQL counts it, and nothing is touched."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.demo.customers import ORGANISATIONS, build_all
from bot.demo.program import demo_organisation, demo_settings
from bot.retention_command import retention
from bot.retention_report import run_retention
from cases.errors import ConfigError
from cases.policy import load_policy
from sources.folder import FolderSettings, FolderSource
from sources.overdue import Overdue
from sources.registry import open_source
from sources.settings import load_sources
from sources.table_source import TableSource

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    build_all(folder / "customers", date(2026, 11, 23))
    return folder


async def overdue(organisation: str, folder: Path) -> dict[tuple[str, str], Overdue]:
    own = demo_organisation(organisation, folder)
    found: dict[tuple[str, str], Overdue] = {}
    for settings in own.sources:
        source = open_source(settings, lambda: NOW)
        assert isinstance(source, TableSource)
        found |= {(one.table, one.category): one for one in await source.overdue(own.policy)}
        await source.close()
    return found


def number(folder: Path, database: str, query: str) -> int:
    connection = sqlite3.connect(folder / "customers" / f"{database}.db")
    (found,) = connection.execute(query).fetchone()
    connection.close()
    return int(found)


@pytest.mark.parametrize(
    ("organisation", "table", "category", "query"),
    [
        ("whatnext", "facturen", "invoices", "SELECT count(*) FROM facturen WHERE datum < '2019-01-01'"),
        (
            "whatnext", "factuurregels", "invoices",
            "SELECT count(*) FROM factuurregels JOIN facturen USING (factuurnr) WHERE datum < '2019-01-01'",
        ),
        (
            "nexxt", "contacts", "contact",
            "SELECT count(*) FROM contacts c JOIN agreements a ON a.contact_id = c.id WHERE a.ends < '2025-11-23'",
        ),
        ("weservit", "bezoeker", "profile", "SELECT count(*) FROM bezoeker WHERE laatste < '2025-11-23'"),
        ("winkeltjes", "betalingen", "payment", "SELECT count(*) FROM betalingen WHERE datum < '2019-01-01'"),
    ],
)  # fmt: skip
async def test_counts_what_is_over(folder: Path, organisation: str, table: str, category: str, query: str) -> None:
    found = (await overdue(organisation, folder)).get((table, category), Overdue(table, category, 0))
    assert found.records == number(folder, organisation, query)


async def test_names_what_nobody_can_judge(folder: Path) -> None:
    found = await overdue("nexxt", folder)
    assert found["gifts", "contact"].records is None
    assert found["conversations", "correspondence"].records is None
    assert ("newsletter", "mailing") not in found  # has no fixed term


async def test_the_command_prints_numbers_and_no_persons(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = demo_settings(folder, port=1, smtp_port=1)
    assert await run_retention(settings) == 0
    said = capsys.readouterr().out
    assert said.count("==") == len(ORGANISATIONS)
    assert "Facturen: 'Facturen en betalingen':" in said
    assert "records over de termijn, de oudste sinds" in said
    assert "@" not in said
    gone = replace(settings, organisations=(demo_organisation("whatnext", folder / "weg"),))
    assert await run_retention(gone) == 1


def test_the_command_reads_a_configuration(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(retention)
    outcome = CliRunner().invoke(app, ["--config", str(tmp_path / "weg.toml")])
    assert isinstance(outcome.exception, ConfigError)


async def test_documents_by_their_day(tmp_path: Path) -> None:
    toml = '[[source]]\nkind = "folder"\nname = "map"\nlabel = "Map"\npath = "."\ncategory = "invoices"\n'
    (settings,) = load_sources(toml, file="test.toml", base=tmp_path)
    assert isinstance(settings, FolderSettings)
    for year in (2017, 2018, 2019, 2026):
        (tmp_path / f"{year}.pdf").write_text("x")
        moment = datetime(year, 6, 1, tzinfo=UTC).timestamp()
        os.utime(tmp_path / f"{year}.pdf", (moment, moment))
    policy = load_policy((ROOT / "policies" / "whatnext.toml").read_text(encoding="utf-8"), file="whatnext.toml")
    found = await FolderSource(settings, lambda: NOW).overdue(policy)
    assert found == [Overdue("documenten", "invoices", 2, date(2024, 12, 31))]
