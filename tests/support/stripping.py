"""Somebody in the middle who hides from a mail program that the server offers STARTTLS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_OFFER = re.compile(rb"250-STARTTLS\r\n| STARTTLS\b")  # a line of SMTP's EHLO, a word of IMAP's capabilities


@dataclass(slots=True)
class Middle:
    host: str = "127.0.0.1"
    port: int = 0
    heard: bytearray = field(default_factory=bytearray)  # what the mail program said over the plain line
    hidden: int = 0


@asynccontextmanager
async def hiding_starttls(host: str, port: int) -> AsyncIterator[Middle]:
    """Until the mail program has closed its lines."""
    middle = Middle()
    lines: set[asyncio.Task[None]] = set()

    async def up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            middle.heard += data
            writer.write(data)

    async def down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            data, number = _OFFER.subn(b"", data)
            middle.hidden += number
            writer.write(data)

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        far_reader, far_writer = await asyncio.open_connection(host, port)
        both = [asyncio.create_task(up(reader, far_writer)), asyncio.create_task(down(far_reader, writer))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for pump in both:
            pump.cancel()
        for end in (writer, far_writer):
            end.close()
        await asyncio.gather(*both, writer.wait_closed(), far_writer.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(line, middle.host, 0)
    middle.port = server.sockets[0].getsockname()[1]
    try:
        yield middle
    finally:
        server.close()
        await asyncio.gather(*lines)
        await server.wait_closed()
