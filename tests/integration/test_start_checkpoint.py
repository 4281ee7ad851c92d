"""A program that is restarted every day still writes its audit checkpoint (the tick of a day would never come)."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import run
from bot.config import Settings, WebSection
from cases.context import Context
from storage.models import AuditCheckpoint, table
from tests.support.clock import SetClock
from tests.support.stores import ROOT_KEY, migrated_url
from workflow.desk import Limits


async def _start_and_stop(settings: Settings, clock: SetClock) -> int:
    """One life of the program; gives the number of checkpoints there are at its end."""
    program = await run.start(settings, context=Context(clock.now))
    points = table(AuditCheckpoint)
    count = await program.desk.store.read(lambda reads: reads.value(select(func.count()).select_from(points)))
    await run.shut_down(program)
    return int(count)


async def test_a_start_writes_the_checkpoint_that_is_due(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "warm_reader", lambda *_: None)  # no mail comes in: the model is not needed
    with migrated_url("sqlite", tmp_path) as url:
        settings = Settings(
            folder=tmp_path, database_url=url, root_key_file=tmp_path / "unused", root_key=b64encode(ROOT_KEY).decode(),
            base_url="https://loket.example", instance="test", web=WebSection(enabled=False), door=None,
            limits=Limits(), organisations=(),
        )  # fmt: skip
        counts = []
        for hours in (0, 1, 23, 12):
            clock.advance(hours=hours)
            counts.append(await _start_and_stop(settings, clock))
    assert counts == [1, 1, 2, 2]
