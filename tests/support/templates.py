"""Pages compile once a process: every test makes an app of its own, and compiling its templates takes half a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket


class _InMemory(BytecodeCache):
    """Jinja looks by itself whether the source is still the same."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


@contextmanager
def compiled_once() -> Iterator[None]:
    """Every environment that is made meanwhile takes part."""
    kept, original = _InMemory(), Environment.__init__

    @wraps(original)
    def made(self: Environment, *args: Any, **options: Any) -> None:
        original(self, *args, **{"bytecode_cache": kept, **options})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "__init__", made)
        yield
