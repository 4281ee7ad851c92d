"""What an export shows: tables after masking, what was left out and why, and the art. 15(1) information.

Values only. `handlers/` decide what goes in, `render/export.py` makes the package of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.letters import Table
from cases.protocols import Value


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One table as the requester may see it: secrets replaced, bank numbers masked."""

    source: str
    source_label: str
    name: str
    label: str
    columns: tuple[str, ...]  # names in the system: keys of the JSON
    labels: tuple[str, ...]  # the same columns in Dutch, for people
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is held but not shown, and why (art. 15(4), recital 63)."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """Values of others that were left out of one field of one record; never which."""

    source: str
    table: str
    system_label: str
    table_label: str
    record: int  # its row in the table, from 1
    column: str
    field_label: str
    count: int
    ground: str  # article


@dataclass(frozen=True, slots=True)
class InfoSection:
    """One part of the art. 15(1) information, as the letter has it too."""

    heading: str
    text: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class ExportSpec:
    tables: tuple[ExportTable, ...]
    left_out: tuple[LeftOut, ...] = ()
    not_asked: tuple[str, ...] = ()  # labels of systems that could not be searched
    information: tuple[InfoSection, ...] = ()
    redacted: tuple[Redacted, ...] = ()
