"""`privacyloket replay` on real mailboxes: the real steps and the real reader, and nothing that leaves."""

from __future__ import annotations

import asyncio
import hashlib
import json
import mailbox
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot import replay as command
from bot.replay import replay
from bot.replay_report import Outcome, Report, outcome_of
from bot.replay_sources import PASSWORD, Found, open_source
from bot.shadow import shadow_desk
from cases.errors import InputError
from tests.support import bad_imap
from tests.support.bad_imap_store import Do
from tests.support.mailbox import PASSWORD as IMAP_PASSWORD
from tests.support.mailbox import USER, running_mailbox
from tests.support.office import Shared, shared

__all__ = ["shared"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIELDS = ["path", "index", "sha256", "outcome", "labels", "decision", "auto_mail", "machine", "text", "error"]
ASKS = "Graag ontvang ik een overzicht van alle persoonsgegevens die jullie van mij hebben."
SMALL_TALK = "Kunnen jullie de factuur van oktober nog eens sturen? De bijlage ontbrak."


def letter(
    number: int, text: str, *, sender: str = "", at: str = "Mon, 02 Feb 2026 10:00:00 +0100", more: str = ""
) -> bytes:
    sender = sender or f"klant{number}@post.example"
    return (
        f"From: {sender}\nTo: info@whatnext.example\nSubject: Bericht\nMessage-ID: <{number}@post.example>\n"
        f"Date: {at}\n{more}\n{text}\n"
    ).encode()


LETTERS = [
    letter(0, ASKS),
    letter(1, SMALL_TALK),
    letter(2, SMALL_TALK, more="List-Id: <nieuws.post.example>\n"),
    letter(1, SMALL_TALK),  # the same bytes again
    letter(4, "Hebben jullie al gekeken?", sender="klant0@post.example"),
    letter(5, "Ik ben er niet.", more="Auto-Submitted: auto-replied (vacation)\n"),
    b"\x00\x00\x00",
    letter(7, ASKS, more="Received: by mx.whatnext.example; Fri, 99 Zzz 99999 25:61:61 +9999\n", at="gisteren"),
]


def mbox_of(file: Path, letters: list[bytes]) -> Path:
    box = mailbox.mbox(file)
    for one in letters:
        box.add(one)
    box.close()
    return file


def replayed(shared: Shared, path: Path, *, batch: int = 32) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with shadow_desk(command._settings(None, ""), shared.reader) as shadow:
            return [
                outcome_of(became) async for became in shadow.run(open_source(str(path), NOW).messages, batch=batch)
            ]

    return asyncio.run(run())


@pytest.fixture
def run(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setattr(command, "_reader", lambda model: shared.reader)
    return CliRunner()


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(replay)
    return made


def test_each_message_gets_its_line(run: CliRunner, tmp_path: Path) -> None:
    file = mbox_of(tmp_path / "alles.mbox", LETTERS)
    before = file.read_bytes()
    done = run.invoke(app(), [str(file), "--json"], catch_exceptions=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [list(line) for line in lines] == [FIELDS] * len(LETTERS)
    assert [(line["path"], line["index"]) for line in lines] == [("alles.mbox", place) for place in range(len(LETTERS))]
    assert [line["outcome"] for line in lines] == [
        "case", "no_request", "note", "note", "note", "note", "quarantine", "case",
    ]  # fmt: skip
    assert [line["machine"] for line in lines] == [None, None, "list", None, None, "auto_reply", None, None]
    first = lines[0]
    assert (first["labels"], first["decision"], first["text"]) == (["inzage"], "certain", ASKS)
    assert first["auto_mail"] == {"to": "klant0@post.example", "kind": "identity_code"}
    assert [line["auto_mail"] for line in lines[1:4]] == [None] * 3
    assert first["sha256"] == hashlib.sha256(LETTERS[0]).hexdigest()
    assert (lines[6]["error"], lines[6]["labels"], lines[6]["decision"]) == ("unreadable", [], None)
    assert file.read_bytes() == before


def test_the_outcome_does_not_depend_on_the_groups(shared: Shared, tmp_path: Path) -> None:
    file = mbox_of(tmp_path / "alles.mbox", [*LETTERS, *(letter(20 + n, SMALL_TALK) for n in range(6)), *LETTERS])
    alone = replayed(shared, file, batch=1)
    assert replayed(shared, file, batch=32) == alone == replayed(shared, file, batch=3)


def test_the_limit_of_a_day_counts_at_the_time_of_each_message(shared: Shared, tmp_path: Path) -> None:
    def asks(number: int, at: str) -> bytes:
        return letter(number, f"{ASKS} Dit is brief {number}.", at=at, sender="drukke.klant@post.example")

    days = [f"{day:02} Feb 2026 {hour:02}:00:00 +0100" for day in (2, 9) for hour in (8, 9, 10, 11, 12)]
    forward = replayed(shared, mbox_of(tmp_path / "a.mbox", [asks(n, at) for n, at in enumerate(days)]))
    assert sum(one.auto_mail is not None for one in forward[:5]) <= 3
    others = [letter(n, f"{ASKS} Brief {n}.", at=f"{20 - n // 4:02} Feb 2026 10:00:00 +0100") for n in range(40)]
    backward = replayed(shared, mbox_of(tmp_path / "b.mbox", others))
    assert all(one.auto_mail is not None for one in backward)  # never more than a few on one day


def test_folder_maildir_and_single_file(shared: Shared, tmp_path: Path) -> None:
    folder = tmp_path / "map"
    (folder / "onder").mkdir(parents=True)
    for name, raw in (("b.eml", LETTERS[0]), ("onder/a.EML", LETTERS[1]), ("geen.txt", b"From nobody")):
        (folder / name).write_bytes(raw)
    found = list(open_source(str(folder), NOW).messages)
    assert [(one.path, one.index) for one in found] == [("b.eml", 0), ("onder/a.EML", 0)]
    box = mailbox.Maildir(tmp_path / "Maildir")
    for raw in LETTERS[:3]:
        box.add(raw)
    box.close()
    raws = {one.raw for one in open_source(str(tmp_path / "Maildir"), NOW).messages}
    assert raws == set(LETTERS[:3])
    (single,) = open_source(str(folder / "b.eml"), NOW).messages
    assert (single.path, single.raw) == ("b.eml", LETTERS[0])
    (one,) = replayed(shared, folder / "b.eml")
    assert one.outcome == "case"
    with pytest.raises(InputError):
        open_source(str(tmp_path / "nergens"), NOW)


def test_an_mbox_is_cut_where_its_writer_meant(tmp_path: Path) -> None:
    written = [letter(0, "Regel.\n\nFrom nu af graag per post.\n\n"), letter(1, "Nog een."), letter(2, "Laatste.")]
    found = list(open_source(str(mbox_of(tmp_path / "x", written)), NOW).messages)
    assert [one.raw for one in found] == written
    assert sum(one.weight for one in found) == (tmp_path / "x").stat().st_size


def test_odd_dates_never_stop_it(shared: Shared, tmp_path: Path) -> None:
    odd = ["Mon, 31 Feb 0001 00:00:00 +0000", "Fri, 31 Dec 9999 23:59:59 -1200", "Thu, 01 Jan 1970 00:00:00 +0000", ""]
    file = mbox_of(tmp_path / "oud.mbox", [letter(n, ASKS, at=at) for n, at in enumerate(odd)])
    assert [one.outcome for one in replayed(shared, file)] == ["case"] * len(odd)


def test_nothing_leaves_and_nothing_stays(run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_arguments: object, **_more: object) -> None:
        raise AssertionError("shadow mode reached for the network")

    kept = tmp_path / "tijdelijk"
    kept.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(kept))
    file = mbox_of(tmp_path / "alles.mbox", LETTERS)
    with monkeypatch.context() as quiet:
        quiet.setattr(socket.socket, "connect", refuse)
        done = run.invoke(app(), [str(file)], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"{len(LETTERS)} berichten; er is niets verstuurd" in done.stdout
    assert list(kept.iterdir()) == []


def test_the_page_escapes_what_it_quotes(run: CliRunner, tmp_path: Path) -> None:
    evil = letter(0, f"{ASKS} <script>alert(1)</script><img src=http://kwaad.example/x>")
    page = tmp_path / "verslag.html"
    done = run.invoke(app(), [str(mbox_of(tmp_path / "m.mbox", [evil])), "--html", str(page)], catch_exceptions=False)
    text = page.read_text(encoding="utf-8")
    assert done.exit_code == 0
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert "Inzage" in text


def test_the_page_is_bounded() -> None:
    report = Report("What Next")
    for number in range(1000):
        report.add(Outcome("m", number, "", "triage", (), "triage", None, None, "x" * 5000, None, (("inzage", 0.4),)))
    assert len(report.page()) < 250_000
    assert "De eerste 200 van 1000" in report.page()


def test_imap_is_read_and_left_as_it_was(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, IMAP_PASSWORD)
    with running_mailbox() as server:
        server.append(LETTERS[0], LETTERS[1])
        before = server.flags()
        source = open_source(f"imap://{USER}@{server.host}:{server.port}/INBOX", NOW)
        found: list[Found] = list(source.messages)
        assert server.flags() == before
    assert len(found) == source.total
    assert [one.index for one in found] == list(range(len(found)))
    assert [one.raw.replace(b"\r\n", b"\n") for one in found[-2:]] == LETTERS[:2]
    with pytest.raises(InputError):
        open_source("imap://info:geheim@127.0.0.1/INBOX", NOW)


def test_a_message_that_the_server_refuses_has_its_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, bad_imap.PASSWORD)
    with bad_imap.bad_imap() as server:
        for letter_bytes in LETTERS[:3]:
            server.inbox.add(letter_bytes)
        server.fault("UID FETCH", Do.NO, 1000, having=" 2 ")
        server.fault("UID FETCH", Do.NO, having="BODY")  # all of them together
        source = open_source(f"imap://{bad_imap.USER}@{server.host}:{server.port}/INBOX", NOW)
        found = list(source.messages)
    assert [one.raw for one in found[::2]] == [LETTERS[0], LETTERS[2]]
    assert found[1].raw.startswith(b"\x00"), "set aside as unreadable"


def test_memory_stays_flat(shared: Shared, tmp_path: Path) -> None:
    """Bodies are not held: 60 MB of mail go through without growing by a fraction of it."""
    import resource

    assert sys.platform == "linux"
    big = mbox_of(tmp_path / "groot.mbox", [letter(n, f"{SMALL_TALK}\n" * 10_000) for n in range(80)])
    assert big.stat().st_size > 50_000_000
    list(open_source(str(mbox_of(tmp_path / "klein.mbox", LETTERS)), NOW).messages)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = sum(1 for _ in open_source(str(big), NOW).messages)
    assert seen == 80
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
