"""What the browser face is told at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from cases.protocols import Accept
from intake.intercom.receiver import IntercomReceiver
from web.chat.settings import WebChatSettings
from workflow.staff_chat import StaffBot


def _no_workers() -> Mapping[str, bool]:
    return {}


class TelegramDoor(Protocol):
    """One bot, as far as the web face has to do with it (`bot.telegram.build`)."""

    @property
    def username(self) -> str: ...
    @property
    def staff_bot(self) -> StaffBot: ...
    def opens_with(self, secret: str) -> bool: ...
    async def take(self, update: Mapping[str, Any]) -> None:
        """Returns after the commit. Raises OutsideError when it was not stored: then Telegram comes again."""
        ...


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`workers` says which loops of this process are alive, for the health page; `chats`: by organisation, those with
    a web chat, whose messages go to `accept`.
    """

    base_url: str
    hosts: tuple[str, ...] = ()  # further host names this installation answers to
    workers: Callable[[], Mapping[str, bool]] = _no_workers
    chats: Mapping[str, WebChatSettings] = field(default_factory=dict)
    accept: Accept | None = None
    intercom: Mapping[str, IntercomReceiver] = field(default_factory=dict)  # by organisation, those that use it
    telegram: Mapping[str, TelegramDoor] = field(default_factory=dict)  # the same

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
