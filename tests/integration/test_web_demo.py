"""The demo's own page, with a demo behind it that only writes down what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.support.web_client import browser
from tests.support.web_demo import WrittenDemo
from tests.support.web_world import World, add_colleagues, world
from web.app import create_app


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[World, WrittenDemo, httpx.AsyncClient]]:
    with world(folder, demo=True) as made:
        await add_colleagues(made)
        face = WrittenDemo(made)
        async with browser(create_app(made.desk, made.settings, face)) as http:
            yield made, face, http


async def test_the_page_shows_customer_colleague_and_clock(tmp_path: Path) -> None:
    async with demo(tmp_path) as (_, _face, http):
        page = (await http.get("/")).text
        for words in ("Wat weten jullie?", "Werk als Karim Haddou", "ma 23 nov 2026 09:30", "anna@klant.example"):
            assert words in page
        assert "style=" not in page and page.count("<h1") == 1


async def test_letters_and_clock_pass_on_what_was_chosen(tmp_path: Path) -> None:
    async with demo(tmp_path) as (_, face, http):
        await http.post("/demo/brief/inzage")
        free = {"organisatie": "weservit", "adres": "r@k.example", "naam": "R", "onderwerp": "O", "tekst": "Wis alles"}
        await http.post("/demo/brief", data=free)
        await http.post("/demo/klok", data={"sprong": "veertien-dagen"})
        assert face.asked == [
            ("ready", "inzage"), ("free", "weservit", "r@k.example", "R", "O", "Wis alles"), ("jump", "fourteen_days"),
        ]  # fmt: skip
        assert (await http.post("/demo/brief/anders")).status_code == 404
        assert (await http.post("/demo/klok", data={"sprong": "x"})).status_code == 404
        assert "leeg" in (await http.post("/demo/brief", data=free | {"tekst": " "})).headers["location"]
        assert len(face.asked) == 3


async def test_a_mail_opens_its_links_elsewhere_and_runs_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as (_, _face, http):
        answer = await http.get("/demo/mail/m1")
        assert '<head><base target="_blank">' in answer.text
        policy = answer.headers["content-security-policy"]
        assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy and "default-src 'none'" in policy
        assert (await http.get("/demo/mail/anders")).status_code == 404


async def test_a_colleague_signs_in_with_a_button_and_stays_when_the_clock_jumps(tmp_path: Path) -> None:
    async with demo(tmp_path) as (made, _face, http):
        assert (await http.get("/bureau/demo-inloggen")).status_code == 405
        assert (await http.post("/bureau/demo-inloggen", data={"naam": "els"})).status_code == 404  # no demo colleague
        assert (await http.post("/bureau/demo-inloggen", data={"naam": "sanne"})).status_code == 303
        made.clock.advance(days=90)
        page = await http.get("/bureau")
        assert page.status_code == 200 and "DEMO" in page.text


async def test_every_page_says_demo(tmp_path: Path) -> None:
    async with demo(tmp_path) as (_, _face, http):
        for address in ("/", "/bureau/inloggen", "/privacy/whatnext", "/z/niets"):
            assert "<strong>DEMO</strong>" in (await http.get(address)).text


async def test_outside_a_demo_the_page_is_not_there(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        async with browser(create_app(made.desk, made.settings)) as http:
            for address in ("/", "/demo/mail/m1", "/demo/stand"):
                assert (await http.get(address)).status_code == 404
            assert "DEMO" not in (await http.get("/bureau/inloggen")).text


async def test_the_page_knows_whether_it_is_fresh(tmp_path: Path) -> None:
    async with demo(tmp_path) as (_, _face, http):
        stand = (await http.get("/demo/stand")).json()["stand"]
        assert f'data-now="{stand}"' in (await http.get("/")).text
        assert "anna" not in stand
