"""What a requester may see of what the sources found: secrets, bank numbers and other people's data left out.

Closed by default: a table or column that no source description declares is not shown, and a processor table never is.
What may be about somebody else (`others`) is left out unless staff said that it may go along.
Serves art. 15(4), art. 32 and art. 28 AVG. Each omission is told, to the requester (`LeftOut`) or to staff (notes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from cases.export import ExportTable, LeftOut, Redacted
from cases.others import Span, goes_along
from cases.policy import Sensitivity
from cases.protocols import FieldInfo, FindStatus, FoundTable, SourceInfo, SourceRole, TableInfo, Value
from cases.types import Assurance, Label
from handlers.base import CaseFile
from handlers.parts import texts_of
from handlers.wording import Texts, staff_texts


class Treatment(Enum):
    SHOW = auto()
    BANK = auto()  # last four characters
    SECRET = auto()
    ID_DOCUMENT = auto()


@dataclass(frozen=True, slots=True)
class Shown:
    """The findings, ready for the requester's eyes."""

    tables: tuple[ExportTable, ...]
    left_out: tuple[LeftOut, ...]
    categories: frozenset[str]  # keys of the policy categories in those tables
    notes: tuple[str, ...]  # for staff
    redacted: tuple[Redacted, ...] = ()


def shown(file: CaseFile) -> Shown:
    """Masks everything that was found, for this requester at this level of assurance."""
    texts, notes = texts_of(file), staff_texts()
    tables: list[ExportTable] = []
    left_out: dict[LeftOut, None] = {}  # keeps order, drops doubles
    categories: set[str] = set()
    staff: list[str] = []
    redacted: list[Redacted] = []
    for source, table in _found_tables(file):
        info = next((item for item in source.tables if item.name == table.table), None)
        if info is None:
            staff.append(notes.say("note.undeclared_table", system=source.label))
        elif info.role is SourceRole.PROCESSOR:
            staff.append(notes.say("note.processor", system=source.label, table=info.label))
            left_out[LeftOut(texts.say("inzage.left_processor_what"), texts.say("inzage.left_processor"))] = None
        elif table.rows:
            masked, omitted = _masked(file, texts, source, info, table)
            masked, others = _without_others(file, texts, masked)
            redacted += others
            omitted += _told(texts, others)
            tables += [masked] if masked.rows else []
            left_out.update(dict.fromkeys(omitted))
            categories.update(field.category for field in info.fields if field.name in table.columns)
            unknown = set(table.columns) - {field.name for field in info.fields}
            if unknown:
                staff.append(
                    notes.say("note.unknown_column", system=source.label, table=info.label, count=len(unknown))
                )
    known = {category.key for category in file.policy.categories}
    return Shown(
        tuple(tables), tuple(left_out), frozenset(categories & known), tuple(dict.fromkeys(staff)), tuple(redacted)
    )


def _found_tables(file: CaseFile) -> list[tuple[SourceInfo, FoundTable]]:
    sources = {source.name: source for source in file.sources}
    return [
        (sources.get(found.source, SourceInfo(found.source, found.source, ())), table)
        for found in file.found
        if found.status is FindStatus.FOUND
        for table in found.tables
    ]


def _masked(
    file: CaseFile, texts: Texts, source: SourceInfo, info: TableInfo, table: FoundTable
) -> tuple[ExportTable, list[LeftOut]]:
    fields = {field.name: field for field in info.fields}
    kept = [(index, fields[name]) for index, name in enumerate(table.columns) if name in fields]
    hidden = texts.say("inzage.shown_secret")
    columns: list[tuple[Value, ...]] = []
    omitted: list[LeftOut] = []
    for index, field in kept:
        treatment = treatment_of(file, field)
        values = tuple(row[index] for row in table.rows)
        show: Callable[[Value], Value] = _VIEWS.get(treatment) or (lambda value: value if _blank(value) else hidden)
        masked = tuple(show(value) for value in values)
        if masked != values:
            why = texts.say(_WHY[treatment])
            omitted.append(LeftOut(f"{info.label}, {field.label}", why))
        columns.append(masked)
    if len(kept) < len(table.columns):
        omitted.append(LeftOut(info.label, texts.say("inzage.left_unknown")))
    masked_table = ExportTable(
        source=source.name,
        source_label=source.label,
        name=info.name,
        label=info.label,
        columns=tuple(field.name for _, field in kept),
        labels=tuple(field.label for _, field in kept),
        rows=tuple(zip(*columns, strict=True)) if columns else (),
    )
    return masked_table, omitted


