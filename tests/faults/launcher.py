"""Kills a program at every point where a crash could hurt, cheaply: one fork per kill.

A *point* is a commit of a store, or an outside call (a mail handed over, a file written, a source asked). A process
that is killed *before* a point did everything up to it; killed *after*, it did the commit or the call too, and nothing
of what should follow. A scenario is a function of one `KillSwitch`, at the top level of a module, that builds what it
needs from what stands on disk, runs **one step after the other** (so that points have the same numbers in every run),
and tells the switch about its points:

    def scenario(url: str, folder: Path, switch: KillSwitch) -> None:
        store = open_store(url)
        switch.watch(store)  # every commit is a point
        sender = Switched(FolderSender(folder), switch)  # its send: `await switch.outside("send", real.send(mail))`
        asyncio.run(one_round(store, sender))
        store.close()

A test then kills it everywhere and runs it again, undisturbed, on what each kill left behind:

    for point, when in every_kill(count_points(partial(scenario, url_0, folder_0))):
        assert run_until_killed(partial(scenario, url, folder), point, when) == KILLED
        assert run_until_killed(partial(scenario, url, folder)) == FINISHED
        ...the same end state as without a kill...

Arguments go in with `functools.partial`; they and the function are pickled, so no lambdas and no fixtures, but paths,
URLs and moments. Time is an argument too: the run after a kill gets a later `now`, past the leases of the dead.

The launcher is multiprocessing's fork server: a process of one thread that has imported `IMPORTED` once and forks for
each run before any thread starts, whatever the test process has running. `os._exit` is as hard as `kill -9`: no
`finally`, no flush, no `close`. (A power cut is more: that is what `synchronous=FULL` is for.)
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any, Literal, TypeVar

from storage.unit import Store

T = TypeVar("T")
When = Literal["before", "after"]
Scenario = Callable[["KillSwitch"], None]

FINISHED, FAILED, KILLED = 0, 1, 86
NEVER = 0  # points are counted from 1
IMPORTED = ["tests.faults.launcher", "tests.support.stores", "asyncio", "psycopg", "alembic"]
PATIENCE = 60.0  # a scenario that hangs is a failure, not a hanging test run


class KillSwitch:
    """Counts the points of one run and ends the process at the chosen one. Safe in threads."""

    def __init__(self, point: int = NEVER, when: When = "before") -> None:
        self._point, self._when = point, when
        self._lock = threading.Lock()
        self.passed: list[str] = []

    def watch(self, store: Store) -> None:
        """Every commit of a write unit is a point. SQLAlchemy's own event comes only before the commit."""
        dialect: Any = store.write_engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            with self.around("commit"):
                commit(connection)

        dialect.do_commit = do_commit

    async def outside(self, name: str, call: Awaitable[T]) -> T:
        """An outside call is a point. What it raises passes, and is no 'after'."""
        with self.around(name):
            return await call

    @contextlib.contextmanager
    def around(self, name: str) -> Iterator[None]:
        """The block is a point: for what is neither a commit nor awaited."""
        with self._lock:
            self.passed.append(name)
            chosen = len(self.passed) == self._point
        if chosen and self._when == "before":
            os._exit(KILLED)
        yield
        if chosen:
            os._exit(KILLED)


def run_until_killed(scenario: Scenario, point: int = NEVER, when: When = "before") -> int:
    """Runs a scenario in a process of its own; gives KILLED, FINISHED (it has fewer points) or FAILED (it raised)."""
    return _run(scenario, point, when)[0]


def points(scenario: Scenario) -> list[str]:
    """The names of the points that an undisturbed run passes, in order."""
    code, passed = _run(scenario, NEVER, "before")
    assert code == FINISHED, "the scenario does not even run undisturbed"
    return passed


def count_points(scenario: Scenario) -> int:
    return len(points(scenario))


def every_kill(number: int) -> list[tuple[int, When]]:
    return [(point, when) for point in range(1, number + 1) for when in ("before", "after")]


@cache
def _server() -> ForkServerContext:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads when it is imported
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def _run(scenario: Scenario, point: int, when: When) -> tuple[int, list[str]]:
    ours, theirs = _server().Pipe(duplex=False)
    process = _server().Process(target=_in_the_fork, args=(scenario, point, when, theirs))
    process.start()
    theirs.close()
    try:
        passed: list[str] = ours.recv() if ours.poll(PATIENCE) else []
    except EOFError:  # it died before it could tell
        passed = []
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
    code = process.exitcode
    process.close()
    ours.close()
    assert code is not None
    return code, passed


def _in_the_fork(scenario: Scenario, point: int, when: When, tell: Connection) -> None:
    warnings.simplefilter("error")
    switch = KillSwitch(point, when)
    scenario(switch)
    tell.send(switch.passed)
