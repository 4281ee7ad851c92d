"""What must hold on every page: nothing changes by looking, nothing of others is seen, nothing foreign runs."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Select, select

from storage.models import Outbox, WorkItem, metadata, table
from storage.unit import Reads
from tests.support.web_client import browser, csrf, opened, token
from tests.support.web_rows import CASE_TOKEN, EXPORT_TOKEN, HOSTILE, OLD_TOKEN, send_anna
from tests.support.web_world import World
from web.app import create_app

ADDRESS = re.compile(r"\{(\w+)\}")


def routes(made: World, method: str) -> list[str]:
    """Every address pattern of the app, from the app itself: a new page is in these tests at once."""
    paths = create_app(made.desk, made.settings).openapi()["paths"]
    return [pattern for pattern, methods in paths.items() if method.lower() in methods]


def filled(made: World, pattern: str, organisation: str) -> list[str]:
    """The address of a route for every row of one organisation that it could be about."""
    own = {
        "whatnext": {"case_id": "anna.case", "draft_id": "anna.draft", "request_id": "anna.inzage",
                     "conversation_id": "anna.talk", "finding_id": "anna.finding", "export_id": "anna.export",
                     "inbound_id": "doubt", "work_id": "anna.work", "outbox_id": "anna.outbox"},
        "weservit": {"case_id": "dirk.case", "draft_id": "dirk.draft", "request_id": "dirk.bezwaar",
                     "conversation_id": "dirk.talk", "work_id": "dirk.work"},
    }[organisation]  # fmt: skip
    tokens = {"token": [CASE_TOKEN, EXPORT_TOKEN, OLD_TOKEN], "organisation": [organisation]}
    names = ADDRESS.findall(pattern)
    if names in (["digest", "name"], []):
        return [] if names else [pattern]
    values = tokens.get(names[0]) or ([made.ids[own[names[0]]]] if names[0] in own else [])
    return [ADDRESS.sub(value, pattern) for value in values]


def contents(made: World) -> dict[str, list[tuple[object, ...]]]:
    """Every value of every row: an update is seen as well as an insert."""

    def read(reads: Reads) -> dict[str, list[tuple[object, ...]]]:
        return {
            name: sorted((tuple(row) for row in reads.rows(select(found))), key=repr)
            for name, found in metadata.tables.items()
        }

    return made.store.read_here(read)


def prepare(made: World) -> None:
    """A letter that has left, and the ids of rows that acts are about."""
    made.store.write_here(lambda unit: send_anna(unit, made))
    work, outbox = table(WorkItem), table(Outbox)
    for mark in ("anna", "dirk"):
        query = select(work.c.id).where(work.c.case_id == made.ids[f"{mark}.case"])
        made.ids[f"{mark}.work"] = made.store.read_here(partial(_value, query))
    made.ids["anna.outbox"] = made.store.read_here(lambda reads: reads.value(select(outbox.c.id)))


def _value(query: Select[tuple[str]], reads: Reads) -> str:
    value: str = reads.value(query)
    return value


async def test_looking_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        prepare(made)
        before = contents(made)
        seen = 0
        for pattern in routes(made, "GET"):
            for organisation in ("whatnext", "weservit"):
                for address in filled(made, pattern, organisation):
                    answer = await http.get(address)
                    assert answer.status_code in (200, 404), (address, answer.status_code)
                    seen += answer.status_code == 200
        assert seen > 15
        assert contents(made) == before


async def test_colleagues_of_another_organisation_get_nothing(tmp_path: Path) -> None:
    """Els works for the other organisation: every page and every act on what is WhatNext's answers 'not there'."""
    async with opened(tmp_path, "els") as (made, http):
        prepare(made)
        before, form = contents(made), {"csrf": await token(http), "label": "inzage", "text": "x", "ground": "x"}
        tried = 0
        for method in ("GET", "POST"):
            for pattern in (p for p in routes(made, method) if p.startswith("/bureau") and "{" in p):
                for address in filled(made, pattern, "whatnext"):
                    answer = await (http.get(address) if method == "GET" else http.post(address, data=form))
                    assert answer.status_code == 404, (method, address)
                    tried += 1
        assert tried > 14
        for address in ("/bureau", "/bureau/verzoeken", "/bureau?organisatie=whatnext"):
            page = (await http.get(address)).text
            assert "WN-2026" not in page and "Anna" not in page
            assert "WS-2026-0003" in page
        for wanted in ("anna@klant.example", "WN-2026-0012"):
            found = await http.post("/bureau/zoeken", data=form | {"zoek": wanted})
            assert "0 verzoeken gevonden" in found.text
        assert contents(made) == before


async def test_an_agent_prepares_and_does_not_decide(tmp_path: Path) -> None:
    async with opened(tmp_path, "els") as (made, http):
        before, form = contents(made), {"csrf": await token(http)}
        page = await http.get(f"/bureau/zaak/{made.ids['dirk.case']}")
        assert "Goedkeuren doet een beslisser" in page.text
        assert "Bevestig wie dit is" not in page.text and "doorverwijzen" not in page.text
        for act in (
            f"brief/{made.ids['dirk.draft']}/goedkeuren", f"verzoek/{made.ids['dirk.bezwaar']}/weigeren",
            f"verzoek/{made.ids['dirk.bezwaar']}/doorverwijzen", f"gesprek/{made.ids['dirk.talk']}/identiteit",
        ):  # fmt: skip
            assert (await http.post(f"/bureau/{act}", data=form)).status_code == 403
        assert contents(made) == before


