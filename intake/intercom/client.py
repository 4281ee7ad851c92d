"""The few calls of Intercom's API that the desk makes (version 2.14), and what its answers mean.

Reading may always be tried again. An answer in a conversation may not: when nobody knows whether it was placed, it is
Uncertain and a person looks (Intercom has no key by which a repeated answer is one).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

from cases.errors import Permanent, Temporary, Throttled, Uncertain
from intake.intercom.settings import IntercomSettings
from net.api import Line, Reply, open_line

VERSION = "2.14"
PAGE = 50  # conversations of one search
MOST_PAGES = 40  # of one look; a busier workspace is read in several
ID = re.compile(r"[0-9]{1,20}")
_WAIT = timedelta(seconds=10)  # Intercom counts requests per ten seconds
_LONGEST_WAIT = timedelta(hours=2)


class IntercomClient:
    """One workspace. Raises Throttled, Temporary, Permanent or, for what was written, Uncertain."""

    def __init__(self, settings: IntercomSettings) -> None:
        self._settings = settings

    async def reply(self, conversation: str, body: str, *, note: bool = False) -> None:
        """A comment that the customer reads, or a note that only colleagues do. `body` is HTML."""
        await self._say(conversation, {"message_type": "note" if note else "comment", "body": body})

    async def offer(self, conversation: str, options: Sequence[tuple[str, str]]) -> None:
        """Quick replies (uuid, words) below the last comment."""
        choices = [{"uuid": uuid, "text": words} for uuid, words in options]
        await self._say(conversation, {"message_type": "quick_reply", "reply_options": choices})

    async def _say(self, conversation: str, what: Mapping[str, Any]) -> None:
        if not ID.fullmatch(conversation):
            raise Permanent("dit is geen gesprek in Intercom")
        body = {"type": "admin", "admin_id": self._settings.admin_id, **what}
        async with self._line() as line:
            answer = await self._send(line, "POST", f"/conversations/{conversation}/reply", body)
        if answer.status >= 500 and answer.status != 503:  # the program there broke: before or after it was placed?
            raise Uncertain(f"Intercom antwoordde met {answer.status}")
        _judge(answer)

    async def updated_since(self, moment: datetime) -> AsyncIterator[str]:
        """Ids of conversations in which something happened after `moment`.

        Raises Temporary when there are more than one look can take: what was given must then not count as all.
        """
        query = {"field": "updated_at", "operator": ">", "value": int(moment.timestamp())}
        after: str | None = None
        async with self._line() as line:
            for _ in range(MOST_PAGES):
                paging = {"per_page": PAGE} | ({"starting_after": after} if after else {})
                body = {"query": query, "pagination": paging}
                found = await self._read(line, "POST", "/conversations/search", body)
                for item in _list(found, "conversations"):
                    if isinstance(item, Mapping) and ID.fullmatch(str(item.get("id", ""))):
                        yield str(item["id"])
                after = _next_page(found)
                if after is None:
                    return
        raise Temporary("te veel gesprekken in Intercom om in één keer te lezen")

    async def conversation(self, conversation: str) -> Mapping[str, Any]:
        """With its newest 500 parts."""
        async with self._line() as line:
            return await self._read(line, "GET", f"/conversations/{conversation}", None)

    async def workspace(self) -> str:
        """The id of the workspace that the token belongs to."""
        async with self._line() as line:
            found = await self._read(line, "GET", "/me", None)
        app = found.get("app")
        return str(app.get("id_code", "")) if isinstance(app, Mapping) else ""

    def _line(self) -> AbstractAsyncContextManager[Line]:
        return open_line(self._settings.address, seconds=self._settings.seconds)

    async def _send(self, line: Line, method: str, path: str, body: object) -> Reply:
        headers = {"Authorization": f"Bearer {self._settings.access_token}", "Intercom-Version": VERSION}
        return await line.send(method, f"{self._settings.address}{path}", headers=headers, body=body)

    async def _read(self, line: Line, method: str, path: str, body: object) -> Mapping[str, Any]:
        try:
            answer = await self._send(line, method, path, body)
        except Uncertain as error:  # nothing was to change: ask again later
            raise Temporary(str(error)) from None
        _judge(answer)
        if not isinstance(answer.data, Mapping):
            raise Temporary("Intercom gaf een antwoord dat geen JSON is")
        return answer.data


def _judge(answer: Reply) -> None:
    status = answer.status
    if status < 300:
        return
    if status == 429:
        raise Throttled("Intercom neemt nu geen verzoeken meer aan", _retry_after(answer))
    if status in (401, 403):  # mended in the settings or at Intercom, not in the message
        raise Temporary("Intercom weigert het token")
    if status >= 500 or status == 408:
        raise Temporary(f"Intercom antwoordde met {status}")
    raise Permanent(f"Intercom weigert dit bericht ({status})")


def _retry_after(answer: Reply) -> timedelta:
    value = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(value)), _LONGEST_WAIT) if value.isdigit() and len(value) < 7 else _WAIT


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def _next_page(found: Mapping[str, Any]) -> str | None:
    pages = found.get("pages")
    following = pages.get("next") if isinstance(pages, Mapping) else None
    after = following.get("starting_after") if isinstance(following, Mapping) else None
    return str(after) if after else None
