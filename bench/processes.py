"""Starting, measuring and stopping the processes of a round. Each is ended by its own pid."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0  # seconds for a process to open its port or to stop


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(
    *arguments: str, log: Path, pipe: bool = False, python: Path | None = None, folder: Path = HERE
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m …` from this tree; ended with SIGTERM, and killed when it does not listen.

    With `pipe` we hold both ends of it: its input stays open, its output is read by `first_line`.
    """
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [str(python or sys.executable), "-m", *arguments], cwd=folder, stderr=errors,
            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL, stdout=subprocess.PIPE if pipe else errors,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


def first_line(process: subprocess.Popen[bytes], patience: float = PATIENCE) -> str:
    """The line it says next; "" when it ended."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], patience)
    if not ready:
        raise TimeoutError("a process said nothing")
    return process.stdout.readline().decode().strip()


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until somebody answers; an ended process ends the wait with its last words."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            last = log.read_text("utf-8", "replace")[-2000:]
            raise RuntimeError(f"the process ended ({process.returncode}):\n{last}")
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError("no door was opened")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and those it started."""

    cpu_seconds: float  # user and system, all threads
    peak_mb: float  # VmHWM, the most each ever held, added up


def usage(pid: int) -> Usage:
    found = [_usage(one) for one in (pid, *_started_by(pid))]
    return Usage(sum(one.cpu_seconds for one in found), sum(one.peak_mb for one in found))


def _usage(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, peak / 1024)


def _started_by(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text("ascii").split()]


def go_live(config: Path, log: Path) -> None:
    """As an operator does it: a new mailbox only looks on until somebody says otherwise."""
    arguments = ("--mode", "aan", "--reason", "bench", "--by", "bench", "--config", str(config))
    with running("bot", "golive", *arguments, log=log) as process:
        if process.wait(PATIENCE):
            raise RuntimeError(log.read_text("utf-8", "replace")[-2000:])
