"""What the browser face is told at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


def _no_workers() -> Mapping[str, bool]:
    return {}


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`workers` says which loops of this process are alive, for the health page."""

    base_url: str
    hosts: tuple[str, ...] = ()  # further host names this installation answers to
    workers: Callable[[], Mapping[str, bool]] = _no_workers

    @property
    def secure(self) -> bool:
        """Cookies are for https only where the site is."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def host(self) -> str:
        return (urlsplit(self.base_url).hostname or "").lower()

    def answers_to(self, host: str) -> bool:
        """Whether a request for this host is ours (a foreign name pointed at us is not: DNS rebinding)."""
        name = (urlsplit(f"//{host}").hostname or "").lower()
        loopback = {"localhost", "127.0.0.1", "::1"}
        return name in {self.host, *self.hosts} or (self.host in loopback and name in loopback)
