"""The pages behind a link: what a requester may see without an account. No words of messages, no names, no address:
whoever holds the link learns the state of one case, nothing about the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from cases.types import Form, RequestState
from storage.models import Case, Conversation, Evidence, Export, Link, RecipientNotice, Request, table
from storage.queries.opening import key_stands
from storage.unit import Reads

ANSWERED = (RequestState.ANSWERED.value, RequestState.REFUSED.value)  # a refusal in part may come with an export


@dataclass(frozen=True, slots=True)
class RequestStatus:
    label: str
    state: str
    awaiting: str
    received_at: datetime
    told_on: date | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SentExport:
    """The newest export of a conversation whose answer has gone out."""

    id: str
    request_id: str
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A link to a case page that is still good."""

    link_id: str
    organisation: str
    conversation_id: str
    case_id: str
    number: str
    form: Form
    received_at: datetime
    requests: tuple[RequestStatus, ...]
    awaited: str  # the question that stands open in this conversation
    human: bool  # a colleague has taken over
    frozen: bool
    asked: tuple[tuple[str, str], ...] = ()  # evidence that staff wait for: (id, kind)
    export: SentExport | None = None


@dataclass(frozen=True, slots=True)
class ExportLink:
    """A link to an export, good or past its end; the page says which, and how to get a new one."""

    link_id: str
    organisation: str
    conversation_id: str
    export_id: str
    number: str
    form: Form
    expires_at: datetime  # of the link
    kept_until: datetime  # of the export
    size: int
    expired: bool  # a new link can be asked for
    gone: bool  # the export itself was erased


@dataclass(frozen=True, slots=True)
class RecipientLink:
    """What a recipient of the data may see of a case: its number and what was done."""

    organisation: str
    number: str
    verb: str
    status: str  # NoticeStatus


def recipient_link(reads: Reads, token_digest: str) -> RecipientLink | None:
    notices, requests, cases = table(RecipientNotice), table(Request), table(Case)
    row = reads.one(
        select(notices.c.organisation_id, notices.c.verb, notices.c.status, cases.c.number)
        .select_from(
            notices.join(requests, requests.c.id == notices.c.request_id).join(cases, cases.c.id == requests.c.case_id)
        )
        .where(notices.c.token_digest == token_digest)
    )
    return RecipientLink(row.organisation_id, row.number, row.verb, row.status) if row is not None else None


def case_link(reads: Reads, token_digest: str) -> CaseLink | None:
    """None for an unknown, revoked or ended link alike: the page is the same."""
    row = _link(reads, token_digest, "case")
    if row is None or row.expires_at <= reads.now or row.case_id is None:
        return None
    requests = table(Request)
    query = select(
        requests.c.label, requests.c.state, requests.c.awaiting, requests.c.received_at, requests.c.told_on,
        requests.c.closed_at,
    ).where(requests.c.case_id == row.case_id).order_by(requests.c.received_at, requests.c.id)  # fmt: skip
    return CaseLink(
        link_id=row.id, organisation=row.organisation_id, conversation_id=row.conversation_id, case_id=row.case_id,
        number=row.number, form=Form(row.form), received_at=row.received_at,
        requests=tuple(RequestStatus(**found._mapping) for found in reads.rows(query)),
        awaited=row.awaited, human=row.human_since is not None, frozen=row.frozen,
        asked=_asked(reads, row.conversation_id), export=_sent_export(reads, row.conversation_id),
    )  # fmt: skip


def _asked(reads: Reads, conversation_id: str) -> tuple[tuple[str, str], ...]:
    rows = table(Evidence)
    query = select(rows.c.id, rows.c.kind).where(rows.c.conversation_id == conversation_id, rows.c.status == "asked")
    return tuple((row.id, row.kind) for row in reads.rows(query.order_by(rows.c.created_at, rows.c.id)))


def _sent_export(reads: Reads, conversation_id: str) -> SentExport | None:
    requests, exports = table(Request), table(Export)
    row = reads.one(
        select(exports.c.id, exports.c.request_id, exports.c.expires_at, exports.c.data_key_id)
        .join(requests, requests.c.id == exports.c.request_id)
        .where(requests.c.conversation_id == conversation_id, requests.c.state.in_(ANSWERED))
        .where(exports.c.expires_at > reads.now)
        .order_by(exports.c.created_at.desc())
        .limit(1)
    )
    if row is None or row.data_key_id is None or not key_stands(reads, row.data_key_id):
        return None
    return SentExport(row.id, row.request_id, row.expires_at)


def export_link(reads: Reads, token_digest: str) -> ExportLink | None:
    row = _link(reads, token_digest, "export")
    if row is None or row.export_id is None:
        return None
    exports = table(Export)
    export = reads.one(
        select(exports.c.expires_at, exports.c.size, exports.c.data_key_id).where(exports.c.id == row.export_id)
    )
    if export is None:
        return None
    key_id = export.data_key_id
    gone = export.expires_at <= reads.now or key_id is None or not key_stands(reads, key_id)
    return ExportLink(
        link_id=row.id, organisation=row.organisation_id, conversation_id=row.conversation_id,
        export_id=row.export_id, number=row.number or "", form=Form(row.form), expires_at=row.expires_at,
        kept_until=export.expires_at, size=export.size, expired=row.expires_at <= reads.now, gone=gone,
    )  # fmt: skip


def _link(reads: Reads, token_digest: str, kind: str) -> Row[Any] | None:
    links, talks, cases = table(Link), table(Conversation), table(Case)
    return reads.one(
        select(
            links.c.id, links.c.organisation_id, links.c.conversation_id, links.c.export_id, links.c.expires_at,
            talks.c.form, talks.c.awaited, talks.c.human_since, talks.c.frozen, talks.c.case_id, cases.c.number,
            cases.c.received_at,
        )
        .select_from(
            links.join(talks, talks.c.id == links.c.conversation_id).outerjoin(cases, cases.c.id == talks.c.case_id)
        )
        .where(links.c.token_digest == token_digest, links.c.kind == kind, links.c.revoked_at.is_(None))
    )  # fmt: skip
