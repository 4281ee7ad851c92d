"""The reader in a process of its own: the same words read the same, and nothing it suffers reaches the desk."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.mails import make_mails
from bot.reader_process import ReaderProcess
from cases.errors import RuleError, Temporary
from cases.messages import RawInbound
from cases.protocols import Reader
from cases.reading import Asked, ReplyKind
from cases.types import ChannelKind, Custody, Label
from intake.normalise import normalise
from tests.support import model
from tests.support.office import Shared, shared

__all__ = ["shared"]  # a fixture

ACCESS = ("Mijn gegevens", "Graag ontvang ik een overzicht van alle gegevens die jullie van mij hebben.")
STOP = ("", "Stuur mij geen nieuwsbrieven meer. Mijn klantnummer is WN10001.")


@pytest.fixture(scope="module")
def reader() -> Iterator[ReaderProcess]:
    process = ReaderProcess(model.ready())
    yield process()
    process.close()


def test_what_it_reads_is_what_the_reader_reads(reader: ReaderProcess, shared: Shared) -> None:
    here: Reader = shared.reader
    assert reader.version == here.version
    assert reader.read_many([ACCESS, STOP]) == here.read_many([ACCESS, STOP])
    assert reader.read(*ACCESS).labels == (Label.INZAGE,)
    assert reader.read_replies(["123456", "ja"]) == here.read_replies(["123456", "ja"])
    assert reader.read_reply("12", Asked.CODE) == here.read_reply("12", Asked.CODE)
    assert reader.facts(STOP[1]) == here.facts(STOP[1]) != ()


def test_it_takes_messages_apart_as_we_do(reader: ReaderProcess) -> None:
    raws = [_mail(mail.raw) for mail in make_mails(12)]
    assert reader.take_apart(raws) == [normalise(raw) for raw in raws]
    assert reader.take_apart([_mail(b""), raws[0]]) == ["unreadable", normalise(raws[0])]


def _mail(raw: bytes) -> RawInbound:
    return RawInbound(
        organisation="whatnext", channel=ChannelKind.EMAIL, account="info@whatnext.example", raw=raw,
        received_at=datetime(2026, 11, 2, tzinfo=UTC), custody=Custody.HOST, message_id=None,
    )  # fmt: skip


def test_a_fault_in_it_names_the_place_and_not_the_words(reader: ReaderProcess) -> None:
    with pytest.raises(RuleError, match="the reader failed: ") as caught:
        reader.read_replies(["geheim", None])  # type: ignore[list-item]
    assert "nlp/" in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert reader.read_reply("ja").kind is ReplyKind.YES


def test_one_that_dies_is_replaced(reader: ReaderProcess) -> None:
    """Only what it was reading fails; that may have been the cause."""
    os.kill(reader._child.pid, signal.SIGKILL)
    with pytest.raises(RuleError, match="ended"):
        reader.read(*ACCESS)
    assert reader.read(*ACCESS).labels == (Label.INZAGE,)


def test_it_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKET_ROOT_KEY", "geheim")
    process = ReaderProcess(model.ready())
    try:
        process()
        assert b"geheim" not in Path(f"/proc/{process._child.pid}/environ").read_bytes()
        process._line.close()  # as when the program dies
        assert process._child.wait(20) == 0
    finally:
        process.close()


def test_closed_while_it_loads(tmp_path: Path) -> None:
    process = ReaderProcess(tmp_path)  # a minute: there is no model yet
    process.close()
    assert process._child.returncode == -signal.SIGKILL
    with pytest.raises(Temporary):
        process.read(*ACCESS)
