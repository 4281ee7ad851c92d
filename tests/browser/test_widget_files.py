"""Files in the chat widget: only when asked for, only what can be evidence, and never lost to a line that is not there.

In a real browser, on a foreign page, against a real desk.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from storage.models import ChatSession, Evidence
from tests.acceptance.words import ACCESS
from tests.browser.test_widget import SOON, answered, enter, lines, say, site, window
from tests.support.chat_site import ChatSite
from tests.support.office import shared
from workflow.web_chat import SESSION_LIFE

__all__ = ["shared", "site"]  # fixtures

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]
PDF: Any = {"name": "bewijs.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\nbewijs"}


async def hand_over(page: Page, file: Any) -> None:
    await page.locator("input[type=file]").set_input_files(file)
    await page.get_by_role("button", name="Verstuur dit bestand").click()


async def test_files(chromium: Browser, site: ChatSite) -> None:
    async with window(chromium, fine=False) as page:  # a browser says that 409 and 415 came
        await enter(page, site.shop.url)
        await page.locator("input[type=file]").set_input_files(PDF)
        await expect(page.get_by_text("Maak een BSN en een pasfoto eerst onleesbaar")).to_be_visible()
        await page.get_by_role("button", name="Verstuur dit bestand").click()
        await expect(page.get_by_text("Er is nog niet om een bestand gevraagd.")).to_be_visible(timeout=SOON)
        await page.get_by_role("button", name="Toch niet").click()
        await say(page, ACCESS)
        await answered(page, 1)
        await hand_over(page, {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"MZ"})
        await expect(page.get_by_text("Dit is geen PDF, JPEG of PNG.")).to_be_visible(timeout=SOON)
        await hand_over(page, PDF)
        await answered(page, 2, "het bestand is binnen")
        await expect(lines(page, "visitor").last).to_have_text("Bestand verstuurd")
    assert len(site.office.rows(Evidence)) == 1


async def asked(page: Page, url: str) -> None:
    """The desk has asked for a file."""
    await enter(page, url)
    await say(page, ACCESS)
    await answered(page, 1)


async def asked_and_not_back_yet(page: Page, url: str) -> asyncio.Event:
    """The desk has asked, the page came anew; the conversation is resumed when this is set."""
    await asked(page, url)
    opens = asyncio.Event()

    async def slowly(route: Route) -> None:
        await opens.wait()
        await route.continue_()

    await page.route("**/open", slowly)
    await page.reload()
    return opens


async def test_a_file_that_is_quicker_than_the_line_waits_for_it(chromium: Browser, site: ChatSite) -> None:
    async with window(chromium) as page:
        opens = await asked_and_not_back_yet(page, site.shop.url)
        await hand_over(page, PDF)
        await expect(page.get_by_text("Het bestand wordt verstuurd.")).to_be_visible()
        assert site.office.rows(Evidence) == []
        opens.set()
        await answered(page, 2, "het bestand is binnen")
    assert len(site.office.rows(Evidence)) == 1


async def test_a_waiting_file_that_is_taken_back_is_never_sent(chromium: Browser, site: ChatSite) -> None:
    async with window(chromium) as page:
        opens = await asked_and_not_back_yet(page, site.shop.url)
        await hand_over(page, PDF)
        await page.get_by_role("button", name="Toch niet").click()
        await expect(page.get_by_text("Het bestand wordt verstuurd.")).to_have_count(0)
        opens.set()
        await say(page, "hallo")
        await answered(page, 2)
    assert site.office.rows(Evidence) == [] and site.heard == 2


async def test_a_file_for_a_conversation_that_has_ended_meanwhile(chromium: Browser, site: ChatSite) -> None:
    """The page hears why it was not taken, and is in a new conversation."""
    async with window(chromium, fine=False) as page:
        await asked(page, site.shop.url)
        site.office.clock.advance(SESSION_LIFE + timedelta(days=1))
        await hand_over(page, PDF)
        await expect(page.get_by_text("Er is nog niet om een bestand gevraagd.")).to_be_visible(timeout=SOON)
        await say(page, "hallo")
        await answered(page, 1, "Waarmee kan ik je helpen?")
    assert site.office.rows(Evidence) == [] and len(site.office.rows(ChatSession)) == 2
