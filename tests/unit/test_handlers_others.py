"""Values of others in an export: found, asked about, left out of every file; the requester's own never (15(4))."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.others import CHOSEN, Choice, Other, OtherKind, Span, from_plain, goes_along, to_plain, undecided
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, Identifier, SourceInfo, SourceRole, TableInfo
from cases.types import Form, Label
from handlers import others
from handlers.base import CaseFile, Prepared
from handlers.masking import cut, shown
from handlers.registry import HANDLERS
from nlp.facts import facts_of
from render.export import build_export
from render.overview import ExportMeta
from tests.support.case_files import ADDRESS, case_file, policy_of

OWN_PHONE = "020 123 4567"
HOUSE = policy_of("whatnext").contact.email
OWN = (ADDRESS, OWN_PHONE, "020-1234567", "+31 20 123 4567", "mevrouw De Vries", "K-1001", HOUSE, "V.O.F.")
BUUR, BUUR_PHONE, BUUR_IBAN = "buur@thuis.example", "06-12345678", "NL91 ABNA 0417 1643 00"
THEIRS = (BUUR, BUUR_PHONE, BUUR_IBAN, "mevrouw Bakkerman", "dhr. J. de Vries")
MARK = "[weggelaten: gegevens van een ander]"

CONTACT = tuple(
    FieldInfo(name, label, "contact", corrects=corrects)
    for name, label, corrects in (
        ("email", "E-mail", "email"), ("name", "Naam", "name"), ("phone", "Telefoon", "phone"),
        ("number", "Nummer", "customer_number"),
    )
)  # fmt: skip
NOTES = (
    FieldInfo("note", "Notitie", "correspondence"),
    FieldInfo("by", "Door", "correspondence", about="colleague"),
    FieldInfo("partner", "Partner", "correspondence", about="other"),
)
CRM = SourceInfo(
    "crm", "Klantenbestand",
    (
        TableInfo("customers", "Klanten", SourceRole.CONTROLLER, CONTACT),
        TableInfo("notes", "Notities", SourceRole.CONTROLLER, NOTES),
    ),
)  # fmt: skip
CUSTOMER = FoundTable(
    "customers", ("email", "name", "phone", "number"), ((ADDRESS, "Sanne de Vries", OWN_PHONE, "K-1001"),)
)


def file_with(*notes: str | tuple[str, str, str | None], label: Label = Label.INZAGE, **changes: Any) -> CaseFile:
    rows = tuple((note, "Sandra Kok", None) if isinstance(note, str) else note for note in notes)
    used = (Identifier("email", ADDRESS, True), Identifier("customer_number", "K-1001", True))
    found = Found("crm", FindStatus.FOUND, (CUSTOMER, FoundTable("notes", ("note", "by", "partner"), rows)), used)
    return case_file(label, sources=(CRM,), found=(found,), **changes)


def looked_at(file: CaseFile, **chosen: Choice) -> CaseFile:
    said = {CHOSEN: json.dumps(chosen)} if chosen else {}
    return replace(file, others=others.review(file, facts_of), chosen=said)


def found_in(*notes: str | tuple[str, str, str | None]) -> dict[str, Other]:
    return {one.value: one for one in looked_at(file_with(*notes)).others.others}


def prepared(file: CaseFile) -> Prepared:
    return HANDLERS[file.label].prepare(file)


def package(file: CaseFile) -> dict[str, bytes]:
    spec = prepared(file).export
    assert spec is not None
    meta = ExportMeta("WhatNext", "PL-1", file.requester_name, datetime(2027, 2, 10, 9, tzinfo=UTC), file.form)
    with zipfile.ZipFile(io.BytesIO(build_export(spec, meta).data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def readable(files: dict[str, bytes]) -> dict[str, str]:
    """The text of every file; of a PDF what a reader of it sees."""
    return {name: pdf_text(data) if name.endswith(".pdf") else data.decode("utf-8-sig") for name, data in files.items()}


def pdf_text(data: bytes) -> str:
    command = ["pdftotext", "-raw", "-", "-"]
    text = subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout.decode()
    return re.sub(r"[\u200b\u00ad]", "", text)


def squeezed(text: str) -> str:
    return "".join(text.split())


# --- what is flagged --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "kind", "sure"),
    [
        (f"Ook bereikbaar via {BUUR}.", OtherKind.EMAIL, True),
        (f"Belde met {BUUR_PHONE} hierover.", OtherKind.PHONE, True),
        (f"Betaald vanaf {BUUR_IBAN} door haar broer.", OtherKind.IBAN, True),
        ("Gesproken met mevrouw Bakkerman, de buurvrouw.", OtherKind.NAME, False),
        (BUUR, OtherKind.EMAIL, False),  # the field is nothing else: it may be an address of the person's own
    ],
)
def test_a_value_of_somebody_else_is_flagged(note: str, kind: OtherKind, sure: bool) -> None:
    (one,) = looked_at(file_with(note)).others.others
    assert (one.kind, one.sure, one.count) == (kind, sure, 1)
    spot = one.spots[0]
    assert (spot.table, spot.column, spot.record) == ("notes", "note", 1)
    assert spot.where == "Klantenbestand, Notities: Notitie"
    assert f"{spot.before}{note[len(spot.before) : len(note) - len(spot.after)]}{spot.after}" == note


@pytest.mark.parametrize("own", OWN)
def test_the_requesters_and_the_organisations_own_values_are_not_flagged(own: str) -> None:
    assert found_in(f"Belde over de factuur, {own}, akkoord.", own) == {}


def test_a_colleague_is_no_secret_and_a_declared_field_always_is() -> None:
    found = found_in(("Doorgezet naar mevrouw Kok.", "Sandra Kok", "Piet"), ("Niets.", "Sandra Kok", "Sanne de Vries"))
    assert [(one.kind, one.sure) for one in found.values()] == [(OtherKind.MARKED, True)]
    assert list(found) == ["Piet"]


def test_a_value_is_left_out_where_a_reader_passes_it_by_as_well() -> None:
    notes = ("Gesproken met mevrouw Bakkerman.", "bakkerman belde; BAKKERMAN mailt", "De Bakkermannen.")
    file = looked_at(file_with(*notes))
    (one,) = file.others.others
    assert (one.value, one.count) == ("Bakkerman", 3)
    said = [str(row[0]) for row in shown(file).tables[1].rows]
    assert said == [f"Gesproken met mevrouw {MARK}.", f"{MARK} belde; {MARK} mailt", "De Bakkermannen."]


def test_one_value_in_many_records_is_decided_once() -> None:
    found = found_in(*(f"Nummer {number}: mail naar {BUUR} gestuurd." for number in range(50)))
    assert found[BUUR].count == 50
    kept = from_plain(json.loads(json.dumps(to_plain(found.values()))))
    assert kept[0].count == 50 and len(kept[0].spots) == 20


def test_a_contact_of_the_same_firm_is_asked_about() -> None:
    """A record that names nobody who proved to be the requester: its address may be a second one, staff say."""
    file = file_with("Niets.")
    second = replace(CUSTOMER, rows=(*CUSTOMER.rows, ("collega@klant.example", "Jan Bos", "06-12345678", "K-1001x")))
    file = replace(file, found=(replace(file.found[0], tables=(second,)),))
    found = {one.value for one in looked_at(file).others.others if not one.sure}
    assert {"collega@klant.example", "+31612345678"} <= found


# --- what is left out -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is missing")
def test_what_is_left_out_stands_in_no_file_of_the_package() -> None:
    note = f"Buurvrouw mevrouw Bakkerman ({BUUR}, {BUUR_PHONE}) betaalde vanaf {BUUR_IBAN}. Belt terug op {OWN_PHONE}."
    file = looked_at(file_with(note, f"{BUUR} nogmaals"))
    files = readable(package(file))
    assert {"overview.html", "overview.pdf", "data.json", "manifest.json", "csv/crm-notes.csv"} <= files.keys()
    for name, text in files.items():
        for value in (BUUR, BUUR_PHONE, BUUR_IBAN, "Bakkerman", "+31612345678"):
            assert squeezed(value) not in squeezed(text), name
    for name in ("overview.html", "overview.pdf", "data.json", "csv/crm-notes.csv"):
        assert squeezed(MARK) in squeezed(files[name]) and squeezed(OWN_PHONE) in squeezed(files[name]), name
    manifest = json.loads(files["manifest.json"])
    common = {"system": "Klantenbestand", "table": "Notities", "field": "Notitie", "ground": "artikel 15 lid 4 AVG"}
    assert manifest["redacted"] == [common | {"record": 1, "count": 4}, common | {"record": 2, "count": 1}]
    assert any("5 keer weggelaten" in item["why"] for item in manifest["left_out"])
    letter = json.dumps([block.items for block in prepared(file).letter.blocks])
    assert "5 keer weggelaten (artikel 15 lid 4 AVG)" in letter and BUUR not in letter


def test_what_staff_let_stand_goes_along_and_the_rest_does_not() -> None:
    file = file_with(f"Mail aan {BUUR}, telefoon {BUUR_PHONE}.")
    found = {one.kind: one for one in looked_at(file).others.others}
    file = looked_at(file, **{found[OtherKind.EMAIL].id: Choice.IN, found[OtherKind.PHONE].id: Choice.OUT})
    notes = package(file)["csv/crm-notes.csv"].decode("utf-8-sig")
    assert BUUR in notes and BUUR_PHONE not in notes


def test_portability_has_its_own_article_and_only_its_own_fields() -> None:
    file = looked_at(file_with(f"Mail aan {BUUR}.", label=Label.OVERDRACHT, organisation="whatnext", form=Form.EN))
    made = prepared(file)
    assert made.export is not None
    inside = {(table.name, column) for table in made.export.tables for column in table.columns}
    assert all((spot.table, spot.column) in inside for one in made.others for spot in one.spots)
    assert all(one.ground == "Article 20(4) GDPR" for one in made.export.redacted)
    assert all(one.ground == "Article 20(4) GDPR" for one in shown(file).redacted)


def test_staff_have_to_say_something_only_where_it_is_not_sure() -> None:
    file = looked_at(file_with(f"Mail aan {BUUR}, gesproken met mevrouw Bakkerman."))
    open_ = undecided(file.others.others, {})
    assert [one.kind for one in open_] == [OtherKind.NAME]
    assert undecided(file.others.others, {CHOSEN: json.dumps({open_[0].id: "out"})}) == ()
    assert goes_along({CHOSEN: json.dumps({open_[0].id: "out"})}) == frozenset()


# --- too much to look through -----------------------------------------------------------------------------------------


def test_text_that_was_not_looked_through_is_left_out_and_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others, "READ_CELL", 300)
    file = looked_at(file_with("Gewone regel zonder iets. " * 20 + BUUR, "Een korte notitie."))
    (one,) = file.others.others
    assert (one.kind, one.value, one.sure, one.count) == (OtherKind.UNREAD, "", False, 1)
    (first, second) = (row[0] for row in shown(file).tables[1].rows)
    assert str(first).startswith("Gewone regel") and str(first).endswith(MARK) and BUUR not in str(first)
    assert second == "Een korte notitie."


def test_the_whole_export_is_bounded_and_says_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others, "READ_ALL", 1_000)
    read = []

    def counted(text: str) -> Any:
        read.append(len(text))
        return facts_of(text)

    file = file_with(*(f"Notitie {number}: " + "niets bijzonders. " * 20 for number in range(10)))
    file = replace(file, others=others.review(file, counted))
    assert sum(read) <= 1_000
    (one,) = file.others.others
    assert one.kind is OtherKind.UNREAD and one.count >= 7


# --- whatever the notes are -------------------------------------------------------------------------------------------

PIECES = st.lists(
    st.sampled_from([*OWN, *THEIRS, "Belde over de factuur.", "Site was traag;", "akkoord\n"]), max_size=9
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=4), st.data())
def test_only_what_staff_let_stand_is_shown(notes: list[list[str]], data: st.DataObject) -> None:
    file = file_with(*(" . ".join(pieces) for pieces in notes))
    review = looked_at(file).others
    said = {one.id: data.draw(st.sampled_from(Choice)) for one in review.others}
    file = looked_at(file, **said)
    tables = shown(file).tables
    text = squeezed(" ".join(str(row[0]) for table in tables if table.name == "notes" for row in table.rows))
    own = [piece for pieces in notes for piece in pieces if piece in OWN]
    assert all(squeezed(piece.removeprefix("mevrouw ")) in text for piece in own)
    for one in review.others:
        if said[one.id] is Choice.OUT and one.kind is not OtherKind.NAME:
            assert squeezed(one.value) not in text
    flagged = {squeezed(one.value) for one in review.others}
    assert not flagged & {squeezed(piece) for piece in OWN}
    for name, value in (("Bakkerman", "mevrouw Bakkerman"), (BUUR, BUUR)):
        if not any(value in pieces for pieces in notes):
            assert name not in text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_a_cut_text_keeps_everything_outside_the_spans(text: str, places: list[tuple[int, int]]) -> None:

    spans = sorted(
        (Span(min(place), min(max(place), len(text)), "x") for place in places if min(place) < len(text)),
        key=lambda span: span.start,
    )
    gone = {at for span in spans for at in range(span.start, span.end)}
    assert cut(text, spans, "").replace("\0", "") == "".join(
        char for at, char in enumerate(text) if at not in gone
    ).replace("\0", "")
