"""Takes the pictures of README.md from a fresh demo: `.venv/bin/python docs/pictures/take.py`. Needs Chromium."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASE = "Siân"  # one of her systems gave no answer: found and failed, side by side


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("Chromium is missing: apt-get install chromium\n")
        return 1
    web, smtp = _free_port(), _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "bot", "demo", "--folder", folder, "--port", str(web), "--smtp-port", str(smtp)]
        with subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603
            assert demo.stdout is not None
            if not any("open http" in line for line in demo.stdout):
                return 1
            try:
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                    size = {"width": 1280, "height": 860}
                    _take(browser.new_context(viewport=size, locale="nl-NL"), f"http://127.0.0.1:{web}")  # type: ignore[arg-type]
                    browser.close()
            finally:
                demo.terminate()
    return 0


def _take(context: BrowserContext, base: str) -> None:
    page = context.new_page()
    page.goto(base)
    _shoot(page, "demo")
    _chat(context, base)
    with context.expect_page() as opened:
        page.get_by_text("Werk als").first.click()
    desk = opened.value
    _shoot(desk, "work")
    desk.locator("tr", has_text=CASE).get_by_role("link", name="Brief goedkeuren").first.click()
    _shoot(desk, "case")
    letter = context.new_page()
    letter.set_viewport_size({"width": 860, "height": 1000})
    letter.goto(base + str(desk.locator("iframe[src$=voorbeeld]").first.get_attribute("src")))
    _shoot(letter, "letter")


def _chat(context: BrowserContext, base: str) -> None:
    """The widget as it stands on a page: what somebody asks, what is understood, the question that follows."""
    page = context.new_page()
    page.goto(base)
    page.get_by_role("button", name="Vraag over privacy").click()
    field = page.get_by_role("textbox", name="Bericht", exact=True)
    for count, words in enumerate(("hallo", "Welke gegevens hebben jullie van mij?"), 1):
        field.fill(words)
        field.press("Enter")
        page.locator(f":nth-match(.line.assistant, {count})").wait_for(timeout=120_000)  # it may still be learning
    page.locator("privacyloket-chat .panel").screenshot(path=HERE / "chat.png")
    page.close()


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=HERE / f"{name}.png")


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        number: int = held.getsockname()[1]
        return number


if __name__ == "__main__":
    raise SystemExit(main())
