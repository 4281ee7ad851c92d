"""Intercom's conversations as its API description 2.14 has them (`intercom-conversations.json`, a part of it).

A call that the description does not allow gets 400 and a line in `faults`; so does an answer of our own making.
Customers and colleagues talk here too; what Intercom tells us of that is made by `notification`, signed as it does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from intake.intercom.settings import IntercomSettings
from tests.support.json_service import Asked, Told, serve
from tests.support.openapi import Description

TOKEN, SECRET, WORKSPACE, ADMIN = "intercom-token", "intercom-client-secret", "w1ab2cd3", "815"
TAGS: dict[str, Any] = {"type": "tag.list", "tags": []}


@dataclass
class Workspace:
    """`script` holds what happens to the coming calls: a status, "hang up" (after carrying it out), or "ok"."""

    clock: Callable[[], datetime]
    url: str = ""
    talks: dict[str, dict[str, Any]] = field(default_factory=dict)
    script: deque[str] = field(default_factory=deque)
    faults: list[str] = field(default_factory=list)
    calls: list[Asked] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)  # sent with an error of the script
    description: Description = field(
        default_factory=lambda: Description(Path(__file__).with_name("intercom-conversations.json"))
    )
    _count: int = 100

    @property
    def settings(self) -> IntercomSettings:
        return IntercomSettings("whatnext", WORKSPACE, ADMIN, TOKEN, SECRET, base_url=self.url, seconds=5)

    # --- people -------------------------------------------------------------------------------------------------------

    def begin(self, text: str, name: str = "Anna de Vries") -> str:
        """A customer opens a conversation."""
        talk, at = self._next(), self._seconds()
        source: dict[str, Any] = {
            "type": "conversation", "id": self._next(), "delivered_as": "customer_initiated", "subject": "",
            "body": f"<p>{text}</p>", "author": _person(name), "attachments": [], "url": None, "redacted": False,
        }  # fmt: skip
        self.talks[talk] = {
            "type": "conversation", "id": talk, "created_at": at, "updated_at": at, "source": source, "tags": TAGS,
            "open": True, "state": "open", "read": False, "priority": "not_priority",
            "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [], "total_count": 0},
        }  # fmt: skip
        return talk

    def says(self, talk: str, text: str, **more: Any) -> dict[str, Any]:
        """The customer goes on."""
        return self._part(talk, "comment", f"<p>{text}</p>", _person("Anna de Vries"), **more)

    def colleague(self, talk: str, text: str, *, note: bool = False) -> dict[str, Any]:
        author = {"type": "admin", "id": "991", "name": "Saskia"}
        return self._part(talk, "note" if note else "comment", f"<p>{text}</p>", author)

    def _part(self, talk: str, kind: str, body: str | None, author: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        at = self._seconds()
        part = {
            "type": "conversation_part", "id": self._next(), "part_type": kind, "body": body, "created_at": at,
            "updated_at": at, "author": dict(author), "attachments": [], "redacted": False,
        } | more  # fmt: skip
        parts = self.talks[talk]["conversation_parts"]
        parts["conversation_parts"].append(part)
        parts["total_count"] += 1
        self.talks[talk]["updated_at"] = at
        return part

    def parts(self, talk: str, kind: str) -> list[dict[str, Any]]:
        """What we wrote there, by kind: comment, note, quick_reply."""
        found = self.talks[talk]["conversation_parts"]["conversation_parts"]
        return [part for part in found if part["part_type"] == kind and part["author"]["id"] == ADMIN]

    # --- what Intercom tells us ---------------------------------------------------------------------------------------

    def notification(
        self, talk: str, *parts: dict[str, Any], topic: str = "", app: str = WORKSPACE
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers. Of a conversation that went on only the new parts are told."""
        item = dict(self.talks[talk])
        if parts:
            item["conversation_parts"] = {
                "type": "conversation_part.list", "conversation_parts": list(parts), "total_count": len(parts),
            }  # fmt: skip
        topic = topic or ("conversation.user.replied" if parts else "conversation.user.created")
        told = {
            "type": "notification_event", "app_id": app, "id": f"notif_{self._next()}", "topic": topic,
            "data": {"type": "notification_event_data", "item": item}, "delivery_attempts": 1,
            "first_sent_at": self._seconds(), "created_at": self._seconds(), "links": {}, "self": None,
        }  # fmt: skip
        return signed(json.dumps(told).encode())

    # --- the API ------------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Told:
        self.calls.append(asked)
        what = self.script.popleft() if self.script else "ok"
        if what.isdigit():
            return Told(int(what), _error("scripted"), self.headers)
        found = self.description.operation(asked.method, asked.path)
        if found is None:
            return self._bad(f"{asked.method} {asked.path} is not described")
        operation, values = found
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Told(401, _error("unauthorized"))
        if asked.headers.get("intercom-version") != "2.14":
            return self._bad("another version")
        if faults := self.description.faults_of_body(operation, asked.body):
            return self._bad(*faults)
        told = self._carry_out(asked, values)
        self.faults += self.description.faults_of_answer(operation, told.status, told.data)
        return Told(told.status, told.data, told.headers, hang_up=what == "hang up")

    def _carry_out(self, asked: Asked, values: dict[str, str]) -> Told:
        if asked.path == "/me":
            app = {"type": "app", "id_code": WORKSPACE, "name": "Proef"}
            return Told(200, {"type": "admin", "id": ADMIN, "name": "Privacyloket", "app": app})
        if asked.path == "/conversations/search":
            return self._search(asked.body)
        talk = values["conversation_id"]
        if talk not in self.talks:
            return Told(404, _error("not_found"))
        return self._reply(talk, asked.body) if asked.method == "POST" else Told(200, self.talks[talk])

    def _reply(self, talk: str, body: dict[str, Any]) -> Told:
        """What the description says in words only: a text, or the options."""
        kind = body["message_type"]
        if not body.get("reply_options" if kind == "quick_reply" else "body"):
            return self._bad(f"{kind} without its content")
        metadata = {"quick_reply_options": body["reply_options"]} if kind == "quick_reply" else {}
        author = {"type": "admin", "id": body["admin_id"], "name": "Privacyloket"}
        self._part(talk, kind, body.get("body"), author, metadata=metadata)
        return Told(200, self.talks[talk])

    def _search(self, body: dict[str, Any]) -> Told:
        query, paging = body["query"], body.get("pagination", {})
        if (query["field"], query["operator"]) != ("updated_at", ">") or not isinstance(query["value"], int):
            return self._bad("a search that is not known here")
        rows = [talk for talk in self.talks.values() if talk["updated_at"] > query["value"]]
        start, size = int(paging.get("starting_after") or 0), paging.get("per_page", 20)
        pages: dict[str, Any] = {"type": "pages", "page": start // size + 1, "per_page": size}
        if start + size < len(rows):
            pages["next"] = {"per_page": size, "starting_after": str(start + size)}
        items = [{k: v for k, v in row.items() if k != "conversation_parts"} for row in rows[start : start + size]]
        found = {"type": "conversation.list", "conversations": items, "total_count": len(rows), "pages": pages}
        return Told(200, found)

    def _bad(self, *faults: str) -> Told:
        self.faults += faults
        return Told(400, _error("parameter_invalid"))

    def _next(self) -> str:
        self._count += 1
        return str(self._count)

    def _seconds(self) -> int:
        return int(self.clock().timestamp())


def signed(body: bytes, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return body, {"X-Hub-Signature": f"sha1={digest}", "Content-Type": "application/json"}


@contextmanager
def intercom(clock: Callable[[], datetime]) -> Iterator[Workspace]:
    """A workspace on loopback; at the end nothing it was asked may have been outside the description."""
    workspace = Workspace(clock)
    with serve(workspace.answer) as service:
        workspace.url = service.url
        yield workspace
    assert workspace.faults == []


def _person(name: str) -> dict[str, Any]:
    return {"type": "user", "id": "6762f1571bb69f9f2193bbbb", "name": name, "email": "anna@klant.example"}


def _error(code: str) -> dict[str, Any]:
    return {"type": "error.list", "request_id": "r1", "errors": [{"code": code, "message": code, "field": None}]}
