"""One Chromium a run, a fresh world with its own server a test. Skipped by name where Chromium is missing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

from tests.support.web_demo import MAIL, WrittenDemo
from tests.support.web_rows import BASE_URL, CASE_TOKEN
from tests.support.web_world import World, add_colleagues, world
from web.app import create_app
from web.settings import WebSettings

CHROMIUM = Path("/usr/bin/chromium")
FOUND = CHROMIUM.exists()
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if not FOUND:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    world: World


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The app on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        with world(tmp_path, base_url=url) as made:
            await add_colleagues(made)
            async with _served(create_app(made.desk, WebSettings(url)), door):
                yield Site(url, made)


@pytest_asyncio.fixture(loop_scope="session")
async def demo_site(tmp_path: Path) -> AsyncIterator[Site]:
    """The same as a demo, with one mail in the tray that links to a case page."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        with world(tmp_path, base_url=url, demo=True) as made:
            await add_colleagues(made)
            mail = MAIL.replace(BASE_URL, url).replace("/z/x", f"/z/{CASE_TOKEN}")
            async with _served(create_app(made.desk, WebSettings(url), WrittenDemo(made, mail)), door):
                yield Site(url, made)


@asynccontextmanager
async def _served(app: FastAPI, door: socket.socket) -> AsyncIterator[None]:
    """The socket listens already: what comes before the server is ready waits in the queue."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server._serve([door]))  # without its signal handlers, which belong to pytest
    yield
    server.should_exit = True
    await serving


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, site: Site) -> AsyncIterator[Page]:
    """A fresh window; whatever the browser complains of fails the test."""
    context = await chromium.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    made = await context.new_page()
    problems: list[str] = []
    made.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: problems.append(str(error)))
    yield made
    await context.close()
    assert not problems, problems
