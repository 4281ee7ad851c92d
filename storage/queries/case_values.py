"""One case as values, the way the page of staff shows it; `case_file` reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cases.letters import Letter
from cases.others import Other


@dataclass(frozen=True, slots=True)
class Letterpost:
    """One message of a conversation; `content` is None once it was erased."""

    id: str
    conversation_id: str
    incoming: bool
    kind: str
    at: datetime
    labels: Sequence[str]
    content: Mapping[str, Any] | None
    outbox_id: str | None
    inbound_id: str | None


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation, with how sure we are who is on the other end."""

    id: str
    channel: str
    account: str
    address: str
    assurance: int
    evidence: Any
    assured_until: datetime | None
    awaited: str
    form: str
    language: str
    human_since: datetime | None
    frozen: bool
    messages: tuple[Letterpost, ...]
    identifiers: tuple[tuple[str, str, bool], ...]  # kind, value, proven


@dataclass(frozen=True, slots=True)
class Term:
    kind: str
    due_on: date | None
    due_at: datetime
    told: bool
    reasoning: str
    fired_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceResult:
    id: str
    source: str
    status: str  # found | nothing | failed
    rows: int
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """One act of one colleague on a draft."""

    staff_id: str
    act: str
    second_look: bool
    at: datetime
    current: bool  # of the draft as it is now; words that were changed since ask for a new look


@dataclass(frozen=True, slots=True)
class DraftView:
    id: str
    status: str
    decision: str
    ground: str
    letter: Letter | None
    notes: tuple[str, ...]
    plan: Any
    package_digest: str
    made_by: str
    created_at: datetime
    policy_version: str
    looks: tuple[Look, ...]
    outdated: bool  # the case moved on after this draft was made
    others: tuple[Other, ...] = ()  # values in its export that may be about somebody else


@dataclass(frozen=True, slots=True)
class ExportView:
    id: str
    digest: str
    size: int
    manifest: Any
    created_at: datetime
    expires_at: datetime
    kept: bool


@dataclass(frozen=True, slots=True)
class Sending:
    id: str
    kind: str
    status: str
    draft_id: str | None
    not_before: datetime
    sent_at: datetime | None
    server_reply: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RequestView:
    id: str
    label: str
    state: str
    awaiting: str
    received_at: datetime
    told_on: date | None
    due_on: date | None
    decision: str
    failure: str
    closed_at: datetime | None
    conversation_id: str
    terms: tuple[Term, ...]
    findings: tuple[SourceResult, ...]
    drafts: tuple[DraftView, ...]  # the newest first
    export: ExportView | None
    others_said: Mapping[str, str] = field(default_factory=dict)  # id → "out" or "in"


@dataclass(frozen=True, slots=True)
class Todo:
    id: str
    kind: str
    detail: str
    due_on: date | None
    opened_at: datetime
    request_id: str | None
    outbox_id: str | None
    inbound_id: str | None


@dataclass(frozen=True, slots=True)
class Act:
    at: datetime
    actor: str
    tag: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseView:
    id: str
    organisation: str
    number: str
    name: str
    address: str
    erased: bool
    received_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    talks: tuple[Talk, ...]
    requests: tuple[RequestView, ...]
    sendings: tuple[Sending, ...]
    todo: tuple[Todo, ...]
    acts: tuple[Act, ...]
    staff_names: Mapping[str, str]
    joined_into: tuple[str, str] | None = None  # id and number of the case that it was joined into


@dataclass(frozen=True, slots=True)
class FoundRows:
    """What one source holds, opened because somebody asked to see it."""

    case_id: str
    request_id: str
    source: str
    tables: Sequence[Mapping[str, Any]]
