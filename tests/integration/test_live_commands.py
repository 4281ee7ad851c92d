"""`privacyloket stop`, `resume`, `backlog` and `keys rotate-reply`, on a desk of their own."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import load
from bot.wiring import ReplyThreads, open_store, prepare_organisations
from cases.context import Context
from cases.types import WorkKind
from storage.models import ChannelState, Outbox, OutgoingStop, WorkItem
from tests.acceptance.words import ACCESS, DAILY
from tests.support import model
from tests.support.bad_imap import PASSWORD, USER, bad_imap
from tests.support.command_line import Command, command, rows
from tests.support.mails import mail

__all__ = ["command"]  # a fixture

CONFIG = """\
[program]
data = "data"

[smtp_door]
port = 1

[[organisation]]
key = "whatnext"
mailbox = "info@whatnext.example"
[organisation.smtp]
host = "127.0.0.1"
port = 1
tls = "none"

[[organisation]]
key = "nexxt"
mailbox = "info@nexxt.example"
[organisation.smtp]
host = "127.0.0.1"
port = 1
tls = "none"
"""
IMAP = f"""\
[organisation.imap]
host = "127.0.0.1"
port = {{port}}
username = "{USER}"
password_env = "POSTVAK"
tls = "none"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "loket.toml"
    file.write_text(CONFIG)
    return file


def test_stop_and_resume_all_or_one(command: Command, config: Path) -> None:
    assert command("stop", "--organisation", "nexxt", "--reason", "even kijken", "--config", config).code == 0
    assert [(row.id, row.reason) for row in rows(config, OutgoingStop)] == [("nexxt", "even kijken")]
    assert "GESTOPT" in command("golive", "-o", "nexxt", "--config", config).out
    assert "GESTOPT" not in command("golive", "-o", "whatnext", "--config", config).out
    assert command("stop", "--config", config).code == 0
    one = command("resume", "--organisation", "nexxt", "--config", config)
    assert one.code == 1 and "zonder --organisation" in one.out
    assert "GESTOPT" in command("golive", "-o", "whatnext", "--config", config).out
    assert command("resume", "--config", config).code == 0
    assert rows(config, OutgoingStop) == []


@pytest.mark.parametrize("what", ["stop", "resume"])
def test_a_typing_error_stops_nobody_and_says_so(command: Command, config: Path, what: str) -> None:
    done = command(what, "--organisation", "nexx", "--config", config)
    assert done.code == 2 and "nexx" in done.err
    assert "gaat" not in done.out
    assert rows(config, OutgoingStop) == []


def test_rotating_keeps_the_secret_before_and_no_older_one(command: Command, config: Path) -> None:
    box, talk = "info@whatnext.example", "0" * 31 + "1"
    given = threads(config).reply_address("whatnext", box, talk)
    for valid in (True, False):
        done = command("keys", "rotate-reply", "-o", "whatnext", "--config", config)
        assert done.code == 0 and "Start het loket opnieuw" in done.out
        assert (threads(config).conversation_of("whatnext", [given]) == talk) is valid
    assert threads(config).reply_address("whatnext", box, talk) != given


def threads(config: Path) -> ReplyThreads:
    """As a program that starts now has them."""
    settings = load(config)
    store = open_store(settings, Context())
    store.write_here(lambda unit: prepare_organisations(unit, settings))
    store.close()
    return ReplyThreads(store.keyring)


def test_the_backlog_is_listed_at_its_real_dates_and_answers_nothing(
    command: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a fresh installation, before anybody decided how far its mail may go."""
    shutil.copytree(model.ready(), config.parent / "data/model")
    monkeypatch.setenv("POSTVAK", PASSWORD)
    now = datetime.now(UTC)
    with bad_imap() as server:
        for number, (days, text) in enumerate(((200, ACCESS), (100, ACCESS), (10, DAILY), (5, f"{ACCESS} Nogmaals."))):
            subject = "Website doet het niet" if text == DAILY else "Inzage"
            raw = mail(text, subject=subject, message_id=f"<{number}@voorbeeld.example>")
            server.inbox.add(raw, at=now - timedelta(days=days))
        first = CONFIG.partition('\n\n[[organisation]]\nkey = "nexxt"')[0]
        config.write_text(first + "\n" + IMAP.format(port=server.port))
        done = command("backlog", "--config", config)
        assert all(message.flags == set() for message in server.inbox.messages.values())
    assert done.code == 0, done.err
    assert "whatnext: 3 berichten bekeken, 2 staan op de werklijst" in done.out
    late, running = sorted(row.due_on for row in rows(config, WorkItem) if row.kind == WorkKind.BACKLOG.value)
    assert late < now.date() < running, "the terms run from the real receipt"
    assert rows(config, Outbox) == []
    (state,) = rows(config, ChannelState)
    assert state.backlog_at is not None
    assert "doorzocht op" in command("golive", "--config", config).out
