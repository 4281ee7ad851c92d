"""Erases what a line of the ledger names, years later or after a restored backup, and only where it is still the same.

A key is all that the ledger has: a system that gave it to somebody else since must not lose that person's record. Where
a system lets its records be looked at, what stands there is held against the line's fingerprint first; a service or a
mailbox never gives a key twice, and is asked by key alone. Whatever can not be done stays with a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from cases.erasure import about, same_person
from cases.errors import OutsideError
from cases.protocols import Change, DataSource, Readable, TableInfo, Value
from cases.types import ActionStatus, Fate, Verb
from storage.unit import Reads
from workflow.desk import Desk
from workflow.ledger import Entry, fingerprint

NO_SYSTEM = "dit systeem is niet meer gekoppeld"


class Came(StrEnum):
    """What came of one line."""

    GONE = "gone"
    NOTHING = "nothing"  # it was so already
    BY_HAND = "by_hand"  # a person keeps this system, or the record has no name of its own
    STRANGER = "stranger"  # the key leads to somebody else, or nobody can tell
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    entry: Entry
    came: Came
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """One table of one system, with what stands there now of the lines."""

    source: DataSource
    table: TableInfo
    rows: Mapping[str, Mapping[str, Value]] | None  # None: can not be looked at


async def erase_all(desk: Desk, entries: Iterable[Entry], *, prefix: str, whole: bool = False) -> list[Outcome]:
    """Each line by what was decided then; `whole`: the record itself. Children go before what they refer to."""
    ordered = sorted(entries, key=lambda one: (one.source, -_place(desk, one), one.table, one.id))
    outcomes: list[Outcome] = []
    for _, group in groupby(ordered, key=lambda one: (one.organisation, one.source, one.table)):
        outcomes += await _table(desk, list(group), prefix, whole=whole)
    return outcomes


async def _table(desk: Desk, entries: Sequence[Entry], prefix: str, *, whole: bool) -> list[Outcome]:
    first = entries[0]
    source = desk.organisation(first.organisation).sources.get(first.source)
    if source is None:
        return [Outcome(one, Came.FAILED, NO_SYSTEM) for one in entries]
    info = next((part for part in source.describe().tables if part.name == first.table), None)
    if info is None or source.describe().by_hand or not info.can & {Verb.ERASE, Verb.ANONYMISE}:
        return [Outcome(one, Came.BY_HAND) for one in entries]
    named = [one for one in entries if not one.key.startswith("#")]
    unnamed = [Outcome(one, Came.BY_HAND) for one in entries if one not in named]
    try:
        keys = [one.key for one in named]
        rows = await source.records(first.table, keys) if isinstance(source, Readable) and keys else None
    except OutsideError as error:
        return unnamed + [Outcome(one, Came.FAILED, str(error)) for one in named]
    look = _Look(source, info, rows)
    return unnamed + [await _one(desk, one, look, prefix, whole=whole) for one in named]


async def _one(desk: Desk, one: Entry, look: _Look, prefix: str, *, whole: bool) -> Outcome:
    verb, columns = _change(one, look.table, whole=whole)
    if look.rows is not None:
        row = look.rows.get(one.key)
        if row is None or (verb is Verb.ANONYMISE and not any(row.get(column) for column in columns)):
            return Outcome(one, Came.NOTHING)
        if not await desk.store.read(lambda reads: _still_theirs(reads, one, look.table, row)):
            return Outcome(one, Came.STRANGER)
    try:
        changed = await look.source.change(Change(f"{prefix}:{one.id}", verb, one.table, (one.key,), columns=columns))
    except OutsideError as error:
        return Outcome(one, Came.FAILED, str(error))
    came = {
        ActionStatus.DONE: Came.GONE, ActionStatus.NOTHING: Came.NOTHING, ActionStatus.BY_HAND: Came.BY_HAND
    }  # fmt: skip
    return Outcome(one, came.get(changed.status, Came.FAILED), changed.error)


def _change(one: Entry, info: TableInfo, *, whole: bool) -> tuple[Verb, tuple[str, ...]]:
    """Erased where the system can, else every field goes that points to somebody."""
    if one.fate is not Fate.ERASE and not whole:
        return Verb.ANONYMISE, one.columns
    naming = tuple(field.name for field in info.fields if field.identifies)
    return (Verb.ERASE, ()) if Verb.ERASE in info.can else (Verb.ANONYMISE, naming)


def _still_theirs(reads: Reads, one: Entry, info: TableInfo, row: Mapping[str, Value]) -> bool:
    if one.identity is None:  # from before fingerprints were kept: a person looks
        return False
    tombstone = reads.keys.organisation(one.organisation).tombstone
    now = fingerprint(tombstone, one.source, one.table, one.key, about(info, row, one.identity))
    return same_person(one.identity, now)


def _place(desk: Desk, one: Entry) -> int:
    """Tables are declared from the person outwards."""
    source = desk.organisation(one.organisation).sources.get(one.source)
    names = [table.name for table in source.describe().tables] if source is not None else []
    return names.index(one.table) if one.table in names else len(names)
