"""From settings to a source that can be asked: one line per kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from cases.context import system_clock
from cases.protocols import DataSource, MailSearch
from sources.file_settings import FileSettings
from sources.files import FileSource
from sources.folder import FolderSettings, FolderSource
from sources.http import HttpSource
from sources.http_settings import HttpSettings
from sources.mailbox import MailboxSettings, MailboxSource
from sources.manual import ManualSettings, ManualSource
from sources.settings import SourceSettings
from sources.sql import SqlSource
from sources.sql_settings import SqlSourceSettings


class Source(DataSource, Protocol):
    """What every kind here offers beside the contract."""

    async def check(self) -> list[str]:
        """What is wrong with the declaration or the connection, in words for staff; empty is good."""
        ...


def open_source(
    settings: SourceSettings, clock: Callable[[], datetime] = system_clock, mail: MailSearch | None = None
) -> Source:
    """`mail` looks in the organisation's mailbox, where it has one with IMAP."""
    match settings:
        case SqlSourceSettings():
            return SqlSource(settings, clock)
        case FileSettings():
            return FileSource(settings, clock)
        case HttpSettings():
            return HttpSource(settings, clock)
        case ManualSettings():
            return ManualSource(settings)
        case MailboxSettings():
            return MailboxSource(settings, mail)
        case FolderSettings():
            return FolderSource(settings, clock)
