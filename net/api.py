"""JSON over HTTP to a service of the organisation's own choosing: one line per conversation, bounded in time and size.

Beside `http` this is the only place that knows httpx. No redirects; a host that stands in a private network is refused
unless the settings call it internal (SSRF: a service elsewhere must not lead us to a machine in here). What a status
means is the caller's business; what is known of the outcome is told apart: Temporary was certainly not carried out,
Uncertain was sent and not answered.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import httpx

from cases.errors import Permanent, Temporary, Uncertain
from net.http import client_options, is_loopback

LARGEST = 10_000_000  # bytes of one answer
_KEPT_HEADERS = ("link", "retry-after")
# Before anything was sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    data: object = field(repr=False)  # what the JSON says; None when there is none
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """An open conversation with one host."""

    client: httpx.AsyncClient
    origin: str

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Sequence[tuple[str, str]] = (),
        body: object = None,
        form: Sequence[tuple[str, str]] | None = None,
    ) -> Reply:
        """`url` must be at the host this line was opened for. `body` goes as JSON, `form` as a web form."""
        if origin_of(url) != self.origin:
            raise Permanent("de dienst verwijst naar een andere server")
        try:
            given: dict[str, Any] = {"json": body}
            if form is not None:
                given = {"content": str(httpx.QueryParams([*form]))}
            request = self.client.build_request(
                method, url, headers=dict(headers or {}), params=[*query] or None, **given
            )
            if form is not None:
                request.headers["Content-Type"] = "application/x-www-form-urlencoded"
            response = await self.client.send(request, stream=True)
            try:
                content = bytearray()
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > LARGEST:
                        raise Permanent("het antwoord van de dienst is te groot")
            finally:
                await response.aclose()
        except _NOT_SENT as error:
            raise Temporary(f"de dienst is niet bereikbaar ({type(error).__name__})") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Uncertain(f"de dienst gaf geen antwoord ({type(error).__name__})") from None
        kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return Reply(response.status_code, _json(bytes(content)), kept)


@asynccontextmanager
async def open_line(base_url: str, *, seconds: float, internal: bool = False) -> AsyncIterator[Line]:
    """A conversation with the host of `base_url`. Raises Permanent when that host is not for us."""
    host = httpx.URL(base_url).host
    if not (internal or is_loopback(host)):
        await _check_outside(host)
    async with httpx.AsyncClient(**client_options(base_url, seconds)) as client:
        yield Line(client, origin_of(base_url))


def origin_of(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return ""
    return f"{parts.scheme}://{parts.host}:{parts.port or {'https': 443, 'http': 80}.get(parts.scheme)}"


async def _check_outside(host: str) -> None:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise Temporary("de dienst is niet bereikbaar (naam niet gevonden)") from None
    if not all(ip_address(str(entry[4][0]).partition("%")[0]).is_global for entry in found):
        raise Permanent("deze server staat in een eigen netwerk; zet 'internal = true' als dat klopt")


def _json(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None
