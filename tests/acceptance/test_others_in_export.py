"""A copy that may not harm others: values of somebody else are shown to staff, decided, and left out of every file."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import httpx
import pytest
from sqlalchemy import select

from bot.demo.known import Role, known
from cases.errors import InputError, Stale
from cases.others import OtherKind
from storage.models import Audit, Draft, Export, table
from storage.unit import Reads
from tests.acceptance.words import ACCESS, ERASURE, PORTABLE
from tests.support.office import Office
from tests.support.web_client import csrf, sign_in
from workflow import accounts, others, retention, second_look
from workflow.package import Opened, open_draft

CURRENT = known("whatnext", Role.CURRENT)
FORMER = known("whatnext", Role.FORMER)
MAIL, PHONE, NAME = "buur@thuis.example", "06-12345678", "Bakkerman"
NOTE = f"Buurvrouw mevrouw {NAME} ({MAIL}, {PHONE}) wil meelezen. Terugbellen op {CURRENT.phone}."
PASSWORD = "zes losse woorden voor dit kantoor"


def write_note(office: Office, text: str = NOTE, who: str = CURRENT.customer_number) -> None:
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database, database:
        database.execute(
            "INSERT INTO berichten (klantnr, datum, onderwerp, notitie) VALUES (?, '2025-11-03', 'Gesprek', ?)",
            (who, text),
        )


async def asks(office: Office, text: str = ACCESS) -> None:
    (receipt,) = await office.mail(CURRENT.email, "mijn gegevens", text + CURRENT.name, name=CURRENT.name)
    await office.reply(receipt, receipt.code)
    assert office.state() == "awaiting_approval"


def opened(office: Office) -> Opened:
    draft = office.draft()
    return office.store.read_here(lambda reads: open_draft(reads, draft.id))


def flagged(office: Office) -> dict[OtherKind, str]:
    return {one.kind: one.id for one in opened(office).others}


def package(office: Office) -> dict[str, str]:
    """Every file of the newest export, as a person reads it."""
    rows = table(Export)

    def read(reads: Reads) -> bytes:
        row = reads.one(select(rows).order_by(rows.c.created_at.desc(), rows.c.id.desc()))
        assert row is not None
        return reads.keys.data(reads, row.data_key_id).open(row.content, f"export.content:{row.id}")

    with zipfile.ZipFile(io.BytesIO(office.store.read_here(read))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return {name: _pdf(data) if name.endswith(".pdf") else data.decode("utf-8-sig") for name, data in files.items()}


def _pdf(data: bytes) -> str:
    assert shutil.which("pdftotext"), "pdftotext (poppler-utils) is missing"
    text = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True, timeout=60)
    return re.sub(r"[\u200b\u00ad]", "", text.stdout.decode())


def squeezed(text: str) -> str:
    return "".join(text.split())


def holding(office: Office, value: str) -> set[str]:
    return {name for name, text in package(office).items() if squeezed(value) in squeezed(text)}


needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is missing")


@needs_pdftotext
async def test_staff_decide_and_what_is_left_out_stands_nowhere(changing: Office) -> None:
    office = changing
    write_note(office)
    await asks(office)
    found = flagged(office)
    assert set(found) == {OtherKind.EMAIL, OtherKind.PHONE, OtherKind.NAME}
    assert all(holding(office, value) == set() for value in (MAIL, PHONE, NAME)), "left out until somebody says so"

    # The address and the number are sure; of the name a person has to say something.
    with pytest.raises(InputError, match="others_open"):
        await office.approve()
    await others.decide(office.desk, office.staff[0], office.draft().id, {}, rest="out")
    (letter,) = await office.approved()
    assert office.state() == "answered"
    assert "keer weggelaten (artikel 15 lid 4 AVG)" in letter.flat and MAIL not in letter.text
    for value in (MAIL, PHONE, NAME):
        assert holding(office, value) == set(), value
    shown = holding(office, "[weggelaten: gegevens van een ander]")
    assert {"overview.html", "overview.pdf", "data.json"} <= shown
    assert {"overview.html", "data.json"} <= holding(office, CURRENT.phone), "her own number stays"
    (left,) = json.loads(package(office)["manifest.json"])["redacted"]
    assert (left["table"], left["field"], left["count"]) == ("Berichten en notities", "Notitie", 3)
    assert left["ground"] == "artikel 15 lid 4 AVG"
    assert any(row.facts == {"keys": ["others:"]} for row in office.rows(Audit))
    await retention.purge(office.desk)
    assert [row.others for row in office.rows(Draft)] == [None], "they have served their turn"
    assert office.audit().problems == ()


@needs_pdftotext
async def test_what_may_go_along_makes_the_export_anew(changing: Office) -> None:
    office = changing
    write_note(office)
    await asks(office)
    before, found = office.draft(), flagged(office)
    said = {found[OtherKind.EMAIL]: "in", found[OtherKind.NAME]: "out"}
    await others.decide(office.desk, office.staff[0], before.id, said)
    with pytest.raises(Stale):
        await office.approve(0, before)
    await office.work()
    assert office.draft().id != before.id and office.draft().package_digest != before.package_digest
    assert office.state() == "awaiting_approval"
    assert "data.json" in holding(office, MAIL) and not holding(office, NAME) and not holding(office, PHONE)
    await office.approved()
    assert office.state() == "answered"


async def test_portability_leaves_others_out_as_well(changing: Office) -> None:
    office = changing
    with closing(sqlite3.connect(office.folder / "customers" / "whatnext.db")) as database, database:
        database.execute(
            "INSERT INTO boekingen (klantnr, workshop, datum, opmerking) VALUES (?, 'Site', '2025-01-01', ?)",
            (CURRENT.customer_number, f"komt samen met {MAIL}"),
        )
    await asks(office, PORTABLE)
    assert set(flagged(office)) == {OtherKind.EMAIL}
    text = "".join(data for name, data in package(office).items() if not name.endswith(".pdf"))
    assert MAIL not in text and "[weggelaten: gegevens van een ander]" in text
    assert "artikel 20 lid 4 AVG" in package(office)["manifest.json"]


# --- on the case page -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def signed_in(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    await accounts.set_password(office.desk, office.staff[0], PASSWORD)
    async with office.browser() as http:
        assert (await sign_in(http, "saskia", PASSWORD)).status_code == 303
        yield http


async def test_the_case_page_shows_each_value_in_its_words_and_takes_the_choices(changing: Office) -> None:
    office = changing
    write_note(office)
    await asks(office)
    draft, address = office.draft(), f"/bureau/zaak/{office.request().case_id}"
    async with signed_in(office) as http:
        page = await http.get(address)
        assert "Gegevens van anderen in de export (3)" in page.text and "Nog te beslissen: 1" in page.text
        assert f"<mark>{MAIL}</mark>" in page.text and "Buurvrouw mevrouw" in page.text
        assert CURRENT.phone not in re.findall(r"<legend>.*?</legend>", page.text, re.S)
        token = csrf(page)
        approve = {"csrf": token, "package_digest": draft.package_digest}
        stopped = await http.post(f"/bureau/brief/{draft.id}/goedkeuren", data=approve)
        assert stopped.status_code == 422 and "Beslis eerst van elk" in stopped.text
        odd = await http.post(f"/bureau/brief/{draft.id}/anderen", data={"csrf": token, "ander-x": "out"})
        assert odd.status_code == 422
        done = await http.post(f"/bureau/brief/{draft.id}/anderen", data={"csrf": token, "act": "rest-weg"})
        assert done.status_code == 303
        assert "Alles is beslist" in (await http.get(address)).text
        assert (await http.post(f"/bureau/brief/{draft.id}/goedkeuren", data=approve)).status_code == 303
    assert len(await office.advance(minutes=1)) == 1 and office.state() == "answered"


async def test_the_case_page_says_why_an_erasure_waits_and_takes_a_reason(changing: Office) -> None:
    office = changing
    (receipt,) = await office.mail(FORMER.email, "kopie en wissen", ACCESS + "\n" + ERASURE + FORMER.name)
    await office.reply(receipt, receipt.code)
    erasure = next(row for row in office.requests() if row.label == "verwijdering")
    await office.approve(0, office.draft(erasure.id))
    await office.approve(1, office.draft(erasure.id))
    await office.advance(minutes=1)
    address = f"/bureau/zaak/{erasure.case_id}"
    async with signed_in(office) as http:
        page = await http.get(address)
        assert "Er wordt nog niets gewist" in page.text and "krijgt eerst antwoord" in page.text
        where = f"/bureau/verzoek/{erasure.id}/gaat-door"
        empty = await http.post(where, data={"csrf": csrf(page), "reason": " "})
        assert empty.status_code == 422
        reason = "Zei aan de telefoon dat de kopie niet meer hoeft."
        assert (await http.post(where, data={"csrf": csrf(page), "reason": reason})).status_code == 303
        assert "Er wordt nog niets gewist" not in (await http.get(address)).text
    assert office.store.read_here(lambda reads: second_look.held_back(reads, [erasure.id])) == {}
    await office.advance(days=3)
    assert office.request_row(erasure.id).state == "answered"
