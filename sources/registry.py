"""From settings to a source that can be asked: one line per kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from cases.context import system_clock
from cases.protocols import DataSource
from sources.file_settings import FileSettings
from sources.files import FileSource
from sources.manual import ManualSettings, ManualSource
from sources.settings import SourceSettings
from sources.sql import SqlSource
from sources.sql_settings import SqlSourceSettings


class Source(DataSource, Protocol):
    """What every kind here offers beside the contract."""

    async def check(self) -> list[str]:
        """What is wrong with the declaration or the connection, in words for staff; empty is good."""
        ...


def open_source(settings: SourceSettings, clock: Callable[[], datetime] = system_clock) -> Source:
    match settings:
        case SqlSourceSettings():
            return SqlSource(settings, clock)
        case FileSettings():
            return FileSource(settings, clock)
        case ManualSettings():
            return ManualSource(settings)
