"""The sending side: N connections that hand over mails one after the other, in a process of its own.

`python -m bench.load JOB` reads a JSON job (port, connections, the mails by number, rate) and writes a JSON list of
[mail number, end of DATA, 250 received, reply code] with monotonic nanoseconds. No pipelining: the next command waits
for the answer, as most senders do.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.mails import TARGET, Written, make_mails

ANSWER = 60.0  # seconds for one reply


@dataclass(frozen=True, slots=True)
class Job:
    port: int
    connections: int
    numbers: Sequence[int]  # which mails, in order; a number may occur more than once
    result: str
    per_second: float = 0.0  # 0: as fast as the other side takes them


@dataclass(frozen=True, slots=True)
class Handed:
    """One mail that was handed over."""

    number: int
    begun: int  # monotonic nanoseconds: MAIL FROM
    data_end: int
    answered: int
    code: int


def write_job(job: Job, file: Path) -> None:
    file.write_text(json.dumps(asdict(job)), encoding="utf-8")


def read_result(file: Path) -> list[Handed]:
    return [Handed(*row) for row in json.loads(file.read_text(encoding="utf-8"))]


async def _reply(reader: asyncio.StreamReader) -> int:
    while True:
        line = await asyncio.wait_for(reader.readline(), ANSWER)
        if line[3:4] != b"-":
            return int(line[:3] or b"0")


async def _hand_over(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, mail: Written, raw: bytes
) -> Handed:
    begun = time.monotonic_ns()
    for command in (f"MAIL FROM:<{mail.sender}> BODY=8BITMIME", f"RCPT TO:<{TARGET}>", "DATA"):
        writer.write(f"{command}\r\n".encode())
        code = await _reply(reader)
        if code >= 400:
            return Handed(number, begun, 0, 0, code)
    writer.write(raw)
    await writer.drain()
    data_end = time.monotonic_ns()
    code = await _reply(reader)
    return Handed(number, begun, data_end, time.monotonic_ns(), code)


async def _connection(
    job: Job, mails: Sequence[Written], wire: dict[int, bytes], waiting: Iterator[tuple[int, int]], done: list[Handed]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port, limit=2**20)
    await _reply(reader)
    writer.write(b"EHLO bench.example\r\n")
    await _reply(reader)
    start = time.monotonic()
    for place, number in waiting:
        if job.per_second and (rest := start + place / job.per_second - time.monotonic()) > 0:
            await asyncio.sleep(rest)
        done.append(await _hand_over(reader, writer, number, mails[number], wire[number]))
    writer.write(b"QUIT\r\n")
    await _reply(reader)
    writer.close()


def _wire(raw: bytes) -> bytes:
    """Dots doubled (RFC 5321 4.5.2), the final dot behind."""
    if raw.startswith(b"."):
        raw = b"." + raw
    return raw.replace(b"\n.", b"\n..").rstrip(b"\r\n") + b"\r\n.\r\n"


async def run(job: Job) -> list[Handed]:
    mails = make_mails(max(job.numbers) + 1)
    wire = {number: _wire(mails[number].raw) for number in set(job.numbers)}
    waiting, done = iter(list(enumerate(job.numbers))), list[Handed]()
    lines = (_connection(job, mails, wire, waiting, done) for _ in range(job.connections))
    await asyncio.gather(*lines)
    return done


def main(file: Path) -> None:
    job = Job(**json.loads(file.read_text(encoding="utf-8")))
    done = asyncio.run(run(job))
    rows = [[h.number, h.begun, h.data_end, h.answered, h.code] for h in done]
    Path(job.result).write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
