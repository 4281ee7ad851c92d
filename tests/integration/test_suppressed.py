"""`privacyloket suppressed`: a list is checked before anybody is mailed or imported, and no address is ever printed."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from bot.config import load
from bot.wiring import open_store, prepare_organisations
from cases.context import Context
from cases.errors import Permanent
from sources.address_list import open_list
from storage.models import Suppression
from storage.queries.suppression import suppressed_digest
from storage.unit import Unit
from tests.support.command_line import Command, command

__all__ = ["command"]  # a fixture

CONFIG = """\
[program]
data = "data"

[smtp_door]
port = 2525
{}
"""
ORGANISATION = """
[[organisation]]
key = "{0}"
mailbox = "info@{0}.example"
[organisation.smtp]
host = "127.0.0.1"
port = 2526
tls = "none"
"""
MARKED = (
    ("jip@post.example", "post", True),  # erased
    ("anna@klant.example", "email", False),
    ("piet@post.example", "post", False),
)
LIST = (
    "naam;mail;opmerking\r\n"
    '"Zoë; de Vries";ZOË@voorbeeld.example;\r\n'
    'Jip;" Jip@Post.example ";"let op"\r\n'
    "Mo;;geen adres\r\n"
    "Anna;anna@klant.example;\r\n"
    "Firma;info@firma.example, jip@post.example;\r\n"
    "Piet;piet@post.example;\r\n"
)


def configured(folder: Path, *organisations: str) -> Path:
    """A desk on which Jip was erased, Anna wants no mail and Piet no letters."""
    file = folder / "loket.toml"
    file.write_text(CONFIG.format("".join(map(ORGANISATION.format, organisations))))
    settings = load(file)
    store = open_store(settings, Context())

    def write(unit: Unit) -> None:
        prepare_organisations(unit, settings)
        unit.flush()
        for number, (address, channel, erased) in enumerate(
            (
                ("jip@post.example", "post", True),
                ("anna@klant.example", "email", False),
                ("piet@post.example", "post", False),
            )
        ):
            unit.add(
                Suppression, id=str(number), organisation_id="whatnext", channel=channel, erased=erased,
                address_digest=suppressed_digest(unit, "whatnext", address), since=unit.now,
            )  # fmt: skip

    store.write_here(write)
    store.close()
    return file


def test_a_list_is_checked_and_cleaned(tmp_path: Path, command: Command) -> None:
    config, listed, clean = configured(tmp_path, "whatnext"), tmp_path / "lijst.csv", tmp_path / "schoon.csv"
    listed.write_bytes(LIST.encode("cp1252"))
    found = command("suppressed", listed, "--config", config)
    assert found.code == 1
    assert "6 rijen: 2 gewist, 1 afgemeld (email)." in found.out
    assert "gewist: rij 3, 6" in found.out and "afgemeld: rij 5" in found.out and "1 rijen zonder" in found.out
    assert "@" not in found.out + found.err and "jip" not in found.out.lower()
    assert command("suppressed", listed, "--config", config, "--out", clean).code == 0
    kept = LIST.splitlines(keepends=True)
    assert clean.read_bytes() == "".join((kept[0], kept[1], kept[3], kept[6])).encode("cp1252")
    assert listed.read_bytes() == LIST.encode("cp1252"), "the list itself stays"
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".csv") == ["lijst.csv", "schoon.csv"]
    assert command("suppressed", clean, "--config", config).code == 0


def test_the_channel_counts_and_the_erased_never(tmp_path: Path, command: Command) -> None:
    config, listed = configured(tmp_path, "whatnext"), tmp_path / "lijst.csv"
    listed.write_bytes(LIST.encode())
    found = command("suppressed", listed, "--config", config, "--channel", "post")
    assert "2 gewist, 1 afgemeld (post)" in found.out and "afgemeld: rij 7" in found.out


def test_a_sheet(tmp_path: Path, command: Command) -> None:
    config, listed, clean = configured(tmp_path, "whatnext"), tmp_path / "lijst.xlsx", tmp_path / "schoon.xlsx"
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["mail", "naam"], ["jip@post.example", "Jip"], ["eva@post.example", "Eva"]):
        book.active.append(row)
    book.save(listed)
    assert "gewist: rij 2" in command("suppressed", listed, "--config", config, "--out", clean).out
    sheet = openpyxl.load_workbook(clean).active
    assert sheet is not None
    assert [row for row in sheet.iter_rows(values_only=True) if any(row)] == [
        ("mail", "naam"), ("eva@post.example", "Eva")
    ]  # fmt: skip


def test_what_can_not_be_judged_is_refused(tmp_path: Path, command: Command) -> None:
    config, listed = configured(tmp_path, "whatnext", "weservit"), tmp_path / "lijst.csv"
    listed.write_bytes(LIST.encode())
    assert "--org" in command("suppressed", listed, "--config", config).err
    assert command("suppressed", listed, "--org", "weservit", "--config", config).code == 0, "each has its own list"
    same = command("suppressed", listed, "--org", "whatnext", "--config", config, "--out", listed)
    assert same.code == 2 and listed.read_bytes() == LIST.encode()
    bare = tmp_path / "kaal.csv"
    bare.write_text("jip@post.example\nanna@klant.example\n")
    with pytest.raises(Permanent, match="eerste rij"):
        open_list(bare)
    with pytest.raises(Permanent):
        open_list(tmp_path / "weg.csv")


def test_retention_says_what_the_desk_keeps(tmp_path: Path, command: Command) -> None:
    done = command("retention", "--config", configured(tmp_path, "whatnext"))
    assert done.code == 0
    assert "niet benaderen: 3 adressen" in done.out
    assert "wisregister: 0 regels" in done.out and "weg na 5 jaar" in done.out and "sleutels:" in done.out
