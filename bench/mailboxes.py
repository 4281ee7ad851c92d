"""The mailbox both sides read: a real Dovecot where it is installed, else the tests' own server, both on loopback.

Mail is delivered as a mail system does it: written beside, then moved into the mailbox, so 1,000 mails appear within
a few milliseconds.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.bad_imap import bad_imap
from tests.support.dovecot import MISSING, PASSWORD, USER, Dovecot, running_dovecot

__all__ = ["MISSING", "PASSWORD", "USER", "Mailbox", "empty_mailbox", "server_name"]


@dataclass(frozen=True, slots=True)
class Mailbox:
    port: int
    deliver: Callable[[Sequence[bytes]], None]


def server_name() -> str:
    if MISSING:
        return "the tests' own IMAP server (Dovecot is not installed, or this is not root)"
    told = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=20, check=True)
    return f"Dovecot {told.stdout.split()[0]} (Maildir)"


@contextmanager
def empty_mailbox() -> Iterator[Mailbox]:
    if MISSING:
        with bad_imap() as bad:

            def add(raws: Sequence[bytes]) -> None:
                with bad.lock:
                    bad.inbox.add(*raws)

            yield Mailbox(bad.port, add)
        return
    with running_dovecot() as dovecot:
        with dovecot.client() as client:
            client.select("INBOX")  # makes the folder
        yield Mailbox(dovecot.port, lambda raws: _into_maildir(dovecot, raws))


def _into_maildir(dovecot: Dovecot, raws: Sequence[bytes]) -> None:
    maildir = dovecot.folder / "mail" / USER
    delivered = len(list((maildir / "cur").iterdir())) + len(list((maildir / "new").iterdir()))
    written = []
    for number, raw in enumerate(raws, delivered):
        file = maildir / "tmp" / f"{1_700_000_000 + number}.M{number}.bench"
        file.write_bytes(raw)
        written.append(file)
    for file in written:
        file.rename(maildir / "new" / file.name)
