"""A browser without a screen: httpx against the ASGI app, forms filled in by hand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

import httpx
from fastapi import FastAPI

from tests.support.web_rows import BASE_URL
from tests.support.web_world import PASSWORD, World, add_colleagues, world
from web.app import create_app


@asynccontextmanager
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield http


@asynccontextmanager
async def opened(folder: Path, who: str = "") -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    """The world with its app; signed in when `who` is given."""
    with world(folder) as made:
        await add_colleagues(made)
        async with browser(create_app(made.desk, made.settings)) as http:
            if who:
                assert (await sign_in(http, who)).status_code == 303
            yield made, http


async def sign_in(http: httpx.AsyncClient, who: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
    page = await http.get("/bureau/inloggen")
    return await http.post(
        "/bureau/inloggen", data={"csrf": csrf(page), "naam": who, "wachtwoord": password, "code": code}
    )


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None, "the page has no token"
    return unescape(found[1])


async def token(http: httpx.AsyncClient) -> str:
    """The token of the one who is signed in."""
    return csrf(await http.get("/bureau/zoeken"))
