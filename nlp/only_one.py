"""One process at a time builds what others wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one(built: Path) -> Iterator[None]:
    """Waits until no other process builds `built`; the lock goes with the process that holds it."""
    import fcntl  # noqa: PLC0415 - not on every platform; only building needs it

    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / f".{built.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
