"""Files of an office as sources: what is not changed stays as it was, and nothing is done to a file that is in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from cases.errors import ConfigError
from cases.protocols import Change, FindStatus
from cases.types import ActionStatus, Verb
from sources.file_csv import CsvFile
from sources.files import FileSource
from sources.folder import FolderSource
from sources.registry import open_source
from sources.settings import load_sources
from tests.support.firm import NOW, proven

EMAIL = proven("email", "zoë@voorbeeld.example")
CSV = (
    "nr;naam;mail;bedrag;sinds;nieuws\r\n"
    '1;"Zoë; de Vries";zoë@voorbeeld.example;1.234,50;2020-01-31;ja\r\n'
    "\r\n"
    "2;Joost;joost@anders.example;7;2021-02-28;ja\r\n"
    "03;Kort\r\n"
)
TOML = """
[[source]]
kind = "csv"
name = "leden"
label = "Ledenlijst"
copies = "kopieen"
[[source.table]]
name = "leden"
label = "Leden"
file = "leden.{suffix}"
numbers = ["bedrag"]
find_by = {{ email = ["mail"] }}
addresses = ["mail"]
key = ["nr"]
date = "sinds"
can = ["correct", "erase", "opt_out"]
opt_out = {{ set = {{ nieuws = "nee" }} }}
[source.table.fields]
nr = {{ label = "Nummer", category = "contact" }}
naam = {{ label = "Naam", category = "contact" }}
mail = {{ label = "E-mail", category = "contact" }}
bedrag = {{ label = "Bedrag", category = "contact" }}
sinds = {{ label = "Sinds", category = "contact" }}
nieuws = {{ label = "Nieuws", category = "contact" }}
"""


def leden(folder: Path, suffix: str = "csv", days: int = 0) -> FileSource:
    (settings,) = load_sources(TOML.format(suffix=suffix), file="test.toml", base=folder)
    source = open_source(settings, lambda: NOW + timedelta(days=days))
    assert isinstance(source, FileSource)
    return source


OPT_OUT = Change("1", Verb.OPT_OUT, "leden", identifiers=(EMAIL,))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_only_the_cell_that_changes_is_written(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "leden.csv"
    file.write_bytes(CSV.encode(encoding))
    source = leden(tmp_path)
    (table,) = (await source.find([EMAIL])).tables
    assert table.rows[0][1:4] == ("Zoë; de Vries", "zoë@voorbeeld.example", 1234.5)
    assert [(await source.change(OPT_OUT)).status for _ in range(2)] == [ActionStatus.DONE, ActionStatus.NOTHING]
    assert file.read_bytes() == CSV.replace("31;ja", "31;nee").encode(encoding)
    (copy,) = (tmp_path / "kopieen").iterdir()
    assert copy.read_bytes() == CSV.encode(encoding)
    gone = Change("2", Verb.ERASE, "leden", (table.keys[0],))
    late = leden(tmp_path, days=8)
    assert (await late.change(gone)).status is ActionStatus.DONE
    assert "Zoë" not in file.read_bytes().decode(encoding)
    assert not copy.exists()  # eight days later; the newest copy has its own week
    assert len(list((tmp_path / "kopieen").iterdir())) == 1
    await source.close()
    await late.close()


@pytest.mark.parametrize("lock", ["~$leden.csv", ".~lock.leden.csv#"])
async def test_a_file_that_somebody_has_open_is_left_alone(tmp_path: Path, lock: str) -> None:
    (tmp_path / "leden.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / lock).write_text("")
    source = leden(tmp_path)
    result = await source.change(OPT_OUT)
    assert (result.status, "staat bij iemand open" in result.error) == (ActionStatus.FAILED, True)
    assert _names(tmp_path) == sorted([lock, "leden.csv"])
    await source.close()


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "leden.csv"
    file.write_text(CSV, encoding="utf-8", newline="")
    write = CsvFile.write

    def slow(self: CsvFile, new: Path, gone: list[int], altered: dict[int, dict[str, object]]) -> None:
        write(self, new, gone, altered)
        file.write_text(CSV + "4;Nieuw\r\n", encoding="utf-8", newline="")

    monkeypatch.setattr(CsvFile, "write", slow)
    source = leden(tmp_path)
    result = await source.change(OPT_OUT)
    assert (result.status, "net door iemand anders" in result.error) == (ActionStatus.FAILED, True)
    assert file.read_text(encoding="utf-8").endswith("4;Nieuw\n")
    await source.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nr;nr\r\n1;2\r\n", "dubbele kolomnaam"),
        ("nr;naam\r\n1;2;3\r\n", "meer waarden dan kolommen"),
        ("nr;naam\r\n1;2\r\n", "ontbreekt kolom"),
        ("", "is leeg"),
    ],
)
async def test_a_file_that_can_not_be_read_has_failed(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "leden.csv").write_text(text, encoding="utf-8", newline="")
    source = leden(tmp_path)
    found = await source.find([EMAIL])
    assert (found.status, words in found.error) == (FindStatus.FAILED, True), found.error
    assert await source.check() != []
    await source.close()


async def test_a_sheet_keeps_its_formulas_and_its_other_rows(tmp_path: Path) -> None:
    file, book = tmp_path / "leden.xlsx", openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("nr", "naam", "mail", "bedrag", "sinds", "nieuws"),
        (1, "Zoë", "zoë@voorbeeld.example", 10, NOW.replace(tzinfo=None, hour=0), "ja"),
        (2, "Joost", "joost@anders.example", 5, None, "ja"),
    ):
        sheet.append(row)
    sheet["H1"] = "=SUM(D2:D3)"
    book.save(file)
    source = leden(tmp_path, "xlsx")
    (table,) = (await source.find([EMAIL])).tables
    assert (table.rows[0][3], str(table.days[0])) == (10, "2027-02-10")
    assert (await source.change(Change("1", Verb.ERASE, "leden", table.keys))).status is ActionStatus.DONE
    assert (await source.find([EMAIL])).status is FindStatus.NOTHING
    after = openpyxl.load_workbook(file).active
    assert after is not None
    assert [cell.value for cell in after[2]][:6] == [None] * 6
    assert (after["B3"].value, after["H1"].value) == ("Joost", "=SUM(D2:D3)")
    (tmp_path / "leden.xlsx").write_bytes(b"geen werkmap")
    assert "geen leesbaar Excel-bestand" in (await source.find([EMAIL])).error
    await source.close()


async def test_copies_go_on_their_day_without_a_change(tmp_path: Path) -> None:
    (tmp_path / "leden.csv").write_text(CSV, encoding="utf-8", newline="")
    source = leden(tmp_path)
    assert await source.forget_copies() == 0, "there is no folder yet"
    assert (await source.change(OPT_OUT)).status is ActionStatus.DONE
    (tmp_path / "kopieen" / "2020T oud van iemand.csv").write_text("niet van ons")
    for days, gone in ((6, 0), (8, 1), (9, 0)):
        later = leden(tmp_path, days=days)
        assert await later.forget_copies() == gone
        await later.close()
    assert _names(tmp_path / "kopieen") == ["2020T oud van iemand.csv"]
    await source.close()


async def test_a_file_that_is_only_read_has_no_copies(tmp_path: Path) -> None:
    (tmp_path / "20200101T000000000000 leden.csv").write_text("van iemand anders")
    toml = TOML.format(suffix="csv").replace('copies = "kopieen"\n', "").replace('"correct", "erase", "opt_out"', "")
    (settings,) = load_sources(toml.replace('opt_out = { set = { nieuws = "nee" } }\n', ""), file="t", base=tmp_path)
    source = open_source(settings, lambda: NOW)
    assert isinstance(source, FileSource) and await source.forget_copies() == 0
    assert _names(tmp_path) == ["20200101T000000000000 leden.csv"]
    await source.close()


def test_no_change_without_a_place_for_the_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_sources(TOML.format(suffix="csv").replace('copies = "kopieen"\n', ""), file="test.toml", base=tmp_path)
    assert caught.value.key == "source[1].table[1].can"


# --- documents --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dossiers(tmp_path: Path) -> Callable[[int], FolderSource]:
    for name in ("K-1001/brief.txt", "oud/K-1001 nota.pdf", "K-10012/x.txt", "xK-1001/x.txt", "1001/x.txt"):
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_text(name)
    (tmp_path / "d" / "K-1001" / "link.txt").symlink_to(tmp_path / "d" / "1001" / "x.txt")
    toml = '[[source]]\nkind = "folder"\nname = "d"\nlabel = "D"\npath = "d"\ntrash = "weg"\naside = "apart"\n'
    (settings,) = load_sources(toml, file="test.toml", base=tmp_path)

    def opened(days: int) -> FolderSource:
        source = open_source(settings, lambda: NOW + timedelta(days=days))
        assert isinstance(source, FolderSource)
        return source

    return opened


NUMBER = proven("customer_number", "k-1001")
NOTA = json.dumps("oud/K-1001 nota.pdf")


async def test_documents_of_exactly_this_number(dossiers: Callable[[int], FolderSource], tmp_path: Path) -> None:
    source = dossiers(0)
    assert (await source.find([NUMBER])).tables[0].keys == ('"K-1001/brief.txt"', NOTA)
    short = await source.find([proven("customer_number", "100")])
    assert (short.status, "te kort" in short.error) == (FindStatus.FAILED, True)
    restrict, lift = (Change(verb, verb, "documenten", (NOTA,)) for verb in (Verb.RESTRICT, Verb.LIFT))
    assert [(await source.change(restrict)).status for _ in range(2)] == [ActionStatus.DONE, ActionStatus.NOTHING]
    assert (tmp_path / "apart" / "oud" / "K-1001 nota.pdf").is_file()
    assert NOTA in (await source.find([NUMBER])).tables[0].keys  # set aside, and still found
    assert (await source.change(lift)).status is ActionStatus.DONE
    assert (await source.change(Change("e", Verb.ERASE, "documenten", (NOTA,)))).status is ActionStatus.DONE
    assert (await source.find([NUMBER])).tables[0].keys == ('"K-1001/brief.txt"',)
    assert len(list((tmp_path / "weg").rglob("*.pdf"))) == 1
    await dossiers(8).change(Change("e2", Verb.ERASE, "documenten", (NOTA,)))
    assert list((tmp_path / "weg").iterdir()) == []


@pytest.mark.parametrize("key", ['"../brief.txt"', '"/etc/passwd"', "geen json", '""', "7"])
async def test_a_key_never_leads_out_of_the_folder(dossiers: Callable[[int], FolderSource], key: str) -> None:
    result = await dossiers(0).change(Change("e", Verb.ERASE, "documenten", (key,)))
    assert (result.status, result.error) == (ActionStatus.FAILED, "dit is geen sleutel van een document")


async def test_the_bin_is_emptied_without_a_change(dossiers: Callable[[int], FolderSource], tmp_path: Path) -> None:
    source = dossiers(0)
    assert await source.forget_copies() == 0, "there is no bin yet"
    assert (await source.change(Change("1", Verb.ERASE, "documenten", (NOTA,)))).status is ActionStatus.DONE
    assert [await dossiers(days).forget_copies() for days in (6, 8, 9)] == [0, 1, 0]
    assert _names(tmp_path / "weg") == []


async def test_documents_are_looked_at_by_their_place(dossiers: Callable[[int], FolderSource]) -> None:
    found = await dossiers(0).records("documenten", [NOTA, json.dumps("weg.pdf")])
    assert set(found) == {NOTA} and found[NOTA]["naam"] == "K-1001 nota.pdf" and found[NOTA]["bytes"] == 19
