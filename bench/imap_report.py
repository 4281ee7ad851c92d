"""The IMAP part of the results page (`bench/imap.py` measures it)."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator

from bench.helpdesk import RELEASE
from bench.imap import BAR, FLAT_MB, ImapResults
from bench.rounds import WARM

HEADING = "## A mailbox, over IMAP"

_HEAD = """
The first {mails} of these mails in a mailbox on loopback, read by the whole program (`python -m bot run`, mode *aan*)
and by django-helpdesk (`{release}`, its `get_email` command) in the same run, each with an empty mailbox of its own, in
turn; medians of {repeats} round(s). Both write SQLite with WAL and synchronous=FULL, and acknowledge to the same sink.
Our clock starts before the first mail is moved into the mailbox of the connected, idle program, so noticing the mail
counts; it stops when every mail is settled. Theirs runs inside the command only, in a warm process, with all mails
there. Both have read {warm} mails before. Our check of senders is off, since it would ask the DNS; they have none.

Server: {server}.
"""


def imap_part(results: ImapResults, machine: str) -> str:
    head = _HEAD.format(
        mails=results.mails, server=results.server, release=RELEASE, repeats=len(results.watched), warm=WARM
    )
    return "\n".join([HEADING, head, f"{machine}\n", *_table(results), *_bars(results), *_kept(results)]) + "\n"


def _table(results: ImapResults) -> Iterator[str]:
    yield "| | done | mails/s | seconds | CPU a mail | peak memory |"
    yield "|---|---|---|---|---|---|"
    watched, tickets = results.watched, results.tickets
    if tickets:
        yield (
            f"| django-helpdesk: ticket and acknowledgement | {_of([t.made for t in tickets], results)} "
            f"| {_middle([t.rate for t in tickets]):.1f} | {_middle([t.seconds for t in tickets]):.1f} "
            f"| {_middle([t.cpu_ms for t in tickets]):.1f} ms | {max(t.peak_mb for t in tickets):.0f} MB |"
        )
    yield (
        f"| program: stored, read and settled | {_of([w.done for w in watched], results)} "
        f"| {_middle([w.rate for w in watched]):.1f} | {_middle([w.seconds for w in watched]):.1f} "
        f"| {_middle([w.cpu_ms for w in watched]):.1f} ms | {max(w.peak_mb for w in watched):.0f} MB |"
    )
    yield (
        f"| program: until all are stored | {_of([w.mails for w in watched], results)} "
        f"| {_middle([w.stored_rate for w in watched]):.1f} | {_middle([w.stored_seconds for w in watched]):.1f} | | |"
    )
    yield (
        f"| program: until the last acknowledgement arrived | {_of([w.acknowledged for w in watched], results)} "
        f"| {_middle([w.acknowledged / w.acknowledged_seconds for w in watched]):.1f} "
        f"| {_middle([w.acknowledged_seconds for w in watched]):.1f} | | |"
    )
    yield ""


def _of(done: list[int], results: ImapResults) -> str:
    return f"{sum(done)} of {len(done) * results.mails}"


def _middle(values: list[float]) -> float:
    return statistics.median(values)


def _bars(results: ImapResults) -> Iterator[str]:
    yield f"- first batch stored after {_middle([w.noticed_seconds for w in results.watched]):.1f} s"
    if results.ratio is None:
        yield f"- program / django-helpdesk: skipped, {results.skipped}"
    else:
        intake = _middle([w.stored_rate for w in results.watched]) / _middle([t.rate for t in results.tickets])
        yield f"- program / django-helpdesk, processing included: **{results.ratio:.2f}** (bar: {BAR})"
        yield f"- intake alone (durably stored) / django-helpdesk: {intake:.2f}"
    sizes = ", ".join(f"{peak:.1f} MB over {size:,} messages" for size, peak in sorted(results.peaks.items()))
    yield (
        f"- peak memory of the watcher alone, in a process that keeps nothing: {sizes}; "
        f"growth **{results.growth_mb:.1f} MB** (bar: {FLAT_MB:.0f} MB)"
    )


def _kept(results: ImapResults) -> Iterator[str]:
    outcomes: Counter[str] = Counter()
    for kept in results.kept:
        outcomes.update(kept.outcomes)
    mails, told = sum(k.mails for k in results.kept), sum(k.told for k in results.kept)
    intact, words = sum(k.raw_intact for k in results.kept), sum(k.words_intact for k in results.kept)
    yield f"- stored bytes equal to the delivered bytes, each once: {intact} of {mails}"
    yield f"- own words and subject as written: {words} of {told} with a conversation"
    yield f"- outcomes: {', '.join(f'{name} {count}' for name, count in sorted(outcomes.items()))}"
    yield f"- audit problems: {sum(k.audit_problems for k in results.kept)}"
