"""A `DataSource` over a database: finds what is held about one person (art. 15 AVG), and changes it (16 to 18, 21).

Not here: the face to the program (`table_source`), the declaration (`sql_settings`), the connections (`sql_reader`,
`sql_writer`), what is asked of them (`sql_search`, `sql_changes`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from cases.context import system_clock
from cases.protocols import Change, Changed
from cases.types import ActionStatus
from sources.sql_reader import Reader, make_engine, reading
from sources.sql_settings import SqlSourceSettings
from sources.sql_writer import carry_out, make_write_engine
from sources.table_source import TableSource


class SqlSource(TableSource):
    """One declared database: an engine to look and, where changes are declared, one to write."""

    def __init__(self, settings: SqlSourceSettings, clock: Callable[[], datetime] = system_clock) -> None:
        super().__init__(settings, clock)
        self._engine = make_engine(settings)
        self._write_engine = make_write_engine(settings)

    def _open(self, deadline: float) -> AbstractContextManager[Reader]:
        return reading(self._engine, self._settings, deadline)

    def _carry_out(self, change: Change, now: datetime, deadline: float) -> Changed:
        if self._write_engine is None:
            return Changed(change.id, ActionStatus.FAILED, error="in deze bron kan niets gewijzigd worden")
        return carry_out(self._write_engine, self._settings, change, now, deadline)

    async def close(self) -> None:
        await super().close()
        self._engine.dispose()
        if self._write_engine is not None:
            self._write_engine.dispose()
