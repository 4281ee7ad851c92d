"""The demo as it is started, by keyboard alone: a customer asks, a colleague approves, the customer gets the data."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from bot.demo.letters import ready_letters
from tests.browser.keyboard import press, press_for_window, says_demo, write
from tests.support import model
from tests.support.ports import free_port

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

ROOT = Path(__file__).parent.parent.parent
START = 120  # seconds to make customers and example cases, on a busy machine
SOON = 60_000  # milliseconds for what the program does by itself: read, search, draft, send


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncIterator[str]:
    """`python -m bot demo`, until it says where to look; ended by its own id."""
    shutil.copytree(model.ready(), folder / "demo" / "model")  # or it would first train its own, for a minute
    port, smtp_port = free_port(), free_port()
    command = [
        sys.executable, "-m", "bot", "demo", "--folder", str(folder / "demo"), "--port", str(port),
        "--smtp-port", str(smtp_port),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START):
            while b"open http" not in (line := await process.stdout.readline()):
                assert line, (folder / "log").read_text()[-2000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (folder / "log").read_text()[-2000:]


class Tray:
    """The customer's post on the demo's page, which makes itself anew when post comes."""

    def __init__(self, page: Page, address: str) -> None:
        self._page, self._address, self._known = page, address, list[str]()

    async def next(self, subject: str) -> FrameLocator:
        """Waits for a mail that was not read yet, opens it, and gives what stands in it."""
        unread = "".join(f':not(:has(iframe[src="{source}"]))' for source in self._known)
        row = self._page.locator(f".tray > li{unread}").filter(has_text=self._address).filter(has_text=subject)
        await expect(row).to_have_count(1, timeout=SOON)
        source = await row.locator("iframe").get_attribute("src")
        assert source is not None
        self._known.append(source)
        await press(self._page, self._page.locator(f'.tray > li:has(iframe[src="{source}"]) summary'))
        mail = self._page.frame_locator(f'.tray iframe[src="{source}"]')
        await expect(mail.get_by_text("DEMO").first).to_be_visible()
        return mail

    async def close(self) -> None:
        """An open mail keeps the page as it is."""
        await press(self._page, self._page.locator(".tray details[open] summary"))
        await expect(self._page.locator(".tray details[open]")).to_have_count(0)


async def code_in(mail: FrameLocator) -> str:
    found = re.search(r"(?<![\d-])\d{6}(?![\d-])", await mail.locator("body").inner_text())
    assert found is not None
    return found[0]


async def test_from_the_letter_to_the_data_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    letter = next(found for found in ready_letters() if found.key == "inzage")
    async with running_demo(tmp_path) as url:
        await _healthy(url)
        context = await chromium.new_context(base_url=url, viewport={"width": 1280, "height": 900})
        demo = await context.new_page()
        await demo.goto("/")
        await says_demo(demo)
        tray = Tray(demo, letter.address)

        number = await _ask(demo, tray, letter.title)
        await _approve(demo, number)
        await _download(demo, tray, tmp_path / "gegevens.zip")
        await context.close()
    _check_package(tmp_path / "gegevens.zip", letter.address)


async def _healthy(url: str) -> None:
    """The address is said just before it is answered at: a refused connection is tried again, for half a minute."""
    async with httpx.AsyncClient(base_url=url, transport=httpx.AsyncHTTPTransport(retries=7)) as http:
        answer = await http.get("/gezond")
        assert answer.json()["gezond"] is True, answer.text


async def _ask(demo: Page, tray: Tray, title: str) -> str:
    """The customer writes, gets an acknowledgement with a code, and types it on the page of the case."""
    await press(demo, demo.get_by_role("button", name=f"Verstuur de brief: {title}"))
    await expect(demo.get_by_text("De brief is verstuurd.")).to_be_visible()
    mail = await tray.next("Je verzoek is binnen")
    code = await code_in(mail)
    case = await press_for_window(demo, mail.locator('a[href*="/z/"]'))
    heading = await case.get_by_role("heading", level=1).inner_text()
    await write(case, case.get_by_role("textbox", name="Code"), code)
    await expect(case.get_by_text("De code klopt")).to_be_visible()
    await says_demo(case)
    await case.close()
    await demo.bring_to_front()
    await tray.close()
    return heading.removeprefix("Je verzoek ")


async def _approve(demo: Page, number: str) -> None:
    """The colleague opens the list, finds the case, reads the letter and approves."""
    desk = await press_for_window(demo, demo.get_by_role("button", name="Werk als").first)
    line = desk.locator(".lines tr").filter(has_text=number).get_by_role("link", name="Brief goedkeuren")
    await desk.wait_for_load_state()
    while await line.count() == 0:  # the draft is being written: the page says when something is new
        await expect(desk.get_by_text("Er is iets veranderd.")).to_be_visible(timeout=SOON)
        await press(desk, desk.get_by_role("link", name="Ververs de lijst"))
        await desk.wait_for_load_state()
    await says_demo(desk)
    await press(desk, line)
    await expect(desk.get_by_role("heading", level=1)).to_contain_text(number)
    await says_demo(desk)
    await desk.keyboard.press("b")
    await expect(desk.locator("[data-letter]")).to_be_focused()
    await press(desk, desk.get_by_role("button", name="Keur goed en verstuur"))
    await expect(desk.get_by_text("Goedgekeurd. De brief gaat zo weg")).to_be_visible()
    await says_demo(desk)
    await desk.close()
    await demo.bring_to_front()


async def _download(demo: Page, tray: Tray, target: Path) -> None:
    """The letter comes, its link asks a code, the code comes, and the file is there."""
    mail = await tray.next("")
    page = await press_for_window(demo, mail.locator('a[href*="/d/"]'))
    await press(page, page.get_by_role("button", name="Stuur mij een code"))
    await expect(page.get_by_text("De code is onderweg")).to_be_visible()
    await demo.bring_to_front()
    await tray.close()
    code = await code_in(await tray.next(""))
    await page.bring_to_front()
    await write(page, page.get_by_role("textbox", name="Code"), code)
    await expect(page.get_by_text("De code klopt.")).to_be_visible()
    await says_demo(page)
    async with page.expect_download() as started:
        await press(page, page.get_by_role("button", name="Download mijn gegevens"))
    await (await started.value).save_as(target)


def _check_package(file: Path, address: str) -> None:
    with zipfile.ZipFile(file) as package:
        assert package.testzip() is None
        names = {Path(name).name for name in package.namelist()}
        assert {"overview.pdf", "overview.html", "data.json", "manifest.json"} <= names
        assert any(name.endswith(".csv") for name in names)
        data = next(name for name in package.namelist() if name.endswith("data.json"))
        content = json.loads(package.read(data))
    assert address in json.dumps(content)
