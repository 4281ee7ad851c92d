"""What a requester sees behind a link, and the request form: axe finds nothing, by day, by night and on a telephone."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.conftest import Site
from tests.browser.keyboard import press, write
from tests.support.web_rows import CASE_TOKEN, CASE_TOKEN_COR, OLD_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")
ADDRESSES = [
    f"/z/{CASE_TOKEN}", f"/z/{CASE_TOKEN_COR}", f"/z/{CASE_TOKEN}/intrekken", f"/d/{OLD_TOKEN}", "/z/onbekend",
    "/privacy/whatnext", "/privacy/whatnext?taal=en", "/verzoek/whatnext", "/verzoek/whatnext?taal=en",
    "/verzoek/whatnext/verstuurd",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_axe_finds_nothing(chromium: Browser, site: Site, scheme: Literal["light", "dark"], width: int) -> None:
    context = await chromium.new_context(
        base_url=site.url, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = await context.new_page()
    for address in ADDRESSES:
        await page.goto(address)
        assert await findings(page) == [], address
    await context.close()


async def test_a_case_page_by_keyboard(page: Page) -> None:
    await page.goto(f"/z/{CASE_TOKEN_COR}")
    await press(page, page.get_by_role("button", name="Ik wil een medewerker"))
    await expect(page.get_by_role("status")).to_contain_text("neemt het over")
    assert await findings(page) == []


async def test_a_wrong_code_is_said_aloud(page: Page) -> None:
    await page.goto(f"/z/{CASE_TOKEN_COR}")
    field = page.get_by_role("textbox", name="Code")
    if await field.count():
        await write(page, field, "000000")
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await findings(page) == []
