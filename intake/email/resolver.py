"""Questions to the DNS about one message: time-limited, asked once, counted.

The program asks the system's resolver, tests a zone of their own. Answers are text: TXT strings joined (one byte a
letter), addresses, host names, and for MX "10 mail.example".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import dns.exception
import dns.rdatatype
import dns.resolver

from cases.errors import Temporary

MAX_QUESTIONS = 60  # SPF alone may take 10 look-ups and their addresses (RFC 7208 4.6.4)


class Lookup(Protocol):
    def __call__(self, name: str, kind: str, seconds: float) -> tuple[str, ...]:
        """() when there is no such name or record; raises Temporary when nobody answers."""
        ...


class SystemResolver:
    """The resolver of this machine, or the servers named."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._servers, self._port = tuple(servers), port
        self._resolver: dns.resolver.Resolver | None = None

    def __call__(self, name: str, kind: str, seconds: float) -> tuple[str, ...]:
        try:
            answer = self._ready().resolve(name, kind, lifetime=seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.Timeout, dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, OSError):
            raise Temporary("the DNS did not answer") from None
        except (dns.exception.DNSException, UnicodeError, ValueError):
            return ()  # no name that could exist
        return tuple(_text(record, kind) for record in answer)

    def _ready(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                self._resolver.nameservers, self._resolver.port = list(self._servers), self._port
        return self._resolver


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined]  # the kind says which record it is
        return b"".join(strings).decode("latin-1")
    return str(record)


class Answers:
    """What the DNS said about one message. Every answer is kept, failures too; a budget bounds the whole."""

    def __init__(
        self, lookup: Lookup, *, seconds: float, budget: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookup, self._seconds, self._now = lookup, seconds, now
        self._until = now() + budget
        self._known: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """Raises Temporary when there is no answer, now or before."""
        key = (name.rstrip(".").lower(), kind)
        if key not in self._known:
            self._known[key] = self._fresh(*key)
        found = self._known[key]
        if found is None:
            raise Temporary("the DNS did not answer")
        return found

    def _fresh(self, name: str, kind: str) -> tuple[str, ...] | None:
        left = self._until - self._now()
        if left <= 0 or len(self._known) >= MAX_QUESTIONS:
            return None
        try:
            return self._lookup(name, kind, min(self._seconds, left))
        except Temporary:
            return None
