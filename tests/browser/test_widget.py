"""The chat widget in a real browser, on a foreign page with a strict policy, against a real desk."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from storage.models import ChatSession
from tests.acceptance.words import ACCESS, CUSTOMER
from tests.browser.axe import findings
from tests.browser.keyboard import press, tab_to
from tests.support.chat_site import ChatSite, chat_site
from tests.support.office import Shared, open_office, shared
from web.static_files import FOLDER

__all__ = ["shared"]  # a fixture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]
SOON = 30_000  # milliseconds, on a busy machine
OUTLINE = """() => {
  const stop = document.activeElement;
  return getComputedStyle(stop.shadowRoot?.activeElement || stop).outlineStyle;
}"""
TOO_WIDE = """() => {
  const inside = document.querySelector("privacyloket-chat").shadowRoot.querySelectorAll("*:not(.unseen)");
  const over = (e) => e.scrollWidth - Math.max(e.clientWidth, e.offsetWidth || 0);
  return Math.max(...[document.documentElement, ...inside].map(over));
}"""
SIZES = [(1280, 900), (390, 800), (320, 256)]  # the last one: 1280 by 1024 at 400 %


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path, shared: Shared) -> AsyncIterator[ChatSite]:
    async with open_office(tmp_path, shared) as office, chat_site(office) as made:
        yield made


@asynccontextmanager
async def window(chromium: Browser, *, fine: bool = True, **options: Any) -> AsyncIterator[Page]:
    """A fresh browser; with `fine` whatever it complains of fails the test (a policy that was broken, for one)."""
    options.setdefault("viewport", {"width": 1280, "height": 900})
    context = await chromium.new_context(**options)
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    await context.close()
    assert not fine or not problems, problems


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, site: ChatSite) -> AsyncIterator[Page]:
    """Closed before the site is."""
    async with window(chromium) as made:
        yield made


def launcher(page: Page) -> Locator:
    return page.get_by_role("button", name="Vraag over privacy")


def lines(page: Page, by: str = "") -> Locator:
    return page.locator(f".line{'.' + by if by else ''} .text")


async def say(page: Page, words: str) -> None:
    await page.get_by_role("textbox", name="Bericht").fill(words)
    await page.get_by_role("button", name="Verstuur", exact=True).click()


async def enter(page: Page, url: str) -> None:
    await page.goto(url)
    await launcher(page).click()
    await expect(page.get_by_role("textbox", name="Bericht")).to_be_focused()


async def answered(page: Page, count: int, words: str = "") -> None:
    """That many lines of the assistant, the last with these words."""
    await expect(lines(page, "assistant")).to_have_count(count, timeout=SOON)
    await expect(lines(page, "assistant").last).to_contain_text(words)
    await expect(page.get_by_text("Wordt verstuurd")).to_have_count(0)


async def test_a_whole_talk_on_a_foreign_page(page: Page, site: ChatSite) -> None:
    await enter(page, f"{site.shop.url}/?strict=1")
    await expect(page.get_by_text("automatische assistent, geen mens")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Bericht")).to_have_css("font-family", "system-ui, sans-serif")
    await say(page, "hallo")
    await answered(page, 1, "Waarmee kan ik je helpen?")
    await page.get_by_role("group", name="Snelle antwoorden").get_by_role("button").first.click()
    await answered(page, 2, "e-mailadres")
    await expect(page.get_by_role("group", name="Snelle antwoorden")).to_have_text("Een medewerker")
    top = await page.get_by_role("region", name="Gesprek").bounding_box()
    line = await lines(page, "assistant").last.bounding_box()
    assert top is not None and line is not None and line["y"] >= top["y"], "a line is read from its beginning"
    await say(page, CUSTOMER.email)
    await answered(page, 3, "code")
    await say(page, await site.code())
    await answered(page, 4, "de code klopt")
    assert site.office.states()["inzage"] != "identifying"
    assert site.heard == 4


async def test_nothing_is_asked_or_stored_before_somebody_opens_it(page: Page, site: ChatSite) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(site.shop.url)
    await expect(launcher(page)).to_be_visible()
    assert [url for url in asked if site.desk.url in url] == [f"{site.desk.url}/widget.js"]
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert site.office.rows(ChatSession) == []


async def test_a_reload_in_the_middle_goes_on_where_it_was(page: Page, site: ChatSite) -> None:
    await enter(page, site.shop.url)
    await say(page, ACCESS)
    await answered(page, 1, "e-mailadres")
    await page.get_by_role("textbox", name="Bericht").fill("half geschre")
    await page.reload()
    await expect(lines(page)).to_have_count(2, timeout=SOON)
    await expect(page.get_by_role("textbox", name="Bericht")).to_have_value("half geschre")
    await say(page, CUSTOMER.email)
    await answered(page, 2, "code")
    await page.reload()
    await expect(lines(page)).to_have_count(4, timeout=SOON)
    assert site.heard == 2 and len(site.office.rows(ChatSession)) == 1


async def test_the_server_goes_away_and_comes_back(chromium: Browser, site: ChatSite) -> None:
    async with window(chromium, fine=False) as page:  # a browser says that a line broke
        await enter(page, site.shop.url)
        await say(page, ACCESS)
        await answered(page, 1, "e-mailadres")
        await site.stop()
        await say(page, CUSTOMER.email)
        await expect(page.get_by_text("Geen verbinding.")).to_be_visible(timeout=SOON)
        await expect(page.get_by_text("Wordt verstuurd")).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("Wordt verstuurd")).to_be_visible()
        await site.start()
        await answered(page, 2, "code")
        await expect(lines(page, "visitor")).to_have_count(2)
        await say(page, await site.code())
        await answered(page, 3, "de code klopt")
    assert site.heard == 3


async def test_an_answer_that_is_lost_on_the_way_doubles_nothing(chromium: Browser, site: ChatSite) -> None:
    """The desk stored the message and died before it could say so."""
    async with window(chromium, fine=False) as page:
        await page.route_web_socket("**/live", lambda line: line.close())  # so that it goes by POST
        lost = asyncio.Event()

        async def lose(route: Any) -> None:
            if not lost.is_set():
                lost.set()
                await route.fetch()
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/say", lose)
        await enter(page, site.shop.url)
        await say(page, ACCESS)
        await answered(page, 1, "e-mailadres")
        await expect(lines(page, "visitor")).to_have_count(1)
    assert lost.is_set() and site.heard == 1


async def test_it_works_where_no_web_socket_comes_through(chromium: Browser, site: ChatSite) -> None:
    async with window(chromium, fine=False) as page:
        await page.route_web_socket("**/live", lambda line: line.close())
        await enter(page, site.shop.url)
        await say(page, ACCESS)
        await answered(page, 1, "e-mailadres")
        await say(page, CUSTOMER.email)
        await answered(page, 2, "code")
    assert site.heard == 2


async def test_a_page_that_is_not_on_the_list_hears_so(chromium: Browser, site: ChatSite) -> None:
    async with window(chromium, fine=False) as page:
        await page.goto(site.stranger.url)
        await launcher(page).click()  # the field to type in may be gone before anybody looks: the refusal is quick
        await expect(page.get_by_text("De chat werkt niet op deze pagina.")).to_be_visible(timeout=SOON)
        own = page.get_by_role("link", name="Open de chat op een eigen pagina")
        await expect(own).to_have_attribute("href", f"{site.desk.url}/chat/whatnext")
        await expect(own).to_be_focused()
    assert site.office.rows(ChatSession) == []


async def test_a_new_conversation_leaves_nothing_of_the_old_one_here(page: Page, site: ChatSite) -> None:
    await enter(page, site.shop.url)
    await say(page, ACCESS)
    await answered(page, 1, "e-mailadres")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Nieuw gesprek").click()
    await expect(lines(page)).to_have_count(0)
    await say(page, "hallo")
    await answered(page, 1, "Waarmee kan ik je helpen?")
    await page.reload()
    await expect(lines(page)).to_have_count(2, timeout=SOON)
    assert len(site.office.rows(ChatSession)) == 2


async def test_who_is_logged_in_at_the_organisation_is_asked_nothing(page: Page, site: ChatSite) -> None:
    site.customer = CUSTOMER.email
    address = f"{site.shop.url}/?portal-url=/chat-token"
    await enter(page, address)
    await say(page, ACCESS)
    await answered(page, 1)
    await expect(lines(page, "assistant").last).not_to_contain_text("Typ nu je e-mailadres")
    await page.reload()
    await expect(lines(page)).to_have_count(2, timeout=SOON)
    site.customer = "iemand.anders@klant.example"  # the next one at this computer
    await page.reload()
    await expect(page.get_by_text("Verbinding maken.")).to_have_count(0, timeout=SOON)
    await expect(lines(page)).to_have_count(0)


# --- for everybody ----------------------------------------------------------------------------------------------------


async def test_by_keyboard_alone(page: Page, site: ChatSite) -> None:
    await page.goto(site.shop.url)
    await press(page, launcher(page))
    await expect(page.get_by_role("textbox", name="Bericht")).to_be_focused()
    await page.keyboard.type("hallo")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("daar")
    await page.keyboard.press("Enter")
    await answered(page, 1)
    await expect(lines(page, "visitor")).to_have_text("hallo\ndaar")
    await press(page, page.get_by_role("group", name="Snelle antwoorden").get_by_role("button").first)
    await expect(page.get_by_role("textbox", name="Bericht")).to_be_focused()
    await answered(page, 2, "e-mailadres")
    await tab_to(page, page.get_by_role("region", name="Gesprek"))
    await page.keyboard.press("Escape")
    await expect(launcher(page)).to_be_focused()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Bericht")).to_be_focused()
    await expect(lines(page)).to_have_count(4)


async def test_focus_is_seen_and_targets_are_large(page: Page, site: ChatSite) -> None:
    await enter(page, f"{site.shop.url}/?strict=1")
    await say(page, "hallo")
    await answered(page, 1)
    await page.keyboard.press("Tab")
    for control in await page.locator("privacyloket-chat :is(button, textarea, .foot a)").all():
        if await control.is_visible():
            box = await control.bounding_box()
            assert box is not None and box["height"] >= 44 and box["width"] >= 44, await control.inner_text()
            await control.focus()
            assert await page.evaluate(OUTLINE) != "none"


async def test_a_screen_reader_hears_what_is_new_and_not_what_was(page: Page, site: ChatSite) -> None:
    await enter(page, site.shop.url)
    await say(page, "hallo")
    await answered(page, 1)
    log = page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    await page.route("**/open", lambda route: None)  # it hangs: the moment before the lines come
    await page.reload()
    await expect(log).to_have_attribute("aria-live", "off")
    await expect(page.get_by_role("status").filter(has_text="Verbinding maken.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_axe_finds_nothing(chromium: Browser, site: ChatSite, scheme: Any, size: tuple[int, int]) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    async with window(chromium, reduced_motion="reduce", **options) as page:
        await page.goto(site.shop.url)
        await expect(launcher(page)).to_be_visible()
        assert await findings(page) == [], "closed"
        await launcher(page).click()
        await say(page, "hallo")
        await answered(page, 1)
        await page.locator("input[type=file]").set_input_files(
            {"name": "bewijs.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}
        )
        assert await findings(page) == [], "open"
        assert await too_wide(page) <= 0
        await page.goto(f"{site.desk.url}/chat/whatnext")
        await say(page, "hallo")
        await answered(page, 1)
        assert await findings(page) == [], "the page of its own"
        assert await too_wide(page) <= 0


async def too_wide(page: Page) -> float:
    over: float = await page.evaluate(TOO_WIDE)
    return over


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_everything_can_be_reached_on_a_small_screen(
    chromium: Browser, site: ChatSite, size: tuple[int, int]
) -> None:
    async with window(chromium, viewport={"width": size[0], "height": size[1]}) as page:
        await enter(page, site.shop.url)
        await say(page, ACCESS)
        await answered(page, 1)
        for name in ("Verstuur", "Bestand", "Nieuw gesprek", "Sluit"):
            control = page.get_by_role("button", name=name, exact=True)
            await control.scroll_into_view_if_needed()
            await expect(control).to_be_in_viewport()
        await page.get_by_role("button", name="Sluit").click()
        await expect(launcher(page)).to_be_focused()


async def test_english_and_a_page_that_runs_from_right_to_left(page: Page, site: ChatSite) -> None:
    await page.goto(f"{site.shop.url}/?lang=en&dir=rtl")
    button = page.get_by_role("button", name="Privacy question")
    box = await button.bounding_box()
    assert box is not None and box["x"] < 100, "it stands where such a page ends a line"
    await button.click()
    await expect(page.get_by_text("An automatic assistant answers here, not a human.")).to_be_visible()
    await page.get_by_role("textbox", name="Message").fill(
        "Please send me a copy of all personal data that you hold about me."
    )
    await page.get_by_role("button", name="Send", exact=True).click()
    await answered(page, 1, "e-mail address")
    assert await too_wide(page) <= 0
    assert await findings(page) == []


async def test_a_new_line_is_counted_while_it_is_closed(page: Page, site: ChatSite) -> None:
    await enter(page, site.shop.url)
    await say(page, "hallo")
    await answered(page, 1)
    await page.get_by_role("textbox", name="Bericht").fill(ACCESS)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="1 nieuw bericht")).to_be_visible(timeout=SOON)
    await launcher(page).click()
    await answered(page, 2)


async def test_words_of_others_stay_words(page: Page, site: ChatSite) -> None:
    await enter(page, site.shop.url)
    await say(page, '<img src=x onerror="alert(1)"> javascript:alert(1) https://voorbeeld.example/a?b=1.')
    await expect(lines(page, "visitor")).to_contain_text("<img src=x")
    link = lines(page, "visitor").get_by_role("link")
    await expect(link).to_have_attribute("href", "https://voorbeeld.example/a?b=1")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    assert await page.locator("img").count() == 0


async def test_every_page_may_load_the_script_and_keep_it_a_while(page: Page, site: ChatSite) -> None:
    answer = await page.request.get(f"{site.desk.url}/widget.js")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff" and "set-cookie" not in answer.headers
    again = await page.request.get(f"{site.desk.url}/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status == 304


async def test_the_script_is_small_and_brings_nobody_else() -> None:
    content = (FOLDER / "widget.js").read_bytes()
    assert len(gzip.compress(content)) < 30_000
    for way in (b"eval(", b"innerHTML", b"import(", b"importScripts", b"document.write", b".style", b"new Function"):
        assert way not in content
    assert b"http://" not in content and b"https://" not in content.replace(b'src=".../', b"")
