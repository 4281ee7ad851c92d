"""A mailbox of 1,000 mails over IMAP: our whole program beside django-helpdesk, on the same server, in turn.

Ours is connected and idle when the mails are moved into the mailbox; its clock starts before the first is moved, so
noticing them counts, and stops when the last is settled: read, and a case (or a question back, or a line for staff).
The helpdesk's clock runs inside its command only, with the same mails already there (`bench/helpdesk.py`). Both send
their acknowledgements to the same sink.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import helpdesk
from bench.helpdesk import Tickets
from bench.kept import Kept, inspect
from bench.mailboxes import PASSWORD, USER, Mailbox, empty_mailbox, server_name
from bench.mails import TARGET, Written, make_mails
from bench.processes import first_line, free_port, go_live, running, usage, wait_for_port
from bench.rounds import CONFIG, LONGEST, WARM, first_start, prepared_model

BAR = 2.5  # times the helpdesk's rate
FLAT_MB = 10.0  # what a mailbox of fifty times the size may cost more
LARGER = 50  # times
GENERATED = 4_000  # bytes of a message in the mailbox that memory is measured over
_LOOK = 0.05  # seconds between two looks at the database

_CONFIG = (
    CONFIG
    + """
[organisation.imap]
host = "127.0.0.1"
port = {imap}
tls = "none"
username = "{user}"
password_file = "imap-password"

