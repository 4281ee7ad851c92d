"""The readable overview of an export: one plain structure that both the web page and the PDF are made from.

Cells become words here (dates, amounts, yes and no); what may be shown was decided before, in `handlers/masking.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cases.context import AMSTERDAM
from cases.export import ExportSpec, ExportTable
from cases.protocols import Value
from cases.types import Form
from render.sanitise import plain

TEMPLATES = Path(__file__).parent / "templates"
MAX_ROWS_HTML = 2_000  # more makes a page no browser likes; the CSV has them all, and the page says so
MAX_ROWS_PDF = 300
WIDE = 5  # a table with more columns is shown record by record: it would not fit the page


@dataclass(frozen=True, slots=True)
class ExportMeta:
    """Whose export this is, and when it was made."""

    organisation: str
    case_number: str
    name: str  # of the requester, as in the letter; may be empty
    created_at: datetime
    form: Form
    demo: bool = False


def words(form: Form) -> Mapping[str, str]:
    return _words()[form.value]


def overview(spec: ExportSpec, meta: ExportMeta, *, max_rows: int) -> dict[str, Any]:
    """Everything the overview shows, as strings and lists: also what the PDF template gets as JSON."""
    say = words(meta.form)
    return {
        "language": "en" if meta.form is Form.EN else "nl",
        "words": dict(say),
        "title": say["title"].format(organisation=plain(meta.organisation)),
        "organisation": plain(meta.organisation),
        "demo": say["demo"] if meta.demo else "",
        "facts": [
            [say["for"], plain(meta.name)],
            [say["case"], plain(meta.case_number)],
            [say["made"], f"{meta.created_at.astimezone(AMSTERDAM):%d-%m-%Y}"],
        ][0 if meta.name.strip() else 1 :],
        "systems": [
            {"label": plain(label), "tables": [_table(table, say, max_rows) for table in tables]}
            for label, tables in groupby(spec.tables, key=lambda table: table.source_label)
        ],
        "left_out": [[plain(item.what), plain(item.why)] for item in spec.left_out],
        "not_asked": [plain(label) for label in spec.not_asked],
        "information": [_clean(asdict(section)) for section in spec.information],
    }


def overview_html(spec: ExportSpec, meta: ExportMeta) -> str:
    """One page that needs nothing from the network and runs nothing."""
    template = _environment().get_template("overview.html.j2")
    return template.render(overview(spec, meta, max_rows=MAX_ROWS_HTML))


def cell_words(value: Value, say: Mapping[str, str]) -> str:
    """One cell for people: `3-2-2027`, `12,50`, `ja`."""
    if isinstance(value, bool):
        return say["yes"] if value else say["no"]
    if isinstance(value, datetime):
        local = value.astimezone(AMSTERDAM) if value.tzinfo else value
        return f"{local:%d-%m-%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, float):
        return repr(value) if say["yes"] == "yes" else repr(value).replace(".", ",")
    return "" if value is None else plain(str(value))


def _table(table: ExportTable, say: Mapping[str, str], max_rows: int) -> dict[str, Any]:
    count = len(table.rows)
    rows = [[cell_words(cell, say) or say["empty"] for cell in row] for row in table.rows[:max_rows]]
    return {
        "label": plain(table.label),
        "count": say["rows"].format(count=count),
        "cut": say["cut"].format(shown=max_rows, count=count) if count > max_rows else "",
        "labels": [plain(label) for label in table.labels],
        "rows": rows,
        "by_record": len(table.labels) > WIDE or count == 1,
    }


def _clean(value: Any) -> Any:
    """The same structure with every text made plain, tuples as lists."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((TEMPLATES / "words.toml").read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    """Everything is escaped; a missing variable is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
