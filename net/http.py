"""Web requests to servers outside, and waiting for a browser that a server sends back to us (RFC 8252 7.3).

The one place that knows httpx. Every request has a time limit, checks certificates, follows no redirects and reads a
bounded answer. Plain http goes to this machine only. The library's own log lines are silenced: a URL may hold a secret.
What is asked and what the answer means is the caller's business.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from cases.errors import ConfigError, Temporary

MAX_ANSWER = 1_000_000  # bytes; token servers send a few kilobytes
CONNECT_TRIES = 3  # only connecting is tried again: a request that was sent may have been carried out
MAX_HEAD = 16_384  # bytes of one request from a browser
_HEAD_SECONDS = 10.0
_MAX_LINES = 20  # open at once; a browser opens some that it never uses

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    data: Mapping[str, object] = field(repr=False)  # the JSON object; empty when it was something else


def checked_url(url: str, key: str) -> str:
    """https, or http to this machine; everything else stops the start."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise ConfigError("dit is geen webadres", key=key) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.host)):
        raise ConfigError("een onbeveiligde verbinding mag alleen met deze machine zelf", key=key)
    return url


def post_form(url: str, fields: Mapping[str, str], *, seconds: float) -> Answer:
    """Raises Temporary when there is no answer; any status is an answer."""
    until = time.monotonic() + seconds * 2
    for tries_left in reversed(range(CONNECT_TRIES)):
        try:
            with (
                httpx.Client(**client_options(url, seconds)) as client,
                client.stream("POST", url, data=dict(fields)) as response,
            ):
                body = bytearray()
                for piece in response.iter_bytes():
                    _grow(body, piece, until)
                return Answer(response.status_code, _object(body))
        except (httpx.HTTPError, OSError) as error:
            if not (tries_left and isinstance(error, httpx.ConnectError)):
                raise _no_answer(error) from None
    raise AssertionError("the last try ends above")


async def post_form_async(url: str, fields: Mapping[str, str], *, seconds: float) -> Answer:
    """As `post_form`, in the event loop."""
    until = time.monotonic() + seconds * 2
    for tries_left in reversed(range(CONNECT_TRIES)):
        try:
            async with (
                httpx.AsyncClient(**client_options(url, seconds)) as client,
                client.stream("POST", url, data=dict(fields)) as response,
            ):
                body = bytearray()
                async for piece in response.aiter_bytes():
                    _grow(body, piece, until)
                return Answer(response.status_code, _object(body))
        except (httpx.HTTPError, OSError) as error:
            if not (tries_left and isinstance(error, httpx.ConnectError)):
                raise _no_answer(error) from None
    raise AssertionError("the last try ends above")


@asynccontextmanager
async def awaited_redirect(
    port: int, page: Callable[[Mapping[str, str]], tuple[int, str]]
) -> AsyncIterator[tuple[str, asyncio.Future[Mapping[str, str]]]]:
    """Listens on 127.0.0.1 for the one request a server sends a browser back with; 0 takes any free port.

    Gives our address and the query that will come. `page` says status and HTML for each query: the first it gives 200
    is the one, seen by the person before it is told here. Anything else (an icon, a stale tab, another program on this
    machine) is turned away and ends nothing. How long is the caller's to bound.
    """
    redirected: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
    lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines[task] = writer
        try:
            query = None if redirected.done() or len(lines) > _MAX_LINES else await _asked(reader)
            status, html = (404, "") if query is None else page(query)
            with suppress(OSError):
                await _reply(writer, status, html)
            if query is not None and status == 200 and not redirected.done():
                redirected.set_result(query)
        finally:
            del lines[task]
            writer.close()

    try:
        server = await asyncio.start_server(serve, "127.0.0.1", port, limit=MAX_HEAD)
    except (OSError, OverflowError) as error:
        raise Temporary(f"geen poort om op te luisteren: {type(error).__name__}") from None
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", redirected
    finally:
        server.close()
        open_still = list(lines)
        for writer in lines.values():
            writer.transport.abort()  # reading ends there by itself; a cancelled handler would be logged as an error
        await asyncio.gather(*open_still, return_exceptions=True)
        await server.wait_closed()
        redirected.cancel()


def query_of(url: str) -> Mapping[str, str]:
    """The parameters of a redirect; empty when one comes twice (RFC 6749 3.1) or it is no URL."""
    try:
        values = parse_qs(urlsplit(url).query, max_num_fields=50)
    except ValueError:
        return {}
    return {name: value[0] for name, value in values.items()} if all(len(v) == 1 for v in values.values()) else {}


async def _asked(reader: asyncio.StreamReader) -> Mapping[str, str] | None:
    """What a GET of our own address asks; None for anything else."""
    try:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
        return None
    return query_of(target) if method == "GET" and target.startswith("/?") else None


async def _reply(writer: asyncio.StreamWriter, status: int, html: str) -> None:
    body = html.encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'",
        "Referrer-Policy: no-referrer",  # the address holds the code
        "Connection: close",
    )
    writer.write("\r\n".join((*head, "", "")).encode() + body)
    writer.write_eof()
    async with asyncio.timeout(_HEAD_SECONDS):
        await writer.drain()


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reading the authorities takes 80 ms


def client_options(url: str, seconds: float) -> dict[str, Any]:
    return {
        "timeout": seconds,
        "verify": _certificates(),
        "follow_redirects": False,
        "headers": {"Accept": "application/json", "User-Agent": "privacyloket"},
        "trust_env": not is_loopback(httpx.URL(url).host),  # an organisation's proxy, for what is outside
    }


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _no_answer(error: Exception) -> Temporary:
    return Temporary(f"de webserver gaf geen antwoord: {type(error).__name__}")


def _grow(body: bytearray, piece: bytes, until: float) -> None:
    body += piece
    if len(body) > MAX_ANSWER or time.monotonic() > until:
        raise Temporary("het antwoord van de webserver is te lang, of duurt te lang")


def _object(body: bytearray) -> Mapping[str, object]:
    try:
        data = json.loads(bytes(body))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
