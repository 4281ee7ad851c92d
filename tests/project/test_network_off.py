"""The guard of `tests/conftest.py`: no test reaches further than this machine."""

from __future__ import annotations

import asyncio
import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("0.0.0.0", 80), ("example.com", 80), ("2001:db8::1", 80)])
def test_connecting_outside_fails_at_once(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as outside:
        for connect in (outside.connect, outside.connect_ex):
            with pytest.raises(RuntimeError, match="loopback"):
                connect(address)


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(RuntimeError, match="loopback"):
        await asyncio.open_connection("192.0.2.1", 80)


async def test_loopback_is_open() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"dag")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        for host in ("127.0.0.1", "localhost"):
            reader, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
            assert await reader.read() == b"dag"
            writer.close()
            await writer.wait_closed()
