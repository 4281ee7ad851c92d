"""`privacyloket …` in this process: the same entry point, the same exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bot import __main__ as command_line


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
