"""What the demo's own page is handed; the exercise behind it lives in `bot/demo`, its routes in `web/demo_pages`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ReadyLetter:
    key: str
    title: str
    description: str
    organisation: str


@dataclass(frozen=True, slots=True)
class TrayMail:
    """One mail that left the desk; in a demo it goes to a tray instead of the world."""

    id: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str
    reply_to: str = ""


class DemoFace(Protocol):
    def letters(self) -> Sequence[ReadyLetter]: ...
    async def send_ready(self, key: str) -> None: ...
    async def send_free(
        self, organisation: str, from_address: str, from_name: str, subject: str, text: str
    ) -> None: ...
    def tray(self, limit: int) -> Sequence[TrayMail]: ...
    def colleagues(self) -> Sequence[tuple[str, str]]: ...
    def now(self) -> datetime: ...
    async def jump(self, kind: str) -> None: ...