async def test_every_staff_form_needs_its_token(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        prepare(made)
        before, tried = contents(made), 0
        for pattern in routes(made, "POST"):
            if not pattern.startswith("/bureau") or pattern.endswith("inloggen"):
                continue
            for address in filled(made, pattern, "whatnext"):
                for data in ({}, {"csrf": "verzonnen"}, {"csrf": "ü"}):
                    assert (await http.post(address, data=data or {"x": "y"})).status_code == 403, address
                tried += 1
        assert tried > 12
        assert contents(made) == before


async def test_nobody_gets_in_without_a_session(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        prepare(made)
        for method in ("GET", "POST"):
            for pattern in (p for p in routes(made, method) if p.startswith("/bureau") and "inloggen" not in p):
                for address in filled(made, pattern, "whatnext"):
                    answer = await http.request(method, address, data={"csrf": "x"} if method == "POST" else None)
                    assert answer.headers["location"] == "/bureau/inloggen", address


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://kwaad.example"}],
)
async def test_forms_of_other_sites_are_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        before, data = contents(made), {"csrf": await token(http), "zoek": "x"}
        for address in ("/bureau/zoeken", f"/z/{CASE_TOKEN}/mens", f"/d/{EXPORT_TOKEN}/stuur"):
            assert (await http.post(address, data=data, headers=headers)).status_code == 403
        assert contents(made) == before


async def test_a_link_in_a_web_mail_finds_its_way(tmp_path: Path) -> None:
    """The strict cookie is not sent from another site: the page asks once more from our own side."""
    async with opened(tmp_path) as (made, http):
        address = f"/bureau/zaak/{made.ids['anna.case']}"
        page = await http.get(address, headers={"sec-fetch-site": "cross-site"})
        assert f'http-equiv="refresh" content="0; url={address}"' in page.text


async def test_foreign_hosts_and_large_forms_are_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (_, http):
        assert (await http.get("/bureau", headers={"host": "kwaad.example"})).status_code == 400
        large = await http.post("/bureau/zoeken", data={"csrf": await token(http), "zoek": "x" * 1_000_001})
        assert large.status_code == 413


async def test_every_page_has_its_headers_and_no_inline_code(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        prepare(made)
        for pattern in routes(made, "GET"):
            for organisation in ("whatnext", "weservit"):
                for address in filled(made, pattern, organisation):
                    check_page(await http.get(address), address)
        check_page(await http.get("/bestaat-niet"), "404")


def check_page(answer: httpx.Response, address: str) -> None:
    policy = answer.headers["content-security-policy"]
    letter = address.endswith(("/voorbeeld", "/tekst"))
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy or "script-src" not in policy
    assert ("unsafe-inline" in policy) == letter, address  # mail carries its styles inline, in a frame of its own
    assert answer.headers["x-frame-options"] == ("SAMEORIGIN" if letter else "DENY")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" in answer.headers
    if letter or "text/html" not in answer.headers["content-type"]:
        assert not letter or "sandbox" in policy
        return
    text = answer.text
    assert '<html lang="nl">' in text or '<html lang="en">' in text
    assert text.count("<h1") == 1, address
    for script in re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.DOTALL):
        assert script == "", address
    assert not re.search(r"<[^>]+\s(on\w+|style)=", text.replace(HOSTILE, "")), address
    for control in re.findall(r"<(?:input|textarea|select)\b[^>]*>", text):
        if 'type="hidden"' in control or 'type="checkbox"' in control:
            continue
        name = re.search(r'\bid="([^"]+)"', control)
        assert name is not None and f'for="{name[1]}"' in text, (address, control)


async def test_hostile_words_are_shown_as_words(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = (await http.get(f"/bureau/zaak/{made.ids['anna.case']}")).text
        assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in page
        assert HOSTILE not in page and "<img src=x" not in page


async def test_static_files_live_under_their_digest(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        page = await http.get("/bureau/inloggen")
        address = re.search(r'href="(/static/[0-9a-f]{16}/loket\.css)"', page.text)
        assert address is not None
        answer = await http.get(address[1])
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        assert (await http.get("/static/0000000000000000/loket.css")).status_code == 404
        assert (await http.get("/static/0000000000000000/../app.py")).status_code == 404


async def test_health_says_no_more_than_it_must(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        answer = await http.get("/gezond")
        assert answer.status_code == 200
        assert answer.json() == {"gezond": True, "opslag": True, "werkers": {}, "kanalen": {"aan": 1, "uit": 1}}
        assert "@" not in answer.text
        settings = replace(made.settings, workers=lambda: {"outbox": False})
        async with browser(create_app(made.desk, settings)) as other:
            assert (await other.get("/gezond")).status_code == 503


async def test_no_personal_data_in_addresses(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        prepare(made)
        pages = [(await http.get(p)).text for p in ("/bureau", f"/bureau/zaak/{made.ids['anna.case']}")]
        for address in re.findall(r'(?:href|action|src)="([^"]*)"', "".join(pages)):
            assert "@" not in address and "anna" not in address.lower()
        assert csrf(await http.get("/bureau")) not in http.cookies.values()
