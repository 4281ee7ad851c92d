"""An IMAP server of the tests' own that does what it is told, and misbehaves on command.

Small and in memory: one account, folders with messages, one thread per connection. A `Fault` is taken by the next
command line that begins with its words. What it can do is what `caps` says, so that a server without MOVE, UIDPLUS,
IDLE or keywords can be played as well. Run as a module it is a process of its own, for measuring memory.
"""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import cast

from imapclient import imap_utf7

from tests.support.bad_imap_store import Do, Fault, Folder, Message, name_of, numbers, parts_of
from tests.support.certificates import Certificate

USER, PASSWORD = "loket", "goed"
CAPS = "IMAP4rev1 IDLE MOVE UIDPLUS SPECIAL-USE AUTH=XOAUTH2"


class BadImap(socketserver.ThreadingTCPServer):
    """`server.folders`, `server.faults` and `server.tokens` may be changed at any moment, under `server.lock`."""

    daemon_threads = True
    allow_reuse_address = True
    host = "127.0.0.1"

    def __init__(self, certificate: Certificate | None = None, *, implicit: bool = False) -> None:
        super().__init__((self.host, 0), _Connection)
        self.port: int = self.server_address[1]
        self.lock = threading.RLock()
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.faults: list[Fault] = []
        self.tokens: set[str] = set()
        self.caps = CAPS
        self.said: list[str] = []  # every command line, without passwords and tokens
        self.released = threading.Event()  # lets go of those who hang
        self.raw_list: list[bytes] = []  # lines that LIST begins with
        self.arriving = b""  # what Do.ARRIVE brings
        self.bad_date = False  # every INTERNALDATE is nonsense
        self.implicit = implicit
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = certificate.for_server()
            self.caps += "" if implicit else " STARTTLS"

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    def fault(self, words: str, do: Do, times: int = 1, *, having: str = "") -> None:
        with self.lock:
            self.faults.append(Fault(words, do, times, having))

    def take_fault(self, line: str) -> Do | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and line.upper().startswith(fault.words) and fault.having in line:
                    fault.times -= 1
                    return fault.do
        return None

    def count(self, words: str) -> int:
        return sum(line.upper().startswith(words) for line in list(self.said))

    def wait_for(self, words: str) -> None:
        """Until a command that begins with these words comes in."""
        before = self.count(words)
        while self.count(words) == before:
            self.released.wait(0.02)

    def handle_error(self, request: object, client_address: object) -> None:
        """A watcher that hangs up is no error of this server."""


class _HungUp(Exception):
    pass


_LAST_WORDS = {
    Do.BYE: b"* BYE going down\r\n",
    Do.DROP: b"* 1 FE",
    Do.HANG: b"",
    Do.BAD_LITERAL: b"* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: half a mess",
}


