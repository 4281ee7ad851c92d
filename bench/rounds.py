"""One round: a fresh program (or floor), a fresh sink, warm-up, the mails, and what was measured.

Every time is read from the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import Handed, Job, read_result, write_job
from bench.load import run as hand_over_all
from bench.mails import TARGET, Written, make_mails
from bench.processes import Usage, first_line, free_port, go_live, running, usage, wait_for_port

WARM = 20
QUIET = 5.0  # seconds without a new acknowledgement: nothing more will come
LONGEST = 300.0

CONFIG = """
[program]
data = "data"
instance = "bench"

[web]
enabled = {web}
port = {web_port}

[smtp_door]
port = {door}

[limits]
mails_per_sender_day = 1000
mails_per_organisation_hour = 1000000
undo_seconds = 0

[[organisation]]
key = "whatnext"
mailbox = "{target}"

[organisation.smtp]
host = "127.0.0.1"
port = {sink}
tls = "none"

[organisation.sender_check]
own_check = false
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round of mails cost."""

    mails: int
    stored: int  # 250
    acknowledged: int
    seconds: float  # first MAIL FROM to last acknowledgement
    stored_ms: tuple[float, float]  # p50, p99: end of DATA to 250
    answered_ms: tuple[float, float]  # p50, p99: end of DATA to acknowledgement
    cpu_ms: float  # per mail
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.acknowledged / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Round:
    """A running side of the comparison."""

    folder: Path
    door: int
    process: subprocess.Popen[bytes]
    notes: Path  # what the sink saw
    started: float  # monotonic, before the process was made
    first_stored: float = 0.0  # seconds after `started`
    first_answered: float = 0.0
    runs: int = 0
    handed: list[Handed] = field(default_factory=list)

    def arrivals(self) -> list[tuple[int, str]]:
        lines = self.notes.read_text("ascii").splitlines() if self.notes.exists() else []
        return [(int(line.split()[0]), line.split()[1]) for line in lines if len(line.split()) == 4]

    def send(self, numbers: Sequence[int], connections: int, *, per_second: float = 0.0) -> list[Handed]:
        """Hands mails over in a process of its own; returns when every mail has its reply."""
        self.runs += 1
        job, result = self.folder / f"job-{self.runs}.json", self.folder / f"result-{self.runs}.json"
        write_job(Job(self.door, connections, list(numbers), str(result), per_second), job)
        with running("bench.load", str(job), log=self.folder / "load.log") as sender:
            sender.wait(LONGEST)
        if not result.exists():
            raise RuntimeError((self.folder / "load.log").read_text("utf-8")[-2000:])
        done = read_result(result)
        self.handed += done
        return done

    def settle(self, wanted: int, quiet: float = QUIET) -> list[tuple[int, str]]:
        """Waits for `wanted` acknowledgements in all, or until it has been quiet for a while."""
        seen, changed = -1, time.monotonic()
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            count = len(self.arrivals())
            if count >= wanted:
                break
            if count != seen:
                seen, changed = count, time.monotonic()
            elif time.monotonic() - changed > quiet:
                break
            time.sleep(0.05)
        return self.arrivals()

    def measure(self, mails: Sequence[Written], first: int, count: int, connections: int, rate: float = 0.0) -> Figures:
        before, already = usage(self.process.pid), len(self.arrivals())
        done = self.send(range(first, first + count), connections, per_second=rate)
        arrivals = self.settle(already + count)
        return _figures(mails, done, arrivals, before, usage(self.process.pid))


def _figures(
    mails: Sequence[Written], done: Sequence[Handed], arrivals: Sequence[tuple[int, str]], before: Usage, after: Usage
) -> Figures:
    arrived: dict[str, int] = {}
    for at, recipient in arrivals:
        arrived.setdefault(recipient, at)
    stored = [h for h in done if h.code == 250]
    pairs = [(h, arrived[mails[h.number].sender]) for h in stored if mails[h.number].sender in arrived]
    answered = [(at - h.data_end) / 1e6 for h, at in pairs]
    last = max((at for _, at in pairs), default=0)
    return Figures(
        mails=len(done), stored=len(stored), acknowledged=len(answered),
        seconds=max(0.0, (last - min(h.begun for h in done)) / 1e9),
        stored_ms=_percentiles([(h.answered - h.data_end) / 1e6 for h in stored]), answered_ms=_percentiles(answered),
        cpu_ms=(after.cpu_seconds - before.cpu_seconds) * 1000 / max(1, len(done)), peak_mb=after.peak_mb,
    )  # fmt: skip


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return (0.0, 0.0)
    return statistics.median(values), statistics.quantiles(values, n=100, method="inclusive")[98]


@contextmanager
def round_of(side: str, folder: Path, *, web: bool = False) -> Iterator[Round]:
    """`side` is "program" or "floor". The first mail is sent as soon as the door is open: that times the start."""
    folder.mkdir(parents=True, exist_ok=True)
    notes, log, door = folder / "sink.txt", folder / "log.txt", free_port()
    with running("bench.sink", str(notes), log=log, pipe=True) as sink:
        port = int(first_line(sink))
        config = CONFIG.format(
            target=TARGET, door=door, sink=port, web=str(web).lower(), web_port=free_port() if web else 8420
        )
        (folder / "config.toml").write_text(config, encoding="utf-8")
        floor = ("bench.floor", str(folder / "floor.db"), str(door), str(port))
        arguments = floor if side == "floor" else ("bot", "run", "--config", str(folder / "config.toml"))
        if side == "program":  # a new mailbox only looks on
            go_live(folder / "config.toml", log)
        started = time.monotonic()
        with running(*arguments, log=log) as process:
            wait_for_port(door, process, log)
            here = Round(folder, door, process, notes, started)
            _warm(here)
            yield here


def _warm(here: Round) -> None:
    """Mail 0 times the start, 19 more warm every path."""
    begun = asyncio.run(hand_over_all(Job(here.door, 1, [0], "")))
    here.handed += begun
    if begun[0].code != 250:
        raise RuntimeError(f"the first mail was answered {begun[0].code}")
    arrivals = here.settle(1, LONGEST)
    here.first_stored = begun[0].answered / 1e9 - here.started
    here.first_answered = arrivals[0][0] / 1e9 - here.started if arrivals else float("nan")
    here.send(range(1, WARM), 4)
    here.settle(WARM)


def prepared_model(folder: Path) -> Path:
    """Where a round keeps the reader's model."""
    return folder / "data" / "model"


def first_start(folder: Path) -> tuple[float, float]:
    """The very first start builds the reader's model, which costs memory and a minute that no measured round should
    pay: it is kept in `folder` for them. Gives the seconds to the first 250 and to the first acknowledgement."""
    with round_of("program", folder / "first") as first:
        taken = first.first_stored, first.first_answered
    shutil.copytree(prepared_model(folder / "first"), folder / "model")
    shutil.rmtree(folder / "first")
    return taken


def mails_for(count: int) -> list[Written]:
    return make_mails(WARM + count + 20)
