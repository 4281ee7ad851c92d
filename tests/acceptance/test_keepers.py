"""A system that a person keeps, from the mail to the letter: the keeper answers on the task page, by its link."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.demo.known import Known, Role, known
from cases.types import Label
from sources.registry import open_source
from sources.settings import load_sources
from storage.models import SourceTask, table
from tests.acceptance.rights import decided, desk_of, one_letter, request_of
from tests.acceptance.words import ACCESS, ERASURE
from tests.support.arrived import Mail
from tests.support.office import Office, Shared, shared
from workflow import tasks

__all__ = ["shared"]  # fixtures
KEEPER, DEPUTY = "anja@kantoor.example", "bram@kantoor.example"
BINDER = f"""
[[source]]
kind = "manual"
name = "map"
label = "Papieren dossiers"
keeper = "{KEEPER}"
deputy = "{DEPUTY}"
steps = {{ find = ["Pak de map van de klant."], erase = ["Haal de papieren door de versnipperaar."] }}
[[source.table]]
name = "dossier"
label = "Dossier"
[source.table.fields]
soort = {{ label = "Wat het is", category = "correspondence" }}
datum = {{ label = "Datum", category = "correspondence" }}
"""
SAME = {"Origin": "https://loket.example", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    """WhatNext with a cupboard of binders beside its database."""
    async with desk_of(tmp_path, shared, "whatnext") as opened:
        own = opened.desk.organisation("whatnext")
        assert isinstance(own.sources, dict)
        (binder,) = load_sources(BINDER, file="map.toml")
        own.sources["map"] = open_source(binder, opened.clock.now)
        yield opened


async def asked(office: Office, who: Known, words: str) -> Mail:
    """The mail to the keeper."""
    (receipt, *_) = await office.mail(who.email, "verzoek", words + who.name)
    mails = await office.reply(receipt, receipt.code)
    return next(mail for mail in mails if mail.to == KEEPER)


async def test_what_a_keeper_types_is_in_the_answer(office: Office) -> None:
    who = known("whatnext", Role.CURRENT)
    task = await asked(office, who, ACCESS)
    assert who.email not in task.flat and who.name not in task.flat, "the mail names a task, nobody"
    assert request_of(office, Label.INZAGE).state == "preparing"
    async with office.browser() as browser:
        address = f"/taak/{task.token('taak')}"
        page = await browser.get(address)
        assert "Pak de map van de klant." in page.text and who.email in page.text
        first = {"0.dossier.soort": "Brief over de verhuizing", "0.dossier.datum": "2024-03-04"}
        more = await browser.post(address, data={**first, "antwoord": "nog-een"}, headers=SAME)
        assert "Brief over de verhuizing" in more.text and 'name="1.dossier.soort"' in more.text
        second = {"1.dossier.soort": "Notitie van een telefoongesprek", "1.dossier.datum": "2025-01-02"}
        await browser.post(address, data={**first, **second, "antwoord": "gevonden"}, headers=SAME)
        again = await browser.get(address)
        assert "Deze taak is klaar" in again.text and who.email not in again.text
    await office.work()
    assert request_of(office, Label.INZAGE).state == "awaiting_approval"
    answer = one_letter(await decided(office, Label.INZAGE), who.email)
    assert re.search(r"Papieren dossiers.*?Dossier.*?\b2\b", answer.flat)
    async with office.browser() as browser:
        package = await downloaded(office, browser, answer)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        words = b"".join(archive.read(name) for name in archive.namelist() if name.endswith((".csv", ".json", ".html")))
    assert b"Brief over de verhuizing" in words and b"Notitie van een telefoongesprek" in words


async def test_a_list_from_the_system_itself_is_an_answer(office: Office) -> None:
    """Columns by their label or name; one that is not asked for is never passed over in silence."""
    task = await asked(office, known("whatnext", Role.CURRENT), ACCESS)
    address = f"/taak/{task.token('taak')}"

    async def hand_over(text: str) -> str:
        async with office.browser() as browser:
            files = {"lijst": ("export.csv", text.encode("cp1252"))}
            answer = await browser.post(address, data={"antwoord": "gevonden"}, files=files, headers=SAME)
            return answer.text if answer.status_code == 422 else ""

    assert "De kolom „Afdeling”" in await hand_over("Wat het is;Afdeling\nBrief;Verkoop\n")
    assert "geen regels" in await hand_over("Wat het is;Datum\n")
    assert "te lang" in await hand_over("Wat het is\n" + "Brief\n" * 501)
    assert request_of(office, Label.INZAGE).state == "preparing"
    assert await hand_over("Wat het is;datum\nBrief over één factuur;2024-03-04\n;\nNotitie;2025-01-02\n") == ""
    await office.work()
    assert request_of(office, Label.INZAGE).state == "awaiting_approval"
    answer = one_letter(await decided(office, Label.INZAGE), known("whatnext", Role.CURRENT).email)
    assert re.search(r"Papieren dossiers.*?Dossier.*?\b2\b", answer.flat)
    async with office.browser() as browser:
        package = await downloaded(office, browser, answer)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        words = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".csv"))
    assert "Brief over één factuur".encode() in words and b"Notitie" in words


async def downloaded(office: Office, browser: httpx.AsyncClient, letter: Mail) -> bytes:
    page = f"/d/{letter.token('d')}"
    await browser.post(f"{page}/stuur", headers=SAME)
    (code,) = await office.work()
    await browser.post(f"{page}/code", data={"code": code.code}, headers=SAME)
    return (await browser.post(f"{page}/bestand", headers=SAME)).content


async def test_papers_are_gone_when_their_keeper_says_so(office: Office) -> None:
    """Found by hand, erased by hand: the letter waits for both answers and says both days."""
    who = known("whatnext", Role.FORMER)
    task = await asked(office, who, ERASURE)
    async with office.browser() as browser:
        found = {"0.dossier.soort": "Offerte", "0.dossier.datum": "2023-05-06", "antwoord": "gevonden"}
        await browser.post(f"/taak/{task.token('taak')}", data=found, headers=SAME)
    await office.work()
    await decided(office, Label.VERWIJDERING)
    mails = await office.advance(days=3)
    assert [mail for mail in mails if mail.to == who.email] == [], "one system is still to be done"
    wipe = next(mail for mail in mails if mail.to == KEEPER)
    async with office.browser() as browser:
        page = await browser.get(f"/taak/{wipe.token('taak')}")
        assert "versnipperaar" in page.text and 'name="op" value="2026-01-08"' in page.text
        office.clock.advance(days=2)
        for wrong in ("2026-01-07", "2026-01-11", "gisteren"):
            refused = {"antwoord": "gedaan", "op": wrong}
            answer = await browser.post(f"/taak/{wipe.token('taak')}", data=refused, headers=SAME)
            assert answer.status_code == 422 and "Kies een dag" in answer.text
        done = {"antwoord": "gedaan", "op": "2026-01-09"}
        await browser.post(f"/taak/{wipe.token('taak')}", data=done, headers=SAME)
    letter = one_letter(await office.work(), who.email)
    assert "Papieren dossiers: op 9 januari 2026: gewist: 1." in letter.flat, "the day on which it was done"
    assert "Papieren dossiers" in letter.flat and request_of(office, Label.VERWIJDERING).state == "answered"
    assert {row.status for row in office.rows(SourceTask, table(SourceTask).c.action_id.is_not(None))} == {"done"}


async def test_nothing_in_the_binder_is_an_answer_too(office: Office) -> None:
    who = known("whatnext", Role.CURRENT)
    task = await asked(office, who, ACCESS)
    async with office.browser() as browser:
        await browser.post(f"/taak/{task.token('taak')}", data={"antwoord": "niets"}, headers=SAME)
    await office.work()
    answer = one_letter(await decided(office, Label.INZAGE), who.email)
    assert "Papieren dossiers" in answer.flat and "niet in kijken" not in answer.flat


async def test_a_silent_keeper_is_reminded_and_then_the_deputy(office: Office) -> None:
    """Three letters with one link, and no fourth; whoever answers first has answered."""
    task = await asked(office, known("whatnext", Role.CURRENT), ACCESS)
    heard: list[Mail] = []
    for _ in range(30):
        office.clock.advance(days=1)
        await tasks.remind(office.desk)
        heard += [mail for mail in await office.work() if mail.to in (KEEPER, DEPUTY)]
    assert [mail.to for mail in heard] == [KEEPER, DEPUTY]
    assert {mail.token("taak") for mail in heard} == {task.token("taak")}
