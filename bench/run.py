"""The whole benchmark: floor and program in turn, over 1 and over 8 connections; then IMAP; and `bench/RESULTS.md`.

One mail counts when it is a durable, classified case (or a question back, or a line for staff) and its acknowledgement
has arrived at the sink. After the measured mails, 50 of them are sent again and 20 new ones are sent twice at the
same moment: each must be kept once. The stopped program's database is then opened and compared with what was written.

The IMAP part, beside django-helpdesk, is in `bench/imap.py`. `--only` runs one part; the other stays as it stood.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.imap import ImapResults, run_imap
from bench.imap_report import imap_part
from bench.kept import Kept, inspect
from bench.mails import Written
from bench.report import joined, machine, write_report
from bench.rounds import WARM, Figures, Round, first_start, mails_for, prepared_model, round_of

CONNECTIONS = (1, 8)
AGAIN, AT_ONCE = 50, 20
CALM_RATE = 5.0  # mails a second
CALM_MAILS = 50


@dataclass(slots=True)
class Results:
    mails: int
    figures: dict[tuple[str, int], list[Figures]] = field(default_factory=dict)
    calm: dict[str, Figures] = field(default_factory=dict)
    starts: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # first 250, first acknowledgement
    first_start: tuple[float, float] = (0.0, 0.0)  # with the model to be built
    kept: list[Kept] = field(default_factory=list)

    def median(self, side: str, connections: int, name: str) -> float:
        return float(statistics.median(getattr(f, name) for f in self.figures[side, connections]))

    def ratio(self, connections: int) -> float:
        """Program to floor, by the medians."""
        return self.median("program", connections, "rate") / self.median("floor", connections, "rate")

    @property
    def peak_mb(self) -> float:
        return max(f.peak_mb for (side, _), found in self.figures.items() for f in found if side == "program")

    @property
    def met(self) -> bool:
        good = all(kept.good for kept in self.kept) and self.peak_mb < 400
        return good and all(self.ratio(connections) >= 0.5 for connections in CONNECTIONS)


def _round(side: str, connections: int, folder: Path, mails: Sequence[Written], results: Results, model: Path) -> None:
    count = results.mails
    if side == "program" and model.exists():
        shutil.copytree(model, prepared_model(folder))
    with round_of(side, folder) as here:
        results.starts.setdefault(side, []).append((here.first_stored, here.first_answered))
        found = here.measure(mails, WARM, count, connections)
        results.figures.setdefault((side, connections), []).append(found)
        if side == "program":
            _send_twice(here, mails, count)
        numbers = [h.number for h in here.handed if h.code == 250]
    if side == "program":
        results.kept.append(inspect(folder / "config.toml", mails, numbers))
    print(
        f"{side:8} {connections} connections: {found.rate:6.1f} mails/s, {found.cpu_ms:5.1f} ms CPU a mail, "
        f"{found.peak_mb:4.0f} MB, acknowledgement p50 {found.answered_ms[0]:.0f} p99 {found.answered_ms[1]:.0f} ms, "
        f"{found.acknowledged} of {found.mails} acknowledged", flush=True,
    )  # fmt: skip


def _send_twice(here: Round, mails: Sequence[Written], count: int) -> None:
    """50 that are long done, and 20 new ones each twice at the same moment."""
    here.send(range(WARM, WARM + min(AGAIN, count)), 8)
    here.send([number for new in range(AT_ONCE) for number in [WARM + count + new] * 2], 8)
    here.settle(len(here.arrivals()) + AT_ONCE)


def _calm(side: str, folder: Path, mails: Sequence[Written], results: Results, model: Path) -> None:
    """How long one mail takes when nothing waits."""
    if side == "program" and model.exists():
        shutil.copytree(model, prepared_model(folder))
    with round_of(side, folder, web=True) as here:
        count = min(CALM_MAILS, results.mails)
        results.calm[side] = here.measure(mails, WARM, count, 1, CALM_RATE)


def run(count: int, repeats: int, folder: Path) -> Results:
    mails, results, model = mails_for(count), Results(count), folder / "model"
    results.first_start = first_start(folder)
    for repeat in range(repeats):
        for connections in CONNECTIONS:
            for side in ("floor", "program"):
                here = folder / f"{side}-{connections}-{repeat}"
                _round(side, connections, here, mails, results, model)
                shutil.rmtree(here)
    for side in ("floor", "program"):
        _calm(side, folder / f"{side}-calm", mails, results, model)
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="200 mails, once; writes no RESULTS.md")
    parser.add_argument("--only", choices=("smtp", "imap"), help="this part alone")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=2)
    chosen = parser.parse_args(arguments)
    count, repeats = (200, 1) if chosen.quick else (chosen.mails, chosen.repeats)
    # beside the tree, not in memory: both sides pay for a real disk
    var = Path(__file__).resolve().parent.parent / "var"
    var.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=var))
    smtp: Results | None = None
    imap: ImapResults | None = None
    try:
        if chosen.only != "imap":
            smtp = run(count, repeats, folder)
        if chosen.only != "smtp":
            imap = run_imap(count, repeats, folder, var)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    texts = write_report(smtp) if smtp else None, imap_part(imap, machine()) if imap else None
    print("\n".join(text for text in texts if text))
    if not chosen.quick:
        page = Path(__file__).parent / "RESULTS.md"
        page.write_text(joined(page.read_text("utf-8") if page.exists() else "", *texts), "utf-8")
    met = all(part.met for part in (smtp, imap) if part is not None)
    if imap is not None and imap.skipped:
        print(f"Not measured: the bar beside django-helpdesk, {imap.skipped}.")
    print("The bar is met." if met else "The bar is NOT met.")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
