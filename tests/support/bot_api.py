"""A Bot API server on loopback, as strict as its description (`telegram-bot-api.json`): what that does not allow gets
400, and stands in `refused`. People write, edit, press and add the bot to groups by the methods here; what the bot
called stands in `calls`. Trouble is scripted per method (`trouble`).
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

TOKEN = "4242:geheim-van-de-bot"
USERNAME = "privacyloket_bot"
STARTED = 1_767_607_200  # 5 January 2026, ten o'clock in the Netherlands
Json = dict[str, Any]


@cache
def description() -> Json:
    text = (Path(__file__).parent / "telegram-bot-api.json").read_text(encoding="utf-8")
    made: Json = json.loads(text)
    return made


class NotAllowed(Exception):
    """A call that the description does not allow; the text is Telegram's answer."""


# --- what the description allows --------------------------------------------------------------------------------------


def check_call(method: str, given: Mapping[str, str | Json]) -> Json:
    """The parameters as values; raises NotAllowed."""
    known = description()["methods"].get(method)
    if known is None:
        raise NotAllowed("method not found")
    return _check_fields(known["fields"], given, method)


def _check_fields(fields: Json, given: Mapping[str, Any], where: str) -> Json:
    for name in given:
        if name not in fields:
            raise NotAllowed(f"{where} has no parameter {name}")
    for name, about in fields.items():
        if about.get("required") and name not in given:
            raise NotAllowed(f"{where}: {name} is missing")
    return {name: _check(fields[name], value, f"{where}.{name}") for name, value in given.items()}


def _check(about: Json, value: Any, where: str) -> Any:
    for kind in about["types"]:
        try:
            found = _as(kind, value, where)
        except (NotAllowed, ValueError):
            if kind == about["types"][-1]:
                raise NotAllowed(f"{where} is not {' or '.join(about['types'])}") from None
            continue
        _check_size(about, found, where)
        return found
    raise NotAllowed(where)


def _check_size(about: Json, value: Any, where: str) -> None:
    if "length" in about and isinstance(value, str):
        least, most, unit = about["length"]
        if not least <= len(value.encode() if unit == "bytes" else value) <= most:
            raise NotAllowed(f"{where}: {unit} must be {least}-{most}")
    if "between" in about and isinstance(value, int) and not about["between"][0] <= value <= about["between"][1]:
        raise NotAllowed(f"{where} is out of range")


def _as(kind: str, value: Any, where: str) -> Any:
    """Parameters come as text (a form), parts of objects as JSON values."""
    if kind == "String":
        if not isinstance(value, str):
            raise NotAllowed(where)
        return value
    if kind in ("Integer", "Boolean", "Float", "True"):
        plain = json.loads(value) if isinstance(value, str) else value
        wanted: tuple[type, ...] = {"Integer": (int,), "Float": (int, float)}.get(kind, (bool,))
        if not isinstance(plain, wanted) or (isinstance(plain, bool) and bool not in wanted):
            raise NotAllowed(where)
        return plain
    if isinstance(value, str):
        value = json.loads(value)
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise NotAllowed(where)
        inner = {"types": [kind.removeprefix("Array of ")]}
        return [_check(inner, one, where) for one in value]
    known = description()["types"].get(kind)
    if known is None or not isinstance(value, dict):
        raise NotAllowed(where)
    if "subtypes" in known:
        return _check({"types": known["subtypes"]}, value, where)
    return _check_fields(known["fields"], value, kind)


# --- the server -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    given: Json

    @property
    def text(self) -> str:
        return str(self.given.get("text", ""))

    @property
    def buttons(self) -> dict[str, str]:
        """Words → what the button hands back (or the address it opens)."""
        rows = self.given.get("reply_markup", {}).get("inline_keyboard", [])
        return {one["text"]: one.get("callback_data") or one["url"] for row in rows for one in row}


