"""Nothing slow or outside happens inside a write unit: this is the guard that says so, in tests and in production."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cases.errors import RuleError

_state = threading.local()


@contextmanager
def inside_unit() -> Iterator[None]:
    """Marks this thread as being inside a transaction."""
    _state.inside = True
    try:
        yield
    finally:
        _state.inside = False


def outside_unit(what: str) -> None:
    """Raises RuleError when `what` (a source, a sender, the reader) is called inside a transaction."""
    if getattr(_state, "inside", False):
        raise RuleError(f"{what} was called inside a write unit")
