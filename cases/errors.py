"""The error tree. Adapters translate library errors into these at their edge.

    LoketError
    ├── InputError        the sender's fault: answered kindly, never a crash
    ├── RuleError         a bug or an attack: stop, write nothing
    │   └── Stale         a row changed under us: take it again or tell the person
    ├── OutsideError      the world outside (a server, a database, a disk)
    │   ├── Temporary     try again later
    │   ├── Permanent     set aside, a person looks
    │   └── Uncertain     nobody knows whether it happened; never repeated blindly
    └── ConfigError       stop at start; says file, line and key

An error text is shown to staff and may be logged: it never holds a name, an address or words of a message.
"""

from __future__ import annotations

import traceback
from datetime import timedelta
from pathlib import Path

_ROOT = Path(__file__).parents[1]


class LoketError(Exception):
    """Everything this program raises on purpose."""


class InputError(LoketError):
    """What came in can not be used; `code` names the answer to give."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class RuleError(LoketError):
    """A rule of the program was about to be broken."""


class Stale(RuleError):
    """The row is no longer the one that was read (version or claim token differs)."""


class OutsideError(LoketError):
    """Something outside this program failed."""


class Temporary(OutsideError):
    """May work later; the caller retries."""


class Throttled(Temporary):
    """The other side takes no more for now. Nothing was tried: the message waits `retry_after`, and is not to blame."""

    def __init__(self, message: str, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(OutsideError):
    """Will not work by trying again; a person has to look."""


class Uncertain(OutsideError):
    """The outcome is unknown: the act may have happened."""


class ConfigError(LoketError):
    """The configuration or a policy is wrong."""

    def __init__(self, message: str, *, file: str = "", line: int | None = None, key: str = "") -> None:
        where = ":".join(part for part in (file, str(line) if line else "") if part)
        text = ": ".join(part for part in (where, key, message) if part)
        super().__init__(text)
        self.file, self.line, self.key, self.reason = file, line, key, message


def place_of(error: BaseException) -> str:
    """What broke and where in our own code, for the log: "ValueError in intake/email/parse.py:41:parse < …".

    Never the error's own text, nor that of its causes: it may quote a message or a customer.
    """
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [f"{path}:{line}:{code.co_name}" for code, line in reversed(frames) if (path := _own(code.co_filename))]
    where = " < ".join(own[:5])
    return f"{type(error).__name__} in {where}" if where else type(error).__name__


def _own(file: str) -> str:
    """The file's place in this project; empty for what is installed (which may stand in a folder of the project)."""
    path = Path(file)
    installed = not {"site-packages", "dist-packages"}.isdisjoint(path.parts) or not path.is_relative_to(_ROOT)
    return "" if installed else path.relative_to(_ROOT).as_posix()
