"""A `DataSource` over tables, asked in threads of its own and against a clock: databases and files are such sources.

Here: the face to the rest of the program. Not here: how the tables are opened (`sql`, `files`), what is asked of them
(`sql_search`, `sql_changes`).
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

from cases.calendar import AMSTERDAM
from cases.errors import OutsideError, RuleError, Temporary
from cases.guard import outside_unit
from cases.policy import Policy
from cases.protocols import Change, Changed, FindStatus, Found, Identifier, Listed, SourceInfo, SourceRole, Value
from cases.types import ActionStatus
from sources.overdue import Overdue, find_overdue
from sources.sql_reader import TOO_SLOW, Reader, Shape
from sources.sql_search import addresses_on_file, find
from sources.sql_settings import SqlSourceSettings
from sources.sql_walk import listed, records

T = TypeVar("T")
_WALK = 12  # times the limit of a search: every row is looked at, while nobody waits
_GRACE_SECONDS = 1  # for a connection that answers neither yes nor no


class TableSource(ABC):
    """Threads of its own: a slow system never holds up another source."""

    def __init__(self, settings: SqlSourceSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"source-{settings.name}")

    @abstractmethod
    def _open(self, deadline: float) -> AbstractContextManager[Reader]:
        """To look only. Leaves nothing but OutsideError."""

    @abstractmethod
    def _carry_out(self, change: Change, now: datetime, deadline: float) -> Changed:
        """All of the change or nothing."""

    @property
    def name(self) -> str:
        return self._settings.name

    def describe(self) -> SourceInfo:
        return self._settings.info

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("sources.find")
        proven = [identifier for identifier in identifiers if identifier.proven]
        today = self._clock().astimezone(AMSTERDAM).date()
        try:
            return await self.ask(lambda reader: find(reader, self._settings, proven, today))
        except OutsideError as error:
            return Found(source=self.name, status=FindStatus.FAILED, error=str(error))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        """E-mail addresses on file for an identifier, proven or not: this only decides where a code goes.

        More than one address may belong to more than one person. Raises OutsideError when it can not look.
        """
        outside_unit("sources.addresses_on_file")
        return await self.ask(lambda reader: addresses_on_file(reader, self._settings, identifier))

    def answered(self, answer: Mapping[str, Any]) -> Found:
        raise RuleError("these tables are asked, not a person")

    async def change(self, change: Change) -> Changed:
        outside_unit("sources.change")
        now = self._clock()
        try:
            return await self._run(lambda deadline: self._carry_out(change, now, deadline))
        except Temporary:  # the thread may still be at work
            return Changed(change.id, ActionStatus.UNKNOWN, error=TOO_SLOW)

    async def overdue(self, policy: Policy) -> list[Overdue]:
        """Records past the policy's term. Raises OutsideError when it can not look."""
        outside_unit("sources.overdue")
        today = self._clock().astimezone(AMSTERDAM).date()
        return await self.ask(lambda reader: find_overdue(reader, self._settings, policy, today))

    async def records(self, table: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Value]]:
        outside_unit("sources.records")
        return await self.ask(lambda reader: records(reader, self._settings, table, keys))

    async def listed(self, wanted: Callable[[str], bool]) -> list[Listed]:
        outside_unit("sources.listed")
        return await self.ask(lambda reader: listed(reader, self._settings, wanted), times=_WALK)

    async def check(self) -> list[str]:
        """What is wrong with the declaration, in words for staff; empty is good."""
        outside_unit("sources.check")
        try:
            problems = await self.ask(lambda reader: schema_problems(self._settings, reader.shapes()))
        except OutsideError as error:
            problems = [str(error)]
        return [f"bron '{self.name}': {problem}" for problem in problems]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ask(self, question: Callable[[Reader], T], *, times: float = 1) -> T:
        """`times`: how much longer than a search it may take."""

        def work(deadline: float) -> T:
            with self._open(deadline) as reader:
                return question(reader)

        return await self._run(work, times=times)

    async def _run(self, work: Callable[[float], T], *, times: float = 1) -> T:
        """Works in a thread; the time limit counts from now, waiting for a thread included."""
        seconds = self._settings.timeout_seconds * times
        deadline = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work, deadline)
        except TimeoutError:
            raise Temporary(TOO_SLOW) from None


def schema_problems(settings: SqlSourceSettings, shapes: dict[str, Shape]) -> list[str]:
    """Differences between what is declared and what the database has.

    A column that no category covers would be missing from every answer, so it is named here.
    """
    problems = []
    for table in settings.tables:
        name = table.info.name
        shape = shapes.get(name)
        if table.info.role is SourceRole.PROCESSOR:
            continue
        if shape is None:
            problems.append(f"tabel '{name}' bestaat niet in de database")
        else:
            problems += [
                f"in tabel '{name}' ontbreekt kolom '{column}'" for column in sorted(table.columns - shape.types.keys())
            ]
            problems += [
                f"kolom '{column}' van tabel '{name}' valt onder geen categorie"
                for column in shape.types
                if column not in table.columns
            ]
    known = {table.info.name for table in settings.tables} | set(settings.ignored_tables)
    problems += [f"tabel '{name}' staat niet in de instellingen" for name in sorted(shapes.keys() - known)]
    return problems