class _Connection(socketserver.BaseRequestHandler):
    server: BadImap
    request: socket.socket

    def handle(self) -> None:
        self.selected: Folder | None = None
        self.inside = False
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.implicit and self.server.context is not None:
            with suppress(OSError):  # the other side may refuse
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.file = self.request.makefile("rb")
        self.say("* OK ready")
        with suppress(_HungUp, OSError, ValueError):
            while True:
                self.command()
        self.file.close()
        self.request.close()

    def say(self, line: str | bytes) -> None:
        self.request.sendall((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def line(self) -> str:
        text = self.file.readline()
        if not text:
            raise _HungUp
        return text.decode().rstrip("\r\n")

    def command(self) -> None:
        text = self.line()
        while (literal := re.search(r"\{(\d+)\+?\}$", text)) is not None:
            self.say("+ go on")
            data = self.file.read(int(literal[1])).decode("latin-1")
            text = text[: literal.start()] + f'"{data}"' + self.line() if len(data) < 200 else text[: literal.start()]
            self.literal = data.encode("latin-1")
        tag, _, rest = text.partition(" ")
        name = " ".join(rest.split(" ")[: 2 if rest.upper().startswith("UID ") else 1]).upper()
        with self.server.lock:
            self.server.said.append(name if name in ("LOGIN", "AUTHENTICATE") else rest)
        fault = self.server.take_fault(rest)
        if fault is not None and self.misbehave(tag, rest, fault):
            return
        method: Callable[[str], str] = getattr(self, "do_" + name.lower().replace(" ", "_"), lambda _: "BAD unknown")
        answer = method(rest)
        if fault is Do.AFTER:
            raise _HungUp
        self.say(f"{tag} {answer}")
        if name == "STARTTLS" and self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
            self.file = self.request.makefile("rb")
        if name == "LOGOUT":
            raise _HungUp

    def misbehave(self, tag: str, rest: str, fault: Do) -> bool:
        """True: the command was answered, or never will be."""
        if fault in _LAST_WORDS:
            if fault is Do.HANG:
                self.server.released.wait(60)
            self.request.sendall(_LAST_WORDS[fault])
            raise _HungUp
        if fault is Do.NO:
            self.say(f"{tag} NO [UNAVAILABLE] info@whatnext.example may not")  # what nobody may log
        elif fault is Do.UNREADABLE:
            self.say("* 1 FETCH (UID 1 FLAGS")
            self.say(f"{tag} OK done")
        elif fault is Do.EXPUNGE:
            for uid in numbers(rest.split(" ")[2], self.selected):
                self.open.messages.pop(uid)
                self.say("* 1 EXPUNGE")
            self.say(f"{tag} NO some messages are gone")
        else:
            self.say_before(fault)
            return False
        return True

    def say_before(self, fault: Do) -> None:
        """Lines that come before the true answer."""
        if fault is Do.GARBAGE:
            self.say(b"\xff\xfe ??? this is no IMAP")
        elif fault is Do.FLAGS_FIRST:
            for number in range(1, len(self.open.messages) + 1):
                self.say(f"* {number} FETCH (FLAGS (\\Seen))")
        elif fault is Do.ARRIVE:
            self.open.add(self.server.arriving)
        elif fault is Do.EXISTS_FIRST:
            self.say("* 99 EXISTS")

    @property
    def open(self) -> Folder:
        assert self.selected is not None
        return self.selected

    # Commands; each returns what follows the tag.

    def do_capability(self, rest: str) -> str:
        self.say(f"* CAPABILITY {self.server.caps}")
        return "OK done"

    def do_starttls(self, rest: str) -> str:
        return "OK begin" if self.server.context is not None else "NO not here"

    def do_login(self, rest: str) -> str:
        self.inside = PASSWORD in rest.rsplit(" ", maxsplit=1)[-1]
        return "OK welcome" if self.inside else "NO info@whatnext.example is unknown"

    def do_authenticate(self, rest: str) -> str:
        self.say("+")
        given = base64.b64decode(self.line()).decode()
        with self.server.lock:
            self.inside = any(given == f"user={USER}\1auth=Bearer {token}\1\1" for token in self.server.tokens)
        if not self.inside:
            self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
            self.line()
        return "OK welcome" if self.inside else "NO token refused"

    def do_noop(self, rest: str) -> str:
        return "OK done"

    def do_logout(self, rest: str) -> str:
        self.say("* BYE until next time")
        return "OK done"

    def do_list(self, rest: str) -> str:
        for line in self.server.raw_list:
            self.say(line)
        for name, folder in list(self.server.folders.items()):
            self.say(f'* LIST ({folder.flags}) "/" "'.encode() + imap_utf7.encode(name) + b'"')
        return "OK done"

    def do_create(self, rest: str) -> str:
        self.server.folders[name_of(rest.split(" ", 1)[1])] = Folder()
        return "OK done"

    def do_subscribe(self, rest: str) -> str:
        return "OK done"

    def do_status(self, rest: str) -> str:
        name = rest.split(" ", 1)[1].rpartition(" (")[0]
        with self.server.lock:
            folder = self.server.folders[name_of(name)]
            told = f"UIDNEXT {folder.uidnext} " if folder.uidnext_told else ""
            self.say(f"* STATUS {name} ({told}MESSAGES {len(folder.messages)} UIDVALIDITY {folder.uidvalidity})")
        return "OK done"

    def do_select(self, rest: str, writing: bool = True) -> str:
        with self.server.lock:
            folder = self.server.folders.get(name_of(rest.split(" ", 1)[1]))
            if folder is None:
                return "NO no such folder"
            self.selected, self.told = folder, folder.uidnext
            self.say(f"* {len(folder.messages)} EXISTS")
            self.say(f"* OK [UIDVALIDITY {folder.uidvalidity}] here")
            self.say(f"* OK [PERMANENTFLAGS ({folder.permanent if writing else ''})] here")
            if folder.uidnext_told:
                self.say(f"* OK [UIDNEXT {folder.uidnext}] here")
        return f"OK [READ-{'WRITE' if writing else 'ONLY'}] done"

    def do_examine(self, rest: str) -> str:
        return self.do_select(rest, writing=False)

    def do_uid_search(self, rest: str) -> str:
        with self.server.lock:
            ids = re.search(r"UID ([\d*]+(?::[\d*]+)?)", rest[10:])
            found = numbers(ids[1] if ids else "1:*", self.selected)
            if day := re.search(r"SINCE (\S+)", rest):
                first = datetime.strptime(day[1], "%d-%b-%Y").replace(tzinfo=UTC)
                found = [uid for uid in found if self.open.messages[uid].at >= first]
            if day := re.search(r"BEFORE (\S+)", rest):
                end = datetime.strptime(day[1], "%d-%b-%Y").replace(tzinfo=UTC)
                found = [uid for uid in found if self.open.messages[uid].at < end]
            if head := re.search(r'HEADER "?Message-ID"? "?(<[^>]*>)', rest, re.I):
                wanted = head[1].encode()
                found = [uid for uid in found if wanted in self.open.messages[uid].bytes()]
        self.say("* SEARCH " + " ".join(map(str, found)))
        return "OK done"

    def do_uid_fetch(self, rest: str) -> str:
        _, _, ids, items = rest.split(" ", 3)
        answer: list[bytes] = []
        with self.server.lock:
            for uid in numbers(ids, self.selected):
                parts = parts_of(self.open.messages[uid], items.upper(), bad_date=self.server.bad_date)
                answer.append(f"* {self.open.place(uid)} FETCH (UID {uid}".encode() + parts + b")")
        if answer:
            self.say(b"\r\n".join(answer))
        return "OK done"

    def do_uid_store(self, rest: str) -> str:
        _, _, ids, what, flags = rest.split(" ", 4)
        with self.server.lock:
            for uid in numbers(ids, self.selected):
                named = set(flags.strip("()").split(" "))
                had = self.open.messages[uid].flags
                self.open.messages[uid].flags = had | named if what.startswith("+") else had - named
        return "OK done"

    def do_uid_copy(self, rest: str) -> str:
        _, _, ids, name = rest.split(" ", 3)
        with self.server.lock:
            target = self.server.folders[name_of(name)]
            for uid in numbers(ids, self.selected):
                message = self.open.messages[uid]
                target.messages[target.uidnext] = Message(message.raw, message.at, set(message.flags))
                target.uidnext += 1
        return "OK done"

    def do_uid_move(self, rest: str) -> str:
        if "MOVE" not in self.server.caps.split(" "):
            return "BAD unknown"
        self.do_uid_copy(rest)
        for uid in numbers(rest.split(" ")[2], self.selected):
            del self.open.messages[uid]
        return "OK done"

    def do_uid_expunge(self, rest: str) -> str:
        if "UIDPLUS" not in self.server.caps.split(" "):
            return "BAD unknown"
        for uid in numbers(rest.split(" ")[2], self.selected):
            if "\\Deleted" in self.open.messages[uid].flags:
                del self.open.messages[uid]
        return "OK done"

    def do_append(self, rest: str) -> str:
        name = rest.split(" ", 1)[1].split(" (", maxsplit=1)[0]
        with self.server.lock:
            self.server.folders[name_of(name.strip())].add(self.literal, seen="\\Seen" in rest)
        return "OK done"

    def do_idle(self, rest: str) -> str:
        next_uid = self.open.uidnext  # looked at once: what arrives while the consent is sent is told below
        self.say("+ idling" + (f"\r\n* {len(self.open.messages)} EXISTS" if next_uid != self.told else ""))
        self.told = next_uid
        self.request.settimeout(0.05)
        try:
            while True:
                fault = self.server.take_fault("IN IDLE")
                if fault is not None:
                    self.misbehave("", "", fault)
                if self.open.uidnext != self.told:
                    self.told = self.open.uidnext
                    self.say(f"* {len(self.open.messages)} EXISTS")
                with suppress(TimeoutError):
                    if not self.request.recv(100):
                        raise _HungUp
                    return "OK done"
        finally:
            self.request.settimeout(None)


@contextmanager
def bad_imap(certificate: Certificate | None = None, *, implicit: bool = False) -> Iterator[BadImap]:
    with BadImap(certificate, implicit=implicit) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join(10)


def _generated(count: int, size: int) -> None:
    """A mailbox of many messages that are made when they are asked for; what arrives is all there from the start."""
    body = b"Content-Type: text/plain\r\n\r\n" + b"Ik zoek een nieuwe website.\r\n" * (size // 30)

    def message(number: int) -> Callable[[], bytes]:
        return lambda: b"From: a@b.example\r\nMessage-ID: <%d@b.example>\r\nSubject: %d\r\n" % (number, number) + body

    with bad_imap() as server:
        at = datetime.now(UTC) + timedelta(minutes=1)
        for number in range(count):
            server.inbox.add(message(number), at=at)
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _generated(*cast(tuple[int, int], tuple(map(int, sys.argv[1:3]))))
