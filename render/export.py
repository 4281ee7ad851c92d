"""The export package: overview (web page and PDF), a CSV per table, JSON, and a manifest with digests.

One zip, the same bytes for the same data and moment. Rows are written as they come, so a big table is never a second
time in memory. Serves art. 15(3) (a commonly used electronic form) and art. 20(1) (structured, machine-readable).
What goes in was decided and masked before.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import IO, Any, Literal

from cases.export import ExportSpec, ExportTable
from cases.protocols import Value
from cases.types import Form
from render.overview import ExportMeta, overview_html, words
from render.pdf import overview_pdf
from render.sanitise import plain

Delimiter = Literal[";", ","]
_SPOOL = 8 * 2**20  # bytes kept in memory before a temporary file is used
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # also as full-width characters


@dataclass(frozen=True, slots=True)
class ExportPackage:
    data: bytes  # the zip
    sha256: str
    manifest: Mapping[str, Any]


def build_export(spec: ExportSpec, meta: ExportMeta, *, delimiter: Delimiter = ";") -> ExportPackage:
    """The package in memory. CPU work: call it in a worker thread."""
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as target:
        manifest = write_export(spec, meta, target, delimiter=delimiter)
        target.seek(0)
        data = target.read()
    return ExportPackage(data, hashlib.sha256(data).hexdigest(), manifest)


def write_export(
    spec: ExportSpec, meta: ExportMeta, target: IO[bytes], *, delimiter: Delimiter = ";"
) -> Mapping[str, Any]:
    """Writes the zip to `target` and returns its manifest, which stands in the zip as its last file."""
    names = _csv_names(spec)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        files = [
            _add(archive, meta, "overview.html", iter((overview_html(spec, meta).encode(),))),
            _add(archive, meta, "overview.pdf", iter((overview_pdf(spec, meta),))),
            *(
                _add(archive, meta, name, csv_lines(table, meta.form, delimiter=delimiter))
                for name, table in zip(names, spec.tables, strict=True)
            ),
            _add(archive, meta, "data.json", json_parts(spec, meta)),
        ]
        manifest = _manifest(spec, meta, names, files)
        _add(archive, meta, "manifest.json", iter((json.dumps(manifest, ensure_ascii=False, indent=2).encode(),)))
    return manifest


def csv_lines(table: ExportTable, form: Form, *, delimiter: Delimiter = ";") -> Iterator[bytes]:
    """One CSV: UTF-8 with a byte order mark (spreadsheets need it), column names in words, formulas defused."""
    say = words(form)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")

    def line(cells: list[str]) -> bytes:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue().encode()

    yield b"\xef\xbb\xbf"
    yield line([defused(plain(label)) for label in table.labels])
    for row in table.rows:
        yield line([csv_cell(value, say, decimal="," if delimiter == ";" else ".") for value in row])


def csv_cell(value: Value, say: Mapping[str, str], *, decimal: str) -> str:
    """Dates as ISO, amounts with the decimal sign that goes with the delimiter, text made harmless."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return say["yes"] if value else say["no"]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value).replace(".", decimal)
    return defused(plain(value))


def defused(text: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it (CWE-1236)."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip(" \u00a0").startswith(_FORMULA) else text


def json_parts(spec: ExportSpec, meta: ExportMeta) -> Iterator[bytes]:
    """`data.json`, row by row: for each table its columns and its rows as objects."""
    head = {"organisation": meta.organisation, "case": meta.case_number, "created_at": meta.created_at.isoformat()}
    yield f'{_dump(head)[:-1]},"tables":['.encode()
    for number, table in enumerate(spec.tables):
        about = {
            "system": table.source_label,
            "source": table.source,
            "table": table.name,
            "label": table.label,
            "columns": [{"name": n, "label": w} for n, w in zip(table.columns, table.labels, strict=True)],
        }
        yield f'{"," if number else ""}\n{_dump(about)[:-1]},"rows":['.encode()
        for index, row in enumerate(table.rows):
            cells = {name: _json_value(value) for name, value in zip(table.columns, row, strict=True)}
            yield f"{',' if index else ''}\n{_dump(cells)}".encode()
        yield b"]}"
    yield b"\n]}\n"


def _manifest(spec: ExportSpec, meta: ExportMeta, names: list[str], files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": 1,
        "organisation": meta.organisation,
        "case": meta.case_number,
        "created_at": meta.created_at.isoformat(),
        "demo": meta.demo,
        "files": files,
        "tables": [
            {"file": name, "system": table.source_label, "table": table.label, "rows": len(table.rows)}
            for name, table in zip(names, spec.tables, strict=True)
        ],
        "left_out": [asdict(item) for item in spec.left_out],
        "redacted": [
            {
                "system": one.system_label,
                "table": one.table_label,
                "record": one.record,
                "field": one.field_label,
                "count": one.count,
                "ground": one.ground,
            }
            for one in spec.redacted
        ],
        "not_asked": list(spec.not_asked),
    }


def _add(archive: zipfile.ZipFile, meta: ExportMeta, name: str, parts: Iterator[bytes]) -> dict[str, Any]:
    """One file, hashed as it is written. Its time is that of the export, in UTC, so the zip can be made again."""
    moment = meta.created_at.utctimetuple()
    info = zipfile.ZipInfo(name, (max(moment.tm_year, 1980), *moment[1:6]))
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as file:
        for part in parts:
            file.write(part)
            digest.update(part)
            size += len(part)
    return {"name": name, "bytes": size, "sha256": digest.hexdigest()}


def _csv_names(spec: ExportSpec) -> list[str]:
    """`csv/<system>-<table>.csv`: plain ASCII, never twice."""
    names: list[str] = []
    for table in spec.tables:
        base = f"csv/{_slug(table.source)}-{_slug(table.name)}"
        name, number = f"{base}.csv", 2
        while name in names:
            name, number = f"{base}-{number}.csv", number + 1
        names.append(name)
    return names


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:60] or "tabel"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json_value(value: Value) -> Value:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows no NaN
    # A lone surrogate can not be UTF-8.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
