"""Intercom's contacts as its API description 2.14 has them (`intercom-contacts.json`, a part of the published one).

A call that the description does not allow gets 400 and a line in `faults`; so does an answer of our own making.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.json_service import Asked, Told
from tests.support.openapi import Description

TOKEN = "intercom-test-token"


@dataclass
class Intercom:
    contacts: dict[str, dict[str, Any]]
    faults: list[str] = field(default_factory=list)
    description: Description = field(
        default_factory=lambda: Description(Path(__file__).with_name("intercom-contacts.json"))
    )

    def answer(self, asked: Asked) -> Told:
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
        if values and values["contact_id"] not in self.contacts:
            return Told(404, _error("not_found"))  # the description leaves out what a contact that is gone answers
        told = self._carry_out(asked, values)
        self.faults += self.description.faults_of_answer(operation, told.status, told.data)
        return told

    def _carry_out(self, asked: Asked, values: dict[str, str]) -> Told:
        if asked.path == "/contacts/search":
            return self._search(asked.body)
        key = values["contact_id"]
        contact = self.contacts[key]
        if asked.method == "DELETE":
            del self.contacts[key]
            return Told(200, {"type": "contact", "id": key, "external_id": contact["external_id"], "deleted": True})
        if asked.method == "PUT":
            contact.update(asked.body or {})
        return Told(200, contact)

    def _search(self, body: dict[str, Any]) -> Told:
        query, paging = body["query"], body.get("pagination", {})
        rows = [c for c in self.contacts.values() if query["operator"] == "=" and c[query["field"]] == query["value"]]
        start, size = int(paging.get("starting_after") or 0), paging.get("per_page", 50)
        pages: dict[str, Any] = {"type": "pages", "page": start // size + 1, "per_page": size}
        if start + size < len(rows):
            pages["next"] = {"per_page": size, "starting_after": str(start + size)}
        return Told(200, {"type": "list", "data": rows[start : start + size], "total_count": len(rows), "pages": pages})

    def _bad(self, *faults: str) -> Told:
        self.faults += faults
        return Told(400, _error(json.dumps(faults)))


def contact(key: str, name: str, email: str, number: str) -> dict[str, Any]:
    return {
        "type": "contact", "id": key, "external_id": number, "workspace_id": "w1", "role": "user", "email": email,
        "phone": "+31201234567", "name": name, "owner_id": None, "has_hard_bounced": False,
        "marked_email_as_spam": False, "unsubscribed_from_emails": False, "created_at": 1571672154,
        "updated_at": 1571672158, "last_seen_at": 1571672158, "browser": "Firefox", "custom_attributes": {},
    }  # fmt: skip


def _error(code: str) -> dict[str, Any]:
    return {"type": "error.list", "request_id": "r1", "errors": [{"code": code, "message": code, "field": None}]}
