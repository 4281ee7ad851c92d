"""A large mailbox (15,000 messages; thorough: 50,000): memory does not grow with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.messages import RawInbound
from tests.support.bad_imap import PASSWORD, USER
from tests.support.imap_post import ACCOUNT, Post, settings, watch
from tests.support.thorough import THOROUGH

COUNT, SIZE = 50_000 if THOROUGH else 15_000, 4_000
ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> Iterator[int]:
    """The server is a process of its own: only what the watcher needs is measured."""
    command = [sys.executable, "-m", "tests.support.bad_imap", str(COUNT), str(SIZE)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(300)
async def test_a_large_mailbox_costs_no_memory(port: int) -> None:
    post = Post(keep=False)
    await post.begin("whatnext", ACCOUNT, "INBOX", 7, 0)  # all of it came in while we were away
    sizes: list[int] = []

    def measure(message: RawInbound) -> None:
        if post.seen % 5_000 == 1_000:
            sizes.append(resident())

    post.fail = measure
    watcher = watch(settings("127.0.0.1", port, USER, PASSWORD), post)
    await watcher.start()
    await post.until(lambda: post.seen >= COUNT, seconds=280)
    await watcher.stop()
    assert post.place == (7, COUNT)
    assert max(sizes) - sizes[0] < 10_000_000  # the mailbox itself is 60 or 200 MB
