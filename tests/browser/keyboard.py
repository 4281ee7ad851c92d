"""A browser driven the way of somebody without a mouse: Tab to what is wanted, Enter, type."""

from __future__ import annotations

from playwright.async_api import Error, Locator, Page, expect

STOPS = 400  # presses of Tab; a page with more stops before what matters is a bad page
FOCUSED = "element => element === element.getRootNode().activeElement && element.ownerDocument.hasFocus()"


async def tab_to(page: Page, wanted: Locator) -> None:
    await expect(wanted).to_be_visible()
    for _ in range(STOPS):
        await page.keyboard.press("Tab")
        if await _focused(wanted):
            return
    raise AssertionError(f"the keyboard does not reach {wanted}")


async def _focused(wanted: Locator) -> bool:
    try:
        return bool(await wanted.evaluate(FOCUSED, timeout=5_000))
    except Error:  # the page made itself anew just now; what is wanted comes again
        return False


async def press(page: Page, wanted: Locator) -> None:
    """Opens, sends or follows what is wanted."""
    await tab_to(page, wanted)
    await page.keyboard.press("Enter")


async def press_for_window(page: Page, wanted: Locator) -> Page:
    """What is wanted opens in a window of its own."""
    await tab_to(page, wanted)
    async with page.context.expect_page() as opened:
        await page.keyboard.press("Enter")
    window = await opened.value
    await window.wait_for_load_state()
    await says_demo(window)
    return window


async def write(page: Page, field: Locator, words: str) -> None:
    await tab_to(page, field)
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")


async def says_demo(page: Page) -> None:
    await expect(page.locator(".demo-banner strong")).to_have_text("DEMO")
