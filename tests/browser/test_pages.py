"""The real pages in a real browser: by keyboard, on a telephone, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Dialog, Page, expect

from cases.types import OutboxStatus
from storage.unit import Unit
from tests.browser.conftest import Site
from tests.support.web_later import add_complaint, add_sending
from tests.support.web_rows import CASE_TOKEN, CASE_TOKEN_COR, OLD_TOKEN, send_anna
from tests.support.web_world import PASSWORD
from workflow.proof import freeze

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Relative luminance and contrast as WCAG 2.2 defines them, for every piece of text that can be seen.
CONTRAST = """() => {
  const parse = (value) => (value.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const where = `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`;
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${where}`);
  }
  return bad;
}"""
# Every control has a name; headings skip no level; ids are unique.
NAMES = """() => {
  const bad = [];
  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!control.labels.length) bad.push(`no label: ${control.name}`);
  for (const act of document.querySelectorAll("a, button, summary"))
    if (!act.textContent.trim()) bad.push(`no words: ${act.outerHTML.slice(0, 80)}`);
  let last = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    if (!heading.checkVisibility()) continue;
    const level = Number(heading.tagName[1]);
    if (level > last + 1) bad.push(`h${last} then h${level}: ${heading.textContent.trim()}`);
    last = level;
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) bad.push(`twice: ${id}`);
  for (const frame of document.querySelectorAll("iframe")) if (!frame.title) bad.push("a frame without a title");
  return bad;
}"""


async def sign_in(page: Page, who: str = "sanne") -> None:
    await page.goto("/bureau/inloggen")
    await page.get_by_label("Naam").fill(who)
    await page.get_by_label("Wachtwoord").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Wat er wacht")).to_be_visible()
    await page.wait_for_load_state()  # deferred scripts have run by then


def addresses(site: Site) -> list[str]:
    """Every page, with what may come later as well: a letter that left, a message that broke, "this was not me"."""
    made, ids = site.world, site.world.ids

    def later(unit: Unit) -> None:
        send_anna(unit, made)
        add_complaint(unit, made)
        add_sending(unit, made, "uncertain", OutboxStatus.UNCERTAIN)
        add_sending(unit, made, "failed", OutboxStatus.FAILED)
        add_sending(unit, made, "loose", OutboxStatus.UNCERTAIN, of_case=False)
        freeze(unit, "whatnext", ids["bram.talk"])

    made.store.write_here(later)
    return [
        "/bureau", "/bureau/verzoeken", "/bureau/zoeken", f"/bureau/zaak/{ids['anna.case']}",
        f"/bureau/zaak/{ids['bram.case']}", f"/bureau/zaak/{ids['dirk.case']}", f"/bureau/zaak/{ids['eva.case']}",
        f"/bureau/zaak/{ids['cor.case']}", f"/bureau/post/{ids['doubt']}", f"/bureau/post/{ids['broken']}",
        f"/z/{CASE_TOKEN}", f"/z/{CASE_TOKEN_COR}", f"/z/{CASE_TOKEN}/intrekken?code=fout",
        f"/d/{OLD_TOKEN}", "/privacy/whatnext", "/privacy/weservit?taal=en", "/bureau/inloggen",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_can_be_read(page: Page, site: Site, scheme: str) -> None:
    await sign_in(page)
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in addresses(site):
        await page.goto(address)
        await page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
        assert await page.evaluate(CONTRAST) == [], address
        assert await page.evaluate(NAMES) == [], address


@pytest.mark.parametrize("width", [320, 390, 768])
async def test_no_page_is_wider_than_its_screen(page: Page, site: Site, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await sign_in(page)
    for address in addresses(site):
        await page.goto(address)
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (address, over)


async def test_the_list_is_worked_by_keyboard(page: Page) -> None:
    await sign_in(page)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(".lines .go:focus")).to_have_text("Brief goedkeuren")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("WN-2026-0012")
    await page.wait_for_load_state()
    await page.keyboard.press("b")
    await expect(page.locator("[data-letter]")).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Zaaknummer of e-mailadres")).to_be_focused()
    await page.keyboard.type("wj/")  # keys are letters in a field
    await expect(page.get_by_label("Zaaknummer of e-mailadres")).to_have_value("wj/")


async def test_single_keys_can_be_switched_off(page: Page) -> None:
    await sign_in(page)
    await page.keyboard.press("?")
    await page.get_by_label("Sneltoetsen aan").uncheck()
    await expect(page.get_by_label("Sneltoetsen aan")).not_to_be_checked()
    await page.keyboard.press("Escape")
    await page.reload()
    await page.keyboard.press("j")
    await expect(page.locator(".lines .go:focus")).to_have_count(0)


async def test_the_first_stop_leads_to_the_content_and_focus_is_seen(page: Page) -> None:
    await page.goto("/bureau/inloggen")
    await page.keyboard.press("Tab")
    skip = page.locator(".skip")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.keyboard.press("Tab")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


async def test_a_letter_is_written_saved_and_approved(page: Page, site: Site) -> None:
    await sign_in(page)
    await page.goto(f"/bureau/zaak/{site.world.ids['anna.case']}")
    words = page.locator("textarea[name=block-note]")
    await words.fill("Fijne dag & groeten.")
    await expect(page.get_by_text("Uw tekst is nog niet bewaard.")).to_be_visible()
    await words.press("Control+s")
    await expect(page.get_by_text("Uw tekst is bewaard.")).to_be_visible()
    await page.get_by_text("Precies zoals het weggaat").click()
    frame = page.frame_locator(".preview iframe")
    await expect(frame.get_by_text("Fijne dag & groeten.")).to_be_visible()
    await page.get_by_role("button", name="Keur goed en verstuur").click()
    await expect(page.get_by_text("Goedgekeurd. De brief gaat zo weg")).to_be_visible()
    await page.get_by_role("button", name="Haal de brief terug").click()
    await expect(page.get_by_text("De brief is teruggehaald")).to_be_visible()


async def test_only_the_facts_of_the_chosen_ground_are_asked(page: Page, site: Site) -> None:
    await sign_in(page)
    await page.goto(f"/bureau/zaak/{site.world.ids['bram.case']}")
    await page.get_by_text("Afwijzen, geheel of deels").click()
    await expect(page.get_by_label("Welke vordering (factuur, bedrag, geschil)")).to_be_hidden()
    await page.get_by_label("Grond").select_option("legal_claim")
    await expect(page.get_by_label("Welke vordering (factuur, bedrag, geschil)")).to_be_visible()
    await expect(page.get_by_label("Welke wet, welk artikel")).to_be_hidden()


async def test_hostile_words_run_nothing(page: Page, site: Site) -> None:
    await sign_in(page)
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))  # noqa: PLW0108  (a method of list takes no mark)
    await page.goto(f"/bureau/zaak/{site.world.ids['anna.case']}")
    await expect(page.get_by_text('<script>alert("x")</script>')).to_be_visible()
    assert await page.locator("img").count() == 0
    assert dialogs == []


async def test_everything_works_without_javascript(chromium: Browser, site: Site) -> None:
    context = await chromium.new_context(base_url=site.url, java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page)
    await page.goto(f"/bureau/zaak/{site.world.ids['bram.case']}")
    await page.get_by_text("Afwijzen, geheel of deels").click()
    await expect(page.get_by_label("Welke vordering (factuur, bedrag, geschil)")).to_be_visible()
    await page.goto(f"/bureau/zaak/{site.world.ids['anna.case']}")
    await page.get_by_role("button", name="Keur goed en verstuur").click()
    await expect(page.get_by_text("Goedgekeurd. De brief gaat zo weg")).to_be_visible()
    await page.goto(f"/z/{CASE_TOKEN_COR}")
    await page.get_by_role("button", name="Ik wil een medewerker").click()
    await expect(page.get_by_text("neemt het over").first).to_be_visible()
    await context.close()


async def test_the_demo_leads_from_the_tray_to_the_case_and_to_the_desk(chromium: Browser, demo_site: Site) -> None:
    context = await chromium.new_context(base_url=demo_site.url)
    page = await context.new_page()
    await page.goto("/")
    assert await page.evaluate(CONTRAST) == []
    assert await page.evaluate(NAMES) == []
    await page.get_by_text("Je verzoek is binnen").click()
    async with context.expect_page() as opened:
        await page.frame_locator(".tray iframe").get_by_role("link", name="ga").click()
    case = await opened.value
    await expect(case.get_by_role("heading", level=1)).to_contain_text("WN-2026-0012")
    await case.get_by_role("button", name="Ik wil een medewerker").click()
    await expect(case.get_by_text("neemt het over").first).to_be_visible()
    async with context.expect_page() as opened:
        await page.get_by_role("button", name="Werk als Karim Haddou").click()
    desk = await opened.value
    await expect(desk.get_by_role("heading", name="Wat er wacht")).to_be_visible()
    await context.close()
