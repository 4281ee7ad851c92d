"""The results as a page: `RESULTS.md`, and the same on the screen. The SMTP part; the other is in `imap_report`."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.imap_report import HEADING

if TYPE_CHECKING:
    from bench.run import Results

_HEAD = """# What a mail costs

{mails} realistic Dutch mails of 2 to 40 kB (`bench/mails.py`), each from its own sender, over SMTP to a **durable,
classified case with its acknowledgement received**, beside a floor in the same run: an aiosmtpd handler that parses
with the standard `email` package, commits one row (SQLite, WAL, synchronous=FULL) before its "250" and sends one
acknowledgement (`bench/floor.py`). Medians of {repeats} round(s) each, floor and program in turn. `make bench` repeats
it. An opt-out or a question that the program answers by itself counts when that answer, which takes the place of the
acknowledgement, arrived. CPU and memory are those of the program and of the process that reads for it, added up.
"""


def write_report(results: Results) -> str:
    repeats = len(next(iter(results.figures.values())))
    parts = [_HEAD.format(mails=results.mails, repeats=repeats), f"{machine()}\n", *_table(results), *_calm(results)]
    parts += [*_start(results), *_kept(results)]
    return "\n".join(parts) + "\n"


def joined(page: str, smtp: str | None, imap: str | None) -> str:
    """The page with the parts that were measured; a part that was not stays as it stood."""
    first, heading, rest = page.partition(HEADING)
    parts = (smtp or first, imap or heading + rest)
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def machine() -> str:
    names = {line.split(":")[1].strip() for line in _cpu_lines()}
    load = os.getloadavg()[1]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({', '.join(sorted(names)) or platform.machine()}), "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        f"load of the machine during the run: {load:.1f} (a run on a busy machine says less)."
    )


def _cpu_lines() -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.startswith("model name")]


def _table(results: Results) -> Iterator[str]:
    yield (
        "| | connections | mails/s | DATA → 250, p50 / p99 | DATA → acknowledgement, p50 / p99 | CPU a mail "
        "| peak memory |"
    )
    yield "|---|---|---|---|---|---|---|"
    for (side, connections), found in sorted(results.figures.items(), key=lambda item: (item[0][1], item[0][0])):
        stored = [_middle([f.stored_ms[place] for f in found]) for place in (0, 1)]
        answered = [_middle([f.answered_ms[place] for f in found]) for place in (0, 1)]
        yield (
            f"| {side} | {connections} | {results.median(side, connections, 'rate'):.1f} "
            f"| {stored[0]:.1f} / {stored[1]:.0f} ms | {answered[0]:.0f} / {answered[1]:.0f} ms "
            f"| {results.median(side, connections, 'cpu_ms'):.1f} ms | {max(f.peak_mb for f in found):.0f} MB |"
        )
    yield ""
    for connections in sorted({connections for _, connections in results.figures}):
        yield f"- program / floor over {connections} connection(s): **{results.ratio(connections):.2f}** (bar: 0.5)"
    yield f"- peak memory of the program: **{results.peak_mb:.0f} MB** (bar: 400 MB)"


def _middle(values: list[float]) -> float:
    return statistics.median(values)


def _calm(results: Results) -> Iterator[str]:
    for side, f in results.calm.items():
        yield (
            f"- one mail at a time, 5 a second, {side}{' with its web face' if side == 'program' else ''}: "
            f"acknowledgement p50 {f.answered_ms[0]:.0f} ms, p99 {f.answered_ms[1]:.0f} ms; {f.peak_mb:.0f} MB"
        )


def _start(results: Results) -> Iterator[str]:
    for side, starts in results.starts.items():
        stored, answered = _middle([s for s, _ in starts]), _middle([a for _, a in starts])
        yield f"- start of the {side}: first 250 after {stored:.1f} s, first acknowledgement after {answered:.1f} s"
    stored, answered = results.first_start
    yield f"- very first start (the reader's model is built): {stored:.1f} s and {answered:.1f} s"


def _kept(results: Results) -> Iterator[str]:
    outcomes: Counter[str] = Counter()
    for kept in results.kept:
        outcomes.update(kept.outcomes)
    total, good = len(results.kept), sum(kept.good for kept in results.kept)
    mails = sum(k.mails for k in results.kept)
    yield "\nAfter each round the database was opened and compared with what was written: "
    yield f"{good} of {total} rounds faultless.\n"
    yield f"- stored bytes equal to the sent bytes, each once: {sum(k.raw_intact for k in results.kept)} of {mails}"
    told = sum(k.told for k in results.kept)
    words = sum(k.words_intact for k in results.kept)
    yield f"- own words and subject as written: {words} of {told} with a conversation"
    yield f"- outcomes: {', '.join(f'{name} {count}' for name, count in sorted(outcomes.items()))}"
    twice, problems = sum(k.twice for k in results.kept), sum(k.audit_problems for k in results.kept)
    yield f"- 50 mails sent again and 20 sent twice at the same moment: {twice} senders with more than one case"
    yield f"- audit chains verified: {sum(k.chains for k in results.kept)}, problems: {problems}"