"""
)  # our own check asks the DNS: this stays on the machine


@dataclass(frozen=True, slots=True)
class Watched:
    """What one round of mails cost the program."""

    mails: int
    done: int
    noticed_seconds: float  # until the first batch was stored
    stored_seconds: float  # until all were stored
    seconds: float  # until all were settled
    acknowledged: int
    acknowledged_seconds: float  # until the last acknowledgement arrived
    cpu_ms: float  # per mail
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    @property
    def stored_rate(self) -> float:
        return self.mails / self.stored_seconds


@dataclass(slots=True)
class ImapResults:
    mails: int
    server: str
    skipped: str = ""  # why there is no helpdesk to compare with
    watched: list[Watched] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    tickets: list[Tickets] = field(default_factory=list)
    peaks: dict[int, float] = field(default_factory=dict)  # size of the mailbox → MB

    @property
    def ratio(self) -> float | None:
        """Program to helpdesk, by the medians."""
        if not self.tickets:
            return None
        return statistics.median(w.rate for w in self.watched) / statistics.median(t.rate for t in self.tickets)

    @property
    def growth_mb(self) -> float:
        return self.peaks[max(self.peaks)] - self.peaks[min(self.peaks)]

    @property
    def good(self) -> bool:
        return all(kept.good for kept in self.kept) and all(w.done == w.mails for w in self.watched)

    @property
    def met(self) -> bool:
        return self.good and self.growth_mb < FLAT_MB and (self.ratio is None or self.ratio >= BAR)


def run_imap(count: int, repeats: int, folder: Path, var: Path) -> ImapResults:
    """`folder` may hold the reader's model already; `var` keeps the helpdesk's environment for the next time."""
    results, mails = ImapResults(count, server_name()), make_mails(WARM + count)
    if not (folder / "model").exists():
        first_start(folder)
    python, results.skipped = helpdesk.prepare(var / "bench" / "helpdesk")
    for repeat in range(repeats):
        if python is not None:
            results.tickets.append(_helpdesk(folder / f"helpdesk-{repeat}", python, mails))
        watched, kept = _program(folder / f"imap-{repeat}", mails, folder / "model")
        results.watched.append(watched)
        results.kept.append(kept)
    for size in (count, count * LARGER):
        results.peaks[size] = _peak_over(size, folder / "memory.txt")
        print(f"imap, watcher over {size} messages: {results.peaks[size]:.1f} MB", flush=True)
    return results


def _helpdesk(folder: Path, python: Path, mails: Sequence[Written]) -> Tickets:
    folder.mkdir()
    raws = [mail.raw for mail in mails]
    with _sink(folder) as port, empty_mailbox() as mailbox:
        found = helpdesk.read_mailbox(python, folder / "desk", mailbox, port, raws[:WARM], raws[WARM:])
    shutil.rmtree(folder)
    print(f"imap, helpdesk: {found.rate:6.1f} mails/s, {found.made} of {found.mails} became tickets", flush=True)
    return found


def _program(folder: Path, mails: Sequence[Written], model: Path) -> tuple[Watched, Kept]:
    folder.mkdir()
    shutil.copytree(model, prepared_model(folder))
    config, log, door = folder / "config.toml", folder / "log.txt", free_port()
    with _sink(folder) as sink, empty_mailbox() as mailbox:
        values = {"target": TARGET, "door": door, "sink": sink, "web": "false", "web_port": 8420}
        config.write_text(_CONFIG.format(**values, imap=mailbox.port, user=USER), "utf-8")
        (folder / "imap-password").write_text(PASSWORD, "utf-8")
        go_live(config, log)
        with running("bot", "run", "--config", str(config), log=log) as process:
            wait_for_port(door, process, log)
            found = _measure(_Desk(process, folder), mailbox, mails)
    kept = inspect(config, mails, range(len(mails)))
    shutil.rmtree(folder)
    print(
        f"imap, program:  {found.rate:6.1f} mails/s, stored {found.stored_rate:6.1f} mails/s, "
        f"{found.done} of {found.mails} settled, {found.acknowledged} acknowledged", flush=True,
    )  # fmt: skip
    return found, kept


@contextmanager
def _sink(folder: Path) -> Iterator[int]:
    with running("bench.sink", str(folder / "sink.txt"), log=folder / "sink-log.txt", pipe=True) as sink:
        yield int(first_line(sink))


@dataclass(frozen=True, slots=True)
class _Desk:
    """The running program, looked at from outside: its database is only read."""

    process: subprocess.Popen[bytes]
    folder: Path

    def number(self, query: str) -> int:
        with self._database() as database:
            return _first_number(database, query)

    def until(self, query: str, wanted: int) -> int:
        """The moment (monotonic nanoseconds) at which the query gives so many."""
        end = time.monotonic() + LONGEST
        with self._database() as database:  # one for all looks: opening it each time would cost the program its share
            while time.monotonic() < end and self.process.poll() is None:
                if _first_number(database, query) >= wanted:
                    return time.monotonic_ns()
                time.sleep(_LOOK)
        raise RuntimeError(f"the program did not get there: {query}\n{self._last_words()}")

    def _database(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self.folder / 'data' / 'privacyloket.db'}?mode=ro", uri=True))

    def arrivals(self) -> list[int]:
        lines = (self.folder / "sink.txt").read_text("ascii").splitlines()
        return [int(line.split()[0]) for line in lines if len(line.split()) == 4]

    def _last_words(self) -> str:
        return (self.folder / "log.txt").read_text("utf-8", "replace")[-2000:]


def _first_number(database: sqlite3.Connection, query: str) -> int:
    return int(database.execute(query).fetchone()[0])


_CONNECTED = "SELECT count(*) FROM imap_ledger WHERE folder = 'INBOX'"
_STORED = "SELECT count(*) FROM inbound"
_SETTLED = "SELECT count(*) FROM inbound WHERE status = 'done'"
_ALL_SENT = "SELECT count(*) = 0 FROM outbox WHERE status IN ('queued', 'sending')"


def _measure(desk: _Desk, mailbox: Mailbox, mails: Sequence[Written]) -> Watched:
    desk.until(_CONNECTED, 1)  # mail from before the first connect is never taken
    mailbox.deliver([mail.raw for mail in mails[:WARM]])
    desk.until(_SETTLED, WARM)
    desk.until(_ALL_SENT, 1)
    raws, before, already = [mail.raw for mail in mails[WARM:]], usage(desk.process.pid), len(desk.arrivals())
    begun = time.monotonic_ns()
    mailbox.deliver(raws)
    noticed = desk.until(_STORED, WARM + 1)
    stored = desk.until(_STORED, len(mails))
    settled = desk.until(_SETTLED, len(mails))
    desk.until(_ALL_SENT, 1)
    after, arrivals = usage(desk.process.pid), desk.arrivals()[already:]
    return Watched(
        mails=len(raws), done=desk.number(_SETTLED) - WARM, noticed_seconds=(noticed - begun) / 1e9,
        stored_seconds=(stored - begun) / 1e9, seconds=(settled - begun) / 1e9, acknowledged=len(arrivals),
        acknowledged_seconds=(max(arrivals, default=begun) - begun) / 1e9,
        cpu_ms=(after.cpu_seconds - before.cpu_seconds) * 1000 / len(raws), peak_mb=after.peak_mb,
    )  # fmt: skip


def _peak_over(size: int, log: Path) -> float:
    """MB that a watcher needs which reads so many messages and keeps none of them."""
    with running("tests.support.bad_imap", str(size), str(GENERATED), log=log, pipe=True) as server:
        port = first_line(server)
        with running("bench.imap_memory", port, str(size), log=log, pipe=True) as watcher:
            if not (peak := first_line(watcher, LONGEST)):
                raise RuntimeError(log.read_text("utf-8", "replace")[-2000:])
            return float(peak)
