"""How much memory the watcher holds over a mailbox of a given size, in a process of its own.

`python -m bench.imap_memory PORT COUNT` reads that many messages, keeps none, and prints its peak in MB. The mailbox is
the tests' own server (`tests/support/bad_imap.py`), which makes each message when it is asked for.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bench.processes import usage
from tests.support.bad_imap import PASSWORD, USER
from tests.support.imap_post import ACCOUNT, Post, settings, watch

LONGEST = 240.0


async def read_all(port: int, count: int) -> None:
    post = Post(keep=False)
    await post.begin("whatnext", ACCOUNT, "INBOX", 7, 0)  # all of it came in while we were away
    watcher = watch(settings("127.0.0.1", port, USER, PASSWORD), post)
    await watcher.start()
    try:
        await post.until(lambda: post.seen >= count, seconds=LONGEST)
    finally:
        await watcher.stop()


if __name__ == "__main__":
    asyncio.run(read_all(int(sys.argv[1]), int(sys.argv[2])))
    print(usage(os.getpid()).peak_mb)
