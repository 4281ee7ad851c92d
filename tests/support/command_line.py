"""`privacyloket …` in this process: the same entry point, the same exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Row, select

from bot import __main__ as command_line
from bot.config import load
from bot.wiring import open_store
from cases.context import Context
from storage.models import SQLModel, table


class Done(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["privacyloket", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        shown, code = capsys.readouterr(), ended.value.code
        return Done(code if isinstance(code, int) else int(code is not None), shown.out, shown.err)

    return call


def rows(config: Path, of: type[SQLModel]) -> Sequence[Row[Any]]:
    """What stands in the database of these settings."""
    store = open_store(load(config), Context())
    found = store.read_here(lambda reads: reads.rows(select(table(of))))
    store.close()
    return found
