"""The receiving side: a minimal SMTP server in its own process that notes when each mail arrived.

`python -m bench.sink FILE` prints its port, then writes one line per accepted mail: monotonic nanoseconds (at the
moment the final dot was read), recipient, `Auto-Submitted` or not, size. Small on purpose: it must cost next to
nothing, and it is the same for the program and for the floor.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

LIFE = 900.0  # seconds; a forgotten sink goes by itself


class _Session(asyncio.Protocol):
    def __init__(self, out: int) -> None:
        self._out, self._buffer, self._data, self._recipient = out, b"", False, ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            if self._data:
                end = self._buffer.find(b"\r\n.\r\n")
                if end < 0:
                    return
                self._arrived(self._buffer[:end])
                self._buffer = self._buffer[end + 5 :]
                continue
            line, separator, rest = self._buffer.partition(b"\r\n")
            if not separator:
                return
            self._buffer = rest
            self._transport.write(self._answer(line))

    def _arrived(self, mail: bytes) -> None:
        automatic = b"\nauto-submitted:" in mail.partition(b"\r\n\r\n")[0].lower()
        note = f"{time.monotonic_ns()} {self._recipient} {int(automatic)} {len(mail)}\n"
        os.write(self._out, note.encode())
        self._data = False
        self._transport.write(b"250 2.0.0 taken\r\n")

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace")
        elif verb == b"DATA":
            self._data = True
            return b"354 go on\r\n"
        elif verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
            return b""
        elif verb == b"EHLO":
            return b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        return b"250 ok\r\n"


async def _serve(file: Path) -> None:
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    server = await asyncio.get_running_loop().create_server(lambda: _Session(out), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(LIFE)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
