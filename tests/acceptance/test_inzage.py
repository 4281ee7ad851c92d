"""A customer asks for a copy and gets it: from mail to download, on both databases."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bot.demo.known import Role, known
from cases.types import WorkKind
from storage.models import Finding, IdentityCode
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.support.arrived import Mail
from tests.support.office import Office, Shared, open_office


async def test_from_mail_to_download(everywhere: Office, shared: Shared) -> None:
    office = everywhere

    # She writes; within the same run a receipt arrives, by a program that says so.
    (receipt,) = await office.mail(CUSTOMER.email, "Mijn gegevens", ACCESS + CUSTOMER.name, name=CUSTOMER.name)
    assert receipt.to == CUSTOMER.email
    assert receipt.text.startswith("Ik ben de automatische assistent van WhatNext.")
    assert "Een medewerker beslist" in receipt.flat and "mens" in receipt.flat
    assert "5 januari 2026" in receipt.flat and "5 februari 2026" in receipt.flat
    assert f"https://loket.example/z/{receipt.token('z')}" in receipt.text
    assert "WHA-" in receipt.text and "DEMO" not in receipt.text
    assert receipt.message["Auto-Submitted"] == "auto-replied"
    assert receipt.message["In-Reply-To"] == "<1@verzinsel.example>"
    assert office.states() == {"inzage": "identifying"}

    # She answers with the code; the sources are asked and a draft waits for staff.
    (heard,) = await office.reply(receipt, f"De code is {receipt.code}")
    assert "code" in heard.flat and not heard.has_code
    assert office.states() == {"inzage": "awaiting_approval"}
    assert office.work_list() == [WorkKind.APPROVE]
    draft = office.draft()
    assert "Ja, we hebben gegevens van je." in office.letter_of(draft)
    (finding,) = office.rows(Finding)
    assert (finding.source, finding.status) == ("whatnext", "found") and finding.rows_found > 10

    # A colleague approves; the letter leaves when the time for second thoughts is over, and not before.
    shown = office.letter_of(draft)
    await office.approve()
    assert await office.work() == []
    (letter,) = await office.advance(seconds=31)
    assert letter.text.strip() == shown.strip(), "the letter that left is the letter that was approved"
    assert letter.message["Auto-Submitted"] in (None, "no")
    assert "Autoriteit Persoonsgegevens" in letter.text
    assert office.states() == {"inzage": "answered"}
    assert office.moved_by("answered") == f"staff:{office.staff[0]}"
    assert office.work_list() == []

    # She opens the link, twice, asks for a code, types it, downloads.
    async with office.browser() as browser:
        package = await _download(office, browser, letter)
    _check_package(package, shared.folder / "customers" / "whatnext.db")
    assert office.audit().problems == ()


async def _download(office: Office, browser: httpx.AsyncClient, letter: Mail) -> bytes:
    page = f"/d/{letter.token('d')}"
    for _ in range(3):  # link scanners open every link
        assert (await browser.get(page)).status_code == 200
    assert await office.work() == [], "a GET sends nothing"
    assert (await browser.post(f"{page}/stuur", headers=_SAME)).status_code == 303
    (code_mail,) = await office.work()
    assert code_mail.to == CUSTOMER.email
    assert (await browser.get(f"{page}/code")).status_code in (404, 405)
    wrong = await browser.post(f"{page}/code", data={"code": _other(code_mail.code)}, headers=_SAME)
    assert wrong.headers["location"].endswith("melding=fout")
    right = await browser.post(f"{page}/code", data={"code": code_mail.code}, headers=_SAME)
    assert right.status_code == 303 and "melding" not in right.headers["location"]
    file = await browser.post(f"{page}/bestand", headers=_SAME)
    assert file.headers["content-type"] == "application/zip"
    again = await browser.post(f"{page}/code", data={"code": code_mail.code}, headers=_SAME)
    assert again.headers["location"].endswith("melding=fout"), "a code counts once"
    return file.content


_SAME = {"Origin": "https://loket.example", "Sec-Fetch-Site": "same-origin"}


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def _check_package(package: bytes, database: Path) -> None:
    """Everything of hers, nothing of anybody else."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    names = {Path(name).name for name in files}
    assert {"overzicht.pdf", "overzicht.html"} <= names or {"overview.pdf", "overview.html"} <= names
    assert {"data.json", "manifest.json"} <= names
    assert next(data for name, data in files.items() if name.endswith(".pdf")).startswith(b"%PDF")
    manifest = json.loads(_file(files, "manifest.json"))
    for entry in manifest["files"]:
        data = next(content for name, content in files.items() if name.endswith(entry["name"]))
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    whole = b"\n".join(content for name, content in files.items() if not name.endswith(".pdf")).decode()
    with closing(sqlite3.connect(database)) as connection:
        mine = "SELECT iban FROM klanten WHERE klantnr = ?"
        (iban,) = connection.execute(mine, [CUSTOMER.customer_number]).fetchone()
        (secret,) = connection.execute(
            "SELECT wachtwoord_hash FROM inlog WHERE klantnr = ?", [CUSTOMER.customer_number]
        ).fetchone()
        orders = connection.execute(
            "SELECT bestelnr FROM bestellingen WHERE klantnr = ?", [CUSTOMER.customer_number]
        ).fetchall()
        others = connection.execute(
            "SELECT email, klantnr, iban FROM klanten WHERE klantnr <> ?", [CUSTOMER.customer_number]
        ).fetchall()
    assert secret not in whole, "login secrets are never handed out"
    assert iban and iban not in whole and iban[-4:] in whole
    for email, number, bank in others:
        assert email not in whole and number not in whole and (not bank or bank not in whole)
    rows = list(csv.DictReader(io.StringIO(_file(files, "bestellingen.csv").decode("utf-8-sig")), delimiter=";"))
    assert {row["Bestelnummer"] for row in rows} == {str(number) for (number,) in orders}
    assert CUSTOMER.email in whole and CUSTOMER.street in whole


