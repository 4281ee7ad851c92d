"""Excel workbooks (.xlsx, .xlsm). The only place that knows openpyxl.

The first row with anything in it names the columns. Only cells that change are written; a row that is erased becomes an
empty row, so that nothing else on the sheet moves (formulas, tables, filters). Drawings that openpyxl does not know are
lost on writing: the copy that is kept has them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from cases.errors import Permanent


class ExcelFile:
    """One sheet of a workbook. Rows go by their number on the sheet."""

    def __init__(self, path: Path, sheet: str = "") -> None:
        self._path, self._sheet = path, sheet
        self._columns: dict[str, int] = {}
        self._kinds: dict[str, str] = {}

    def read(self, numbers: Sequence[str]) -> tuple[dict[str, str], dict[int, tuple[Any, ...]]]:
        """Column -> kind for SQLite, and the rows by number. A sheet knows what is a number without being told."""
        filled = [
            (number, row)
            for number, row in enumerate(self._opened(values=True).iter_rows(values_only=True), 1)
            if any(cell not in (None, "") for cell in row)
        ]
        if not filled:
            raise Permanent(f"bestand '{self._path.name}': dit blad is leeg")
        header = filled[0][1]
        self._columns = {str(name).strip(): at for at, name in enumerate(header) if name not in (None, "")}
        if len(self._columns) < sum(name not in (None, "") for name in header):
            raise Permanent(f"bestand '{self._path.name}': de kop heeft een dubbele kolomnaam")
        raw = {number: [row[at] for at in self._columns.values()] for number, row in filled[1:]}
        self._kinds = {name: _kind([row[at] for row in raw.values()]) for at, name in enumerate(self._columns)}
        return self._kinds, {number: tuple(map(_plain, row)) for number, row in raw.items()}

    def write(self, new: Path, gone: Sequence[int], altered: Mapping[int, Mapping[str, Any]]) -> None:
        sheet = self._opened(values=False)
        for number in gone:
            for cell in sheet[number]:
                if not isinstance(cell, MergedCell):
                    cell.value, cell.comment, cell.hyperlink = None, None, None
        for number, cells in altered.items():
            for column, value in cells.items():
                sheet.cell(number, self._columns[column] + 1).value = _shown(value, self._kinds[column])
        assert isinstance(sheet.parent, Workbook)
        sheet.parent.save(new)

    def _opened(self, *, values: bool) -> Worksheet:
        """With values a formula is its last outcome; without, it stays a formula."""
        try:
            book = load_workbook(self._path, data_only=values, keep_vba=self._path.suffix.lower() == ".xlsm")
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError):
            raise Permanent(f"bestand '{self._path.name}' is geen leesbaar Excel-bestand") from None
        name = self._sheet or book.sheetnames[0]
        sheet = book[name] if name in book.sheetnames else None
        if not isinstance(sheet, Worksheet):
            raise Permanent(f"bestand '{self._path.name}' heeft geen blad '{name}'")
        return sheet


def _plain(cell: Any) -> Any:
    """As SQLite keeps it."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return None if cell == "" else cell


def _kind(cells: Sequence[Any]) -> str:
    filled = [cell for cell in cells if cell not in (None, "")]
    for kind, types in (("BOOLEAN", bool), ("NUMERIC", int | float), ("TEXT", str)):
        if filled and all(isinstance(cell, types) for cell in filled):
            return kind
    if filled and all(isinstance(cell, date) for cell in filled):
        whole = all(not isinstance(cell, datetime) or cell.time() == time() for cell in filled)
        return "DATE" if whole else "TIMESTAMP"
    return "TEXT"  # nothing, or of every kind


def _shown(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "BOOLEAN":
        return bool(value)
    if kind == "DATE":
        return date.fromisoformat(str(value)[:10])
    return datetime.fromisoformat(str(value)) if kind == "TIMESTAMP" else value
