"""Passwords of staff: Argon2id (RFC 9106), in one thread of its own and with a short line before it.

A hash takes tens of milliseconds and 64 MiB by design. Anybody may ask for one by trying to sign in, so that work never
stands in the way of reading and rendering, and a flood is turned away at the door.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")
MOST_WAITING = 8  # beside the one that is being checked: a second or two

_hasher = PasswordHasher()
_thread = ThreadPoolExecutor(1, thread_name_prefix="passwords")
_in_line: set[object] = set()


class TooBusy(Exception):
    """Too many wait; nothing was checked."""


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; None stands for an account that is not there. Raises TooBusy."""
    if len(_in_line) > MOST_WAITING:
        raise TooBusy
    return await _in_turn(_verify, password_hash, password)


async def hashed(password: str) -> str:
    """The hash to store. Only for who was let in: it waits in line, however long that is."""
    return await _in_turn(_hasher.hash, password)


def outdated(password_hash: str) -> bool:
    """Made with weaker settings than those of today."""
    return _hasher.check_needs_rehash(password_hash)


async def _in_turn(work: Callable[..., T], *arguments: str | None) -> T:
    place = object()
    _in_line.add(place)
    try:
        return await asyncio.get_running_loop().run_in_executor(_thread, work, *arguments)
    finally:
        _in_line.discard(place)


@cache
def _nobody() -> str:
    """Checked when the login is unknown, so that the answer takes as long as for a known one."""
    return _hasher.hash(secrets.token_urlsafe(16))


def _verify(password_hash: str | None, password: str) -> bool:
    nobody = _nobody()  # made at the first check, whoever that is about
    try:
        return _hasher.verify(password_hash or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
