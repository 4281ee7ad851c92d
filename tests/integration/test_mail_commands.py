"""`privacyloket quarantine` and `privacyloket mail`: on the real database that a message was received into."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import mail_commands
from bot.config import load
from bot.mail_commands import visible
from bot.wiring import build_desk, close, make_accept, open_store, prepare_organisations
from cases.context import Context
from cases.errors import InputError
from cases.messages import RawInbound
from cases.types import ChannelKind, Custody
from storage.models import Audit, Case, Inbound, Staff, StaffRole
from storage.unit import Unit
from tests.support.clock import SetClock
from tests.support.command_line import rows
from tests.support.office import Shared, shared
from workflow import process

__all__ = ["shared"]
CONFIG = """\
[smtp_door]
[[organisation]]
key = "whatnext"
mailbox = "info@whatnext.example"
[organisation.smtp]
host = "127.0.0.1"
port = 1
tls = "none"
"""
UNREADABLE = b"\x00\x00 \x00"
ODD = "Ik wil \x1b[31mrood\u202e weten wat jullie van mij hebben.".encode()
MAIL = (
    b"From: Pien Vermeer <pien@klant.example>\nTo: info@whatnext.example\nSubject: Inzage\x1b]0;titel\x07\n"
    b"Message-ID: <een@klant.example>\nDate: Mon, 05 Jan 2026 10:00:00 +0100\n\n" + ODD + b"\n\n> oude vraag\n"
)


@pytest.fixture
def config(shared: Shared, tmp_path: Path) -> Path:
    """One message that can not be read, one that can, and a colleague."""
    file = tmp_path / "loket.toml"
    file.write_text(CONFIG)
    asyncio.run(_receive(file, shared, [UNREADABLE, MAIL]))
    return file


async def _receive(file: Path, shared: Shared, raws: Sequence[bytes]) -> None:
    settings, clock = load(file), SetClock()
    store = open_store(settings, Context(clock.now))
    store.write_here(lambda unit: prepare_organisations(unit, settings))
    store.write_here(_colleagues)
    desk = build_desk(settings, store, lambda: shared.reader)
    accept = make_accept(desk)
    for raw in raws:
        await accept(
            RawInbound(
                organisation="whatnext", channel=ChannelKind.EMAIL, account="info@whatnext.example", raw=raw,
                received_at=clock.now(), custody=Custody.HOST,
            )
        )  # fmt: skip
    await process.run_once(desk)
    await close(desk)


def _colleagues(unit: Unit) -> None:
    for login, roles in (("saskia", ("whatnext",)), ("elders", ())):
        staff_id = unit.new_id()
        unit.add(Staff, id=staff_id, login=login, name=login, role_name="", password_hash="!", created_at=unit.now)
        for organisation in roles:
            unit.add(StaffRole, id=unit.new_id(), staff_id=staff_id, organisation_id=organisation, role="approver")


def quarantine(config: Path, *arguments: str) -> str:
    done = CliRunner().invoke(
        mail_commands.quarantine_app, [*arguments, "--config", str(config)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def mail(config: Path, *arguments: str) -> str:
    arguments = (*arguments, "--config", str(config))
    done = CliRunner().invoke(mail_commands.mail_app, ["show", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def id_of(config: Path, status: str) -> str:
    (found,) = [row.id for row in rows(config, Inbound) if row.status == status]
    return str(found)


def test_list_names_what_is_set_aside(config: Path) -> None:
    (told,) = [json.loads(line) for line in quarantine(config, "list", "--json").splitlines()]
    assert told == {
        "id": id_of(config, "quarantined"), "organisation": "whatnext", "received": told["received"],
        "reason": "unreadable", "due": told["due"],
    }  # fmt: skip
    assert told["due"] > told["received"][:10]
    assert told["id"] in quarantine(config, "list")
    assert "Er staat niets apart" in quarantine(config, "list", "--organisation", "weservit")


def test_show_is_harmless(config: Path) -> None:
    shown = quarantine(config, "show", id_of(config, "quarantined"))
    assert shown == "\u2400\u2400 \u2400\n"


def test_again_puts_it_back_in_the_name_of_a_colleague(config: Path) -> None:
    inbound_id = id_of(config, "quarantined")
    quarantine(config, "again", inbound_id, "--by", "Saskia")
    (row,) = [row for row in rows(config, Inbound) if row.id == inbound_id]
    assert (row.status, row.attempts) == ("stored", 0)
    (entry,) = [row for row in rows(config, Audit) if row.tag == "message.triaged"]
    assert entry.actor.startswith("staff:")
    with pytest.raises(InputError):
        quarantine(config, "again", inbound_id, "--by", "saskia")


@pytest.mark.parametrize("login", ["niemand", "elders"])
def test_only_a_colleague_of_the_organisation_may(config: Path, login: str) -> None:
    with pytest.raises(InputError):
        quarantine(config, "again", id_of(config, "quarantined"), "--by", login)


def test_open_makes_a_case(config: Path, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        mail_commands, "_with_reader", lambda desk, _config: replace(desk, reader=lambda: shared.reader)
    )
    inbound_id = id_of(config, "quarantined")
    with pytest.raises(InputError) as told:
        quarantine(config, "open", inbound_id, "--label", "inzage", "--by", "saskia")
    assert told.value.code == "no_sender"
    before = len(rows(config, Case))
    told_words = ("--address", "jan@klant.example", "--words", "Graag inzage.")
    shown = quarantine(config, "open", inbound_id, "--label", "inzage", *told_words, "--by", "saskia")
    numbers = {row.number for row in rows(config, Case)}
    assert len(numbers) == before + 1
    assert any(number in shown for number in numbers)
    assert "Er staat niets apart" in quarantine(config, "list")


def test_mail_is_shown_as_staff_see_it(config: Path) -> None:
    shown = mail(config, id_of(config, "done"))
    assert "pien@klant.example" in shown
    assert "weten wat jullie van mij hebben" in shown
    for control in ("\x1b", "\x07", "\u202e"):
        assert control not in shown
    for heading in ("Uitkomst", "Gelezen", "Machine", "--- eigen woorden", "--- aangehaald"):
        assert heading in shown


def test_raw_is_written_once_and_for_the_asker_alone(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "bericht.eml"
    mail(config, id_of(config, "done"), "--raw", str(file))
    assert file.read_bytes() == MAIL
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(InputError):
        mail(config, id_of(config, "done"), "--raw", str(file))


def test_an_unreadable_or_unknown_message_is_said_so(config: Path) -> None:
    assert "niet te lezen" in mail(config, id_of(config, "quarantined"))
    with pytest.raises(InputError):
        mail(config, "bestaat-niet")


def test_visible_lets_nothing_through() -> None:
    harmless = visible("a\x1b[2Jb\u202ec\u200bd\x9be\r\nf\ttab")
    assert harmless == "a\u241b[2Jb<U+202E>c<U+200B>d<U+009B>e\nf\ttab"
    assert visible("x" * 30_000).endswith("[… nog 10000 tekens]")
