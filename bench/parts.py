"""Where the time of a mail goes: CPU microseconds per mail of each part, in one process.

`python -m bench.parts` takes 320 mails through the program's own steps: accept in groups of 8, process in batches of
32, send to nowhere. Pure parts are called alone; units are timed where the
store runs them, commit included, waiting for the disk not.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bench.mails import TARGET, Written, make_mails
from bench.rounds import CONFIG
from bot.config import parse
from bot.wiring import build_desk, prepare_organisations
from cases.context import Context
from cases.dialogue import decide
from cases.messages import RawInbound
from cases.protocols import Outgoing, Reader, SentProof
from cases.types import ChannelKind, Custody
from intake.accept import Acceptance
from intake.email.compose import compose
from intake.normalise import normalise
from nlp.reader import make_reader
from storage import migrate
from storage.keys import Keyring
from storage.unit import Reads, Store, Unit
from workflow import lookup, outbox, prepare, process
from workflow.desk import Desk

COUNT = 320
T = TypeVar("T")


class TimedStore(Store):
    """Notes how long each kind of unit holds the writer or the reader."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.spent: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def write_here(self, function: Callable[[Unit], T]) -> T:
        return self._timed("write", function, super().write_here)

    def read_here(self, function: Callable[[Reads], T]) -> T:
        return self._timed("read", function, super().read_here)

    def _timed(self, kind: str, function: Callable[[Any], T], run: Callable[[Callable[[Any], T]], T]) -> T:
        begun = time.process_time_ns()
        try:
            return run(function)
        finally:
            found = self.spent[f"{kind} {function.__module__}:{function.__code__.co_firstlineno} {_name(function)}"]
            found[0] += time.process_time_ns() - begun
            found[1] += 1


def _name(function: Callable[..., Any]) -> str:
    return function.__qualname__.replace(".<locals>.<lambda>", "")


class Nowhere:
    """Composes each mail as the real sender does, and sends it nowhere."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> SentProof:
        self.sent.append(message)
        return SentProof("250 taken")

    async def close(self) -> None:
        pass


def _raw(mail: Written, store: Store) -> RawInbound:
    return RawInbound(
        organisation="whatnext", channel=ChannelKind.EMAIL, account=TARGET, raw=mail.raw,
        received_at=store.context.clock(), custody=Custody.HOST, envelope_from=mail.sender, envelope_to=(TARGET,),
    )  # fmt: skip


def _per_mail(name: str, work: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    begun = time.process_time_ns()
    made = [work(value) for value in values]
    print(f"{(time.process_time_ns() - begun) / 1000 / len(values):9.0f} µs  {name}")
    return made


def _pure(reader: Reader, desk: Desk, raws: list[RawInbound]) -> None:
    policy = desk.organisation("whatnext").policy
    parsed = _per_mail("normalise", normalise, raws)
    _per_mail("reader.read", lambda p: reader.read(p.subject, p.own_words), parsed)
    readings = [reader.read(p.subject, p.own_words) for p in parsed]
    replies = _per_mail("reader.read_reply", lambda p: reader.read_reply(p.own_words), parsed)
    turns = list(zip(parsed, readings, replies, strict=True))
    _per_mail("dialogue.decide", lambda t: decide(t[0], t[1], t[2], None, policy), turns)


async def _steps(desk: Desk, store: TimedStore, raws: list[RawInbound]) -> None:
    accept = Acceptance(store, woken=lambda: None)
    begun = time.process_time_ns()
    for start in range(0, len(raws), 8):
        await asyncio.gather(*(accept(raw) for raw in raws[start : start + 8]))
    steps = {"accept (8)": time.process_time_ns() - begun}
    for name, step in (("process (32)", process), ("lookup", lookup), ("prepare", prepare), ("outbox (32)", outbox)):
        begun = time.process_time_ns()
        while await step.run_once(desk):
            pass
        steps[name] = time.process_time_ns() - begun
    for name, spent in steps.items():
        print(f"{spent / 1000 / len(raws):9.0f} µs  step {name}, all of it")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="parts-") as name:
        folder = Path(name)
        config = CONFIG.format(target=TARGET, door=2525, sink=2526, web="false", web_port=8420)
        settings = parse(config, file="config.toml", base=folder)
        store = TimedStore(settings.database_url, Keyring(bytes(32)), Context())
        migrate.upgrade(store)
        store.write_here(lambda unit: prepare_organisations(unit, settings))
        reader, nowhere = make_reader(folder / "model"), Nowhere()
        desk = replace(build_desk(settings, store, lambda: reader), senders={TARGET: nowhere})
        raws = [_raw(mail, store) for mail in make_mails(COUNT + 32)]
        asyncio.run(_steps(desk, store, raws[:32]))  # warm
        store.spent.clear()
        nowhere.sent.clear()
        print(f"\nper mail, {COUNT} mails:")
        _pure(reader, desk, raws[32:])
        asyncio.run(_steps(desk, store, raws[32:]))
        mine = partial(compose, from_name="Bench", from_address=TARGET, instance="bench", demo=False)
        _per_mail("compose", lambda message: mine(message, reply_to=message.reply_to), nowhere.sent)
        for kind, (spent, times) in sorted(store.spent.items(), key=lambda item: -item[1][0]):
            print(f"{spent / 1000 / COUNT:9.0f} µs  {kind} ({times} times)")
        desk.cpu.shutdown()
        store.close()


if __name__ == "__main__":
    main()
