"""The way in from Intercom: notifications (webhooks), and a look of our own for those that were dropped.

Intercom tells at least once, in any order, and drops what it could not deliver. Both ways hand the same messages to
the one door, where the second one is known. Nothing from before the desk was connected is taken.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cases.errors import InputError, Permanent
from cases.protocols import Accept
from intake.intercom.client import IntercomClient
from intake.intercom.messages import messages_of
from intake.intercom.settings import IntercomSettings

log = logging.getLogger(__name__)
TOPICS = frozenset({"conversation.user.created", "conversation.user.replied"})
OVERLAP = timedelta(minutes=5)  # looked at twice: Intercom's search lags behind
_PREFIX = "sha1="


class Cursor(Protocol):
    """How far a channel was read; kept in the store."""

    async def get(self, account: str) -> str | None: ...
    async def move(self, organisation: str, account: str, position: str) -> None: ...


class IntercomReceiver:
    def __init__(
        self, settings: IntercomSettings, client: IntercomClient, accept: Accept, cursor: Cursor,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.settings = settings
        self._client, self._accept, self._cursor, self._clock = client, accept, cursor, clock
        self._since: datetime | None = None  # when the desk was connected
        self._looked: datetime | None = None  # up to when everything was seen
        self._own = False  # the token belongs to this workspace

    async def start(self) -> None:
        """Reads where it was left; the first time that is now."""
        position = await self._cursor.get(self.settings.account)
        if position is None:
            now = self._clock().replace(microsecond=0)
            self._since = self._looked = now
            await self._moved()
            return
        since, _, looked = position.partition(" ")
        self._since, self._looked = _at(since), _at(looked)

    async def _moved(self) -> None:
        assert self._since is not None and self._looked is not None
        position = f"{int(self._since.timestamp())} {int(self._looked.timestamp())}"
        await self._cursor.move(self.settings.organisation, self.settings.account, position)

    async def notified(self, body: bytes, signature: str) -> int:
        """One notification; gives how many messages were in it. Returns after they are stored.

        InputError: `signature`, `malformed`. Temporary when nothing could be stored: Intercom tells again.
        """
        if not signed(self.settings.client_secret, body, signature):
            raise InputError("signature")
        try:
            told = json.loads(body)
            topic, app = str(told["topic"]), str(told.get("app_id") or "")
            item = told["data"]["item"]
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise InputError("malformed") from None
        if topic not in TOPICS or app != self.settings.workspace or not isinstance(item, Mapping):
            return 0  # a ping, something we did not ask for, another workspace of the same app
        return await self._take(item)

    async def look(self) -> int:
        """Takes what changed since the last look, whether it was told or not."""
        assert self._looked is not None, "start() comes first"
        if not self._own and await self._client.workspace() != self.settings.workspace:
            raise Permanent("het token van Intercom hoort bij een andere werkruimte")
        self._own = True
        begun, taken = self._clock().replace(microsecond=0), 0
        async for talk in self._client.updated_since(self._looked - OVERLAP):
            conversation = await self._client.conversation(talk)
            taken += await self._take(conversation)
        self._looked = begun
        await self._moved()
        return taken

    async def _take(self, conversation: Mapping[str, Any]) -> int:
        assert self._since is not None, "start() comes first"
        fresh = 0
        for message in messages_of(self.settings, conversation, self._since):
            fresh += not (await self._accept(message)).duplicate
        return fresh


def signed(secret: str, body: bytes, signature: str) -> bool:
    """`X-Hub-Signature: sha1=<hex>`: HMAC-SHA1 over the raw body with the client secret, compared in constant time."""
    expected = _PREFIX + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def _at(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
