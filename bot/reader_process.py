"""Taking messages apart and reading them in a process of its own (decision 34): that is nearly half of what a mail
costs, and Python does one thing at a time.

`ReaderProcess` is a `cases.protocols.Reader`; run as a module this file is the process behind it. The two exchange
values of ours over a socket pair, which closes with whoever dies first: the process never outlives us. One that died or
does not answer is replaced, and the message it was reading fails alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cases.errors import RuleError, Temporary, place_of
from cases.guard import outside_unit
from cases.messages import ParsedMessage, RawInbound, taken_apart
from cases.reading import Asked, Fact, Reading, Reply

_HERE = Path(__file__).resolve().parents[1]
START = 900.0  # seconds; the very first start builds the model
LIMIT = 60.0  # for one call; a batch of long messages takes a second
# of the environment; no keys
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_", "TZ", "TMP", "PYTHON", "XDG_", "HF_", "OMP_")


class ReaderProcess:
    """Called, it gives itself once the model is loaded. Safe to use from several threads, one at a time."""

    def __init__(self, folder: Path, *, embeddings: bool = False, instance: str = "") -> None:
        self._arguments = (str(folder.resolve()), str(int(embeddings)), instance)
        self._lock = threading.Lock()
        self._closed = False
        self._version = ""  # of the model; empty until the process has loaded it
        self._begin()

    def __call__(self) -> ReaderProcess:
        with self._lock:
            self._warm()
        return self

    @property
    def version(self) -> str:
        return self._version

    def take_apart(self, messages: Sequence[RawInbound]) -> list[ParsedMessage | str]:
        """Of each its parts, or the code of what makes it unusable (`Desk.apart`)."""
        found: list[ParsedMessage | str] = self._ask("take_apart", messages)
        return found

    def read(self, subject: str, own_words: str) -> Reading:
        found: Reading = self._ask("read", subject, own_words)
        return found

    def read_many(self, texts: Sequence[tuple[str, str]]) -> list[Reading]:
        found: list[Reading] = self._ask("read_many", texts)
        return found

    def read_reply(self, text: str, asked: Asked | None = None) -> Reply:
        found: Reply = self._ask("read_reply", text, asked)
        return found

    def read_replies(self, texts: Sequence[str]) -> list[Reply]:
        found: list[Reply] = self._ask("read_replies", texts)
        return found

    def facts(self, text: str) -> tuple[Fact, ...]:
        found: tuple[Fact, ...] = self._ask("facts", text)
        return found

    def close(self) -> None:
        """Also in the middle of a call, which then fails."""
        self._closed = True
        self._child.kill()  # whoever waits for an answer hears that there will be none
        with self._lock:
            self._end()

    # --- the process --------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._version = ""
        self._line, theirs = Pipe()
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603  (our own file)
                [sys.executable, "-m", "bot.reader_process", str(theirs.fileno()), *self._arguments],
                cwd=_HERE, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)},
            )  # fmt: skip

    def _end(self) -> None:
        self._child.kill()
        self._child.wait()
        self._line.close()

    def _warm(self) -> None:
        if self._version:
            return
        if self._closed:
            raise Temporary("the program stops")
        if self._child.poll() is not None:
            self._end()
            self._begin()
        try:
            self._version = self._answer(START)
        except (OSError, EOFError, TimeoutError):
            self._child.kill()
            raise Temporary("the reader does not start") from None

    def _ask(self, method: str, *arguments: Any) -> Any:
        outside_unit("the reader")
        with self._lock:
            self._warm()
            try:
                self._line.send((method, arguments))
                good, answer = self._answer(LIMIT)
            except (OSError, EOFError, TimeoutError):
                self._version = ""
                self._child.kill()
                self._child.wait()
                raise RuleError("the reader's process ended, or took too long") from None
        if not good:
            raise RuleError(f"the reader failed: {answer}")
        return answer

    def _answer(self, limit: float) -> Any:
        if not self._line.poll(limit):
            raise TimeoutError
        return self._line.recv()


def main() -> None:
    """Answers call after call, until the other side is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the program, which drains first and closes the line
        signal.signal(number, signal.SIG_IGN)
    line: Connection[Any, Any] = Connection(int(sys.argv[1]))
    from intake.normalise import normalise  # noqa: PLC0415  # these two only ever in this process
    from nlp.reader import make_reader  # noqa: PLC0415

    reader = make_reader(Path(sys.argv[2]), embeddings=sys.argv[3] == "1")
    own = partial(normalise, instance=sys.argv[4])

    def take_apart(messages: Sequence[RawInbound]) -> list[ParsedMessage | str]:
        return [taken_apart(own, message) for message in messages]

    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        line.send(reader.version)
        while True:
            method, arguments = line.recv()
            try:
                work = take_apart if method == "take_apart" else getattr(reader, method)
                answer = True, work(*arguments)
            except Exception as error:  # the caller decides what becomes of the message
                answer = False, place_of(error)
            line.send(answer)


if __name__ == "__main__":
    main()
