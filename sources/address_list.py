"""A loose list of addresses, CSV or Excel, that somebody is about to mail or import: which address stands in which row.

It is written again without some of its rows; nothing else in it changes. Not here: files that are a source (`files`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cases.errors import Permanent
from sources.file_csv import CsvFile

if TYPE_CHECKING:
    from sources.file_excel import ExcelFile

_LARGEST = 50_000_000  # bytes
_EXCEL = (".xlsx", ".xlsm")
# Any cell may hold one, a name before it or several after each other; an address is never guessed at.
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:|]+@[^\s<>()\[\]\",;:|]+\.[^\s<>()\[\]\",;:|.]+")


@dataclass(frozen=True, slots=True)
class AddressList:
    file: CsvFile | ExcelFile
    rows: Mapping[int, tuple[str, ...]]  # row → its addresses; a row without any is in it too
    first: int  # the line of the file that row 0 would be: what a person sees in an editor

    def line(self, row: int) -> int:
        return self.first + row

    def write(self, target: Path, without: Collection[int]) -> None:
        """The list without these rows, whole or not at all. Raises Permanent."""
        new = target.with_name(f".{target.name}.nieuw")
        try:
            self.file.write(new, sorted(without), {})
            with new.open("rb") as written:
                os.fsync(written.fileno())
            new.replace(target)
        except OSError as error:
            raise Permanent(f"bestand '{target.name}' is niet te schrijven ({type(error).__name__})") from None
        finally:
            new.unlink(missing_ok=True)


def open_list(path: Path) -> AddressList:
    """Raises Permanent for a file that is not there, too large, or no list."""
    excel = path.suffix.lower() in _EXCEL
    try:
        if path.stat().st_size > _LARGEST:
            raise Permanent(f"bestand '{path.name}' is groter dan {_LARGEST // 1_000_000} MB")
        file = _excel(path) if excel else CsvFile(path)
        columns, rows = file.read(())
    except OSError as error:
        raise Permanent(f"bestand '{path.name}' is niet te lezen ({type(error).__name__})") from None
    if any(map(_ADDRESS.search, columns)):  # it would be passed over
        raise Permanent(f"bestand '{path.name}': de eerste rij is al een adres; zet er een rij met kolomnamen boven")
    found = {
        number: tuple(dict.fromkeys(address for cell in row for address in _ADDRESS.findall(str(cell or ""))))
        for number, row in rows.items()
    }
    return AddressList(file, found, 0 if excel else 1)


def _excel(path: Path) -> ExcelFile:
    from sources.file_excel import ExcelFile  # noqa: PLC0415 - a quarter of a second, for those who have sheets

    return ExcelFile(path)
