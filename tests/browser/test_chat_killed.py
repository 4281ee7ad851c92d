"""The real program is killed in the middle of a chat and started again: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import shutil
import sys
from asyncio.subprocess import Process
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from bot.demo.clock import DemoClock
from storage.claims import LEASE
from tests.browser.test_widget import answered, lines, say, window
from tests.support import model
from tests.support.ports import free_port

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

ROOT = Path(__file__).parent.parent.parent
START = 120  # seconds to make the customers, on a busy machine
LATER = 60_000  # milliseconds; the program loads its reader again


async def start(folder: Path, port: int, smtp_port: int) -> Process:
    """The demo, until it answers."""
    command = [
        sys.executable, "-m", "bot", "demo", "--folder", str(folder / "demo"), "--port", str(port),
        "--smtp-port", str(smtp_port),
    ]  # fmt: skip
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log)
    assert process.stdout is not None
    async with asyncio.timeout(START):
        while b"open http" not in (line := await process.stdout.readline()):
            assert line, (folder / "log").read_text()[-2000:]
    # The address is said just before it is answered at.
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=7)) as http:
        assert (await http.get(f"http://127.0.0.1:{port}/gezond")).json()["gezond"] is True
    return process


async def kill(process: Process) -> None:
    process.kill()
    await process.wait()


async def test_killed_in_the_middle_of_a_chat(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "seeded").touch()  # without example cases
    shutil.copytree(model.ready(), tmp_path / "demo" / "model")
    ports = free_port(), free_port()
    process = await start(tmp_path, *ports)
    try:
        async with window(chromium, fine=False) as page:
            await page.goto(f"http://127.0.0.1:{ports[0]}/chat/whatnext")
            await say(page, "hallo")
            await answered(page, 1)
            await kill(process)
            await say(page, "Ik wil graag weten welke persoonsgegevens jullie van mij hebben.")
            await expect(page.get_by_text("Geen verbinding.")).to_be_visible(timeout=LATER)
            process = await start(tmp_path, *ports)
            await expect(lines(page, "assistant")).to_have_count(2, timeout=LATER)
            await answered(page, 2, "e-mailadres")

            await say(page, "robin@klant.example")
            await kill(process)  # it may have been kept, read and answered, or none of it
            clock = DemoClock(tmp_path / "demo" / "clock.json")
            clock.set(clock.now() + 2 * LEASE)  # what it had claimed is free again
            process = await start(tmp_path, *ports)
            await expect(lines(page, "assistant")).to_have_count(3, timeout=LATER)
            await answered(page, 3, "code")
            await page.reload()
            await expect(lines(page, "assistant")).to_have_count(3, timeout=LATER)
            await expect(lines(page, "visitor")).to_have_count(3)
    finally:
        if process.returncode is None:
            await kill(process)