@dataclass(slots=True)
class BotApi:
    """`trouble[method]`: what happens to the coming calls: "hang up" (after taking it), "500", "garbage",
    "blocked", "bad", "unauthorized", "conflict", or a number: 429 with that `retry_after`.
    """

    url: str = ""
    username: str = USERNAME
    calls: list[Call] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    trouble: dict[str, deque[str | int]] = field(default_factory=lambda: defaultdict(deque))
    updates: list[Json] = field(default_factory=list)  # not confirmed yet
    webhook: Json = field(default_factory=dict)
    offsets: list[int | None] = field(default_factory=list)  # what getUpdates was asked with
    unreached_at: int = 0  # when the webhook's address last did not answer
    next_id: int = 1000
    _messages: Any = field(default_factory=lambda: itertools.count(1))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # --- what the bot did ---------------------------------------------------------------------------------------------

    def called(self, method: str, chat: int | None = None) -> list[Call]:
        return [
            call for call in self.calls
            if call.method == method and (chat is None or call.given.get("chat_id") == chat)
        ]  # fmt: skip

    def said(self, chat: int) -> list[str]:
        return [call.text for call in self.called("sendMessage", chat)]

    def everything(self) -> str:
        """All that ever went to Telegram, as text: for a test to look through."""
        return json.dumps([[call.method, call.given] for call in self.calls], ensure_ascii=False)

    # --- what people do -----------------------------------------------------------------------------------------------

    def update(self, **content: Any) -> Json:
        made = {"update_id": self.next_id, **content}
        self.next_id += 1
        self.updates.append(made)
        self._changed.set()
        return made

    def message(self, person: int, text: str = "", *, group: int = 0, **more: Any) -> Json:
        chat = {"id": group, "type": "group", "title": "Team"} if group else {"id": person, "type": "private"}
        made: Json = {
            "message_id": next(self._messages), "date": STARTED, "chat": chat,
            "from": {"id": person, "is_bot": False, "first_name": "Anna"}, **more,
        }  # fmt: skip
        return made | ({"text": text} if text else {})

    def write(self, person: int, text: str = "", **more: Any) -> Json:
        return self.update(message=self.message(person, text, **more))

    def edit(self, update: Json, text: str, *, seconds: int = 60) -> Json:
        return self.update(edited_message=update["message"] | {"text": text, "edit_date": STARTED + seconds})

    def album(self, person: int, *captions: str) -> list[Json]:
        """One update per picture, as Telegram does it."""
        group = f"album-{self.next_id}"
        return [
            self.write(
                person, media_group_id=group, **({"caption": caption} if caption else {}),
                document={"file_id": f"f{n}", "file_unique_id": f"u{n}", "file_name": f"scan-{n}.pdf",
                          "mime_type": "application/pdf", "file_size": 1000 + n},
            )
            for n, caption in enumerate(captions, 1)
        ]  # fmt: skip

    def press(self, person: int, data: str, *, group: int = 0, words: str = "Kies") -> Json:
        button = {"text": words, "callback_data": data}
        under = self.message(person, "…", group=group) | {"reply_markup": {"inline_keyboard": [[button]]}}
        who = {"id": person, "is_bot": False, "first_name": "Anna"}
        return self.update(
            callback_query={"id": f"c{self.next_id}", "from": who, "message": under, "chat_instance": "1", "data": data}
        )

    def added_to(self, group: int, person: int, *, kind: str = "group") -> Json:
        bot = {"id": 4242, "is_bot": True, "first_name": "Loket", "username": self.username}
        who = {"id": person, "is_bot": False, "first_name": "Anna"}
        return self.update(
            my_chat_member={
                "chat": {"id": group, "type": kind, "title": "Team"}, "from": who, "date": STARTED,
                "old_chat_member": {"status": "left", "user": bot},
                "new_chat_member": {"status": "member", "user": bot},
            }
        )  # fmt: skip

    # --- answering ----------------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method, token = request.match_info["method"], request.match_info["token"]
        script = self.trouble[method]
        trouble = script.popleft() if script else ""
        form = await request.post() if request.method == "POST" else request.query
        try:
            if token != TOKEN or trouble == "unauthorized":
                return _error(401, "Unauthorized")
            if trouble and trouble != "hang up":
                return _trouble(trouble)
            given = check_call(method, {name: str(value) for name, value in form.items()})
            result = await self._do(method, given)
        except NotAllowed as error:
            self.refused.append(str(error))
            return _error(404 if str(error) == "method not found" else 400, f"Bad Request: {error}")
        if trouble == "hang up":
            assert request.transport is not None
            request.transport.abort()
        return result if isinstance(result, web.Response) else web.json_response({"ok": True, "result": result})

    async def _do(self, method: str, given: Json) -> Any:
        if method == "getUpdates":
            return await self._get_updates(given)
        self.calls.append(Call(method, given))
        if method == "getMe":
            return {"id": 4242, "is_bot": True, "first_name": "Loket", "username": self.username}
        if method == "sendMessage":
            chat = given["chat_id"]
            chat = {"id": chat, "type": "private" if chat > 0 else "group"}
            return {"message_id": next(self._messages), "date": STARTED, "chat": chat, "text": given["text"]}
        if method == "setWebhook":
            self.webhook = given
        if method == "deleteWebhook":
            self.webhook = {}
        if method == "getWebhookInfo":
            waiting = len(self.updates)
            url = self.webhook.get("url", "")
            info = {"url": url, "has_custom_certificate": False, "pending_update_count": waiting}
            return info | ({"last_error_date": self.unreached_at} if self.unreached_at else {})
        return True

    async def _get_updates(self, given: Json) -> Any:
        if self.webhook.get("url"):
            return _error(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = given.get("offset")
        self.offsets.append(offset)
        if offset is not None:
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates and given.get("timeout"):
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), given["timeout"])
            except TimeoutError:
                return []
        return self.updates[: given.get("limit", 100)]


def _trouble(what: str | int) -> web.Response:
    if isinstance(what, int):
        return _error(429, f"Too Many Requests: retry after {what}", retry_after=what)
    if what == "blocked":
        return _error(403, "Forbidden: bot was blocked by the user")
    if what == "conflict":
        return _error(409, "Conflict: terminated by other getUpdates request")
    if what == "garbage":
        return web.Response(text="<html>proxy</html>", status=502)
    if what == "500":
        return _error(500, "Internal Server Error")
    return _error(400, "Bad Request: chat not found")


def _error(code: int, text: str, **parameters: int) -> web.Response:
    body: Json = {"ok": False, "error_code": code, "description": text}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=code)


@asynccontextmanager
async def bot_api() -> AsyncIterator[BotApi]:
    """A server that is gone again afterwards."""
    server = BotApi()
    app = web.Application()
    app.router.add_route("*", "/bot{token}/{method}", server.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
