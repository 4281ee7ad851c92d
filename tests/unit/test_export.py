"""The export package as the requester opens it: unzipped, parsed back, checked against its own manifest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from cases.export import ExportSpec, ExportTable
from cases.types import Form, Label
from handlers.registry import HANDLERS
from render.export import build_export, csv_lines, defused, json_parts, write_export
from render.overview import MAX_ROWS_HTML, ExportMeta, overview_html
from tests.support.case_files import IBAN, PASSWORD_HASH, case_file
from tests.support.hostile import FORMULAS, HOSTILE

META = ExportMeta("Voorbeeld B.V.", "PL-2027-0012", "Sanne de Vries", datetime(2027, 2, 10, 9, tzinfo=UTC), Form.NL_JE)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from((*HOSTILE, *FORMULAS))
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
)
ROWS = st.lists(st.tuples(VALUES, VALUES), max_size=8)


def table_of(rows: Any, name: str = "t") -> ExportTable:
    return ExportTable("crm", "Klantenbestand", name, "Tabel", ("a", "b"), ("Eén", "=Twee"), tuple(rows))


def spec() -> ExportSpec:
    export = HANDLERS[Label.INZAGE].prepare(case_file()).export
    assert export is not None
    return export


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def parsed(data: bytes, delimiter: str = ";") -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


# --- the package ------------------------------------------------------------------------------------------------------


def test_the_package_holds_what_its_manifest_says() -> None:
    package = build_export(spec(), META)
    files = opened(package.data)
    manifest = json.loads(files["manifest.json"])
    assert manifest == package.manifest
    assert [entry["name"] for entry in manifest["files"]] == [name for name in files if name != "manifest.json"]
    for entry in manifest["files"]:
        content = files[entry["name"]]
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["bytes"] == len(content)
    assert package.sha256 == hashlib.sha256(package.data).hexdigest()
    assert {"overview.html", "overview.pdf", "data.json"} <= set(files)
    assert [(item["file"], item["rows"]) for item in manifest["tables"]] == [
        ("csv/crm-customers.csv", 1),
        ("csv/books-invoices.csv", 2),
    ]


def test_what_was_left_out_and_not_asked_stands_in_manifest_and_overview() -> None:
    export = replace(spec(), not_asked=("Helpdesk",))
    files = opened(build_export(export, META).data)
    manifest = json.loads(files["manifest.json"])
    page = LexborHTMLParser(files["overview.html"].decode()).text()
    assert manifest["not_asked"] == ["Helpdesk"]
    assert len(manifest["left_out"]) == len(export.left_out) > 0
    for item in export.left_out:
        assert {"what": item.what, "why": item.why} in manifest["left_out"]
        assert item.what in page
        assert item.why in page
    assert "Helpdesk" in page


def test_nothing_masked_is_anywhere_in_the_package() -> None:
    for content in opened(build_export(spec(), META).data).values():
        assert IBAN.encode() not in content
        assert PASSWORD_HASH.encode() not in content


def test_the_same_data_and_moment_make_the_same_bytes() -> None:
    first, second = build_export(spec(), META), build_export(spec(), META)
    assert first.data == second.data
    later = replace(META, created_at=datetime(2027, 2, 11, tzinfo=UTC))
    assert build_export(spec(), later).sha256 != first.sha256


def test_file_names_are_plain_and_never_twice() -> None:
    tables = [
        replace(table_of([], name), source=source)
        for source, name in (
            ("../../etc", "pass wd"),
            ("crm", "t"),
            ("crm", "T"),
            ("crm", "t"),
            ("ünï", "/"),
            ("", ""),
        )
    ]
    names = [name for name in opened(build_export(ExportSpec(tuple(tables)), META).data) if name.startswith("csv/")]
    assert names == [
        "csv/etc-pass-wd.csv",
        "csv/crm-t.csv",
        "csv/crm-t-2.csv",
        "csv/crm-t-3.csv",
        "csv/uni-tabel.csv",
        "csv/tabel-tabel.csv",
    ]


def test_it_can_be_written_to_a_file_without_being_in_memory(tmp_path: Any) -> None:
    with (tmp_path / "export.zip").open("wb") as target:
        manifest = write_export(spec(), META, target)
    assert (tmp_path / "export.zip").read_bytes() == build_export(spec(), META).data
    assert manifest["case"] == "PL-2027-0012"


# --- CSV --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", FORMULAS)
def test_a_formula_becomes_text(value: str) -> None:
    cell = parsed(b"".join(csv_lines(table_of([(value, "x")]), Form.NL_JE)))[1][0]
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert cell.removeprefix("'").strip() in value


def test_headers_are_defused_too() -> None:
    assert parsed(b"".join(csv_lines(table_of([]), Form.NL_JE)))[0] == ["Eén", "'=Twee"]


@pytest.mark.parametrize("value", ["gewoon", "a=b", "1-2", "info@voorbeeld.example", "", "'s-Gravenhage", "(=1)"])
def test_ordinary_words_stay_as_they_are(value: str) -> None:
    assert defused(value) == value


@given(ROWS, st.sampled_from([";", ","]))
def test_every_row_comes_back_with_its_cells(rows: list[tuple[Any, Any]], delimiter: Any) -> None:
    lines = parsed(b"".join(csv_lines(table_of(rows), Form.EN, delimiter=delimiter)), delimiter)
    assert len(lines) == len(rows) + 1
    assert all(len(line) == 2 for line in lines)
    for line, row in zip(lines[1:], rows, strict=True):
        for cell, value in zip(line, row, strict=True):
            if isinstance(value, str):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
            elif isinstance(value, int) and not isinstance(value, bool):
                assert int(cell) == value


def test_numbers_and_dates_go_with_the_delimiter() -> None:
    row = (12.5, date(2027, 2, 3))
    assert parsed(b"".join(csv_lines(table_of([row]), Form.NL_U)))[1] == ["12,5", "2027-02-03"]
    comma = b"".join(csv_lines(table_of([row]), Form.NL_U, delimiter=","))
    assert parsed(comma, ",")[1] == ["12.5", "2027-02-03"]
    assert parsed(b"".join(csv_lines(table_of([(True, -3)]), Form.NL_U)))[1] == ["ja", "-3"]


# --- JSON and page ----------------------------------------------------------------------------------------------------


@given(ROWS)
def test_json_holds_every_row_by_column_name(rows: list[tuple[Any, Any]]) -> None:
    tables = (table_of(rows), table_of([("x", None)], "u"))
    data = json.loads(b"".join(json_parts(ExportSpec(tables), META)), parse_constant=pytest.fail)
    assert [len(table["rows"]) for table in data["tables"]] == [len(rows), 1]
    assert data["tables"][1]["rows"] == [{"a": "x", "b": None}]
    assert data["tables"][0]["columns"][1] == {"name": "b", "label": "=Twee"}
    for found, (value, _) in zip(data["tables"][0]["rows"], rows, strict=True):
        if value is None or isinstance(value, bool | int):
            assert found["a"] == value


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_words_come_out_literally_on_the_page(value: str) -> None:
    meta = replace(META, organisation=value, name=value)
    page = LexborHTMLParser(overview_html(ExportSpec((table_of([(value, value), (value, value)]),)), meta))
    assert {node.text() for node in page.css("td")} == {value}
    assert next(node.text() for node in page.css("header dd")) == value
    assert page.css("script, img, h1 ~ h1, iframe, form") == []
    assert all(not name.startswith("on") for node in page.css("*") for name in node.attributes)


def test_the_page_asks_nothing_of_the_network_and_runs_nothing() -> None:
    html = overview_html(spec(), META)
    page = LexborHTMLParser(html)
    policy = page.css_first("meta[http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert "default-src 'none'" in str(policy.attributes["content"])
    assert page.css("script, link, img, iframe, object, form, a") == []
    assert "url(" not in html


def test_a_long_table_is_cut_on_the_page_and_whole_in_the_csv() -> None:
    table = table_of((number, "x") for number in range(MAX_ROWS_HTML + 3))
    page = LexborHTMLParser(overview_html(ExportSpec((table,)), META))
    assert len(page.css("tbody tr")) == MAX_ROWS_HTML
    assert f"eerste {MAX_ROWS_HTML} van {MAX_ROWS_HTML + 3}" in page.text()
    assert len(parsed(b"".join(csv_lines(table, Form.NL_JE)))) == MAX_ROWS_HTML + 4


@pytest.mark.parametrize("form", Form)
def test_overview_words_exist_in_every_form(form: Form) -> None:
    html = overview_html(spec(), replace(META, form=form, demo=True))
    assert f'lang="{"en" if form is Form.EN else "nl"}"' in html
    assert "DEMO" in html
