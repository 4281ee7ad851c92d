"""Erasures on the command line: once more after a customer system was put back, and at the end of a term."""

from __future__ import annotations

import asyncio
import base64
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.demo.customers import demo_sources_toml
from bot.demo.known import Role, known
from cases.types import Fate
from storage.models import Audit, Case, LedgerEntry, table
from tests.acceptance.words import ERASURE
from tests.support.command_line import Command, command
from tests.support.office import Office, Shared, open_office, shared
from tests.support.stores import ROOT_KEY

__all__ = ["command", "shared"]  # fixtures
FORMER = known("whatnext", Role.FORMER)
CONFIG = """\
[program]
data = "data"

[database]
url = "sqlite:///{folder}/loket.db"

[smtp_door]
port = 2525

[[organisation]]
key = "whatnext"
mailbox = "info@whatnext.example"
sources = "customers/whatnext.toml"
[organisation.smtp]
host = "127.0.0.1"
port = 2526
tls = "none"
"""


@pytest.fixture
async def office(tmp_path: Path, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """A former customer was erased; the shop is as it was on the day before, from a backup."""
    async with open_office(tmp_path, shared, own_customers=True) as opened:
        shop = tmp_path / "customers/whatnext.db"
        backup = shop.read_bytes()
        (receipt,) = await opened.mail(FORMER.email, "verwijderen", ERASURE + FORMER.name)
        await opened.reply(receipt, receipt.code)
        await opened.approve(0)
        await opened.approve(1)
        await opened.advance(minutes=1)
        await opened.advance(days=3)
        assert opened.state() == "answered" and stands(shop) == 0
        shop.write_bytes(backup)
        assert stands(shop) == 1
        (tmp_path / "customers/whatnext.toml").write_text(demo_sources_toml("whatnext"), encoding="utf-8")
        (tmp_path / "loket.toml").write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
        monkeypatch.setenv("PRIVACYLOKET_ROOT_KEY", base64.b64encode(ROOT_KEY).decode())
        yield opened


def stands(shop: Path) -> int:
    with closing(sqlite3.connect(shop)) as opened:
        found: int = opened.execute("SELECT count(*) FROM klanten WHERE email = ?", (FORMER.email,)).fetchone()[0]
        return found


def replayed(office: Office) -> int:
    return len(office.rows(Audit, table(Audit).c.tag == "erasures.replayed"))


async def test_it_erases_again_and_twice_changes_nothing(office: Office, command: Command) -> None:
    """A command has a loop of its own, so it runs in a thread."""
    config, shop = office.folder / "loket.toml", office.folder / "customers/whatnext.db"
    first = await asyncio.to_thread(command, "replay-erasures", "-c", config)
    assert first.code == 0, first.out + first.err
    assert stands(shop) == 0
    assert "opnieuw gewist, 0 mislukt" in first.out and " 0 opnieuw gewist" not in first.out
    assert FORMER.email not in first.out and FORMER.name not in first.out
    after = shop.read_bytes()
    second = await asyncio.to_thread(command, "replay-erasures", "-o", "whatnext", "-c", config)
    assert second.code == 0 and " 0 opnieuw gewist, 0 mislukt" in second.out
    assert shop.read_bytes() == after
    assert replayed(office) == 2 and office.audit().problems == ()


async def test_what_was_erased_before_the_backup_is_not_done_again(office: Office, command: Command) -> None:
    day = office.clock.now().date() + timedelta(days=1)
    done = await asyncio.to_thread(command, "replay-erasures", "--since", str(day), "-c", office.folder / "loket.toml")
    assert done.code == 0 and "whatnext: 0 regels in het wisregister" in done.out
    assert stands(office.folder / "customers/whatnext.db") == 1


async def test_a_system_that_is_away_is_named_and_the_exit_code_says_run_it_again(
    office: Office, command: Command
) -> None:
    shop = office.folder / "customers/whatnext.db"
    shutil.move(shop, shop.with_suffix(".away"))
    failed = await asyncio.to_thread(command, "replay-erasures", "-c", office.folder / "loket.toml")
    assert failed.code == 1 and "mislukt in: whatnext" in failed.out
    shop.unlink(missing_ok=True)
    shutil.move(shop.with_suffix(".away"), shop)
    again = await asyncio.to_thread(command, "replay-erasures", "-c", office.folder / "loket.toml")
    assert again.code == 0 and stands(shop) == 0


async def test_kept_records_go_when_two_people_say_so(office: Office, command: Command) -> None:
    config, rows = office.folder / "loket.toml", table(LedgerEntry)
    ended = rows.update().where(rows.c.fate == Fate.KEEP.value).values(ends_on=date(2025, 12, 31))
    office.store.write_here(lambda unit: unit.execute(ended))
    told = await asyncio.to_thread(command, "kept-records", "-c", config)
    number = office.rows(Case)[0].number
    assert told.code == 0 and f"whatnext: {number}:" in told.out and "2025-12-31" in told.out
    for names in ((), ("--by", "Karin"), ("--by", "Karin", "--by", " karin ")):
        refused = await asyncio.to_thread(command, "kept-records", "--erase", number, *names, "-c", config)
        assert refused.code == 2 and "twee mensen" in refused.out
    by = ("--by", "Karin", "--by", "Bram")
    done = await asyncio.to_thread(command, "kept-records", "--erase", number, *by, "-c", config)
    assert done.code == 0 and "0 blijven staan" in done.out, done.out
    assert office.rows(LedgerEntry, rows.c.fate == Fate.KEEP.value) == []
    (actor,) = {row.actor for row in office.rows(Audit, table(Audit).c.tag == "kept_record.erased")}
    assert actor == "operator:Bram, Karin"


async def test_an_organisation_that_is_not_here_is_told(office: Office, command: Command) -> None:
    done = await asyncio.to_thread(command, "replay-erasures", "-o", "nergens", "-c", office.folder / "loket.toml")
    assert done.code == 2 and "nergens" in done.err
    assert replayed(office) == 0
