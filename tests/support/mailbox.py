"""A real IMAP server (pymap, in memory) as a process of its own, that can be killed and started again."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port

USER, PASSWORD = "demouser", "demopass"


class Mailbox:
    """One mailbox with demo mail from 1970 in it. Started again, it has other numbers (UIDVALIDITY)."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dead(self) -> bool:
        return self._process is None

    def start(self) -> None:
        command = [str(Path(sys.executable).parent / "pymap"), "--host", self.host, "--port", str(self.port)]
        command += ["--no-tls", "--no-service", "managesieve", "--no-service", "admin", "dict", "--demo-data"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):  # until it listens; no figure is taken from this
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, "the IMAP server did not start"
                time.sleep(0.05)
        raise AssertionError("the IMAP server does not listen")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def append(self, *messages: bytes, folder: str = "INBOX") -> None:
        """New mail arrives, unseen, now."""
        with self._client() as client:
            for message in messages:
                status, _ = client.append(folder, "", "", message)
                assert status == "OK"

    def flags(self) -> list[bytes]:
        with self._client() as client:
            client.select("INBOX", readonly=True)
            _, lines = client.fetch("1:*", "(UID FLAGS)")
            return [line for line in lines if isinstance(line, bytes)]

    @contextmanager
    def _client(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4(self.host, self.port, timeout=20)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.start()
    try:
        yield mailbox
    finally:
        mailbox.kill()
