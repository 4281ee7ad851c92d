"""CSV files as offices keep them (RFC 4180, loosely): any common delimiter, UTF-8 or Windows-1252, with or without BOM.

What is not changed is written back as it was read: values, delimiter, encoding, line ends. An empty cell is no value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from cases.errors import Permanent

_DELIMITERS = ";,\t|"
_BOM = "\ufeff"


class CsvFile:
    """One file, read whole. Row 1 is the first line after the header."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self._newline, self._bom = "\r\n", ""
        self._header: list[str] = []
        self._rows: list[list[str]] = []

    def read(self, numbers: Sequence[str]) -> tuple[dict[str, str], dict[int, tuple[Any, ...]]]:
        """Column -> kind for SQLite, and the rows by number."""
        text = self._decoded(self._path.read_bytes())
        if text.startswith(_BOM):
            self._bom, text = _BOM, text.removeprefix(_BOM)
        first = text.split("\n", 1)[0]
        self._newline = "\r\n" if first.endswith("\r") else "\n"
        self._delimiter = self._delimiter or max(_DELIMITERS, key=first.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter))
        self._header = [name.strip() for name in lines[0]] if lines else []
        self._rows = lines[1:]
        if not self._header:
            raise Permanent(f"bestand '{self._path.name}' is leeg")
        if len(set(self._header)) < len(self._header) or not all(self._header):
            raise Permanent(f"bestand '{self._path.name}': de kop heeft een lege of dubbele kolomnaam")
        for number, row in enumerate(self._rows, 1):
            if len(row) > len(self._header):
                raise Permanent(f"bestand '{self._path.name}', regel {number + 1}: meer waarden dan kolommen")
        values = {
            number: tuple(
                _value(cell, amount=name in numbers)
                for name, cell in zip(self._header, [*row, *([""] * (len(self._header) - len(row)))], strict=True)
            )
            for number, row in enumerate(self._rows, 1)
            if any(row)
        }
        return {name: _kind([row[at] for row in values.values()]) for at, name in enumerate(self._header)}, values

    def write(self, new: Path, gone: Sequence[int], altered: Mapping[int, Mapping[str, Any]]) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator=self._newline)
        writer.writerow(self._header)
        leaves = set(gone)
        for number, row in enumerate(self._rows, 1):
            if number in leaves:
                continue
            cells = altered.get(number, {})
            padded = [*row, *([""] * (len(self._header) - len(row)))] if cells else row
            writer.writerow(
                [
                    "" if v is None else str(v)
                    for v in (cells.get(n, c) for n, c in zip(self._header, padded, strict=False))
                ]
            )
        new.write_bytes((self._bom + text.getvalue()).encode(self._encoding))

    def _decoded(self, raw: bytes) -> str:
        for encoding in (self._encoding,) if self._encoding else ("utf-8", "cp1252"):
            with suppress(UnicodeDecodeError):
                text = raw.decode(encoding)
                self._encoding = encoding
                return text
        raise Permanent(f"bestand '{self._path.name}': de codering is niet te lezen; stel 'encoding' in")


def _value(cell: str, *, amount: bool) -> Any:
    if not amount or not cell:
        return cell or None
    plain = cell.replace(".", "").replace(",", ".") if "," in cell else cell
    with suppress(ValueError):
        return float(plain)
    return cell


def _kind(values: Sequence[Any]) -> str:
    filled = [value for value in values if value is not None]
    if filled and all(isinstance(value, float) for value in filled):
        return "NUMERIC"
    return "DATE" if filled and all(map(_is_date, filled)) else "TEXT"


def _is_date(value: Any) -> bool:
    with suppress(ValueError, TypeError):
        return len(value) == len("2027-01-31") and bool(date.fromisoformat(value))
    return False
