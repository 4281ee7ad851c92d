"""What goes into the log when something breaks: the kind of fault and the place in our code, never its words."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from bot import run
from cases.errors import place_of
from workflow import asking, process, understanding

MARK = "Gemarkeerde Zin"


def _broken(*_: Any) -> Any:
    raise ValueError(MARK) from KeyError(MARK)


def test_the_place_names_our_own_frames_only() -> None:
    try:
        json.loads(MARK)
    except ValueError as error:
        place = place_of(error)
    assert place.startswith("JSONDecodeError in tests/unit/test_faults_in_logs.py:")
    assert place.endswith(":test_the_place_names_our_own_frames_only")
    assert MARK not in place
    assert "json/" not in place


def test_a_fault_without_a_place_is_only_its_kind() -> None:
    assert place_of(ValueError(MARK)) == "ValueError"


def test_a_long_way_down_is_cut_off() -> None:
    def down(steps: int) -> None:
        _broken() if not steps else down(steps - 1)

    with pytest.raises(ValueError, match=MARK) as caught:
        down(200)
    assert place_of(caught.value).count(" < ") == 4


def _told(caplog: pytest.LogCaptureFixture, words: str) -> None:
    assert f"{words}: ValueError in tests/unit/test_faults_in_logs.py:" in caplog.text
    assert MARK not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)  # a traceback ends with the words


async def test_a_worker(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "REST", 0)

    async def step() -> int:
        return int(_broken())

    worker = run.Worker("prepare", step, asyncio.Event(), gather=0)
    assert await worker._once() == 0
    _told(caplog, "prepare failed")


def test_a_message_that_breaks_the_reader(caplog: pytest.LogCaptureFixture) -> None:
    desk: Any = SimpleNamespace(reader=lambda: None, normalise=_broken, apart=None)
    item: Any = SimpleNamespace(row=SimpleNamespace(id="i1"), raw=b"", parsed=None, failure="")
    understanding.understand(desk, [item])
    assert item.failure == "ValueError"
    _told(caplog, "a message could not be understood")


def test_a_message_that_breaks_the_dialogue(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_decide_one", _broken)
    row, snapshot = SimpleNamespace(id="i1", organisation_id="whatnext"), SimpleNamespace(duplicate_of=None)
    item: Any = SimpleNamespace(row=row, snapshot=snapshot, content_digest="d", failure="", parsed=None)
    process._decide(SimpleNamespace(), [item], SimpleNamespace())  # type: ignore[arg-type]
    assert item.failure == "ValueError"
    _told(caplog, "a message could not be decided on")


async def test_a_source_that_breaks(caplog: pytest.LogCaptureFixture) -> None:
    class Source:
        async def find(self, identifiers: Any) -> Any:
            return _broken()

    own: Any = SimpleNamespace(sources={"boek": Source()})
    found = await asking._find(own, "boek", [])
    assert found.error == "ValueError"
    _told(caplog, "a source failed")