def _file(files: dict[str, bytes], end: str) -> bytes:
    return next(content for name, content in files.items() if name.endswith(end))


async def test_the_house_that_says_u(tmp_path: Path, shared: Shared) -> None:
    """Another organisation: other form of address, a phone number, other tables, and systems of others kept out."""
    person = known("weservit", Role.CURRENT)
    async with open_office(tmp_path, shared, organisations=("weservit",)) as office:
        (receipt,) = await office.mail(person.email, "Inzage", ACCESS + person.name, name=person.name)
        assert " u " in receipt.flat and " je " not in receipt.flat.lower()
        assert "of bel 073 123 4500" in receipt.flat
        await office.reply(receipt, receipt.code)
        (letter,) = await office.approved()
        assert " uw " in letter.flat and not {"je", "jij", "jouw", "jullie"} & _own_words(letter)
        async with office.browser() as browser:
            page = f"/d/{letter.token('d')}"
            await browser.post(f"{page}/stuur", headers=_SAME)
            (mail,) = await office.work()
            await browser.post(f"{page}/code", data={"code": mail.code}, headers=_SAME)
            package = (await browser.post(f"{page}/bestand", headers=_SAME)).content
        source = next(iter(office.desk.organisation("weservit").sources.values()))
        processor = {part.name for part in source.describe().tables if part.role == "processor"}
        assert processor
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            tables = {entry["table"] for entry in json.loads(_json(archive, "manifest.json"))["tables"]}
        assert tables and not tables & processor


def _own_words(letter: Mail) -> set[str]:
    """Words of the letter itself, without what it quotes of hers."""
    text = " ".join(part for number, part in enumerate(letter.flat.split('"')) if number % 2 == 0)
    return {word.strip(".,:;!?()").lower() for word in text.split()}


def _json(archive: zipfile.ZipFile, end: str) -> bytes:
    return archive.read(next(name for name in archive.namelist() if name.endswith(end)))


async def test_the_code_may_be_typed_on_the_page(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    async with office.browser() as browser:
        page = f"/z/{receipt.token('z')}"
        for _ in range(3):
            shown = await browser.get(page)
            assert shown.status_code == 200
            assert CUSTOMER.email not in shown.text and CUSTOMER.last not in shown.text
        assert office.state() == "identifying"
        answer = await browser.post(f"{page}/code", data={"code": receipt.code}, headers=_SAME)
        assert answer.headers["location"].endswith("melding=code-goed")
    await office.work()
    assert office.state() == "awaiting_approval"


async def test_before_approval_there_is_no_download(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    token = Mail("", b"\n" + office.letter_of(office.draft()).encode()).token("d")
    async with office.browser() as browser:
        gone = await browser.get(f"/d/{token}")
        never = await browser.get("/d/bestaat-niet")
        assert gone.status_code == never.status_code == 404 and gone.text == never.text
        assert (await browser.post(f"/d/{token}/stuur", headers=_SAME)).status_code == 404
    assert await office.work() == []


async def test_a_link_ends_and_lives_again_but_not_without_a_code(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    (letter,) = await office.approved()
    await office.advance(days=15)
    async with office.browser() as browser:
        page = f"/d/{letter.token('d')}"
        await browser.post(f"{page}/stuur", headers=_SAME)
        assert await office.work() == []
        await browser.post(f"{page}/nieuwe-link", headers=_SAME)
        await browser.post(f"{page}/stuur", headers=_SAME)
        (mail,) = await office.work()
        assert mail.to == CUSTOMER.email and mail.has_code


@pytest.mark.parametrize("opening", ["Je code is 12 34 56", "bedankt"])
async def test_an_answer_without_the_right_code_opens_nothing(office: Office, opening: str) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    if receipt.code != "123456":
        await office.reply(receipt, opening)
        assert office.state() == "identifying"
        assert all(row.used_at is None for row in office.rows(IdentityCode))
