"""The pages of a desk in full use: axe finds nothing by day, by night and on a telephone; the next step is a click."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.conftest import Site
from tests.browser.test_pages import NAMES, sign_in
from tests.support.web_more import FORMER, TASK_TOKEN, add_more

pytestmark = pytest.mark.asyncio(loop_scope="session")
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach((e) => { e.open = true; })"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
async def test_axe_finds_nothing(chromium: Browser, site: Site, scheme: Literal["light", "dark"], width: int) -> None:
    await add_more(site.world)
    ids = site.world.ids
    context = await chromium.new_context(
        base_url=site.url, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = await context.new_page()
    await sign_in(page)
    for address in (
        "/bureau", f"/bureau/zaak/{ids['anna.case']}", f"/bureau/zaak/{ids['bram.case']}",
        f"/bureau/zaak/{ids['cor.case']}", "/bureau/bewaard", "/bureau/niet-benaderen", "/bureau/datalekken",
        f"/bureau/datalekken/{ids['breach']}/brief", f"/taak/{TASK_TOKEN}",
    ):  # fmt: skip
        answer = await page.goto(address)
        assert answer is not None and answer.status == 200, address
        await page.evaluate(OPEN_ALL)
        assert await findings(page) == [], address
        assert await page.evaluate(NAMES) == [], address
        assert await page.evaluate(WIDER) <= 0, address
    await context.close()


async def test_from_the_list_to_what_has_to_be_done(page: Page, site: Site) -> None:
    await add_more(site.world)
    await sign_in(page)
    await page.get_by_role("link", name="Datalek: 72 uur").first.click()
    await expect(page.get_by_role("heading", name="Register van datalekken")).to_be_visible()
    await expect(page.get_by_label("Risico voor de mensen om wie het gaat").first).to_have_value("")
    await page.goto(f"/bureau/zaak/{site.world.ids['anna.case']}")
    await page.get_by_role("link", name="Naar de taak").click()
    await expect(page.get_by_text("Taak: Papieren dossiers")).to_be_in_viewport()
    await page.get_by_role("link", name="Naar de brief").click()
    await expect(page.locator("[data-letter]")).to_be_in_viewport()
    await page.get_by_role("link", name="gegevens van anderen").click()
    await expect(page.get_by_text("Nog te beslissen: 2.")).to_be_in_viewport()


async def test_an_answer_about_an_address_is_said_aloud(page: Page, site: Site) -> None:
    await add_more(site.world)
    await sign_in(page)
    await page.goto("/bureau/niet-benaderen")
    await page.get_by_label("E-mailadres").fill(FORMER)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=f"Antwoord voor {FORMER}")).to_be_visible()
    await expect(page.get_by_text("WhatNext: nee.")).to_be_visible()
    assert await findings(page) == []
