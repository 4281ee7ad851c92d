"""The way out of a web chat. What is said stands in rows; here those who wait in this process are woken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from cases.guard import outside_unit
from cases.protocols import Outgoing, SentProof


class WebChatSender:
    """`cases.protocols.Sender`. A browser that is away, or held by another process, finds its lines by asking."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.closed = False

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("the web chat")
        self.wake(message.recipient)
        return SentProof("in the conversation")

    def wake(self, session_id: str) -> None:
        for event in self._waiting.get(session_id, ()):
            event.set()

    @contextmanager
    def listening(self, session_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something new may stand in this session's lines."""
        event = asyncio.Event()
        self._waiting.setdefault(session_id, set()).add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[session_id]
            waiting.discard(event)
            if not waiting:
                del self._waiting[session_id]

    async def close(self) -> None:
        """Whoever waits looks once more, and finds the program stopping."""
        self.closed = True
        for session_id in list(self._waiting):
            self.wake(session_id)
