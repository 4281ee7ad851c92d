"""A `DataSource` over a database: finds what is held about one person (art. 15 AVG).

Here: the face to the rest of the program, its threads and its time limit.
Not here: the declaration (`settings`), the connection (`sql_reader`), what is asked of it (`sql_search`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cases.errors import OutsideError, Temporary
from cases.guard import outside_unit
from cases.protocols import FindStatus, Found, Identifier, SourceInfo, SourceRole
from sources.settings import SqlSourceSettings
from sources.sql_reader import TOO_SLOW, Reader, Shape, make_engine, reading
from sources.sql_search import addresses_on_file, find

T = TypeVar("T")
_GRACE_SECONDS = 1  # for a connection that answers neither yes nor no


class SqlSource:
    """One declared database. Threads of its own: a slow database never holds up another source."""

    def __init__(self, settings: SqlSourceSettings) -> None:
        self._settings = settings
        self._engine = make_engine(settings)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"source-{settings.name}")

    @property
    def name(self) -> str:
        return self._settings.name

    def describe(self) -> SourceInfo:
        return self._settings.info

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("sources.sql")
        proven = [identifier for identifier in identifiers if identifier.proven]
        try:
            return await self._ask(lambda reader: find(reader, self._settings, proven))
        except OutsideError as error:
            return Found(source=self.name, status=FindStatus.FAILED, error=str(error))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        """E-mail addresses on file for an identifier, proven or not: this only decides where a code goes.

        More than one address may belong to more than one person. Raises OutsideError when it can not look.
        """
        outside_unit("sources.sql")
        return await self._ask(lambda reader: addresses_on_file(reader, self._settings, identifier))

    async def check(self) -> list[str]:
        """What is wrong with the declaration, in words for staff; empty is good."""
        outside_unit("sources.sql")
        try:
            problems = await self._ask(lambda reader: schema_problems(self._settings, reader.shapes()))
        except OutsideError as error:
            problems = [str(error)]
        return [f"bron '{self.name}': {problem}" for problem in problems]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    async def _ask(self, question: Callable[[Reader], T]) -> T:
        """Runs the question in a thread; the time limit counts from now, waiting for a thread included."""
        seconds = self._settings.timeout_seconds
        deadline = time.monotonic() + seconds

        def work() -> T:
            with reading(self._engine, self._settings, deadline) as reader:
                return question(reader)

        try:
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
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
        if shape is None:
            problems.append(f"tabel '{name}' bestaat niet in de database")
        elif table.info.role is SourceRole.CONTROLLER:
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
