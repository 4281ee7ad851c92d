"""The dry run of an erasure: what becomes of every record found, as lines for staff and ledger, and as actions.

Nothing found stays unaccounted: a record of a table that nobody described, or that its system gives no name to, becomes
work by hand. The rule for one record is `cases/erasure`; the words are in `erasure_letter`. Serves art. 17 AVG.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cases.context import AMSTERDAM
from cases.erasure import Standing, Verdict, emptied, fate, naming
from cases.protocols import FindStatus, FoundTable, SourceInfo, SourceRole, TableInfo
from cases.types import Fate, Verb
from handlers.base import Action, CaseFile, Line
from handlers.wording import staff_texts

_DOING = {Verb.ERASE: "action.erase", Verb.ANONYMISE: "action.anonymise", Verb.RESTRICT: "action.restrict"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record found, with its fate."""

    source: SourceInfo
    table: TableInfo
    place: int  # of the table in its source
    key: str
    named: bool  # the system can be told which record is meant
    dated: bool  # its system says from which day its term counts
    verdict: Verdict
    says: tuple[tuple[str, str], ...] = ()  # what names the person in it

    @property
    def addresses(self) -> tuple[str, ...]:
        said = dict(self.says)
        return tuple(said[item.name] for item in self.table.fields if item.corrects == "email" and item.name in said)


def dry_run(file: CaseFile, standing: Standing) -> tuple[Record, ...]:
    """Every record of every system of ours, each once, in the order of the systems and their tables."""
    today = file.now.astimezone(AMSTERDAM).date()
    records = []
    for source, table, found in _own_tables(file):
        place = source.tables.index(table) if table in source.tables else len(source.tables)
        for number, row in enumerate(found.rows):
            day = found.days[number] if found.days else None
            key = found.keys[number] if found.keys else f"#{number + 1} {file.request_id}"
            values = dict(zip(found.columns, row, strict=True))
            verdict = fate(table, values, day, file.policy, today, standing)
            says = naming(table, values)
            records.append(Record(source, table, place, key, bool(found.keys), day is not None, verdict, says))
    return _holding_together(records)


def _holding_together(records: list[Record]) -> tuple[Record, ...]:
    """What stays may refer to a record of a table declared before it (an invoice to its customer): that one is emptied
    instead of erased, where its system can. In the table itself nothing refers from one record to another."""
    staying = {(record.source.name, record.place) for record in records if record.verdict.fate is not Fate.ERASE}

    def referred(record: Record) -> bool:
        own = {place for source, place in staying if source == record.source.name}
        return record.place not in own and record.place < max(own, default=-1)

    return tuple(
        replace(record, verdict=emptied(record.table) or record.verdict) if referred(record) else record
        for record in records
    )


def lines(records: Iterable[Record]) -> tuple[Line, ...]:
    return tuple(
        Line(
            source=record.source.name,
            table=record.table.name,
            key=record.key,
            fate=record.verdict.fate,
            category=record.verdict.category,
            columns=record.verdict.columns,
            law=record.verdict.law,
            ends_on=record.verdict.ends_on,
            says=record.says,
            addresses=record.addresses,
        )
        for record in records
    )


def actions(file: CaseFile, records: Iterable[Record], *, running: bool) -> tuple[Action, ...]:
    """One per system, table and kind of change. Tables backwards: they are declared from the person outwards, and what
    refers to a record goes before the record. `running`: what stays is still used for a contract, so never frozen."""
    grouped: dict[tuple[str, str, Verb, tuple[str, ...], bool], list[Record]] = {}
    for record in records:
        for verb in filter(None, (verb_of(record.verdict), None if running else _frozen(record))):
            columns = record.verdict.columns if verb is Verb.ANONYMISE else ()
            group = (record.source.name, record.table.name, verb, columns, record.named)
            grouped.setdefault(group, []).append(record)
    order = {source.name: number for number, source in enumerate(file.sources)}
    groups = sorted(grouped.items(), key=lambda item: (order.get(item[0][0], len(order)), -item[1][0].place))
    return tuple(_action(file, verb, columns, group) for (_, _, verb, columns, _), group in groups)


def verb_of(verdict: Verdict) -> Verb | None:
    """What goes from a record of this fate; None for one that stays as it is."""
    if verdict.fate is Fate.ERASE:
        return Verb.ERASE
    return Verb.ANONYMISE if verdict.columns else None


def _frozen(record: Record) -> Verb | None:
    """What a law or a claim keeps is used for nothing else: frozen, where its system can."""
    return Verb.RESTRICT if record.verdict.fate is Fate.KEEP and Verb.RESTRICT in record.table.can else None


def action_id(file: CaseFile, *parts: str) -> str:
    """The same for the same change to the same records of the same request, so that doing it twice is harmless."""
    return hashlib.sha256("\x00".join((file.request_id, *parts)).encode("utf-8", "replace")).hexdigest()[:32]


def _own_tables(file: CaseFile) -> Iterator[tuple[SourceInfo, TableInfo, FoundTable]]:
    """Never a customer's table (processor); one without a description can not be changed by us, and is not lost."""
    sources = {source.name: source for source in file.sources}
    for answer in file.found:
        source = sources.get(answer.source, SourceInfo(answer.source, answer.source, ()))
        described = {table.name: table for table in source.tables}
        for found in answer.tables if answer.status is FindStatus.FOUND else ():
            table = described.get(found.table, TableInfo(found.table, found.table, SourceRole.CONTROLLER, ()))
            if table.role is SourceRole.CONTROLLER:
                yield source, table, found


def _action(file: CaseFile, verb: Verb, columns: tuple[str, ...], group: list[Record]) -> Action:
    first, keys = group[0], tuple(record.key for record in group)
    source, table = first.source, first.table
    labels = {item.name: item.label for item in table.fields}
    fields = ", ".join(labels.get(name, name) for name in columns)
    words = staff_texts().say(_DOING[verb], system=source.label, table=table.label, count=len(keys), fields=fields)
    return Action(
        id=action_id(file, source.name, table.name, verb.value, *columns, "", *keys),
        source=source.name,
        verb=verb,
        table=table.name,
        keys=keys if first.named else (),
        description=words,
        reversible=verb is Verb.RESTRICT,
        columns=columns,
        by_hand=source.by_hand or not first.named or verb not in table.can,
    )