def _without_others(file: CaseFile, texts: Texts, table: ExportTable) -> tuple[ExportTable, list[Redacted]]:
    """The table without the values of others (art. 15(4), 20(4)), and where something was left out."""
    stays, spans = goes_along(file.chosen), file.others.spans
    portable = file.label is Label.OVERDRACHT
    mark, ground = texts.say("others.mark"), texts.say("others.law_portable" if portable else "others.law")
    rows = [list(row) for row in table.rows]
    redacted = []
    for number, row in enumerate(rows):
        for place, column in enumerate(table.columns):
            out = [
                span for span in spans.get((table.source, table.name, number, column), ()) if span.other not in stays
            ]
            if out:
                row[place] = cut(str(row[place]), out, mark)
                redacted.append(
                    Redacted(
                        table.source, table.name, table.source_label, table.label, number + 1, column,
                        table.labels[place], len(out), ground,
                    )
                )  # fmt: skip
    return replace(table, rows=tuple(tuple(row) for row in rows)), redacted


def cut(text: str, spans: Iterable[Span], mark: str) -> str:
    """The text with a mark in the place of each span."""
    parts, at = [], 0
    for span in spans:
        if span.end > at:
            parts += [text[at : max(at, span.start)], mark]
            at = span.end
    return "".join(parts) + text[at:]


def _told(texts: Texts, redacted: Iterable[Redacted]) -> list[LeftOut]:
    """For the letter: per field, how often."""
    counts: dict[tuple[str, str], int] = {}
    ground = ""
    for one in redacted:
        key, ground = (one.table_label, one.field_label), one.ground
        counts[key] = counts.get(key, 0) + one.count
    return [
        LeftOut(f"{table}, {column}", texts.say("others.left_out", count=count, law=ground))
        for (table, column), count in counts.items()
    ]


def treatment_of(file: CaseFile, field: FieldInfo) -> Treatment:
    """How a field is shown: its own marks first, then those of its category."""
    sensitivity = next(
        (category.sensitivity for category in file.policy.categories if category.key == field.category),
        Sensitivity.NORMAL,
    )
    if field.secret or sensitivity is Sensitivity.SECRET:
        return Treatment.SECRET  # at every level: a password in a file is a leak waiting to happen
    if file.assurance >= Assurance.SECOND_FACTOR:
        return Treatment.SHOW
    if sensitivity is Sensitivity.ID_DOCUMENT:
        return Treatment.ID_DOCUMENT
    if field.mask == "iban" or sensitivity is Sensitivity.BANK:
        return Treatment.BANK
    return Treatment.SHOW


def last_four(value: Value) -> Value:
    """`•••• 4567` for anything that holds an account number; the name of a bank stays."""
    text = "".join(str(value).split()) if not _blank(value) else ""
    if sum(char.isdigit() for char in text) < 5:
        return value
    return f"•••• {text[-4:]}"


def _blank(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


_VIEWS: dict[Treatment, Callable[[Value], Value]] = {Treatment.SHOW: lambda value: value, Treatment.BANK: last_four}
_WHY = {
    Treatment.BANK: "inzage.left_bank",
    Treatment.SECRET: "inzage.left_secret",
    Treatment.ID_DOCUMENT: "inzage.left_id",
}
