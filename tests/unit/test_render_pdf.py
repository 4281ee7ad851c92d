"""PDFs made by the real compiler and read back with pdftotext (poppler-utils)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.errors import Permanent, Temporary
from cases.export import ExportSpec, ExportTable, InfoSection, LeftOut
from cases.letters import Block, BlockKind, Letter, Table
from cases.types import Form, Label
from handlers.registry import HANDLERS
from render.letter import LetterContext
from render.overview import MAX_ROWS_PDF, ExportMeta
from render.pdf import letter_pdf, overview_pdf
from tests.support.case_files import case_file
from tests.support.hostile import HOSTILE

META = ExportMeta("Voorbeeld B.V.", "PL-2027-0012", "Sanne de Vries", datetime(2027, 2, 10, 9, tzinfo=UTC), Form.NL_JE)
needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is missing")


def read(pdf: bytes, folder: Path) -> str:
    """The words of a PDF, without blanks and soft breaks: a PDF knows lines, not paragraphs."""
    path = folder / "read.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, timeout=60).stdout
    return squeezed(text.decode())


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad]", "", unicodedata.normalize("NFKC", text))


def hostile_letter() -> Letter:
    blocks = [Block(BlockKind.TEXT, str(number), True, (value,)) for number, value in enumerate(HOSTILE)]
    blocks += [Block(BlockKind.TEXT, f"i{number}", True, items=(value,)) for number, value in enumerate(HOSTILE)]
    blocks += [Block(BlockKind.TEXT, f"h{n}", True, ("x",), heading=value) for n, value in enumerate(HOSTILE)]
    blocks.append(Block(BlockKind.DATA, "t", True, table=Table(("kop",), tuple((value,) for value in HOSTILE))))
    return Letter(HOSTILE[0], Form.NL_U, tuple(blocks))


def hostile_spec() -> ExportSpec:
    one = ExportTable("s", HOSTILE[8], "t", HOSTILE[2], ("a",), (HOSTILE[10],), tuple((value,) for value in HOSTILE))
    record = ExportTable("s", HOSTILE[8], "r", "record", ("a",), ("naam",), ((HOSTILE[0],),))
    info = InfoSection(HOSTILE[9], HOSTILE[:3], HOSTILE[3:6], Table(("kop",), ((HOSTILE[11],),)))
    return ExportSpec((one, record), (LeftOut(HOSTILE[4], HOSTILE[5]),), (HOSTILE[6],), (info,))


@needs_pdftotext
def test_hostile_words_are_printed_literally_in_a_letter(tmp_path: Path) -> None:
    text = read(letter_pdf(hostile_letter(), LetterContext(HOSTILE[7], sender=(HOSTILE[1],))), tmp_path)
    for value in HOSTILE:
        assert text.count(squeezed(value)) >= 4, value  # paragraph, item, heading, cell
    assert squeezed(HOSTILE[7]) in text


@needs_pdftotext
def test_hostile_words_are_printed_literally_in_an_overview(tmp_path: Path) -> None:
    meta = ExportMeta(HOSTILE[7], HOSTILE[12], HOSTILE[13], META.created_at, Form.NL_JE)
    text = read(overview_pdf(hostile_spec(), meta), tmp_path)
    for value in HOSTILE:
        assert squeezed(value) in text, value


@needs_pdftotext
def test_a_letter_on_paper_says_what_the_mail_says(tmp_path: Path) -> None:
    letter = HANDLERS[Label.INZAGE].prepare(case_file()).letter
    context = LetterContext("Voorbeeld B.V.", demo=True, recipient=("Sanne de Vries", "Dorpsstraat 1"))
    text = read(letter_pdf(letter, context), tmp_path)
    for block in letter.blocks:
        for part in (block.heading, *(line for value in block.text for line in value.split("\n"))):
            assert squeezed(part) in text, block.key
    assert "DEMO" in text
    assert "Dorpsstraat1" in text
    assert "pagina1van" in text


@needs_pdftotext
def test_an_overview_shows_the_rows_and_says_when_it_stops(tmp_path: Path) -> None:
    rows = tuple((f"regel-{number}", number % 2 == 0, 1.5, None) for number in range(MAX_ROWS_PDF + 5))
    table = ExportTable("log", "Logboek", "lines", "Regels", ("a", "b", "c", "d"), ("A", "B", "C", "D"), rows)
    text = read(overview_pdf(ExportSpec((table,)), META), tmp_path)
    assert f"regel-{MAX_ROWS_PDF - 1}" in text
    assert f"regel-{MAX_ROWS_PDF}ja" not in text
    assert f"eerste{MAX_ROWS_PDF}van{MAX_ROWS_PDF + 5}" in text
    assert "1,5" in text
    assert "SannedeVries" in text


def test_the_same_data_make_the_same_file() -> None:
    assert overview_pdf(hostile_spec(), META) == overview_pdf(hostile_spec(), META)
    assert letter_pdf(hostile_letter(), LetterContext("A")).startswith(b"%PDF-")


def test_only_the_fonts_of_the_compiler_are_used() -> None:
    """A font of the machine would make the file differ from one machine to the next."""
    pdf = letter_pdf(hostile_letter(), LetterContext("A"))
    names = set(re.findall(rb"/BaseFont\s*/(?:[A-Z]{6}\+)?([A-Za-z]+)", pdf))
    assert names <= {b"LibertinusSerif", b"DejaVuSansMono", b"NewCM", b"NewCMMath"}, names


def test_an_empty_export_still_makes_a_page() -> None:
    empty = ExportTable("s", "Systeem", "t", "Tabel", (), (), ())
    assert overview_pdf(ExportSpec((empty,)), META).startswith(b"%PDF-")
    assert overview_pdf(ExportSpec(()), META).startswith(b"%PDF-")


def test_a_compiler_that_is_too_slow_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("render.pdf.TIME_LIMIT", 0.001)
    with pytest.raises(Temporary):
        letter_pdf(hostile_letter(), LetterContext("A"))


def test_what_went_wrong_says_nothing_of_the_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "letter.typ").write_text("#panic(sys.inputs.data)")
    monkeypatch.setattr("render.pdf.TEMPLATES", tmp_path)
    with pytest.raises(Permanent) as caught:
        letter_pdf(Letter("Sanne de Vries", Form.EN, ()), LetterContext("A"))
    assert "Sanne" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_compiler_is_not_in_this_process() -> None:
    """It would keep what it compiled (and 600 MB) for as long as the program runs."""
    letter_pdf(hostile_letter(), LetterContext("A"))
    assert "typst" not in sys.modules
