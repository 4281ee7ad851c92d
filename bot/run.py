"""The running program: doors open first (store only), then workers, ticks and the web face; start, drain, stop.

One process. Whatever dies here, nothing is lost: messages, drafts and mail wait in the database with their leases.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn

from bot.config import Settings
from bot.intercom import look, receivers
from bot.mailboxes import Mailboxes
from bot.reader_process import ReaderProcess
from bot.schedule import Ticks
from bot.telegram.start import connect_bots
from bot.wiring import build_desk, close, make_accept, open_store, prepare_organisations
from cases.calendar import day_off
from cases.context import Context
from cases.errors import ConfigError, OutsideError, place_of
from cases.protocols import Accept, Reader
from intake.email.smtpd import Door, Recipients, open_door
from intake.intercom.receiver import IntercomReceiver
from storage import audit
from web.app import create_app
from web.chat.sender import WebChatSender
from web.demo import DemoFace
from web.settings import WebSettings
from workflow import (
    alarms,
    deadlines,
    evidence,
    execute,
    freezes,
    intercom_notes,
    kept,
    lookup,
    mailbox,
    outbox,
    own_terms,
    prepare,
    process,
    retention,
    returned,
    staff_notices,
    tasks,
    undo,
)
from workflow.desk import Desk

if TYPE_CHECKING:
    from bot.telegram.build import TelegramBot

log = logging.getLogger(__name__)
TICK = 1.0  # seconds until a worker looks although nobody woke it
UNHEALTHY = 3  # failures in a row
REST = 5.0  # after the store or the network failed
LET_BY = 1.0  # seconds that drafts wait while mail comes in: whoever writes hears from us first
SWEEP_SECONDS = 30.0
STAFF_SECONDS = 5.0  # until colleagues hear in their chat what waits


@dataclass(slots=True)
class Worker:
    """One loop: a step, again while there is work, then sleep until woken."""

    name: str
    step: Callable[[], Awaitable[int]]
    wake: asyncio.Event
    gather: float  # least seconds between two small steps: a stream is cheaper taken together, one mail goes at once
    full: int = 24  # a step that took so many goes on at once; after a smaller one more is gathered for a moment
    alive: bool = False
    busy: bool = False  # the last step found work
    after: tuple[Worker, ...] = ()  # these go first, for a few seconds at most
    failures: int = 0  # in a row; a worker that only fails is not healthy

    async def run(self, stop: asyncio.Event) -> None:
        self.alive = True
        clock = asyncio.get_running_loop().time
        free_at = 0.0
        try:
            while not stop.is_set():
                self.wake.clear()
                await self._let_by(clock, stop)
                begun = clock()
                taken = await self._once()
                self.busy = taken > 0
                if taken:
                    free_at = begun + self.gather
                else:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.wake.wait(), TICK)
                if taken < self.full and (rest := free_at - clock()) > 0:
                    await asyncio.sleep(rest)
        finally:
            self.alive = False

    async def _let_by(self, clock: Callable[[], float], stop: asyncio.Event) -> None:
        until = clock() + LET_BY
        # no event says "nobody is busy": the others go from step to step
        while any(worker.busy for worker in self.after) and clock() < until and not stop.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def _once(self) -> int:
        try:
            taken = await self.step()
            self.failures = 0
            return taken
        except OutsideError as error:
            log.warning("%s rests: %s", self.name, error)
        except Exception as error:
            log.error("%s failed: %s", self.name, place_of(error))
        self.failures += 1
        await asyncio.sleep(REST)
        return 0


@dataclass(slots=True)
class Program:
    """Everything that runs, so that it can be stopped in order."""

    settings: Settings
    desk: Desk
    accept: Accept
    reader: Callable[[], Reader]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    door: Door | None = None
    mailboxes: Mailboxes | None = None
    intercom: Mapping[str, IntercomReceiver] = field(default_factory=dict)  # by organisation
    telegram: Mapping[str, TelegramBot] = field(default_factory=dict)  # the same
    stream: process.Stream | None = None
    workers: list[Worker] = field(default_factory=list)
    ticks: Ticks = field(default_factory=Ticks)
    web: uvicorn.Server | None = None
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the program stops itself in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def warm_reader(settings: Settings) -> ReaderProcess:
    """Loads its model beside everything else; whoever needs it first waits for it."""
    return ReaderProcess(settings.folder / "model", embeddings=settings.embeddings, instance=settings.instance)


async def start(
    settings: Settings, *, context: Context | None = None,
    demo: Callable[[Desk, Accept], DemoFace] | None = None,
) -> Program:  # fmt: skip
    """Opens doors, then starts everything else.

    Raises `ConfigError` when an address to listen on is taken or is none of this machine's.
    """
    await _require_free(settings)
    store = await asyncio.to_thread(open_store, settings, context or Context())
    await store.write(lambda unit: prepare_organisations(unit, settings))
    cpu = ThreadPoolExecutor(3, thread_name_prefix="cpu")  # one of them waits for the reader most of the time
    reader = warm_reader(settings)
    cpu.submit(day_off, store.context.clock().date())  # the first call loads the calendars: half a second
    desk = build_desk(settings, store, reader, cpu=cpu, demo=demo is not None)
    if isinstance(reader, ReaderProcess):
        desk = replace(desk, apart=reader.take_apart)
    program = Program(settings, desk, make_accept(desk), reader)
    if settings.door is not None:
        program.door = await open_door(settings.door, _recipients(settings), program.accept, store.context.clock)
    face = demo(desk, program.accept) if demo is not None else None
    program.mailboxes = Mailboxes(settings.organisations, desk, program.accept)
    await program.mailboxes.start()
    program.intercom = await receivers(settings, desk, program.accept)
    for receiver in program.intercom.values():  # what was told while the program was away
        program.tasks.append(asyncio.create_task(look(desk, receiver), name="intercom-look"))
    _start_telegram(program)
    _start_workers(program)
    await store.write(audit.checkpoint_if_due)  # here too: a program that is restarted often may see no tick
    _start_ticks(program)
    await _start_web(program, face)
    return program


async def _require_free(settings: Settings) -> None:
    """Somebody who starts it twice reads one sentence, and the first goes on undisturbed."""
    wanted = [("web.port", settings.web.host, settings.web.port)] if settings.web.enabled else []
    if settings.door is not None:
        wanted.append(("smtp_door.port", settings.door.host, settings.door.port))
    for key, host, port in wanted:
        try:
            probe = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
        except OSError as error:
            message = f"op {host}:{port} kan niet worden geluisterd; draait Privacyloket al, of een ander programma?"
            raise ConfigError(message, key=key) from error
        probe.close()
        await probe.wait_closed()


def _recipients(settings: Settings) -> Recipients:
    """The listener takes mail for organisations that have no mailbox elsewhere."""
    return Recipients({o.mailbox: o.key for o in settings.organisations if o.imap is None})


def _start_telegram(program: Program) -> None:
    wanted = [organisation.telegram for organisation in program.settings.organisations]
    program.telegram = connect_bots(wanted, program.desk, program.accept)
    for key, bot in program.telegram.items():
        program.tasks.append(asyncio.create_task(bot.receiver().run(program.stop), name=f"telegram {key}"))


def _start_workers(program: Program) -> None:
    desk = program.desk
    program.stream = process.Stream(desk)
    program.workers = [
        Worker("process", program.stream.step, desk.wake.inbound, gather=0.3),
        Worker("outbox", lambda: outbox.run_once(desk), desk.wake.outbox, gather=0.2, full=desk.limits.send_batch),
    ]
    first = tuple(program.workers)
    if desk.mailboxes:
        program.workers.append(
            Worker("mailbox", lambda: mailbox.run_once(desk), desk.wake.mailbox, gather=1.0, after=first)
        )
    look_up = asyncio.Event()

    async def answers() -> int:
        look_up.set()
        return await prepare.without_sources(desk)

    program.workers += [
        Worker("answers", answers, desk.wake.requests, gather=0.5),  # what the writer hears from us: waits for nobody
        Worker("prepare", lambda: _look_up(desk), look_up, gather=0.25, full=8, after=first),
        Worker("execute", lambda: execute.run_once(desk), desk.wake.actions, gather=0.25, full=4, after=first),
    ]
    for worker in program.workers:
        program.tasks.append(asyncio.create_task(worker.run(program.stop), name=worker.name))


async def _look_up(desk: Desk) -> int:
    return await lookup.run_once(desk) + await prepare.with_sources(desk)


def _start_ticks(program: Program) -> None:
    desk, ticks = program.desk, program.ticks
    if program.mailboxes is not None and program.mailboxes.watchers:
        ticks.every(60.0, "silent", program.mailboxes.silent)
    if program.mailboxes is not None and any(each.oauth for each in program.settings.organisations):
        ticks.every(3600.0, "sign-ins", program.mailboxes.sign_ins)
    ticks.every(1.0 if desk.demo else SWEEP_SECONDS, "deadlines", lambda: deadlines.sweep(desk))
    ticks.every(SWEEP_SECONDS, "alarms", lambda: alarms.sweep(desk))
    for key, receiver in program.intercom.items():
        ticks.every(receiver.settings.poll_seconds, f"intercom {key}", partial(look, desk, receiver))
    if program.intercom:
        ticks.every(SWEEP_SECONDS, "intercom notes", lambda: intercom_notes.sweep(desk))
    for key, bot in program.telegram.items():
        ticks.every(STAFF_SECONDS, f"telegram {key}", partial(staff_notices.sweep, desk, bot.staff_bot))
    ticks.every(3600.0, "retention", lambda: retention.purge(desk))
    ticks.every(3600.0, "own terms", lambda: own_terms.purge(desk))
    ticks.every(3600.0, "old copies", lambda: retention.forget_copies(desk))
    ticks.every(3600.0, "returned", lambda: returned.sweep(desk))
    ticks.every(3600.0, "tasks", lambda: tasks.remind(desk))
    ticks.every(3600.0, "kept records", lambda: kept.sweep(desk))
    ticks.every(3600.0, "evidence", lambda: evidence.forget(desk))
    ticks.every(3600.0, "freezes", lambda: freezes.review(desk))
    ticks.every(3600.0, "undo", lambda: undo.forget_previous(desk))
    ticks.every(3600.0, "checkpoint", lambda: desk.store.write(audit.checkpoint_if_due))
    ticks.start()


async def _start_web(program: Program, face: DemoFace | None) -> None:
    settings = program.settings
    if not settings.web.enabled:
        return
    chats = {o.key: o.web_chat for o in settings.organisations if o.web_chat is not None}
    web = WebSettings(
        settings.base_url, settings.web.hosts, lambda: _alive(program), chats, program.accept, program.intercom,
        program.telegram,
    )  # fmt: skip
    app = create_app(program.desk, web, face)
    config = uvicorn.Config(
        app, host=settings.web.host, port=settings.web.port, log_config=None, access_log=False, lifespan="off",
        server_header=False, ws="websockets-sansio" if chats else "none", ws_max_size=64_000,
    )  # fmt: skip
    program.web = _QuietServer(config)
    program.tasks.append(asyncio.create_task(program.web.serve(), name="web"))


def _alive(program: Program) -> Mapping[str, bool]:
    return {worker.name: worker.alive and worker.failures < UNHEALTHY for worker in program.workers}


async def shut_down(program: Program) -> None:
    """No new mail; steps that run come to their end; then the connections go."""
    if program.door is not None:
        await program.door.stop()
    if program.mailboxes is not None:
        await program.mailboxes.stop()
    for sender in program.desk.senders.values():
        if isinstance(sender, WebChatSender):
            await sender.close()  # pages that wait for a line are let go
    program.ticks.stop()
    program.stop.set()
    wake = program.desk.wake
    for event in (wake.inbound, wake.requests, wake.outbox, wake.mailbox, wake.actions):
        event.set()
    if program.web is not None:
        program.web.should_exit = True
    reader = program.reader if isinstance(program.reader, ReaderProcess) else None
    if reader is not None and not reader.version:  # still loads its model: nothing is waited for
        reader.close()
    await asyncio.gather(*program.tasks, return_exceptions=True)
    if program.stream is not None:
        await program.stream.close()
    if reader is not None:
        reader.close()
    await close(program.desk)


async def serve(
    settings: Settings, *, context: Context | None = None, ready: Callable[[Program], Awaitable[None]] | None = None,
    demo: Callable[[Desk, Accept], DemoFace] | None = None,
) -> None:  # fmt: skip
    """Runs until SIGINT or SIGTERM."""
    program = await start(settings, context=context, demo=demo)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        if ready is not None:
            await ready(program)
        await ended.wait()
    finally:
        await shut_down(program)
