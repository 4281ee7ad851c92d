"""Documents kept by customer number (`kind = "folder"`): a file or a folder on the way to it bears the number.

A number counts only as a whole word of a name: `K-1001` is not in `K-10012`. Erasing moves a document to a bin that is
emptied after some days; restricting moves it aside, where nobody works but it can still be found. No link is followed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from cases.calendar import AMSTERDAM
from cases.context import system_clock
from cases.errors import OutsideError, Permanent, RuleError, Temporary
from cases.guard import outside_unit
from cases.policy import Policy, RetentionStart, retention_for
from cases.protocols import Change, Changed, FindStatus, Found, FoundTable, Identifier, SourceInfo, Value
from cases.types import ActionStatus, Verb
from sources.identifiers import canonical
from sources.overdue import Overdue, counted, fixed_terms
from sources.sql_reader import TOO_SLOW
from sources.tables import FieldShape, Place, SourceShape, TableShape, check_fields, check_source, source_info

T = TypeVar("T")
TABLE = "documenten"
_COLUMNS = ("naam", "plaats", "bytes", "gewijzigd")
_MOST = 500_000  # files looked at
_SHORTEST = 4  # characters; a shorter number is the number of anything


@dataclass(frozen=True, slots=True)
class FolderSettings:
    info: SourceInfo
    path: Path
    trash: Path | None
    trash_days: int
    aside: Path | None
    timeout_seconds: float

    @property
    def name(self) -> str:
        return self.info.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape(SourceShape):
    path: str
    category: str = "correspondence"
    trash: str = ""  # a folder on the same disk; empty: documents are not erased
    trash_days: int = 7
    aside: str = ""  # empty: documents are not restricted


def read_folder(place: Place, entry: object) -> FolderSettings:
    source = place.document.part(_Shape, entry, place.key)
    check_source(place, source)
    if place.categories is not None and source.category not in place.categories:
        raise place.error("category", f"het beleid kent '{source.category}' niet")
    if source.trash_days < 0:
        raise place.error("trash_days", "is niet korter dan nul")
    fields = {name: FieldShape(label=name.capitalize(), category=source.category) for name in _COLUMNS}
    can = (*((Verb.ERASE,) if source.trash else ()), *((Verb.RESTRICT, Verb.LIFT) if source.aside else ()))
    table = TableShape(name=TABLE, label="Documenten", fields=fields, can=can)
    check_fields(place, table)
    return FolderSettings(
        source_info(source, (table,)), place.base / source.path, place.base / source.trash if source.trash else None,
        source.trash_days, place.base / source.aside if source.aside else None, source.timeout_seconds,
    )  # fmt: skip


class FolderSource:
    def __init__(self, settings: FolderSettings, clock: Callable[[], datetime] = system_clock) -> None:
        self._settings, self._clock = settings, clock

    @property
    def name(self) -> str:
        return self._settings.name

    def describe(self) -> SourceInfo:
        return self._settings.info

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("sources.folder")
        proven = {
            value: one
            for one in identifiers
            if one.proven and one.kind == "customer_number" and (value := canonical(one.kind, one.value))
        }
        try:
            documents = await self._run(lambda deadline: sorted(self._of(set(proven), deadline)))
        except OutsideError as error:
            return Found(self.name, FindStatus.FAILED, error=str(error))
        if not documents:
            return Found(self.name, FindStatus.NOTHING, used=tuple(proven.values()))
        table = FoundTable(
            TABLE,
            _COLUMNS,
            tuple((PurePosixPath(p).name, str(PurePosixPath(p).parent), size, day) for p, size, day in documents),
            keys=tuple(json.dumps(path, ensure_ascii=False) for path, _, _ in documents),
            days=tuple(day for _, _, day in documents),
        )
        return Found(self.name, FindStatus.FOUND, (table,), tuple(proven.values()))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        outside_unit("sources.folder")
        return ()

    def answered(self, answer: Mapping[str, Any]) -> Found:
        raise RuleError("a folder is asked, not a person")

    async def change(self, change: Change) -> Changed:
        outside_unit("sources.folder")
        if change.table != TABLE or change.verb not in self._settings.info.tables[0].can:
            return Changed(change.id, ActionStatus.FAILED, error=f"'{change.verb}' kan niet in tabel '{change.table}'")
        now = self._clock()
        try:
            return await self._run(lambda _: self._carry_out(change, now))
        except OutsideError as error:
            status = ActionStatus.UNKNOWN if str(error) == TOO_SLOW else ActionStatus.FAILED
            return Changed(change.id, status, error=str(error))

    async def overdue(self, policy: Policy) -> list[Overdue]:
        """By the day a document was last changed. Raises OutsideError when it can not look."""
        outside_unit("sources.folder")
        today, category = self._clock().astimezone(AMSTERDAM).date(), self._settings.info.tables[0].fields[0].category
        if not fixed_terms(policy, category):
            return []
        if any(rule.start is RetentionStart.CONTRACT_END for rule in retention_for(policy, category)):
            return [Overdue(TABLE, category, None)]
        found = await self._run(lambda deadline: [(day, 1) for _, _, day in self._every(deadline)])
        one = counted(policy, TABLE, category, found, today)
        return [one] if one.records else []

    async def records(self, table: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Value]]:
        outside_unit("sources.folder")
        return await self._run(lambda _: {key: one for key in keys if (one := self._record(key))})

    def _record(self, key: str) -> dict[str, Value] | None:
        relative = _relative(key)
        places = (self._settings.path / relative, self._aside(relative))
        at = next((place for place in places if place and place.is_file()), None)
        if at is None:
            return None
        found = at.stat()
        return dict(zip(_COLUMNS, (relative.name, str(relative.parent), found.st_size, _day(found)), strict=True))

    async def forget_copies(self) -> int:
        """Empties the bin of what has lain there long enough, also when nothing is erased any more."""
        outside_unit("sources.folder")
        return await self._run(lambda _: self._empty_bin(self._clock()))

    async def check(self) -> list[str]:
        return [] if self._settings.path.is_dir() else [f"bron '{self.name}': de map is niet te lezen"]

    async def close(self) -> None:
        return None

    async def _run(self, work: Callable[[float], T]) -> T:
        seconds = self._settings.timeout_seconds
        try:
            async with asyncio.timeout(seconds + 1):
                return await asyncio.to_thread(work, time.monotonic() + seconds)
        except TimeoutError:
            raise Temporary(TOO_SLOW) from None
        except OSError as error:
            raise Permanent(f"de map of een document is niet te gebruiken ({type(error).__name__})") from None

    def _of(self, numbers: set[str], deadline: float) -> Iterator[tuple[str, int, date]]:
        """Place, size and day of every document that bears one of the numbers."""
        if short := [number for number in numbers if len(number) < _SHORTEST]:
            raise Permanent(f"een nummer van {len(short[0])} tekens is te kort om documenten mee te vinden")
        if not numbers:
            return
        wanted = re.compile("|".join(rf"(?<![a-z0-9]){re.escape(number)}(?![a-z0-9])" for number in sorted(numbers)))
        for document in self._every(deadline):
            if any(wanted.search(part) for part in document[0].lower().split("/")):
                yield document

    def _every(self, deadline: float) -> Iterator[tuple[str, int, date]]:
        for root in filter(None, (self._settings.path, self._settings.aside)):
            if root == self._settings.aside and not root.is_dir():
                continue  # nothing was ever restricted
            for place in _files(root, self._skipped() - {root}, deadline):
                found = place.stat()
                yield place.relative_to(root).as_posix(), found.st_size, _day(found)

    def _skipped(self) -> set[Path]:
        return {folder for folder in (self._settings.trash, self._settings.aside) if folder}

    def _carry_out(self, change: Change, now: datetime) -> Changed:
        if not self._settings.path.is_dir():  # a disk that is not there: its documents are not gone
            raise Temporary("de map is niet te lezen")
        changed, there = 0, 0
        for key in dict.fromkeys(change.keys):
            relative = _relative(key)
            source, aside = self._settings.path / relative, self._aside(relative)
            at = next((place for place in (source, aside) if place and place.is_file()), None)
            there += at is not None
            if at is None:
                continue
            target = {Verb.ERASE: self._bin(relative, now), Verb.RESTRICT: aside, Verb.LIFT: source}[change.verb]
            if target != at:
                _move(at, target)
                changed += 1
        self._empty_bin(now)
        records = len(set(change.keys)) if change.verb is Verb.ERASE else there
        return Changed(change.id, ActionStatus.DONE if changed else ActionStatus.NOTHING, records)

    def _aside(self, relative: PurePosixPath) -> Path | None:
        return self._settings.aside / relative if self._settings.aside else None

    def _bin(self, relative: PurePosixPath, now: datetime) -> Path | None:
        return self._settings.trash / f"{now:%Y%m%dT%H%M%S%f}" / relative if self._settings.trash else None

    def _empty_bin(self, now: datetime) -> int:
        trash = self._settings.trash
        if trash is None or not trash.is_dir():
            return 0
        oldest = f"{now - timedelta(days=self._settings.trash_days):%Y%m%dT%H%M%S%f}"
        over = [day for day in trash.iterdir() if re.fullmatch(r"\d{8}T\d{12}", day.name) and day.name <= oldest]
        for day in over:
            shutil.rmtree(day)
        return len(over)


def _files(root: Path, skipped: set[Path], deadline: float) -> Iterator[Path]:
    """Every plain file below, without following links."""
    if not root.is_dir():
        raise Temporary("de map is niet te lezen")
    seen = 0
    for folder, names, files in os.walk(root, onerror=_raise):
        names[:] = [name for name in names if Path(folder, name) not in skipped]
        for name in files:
            seen += 1
            if time.monotonic() > deadline:
                raise Temporary(TOO_SLOW)
            if seen > _MOST:
                raise Permanent(f"meer dan {_MOST} documenten in de map")
            place = Path(folder, name)
            if place.is_file() and not place.is_symlink():
                yield place


def _day(found: os.stat_result) -> date:
    return datetime.fromtimestamp(found.st_mtime, UTC).astimezone(AMSTERDAM).date()


def _raise(error: OSError) -> None:
    raise error


def _relative(key: str) -> PurePosixPath:
    """A key never leads out of the folder."""
    try:
        path = PurePosixPath(json.loads(key))
    except (ValueError, TypeError):
        raise Permanent("dit is geen sleutel van een document") from None
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise Permanent("dit is geen sleutel van een document")
    return path


def _move(place: Path, target: Path | None) -> None:
    assert target is not None  # `can` says that there is such a folder
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        raise Permanent("op die plaats staat al een document")
    place.rename(target)
