"""A list that a keeper hands over with a task: what a program without a door can export, read as if it were typed.

Every column has to be one that is asked for: a column that was passed over would be data left out of an answer.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from cases.errors import InputError
from workflow.tasks import MAX_ROWS


def read_list(content: bytes, fields: Sequence[tuple[str, str]]) -> tuple[Mapping[str, str], ...]:
    """CSV → "table.column" → value per line; a heading is the label of a field, its name, or "table.name".

    `fields`: as the page shows them. InputError `list_empty`, `list_column` (which one), `list_long`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # what Excel makes of it
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        heading, *lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if any(line)]
    except (csv.Error, ValueError):
        raise InputError("list_empty") from None
    if not lines:
        raise InputError("list_empty")
    if len(lines) > MAX_ROWS:
        raise InputError("list_long")
    columns = [_column(name, fields) for name in heading]
    return tuple(
        {column: value.strip() for column, value in zip(columns, line, strict=False) if value.strip()} for line in lines
    )


def _column(heading: str, fields: Sequence[tuple[str, str]]) -> str:
    wanted = heading.strip().casefold()
    found = [
        column
        for column, label in fields
        if wanted in (column.casefold(), column.partition(".")[2].casefold(), label.casefold())
    ]
    if len(found) != 1:
        raise InputError("list_column", heading.strip()[:60])
    return found[0]
