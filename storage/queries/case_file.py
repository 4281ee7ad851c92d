"""Everything on one case, for the page staff work on. Opens only what that page shows: what the sources found stays
sealed here and is opened by `found` alone, when somebody asks for it (but for the values of others in an export, which
staff have to decide on).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from cases.letters import Letter, from_json
from cases.others import Other, decided, from_plain
from cases.types import DraftStatus
from storage.models import (
    Approval,
    Audit,
    Case,
    CaseIdentifier,
    Conversation,
    Deadline,
    Draft,
    Export,
    Finding,
    Message,
    Outbox,
    Request,
    WorkItem,
    table,
)
from storage.queries import staff
from storage.queries.case_values import (
    Act,
    CaseView,
    DraftView,
    ExportView,
    FoundRows,
    Letterpost,
    Look,
    RequestView,
    Sending,
    SourceResult,
    Talk,
    Term,
    Todo,
)
from storage.queries.opening import key_stands, open_json
from storage.queries.request_facts import chosen_of
from storage.unit import Reads

_LIVE = (DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value)


def case_file(reads: Reads, case_id: str, organisations: Collection[str]) -> CaseView | None:
    rows = table(Case)
    row = reads.one(select(rows).where(rows.c.id == case_id, rows.c.organisation_id.in_(organisations)))
    if row is None:
        return None
    who = open_json(reads, row.data_key_id, row.requester, f"case.requester:{case_id}")
    acts = _acts(reads, case_id)
    requests = _requests(reads, case_id, row.content_version)
    actors = {act.actor.removeprefix("staff:") for act in acts if act.actor.startswith("staff:")}
    actors |= {look.staff_id for request in requests for draft in request.drafts for look in draft.looks}
    return CaseView(
        id=case_id, organisation=row.organisation_id, number=row.number, name=(who or {}).get("name", ""),
        address=(who or {}).get("address", ""), erased=who is None, received_at=row.received_at,
        opened_at=row.opened_at, closed_at=row.closed_at, talks=_talks(reads, case_id), requests=requests,
        sendings=_sendings(reads, case_id), todo=_todo(reads, case_id), acts=acts,
        staff_names=staff.names(reads, actors), joined_into=_joined_into(reads, row.linked_to),
    )  # fmt: skip


def _joined_into(reads: Reads, case_id: str | None) -> tuple[str, str] | None:
    rows = table(Case)
    found = reads.one(select(rows.c.id, rows.c.number).where(rows.c.id == case_id)) if case_id else None
    return (found.id, found.number) if found is not None else None


def found(reads: Reads, finding_id: str, organisations: Collection[str]) -> FoundRows | None:
    """The records of one finding. The caller writes down that somebody looked."""
    rows, requests = table(Finding), table(Request)
    row = reads.one(
        select(rows.c.data_key_id, rows.c.content, rows.c.source, rows.c.request_id, requests.c.case_id)
        .join(requests, requests.c.id == rows.c.request_id)
        .where(rows.c.id == finding_id, rows.c.organisation_id.in_(organisations))
    )
    if row is None:
        return None
    content = open_json(reads, row.data_key_id, row.content, f"finding.content:{finding_id}")
    return FoundRows(row.case_id, row.request_id, row.source, (content or {}).get("tables", ()))


def letter_of(reads: Reads, draft_id: str, organisations: Collection[str]) -> tuple[str, Letter] | None:
    """Organisation and letter of one draft, for the view of it as it will be sent."""
    rows = table(Draft)
    row = reads.one(
        select(rows.c.organisation_id, rows.c.data_key_id, rows.c.letter).where(
            rows.c.id == draft_id, rows.c.organisation_id.in_(organisations)
        )
    )
    if row is None or not key_stands(reads, row.data_key_id):
        return None
    text = reads.keys.data(reads, row.data_key_id).open_text(row.letter, f"draft.letter:{draft_id}")
    return row.organisation_id, from_json(text)


def export_bytes(reads: Reads, export_id: str, organisations: Collection[str]) -> tuple[str, str, bytes] | None:
    """Case id, case number and the zip of an export that still exists."""
    rows, requests, cases = table(Export), table(Request), table(Case)
    row = reads.one(
        select(rows.c.data_key_id, rows.c.content, requests.c.case_id, cases.c.number)
        .join(requests, requests.c.id == rows.c.request_id)
        .join(cases, cases.c.id == requests.c.case_id)
        .where(rows.c.id == export_id, rows.c.organisation_id.in_(organisations))
    )
    if row is None or row.content is None or row.data_key_id is None or not key_stands(reads, row.data_key_id):
        return None
    plain = reads.keys.data(reads, row.data_key_id).open(row.content, f"export.content:{export_id}")
    return row.case_id, row.number, plain


def _talks(reads: Reads, case_id: str) -> tuple[Talk, ...]:
    rows = table(Conversation)
    messages = _messages(reads, case_id)
    identifiers = _identifiers(reads, case_id)
    query = select(rows).where(rows.c.case_id == case_id).order_by(rows.c.created_at, rows.c.id)
    return tuple(
        Talk(
            id=row.id, channel=row.channel, account=row.account, address=_address(reads, row), assurance=row.assurance,
            evidence=row.evidence, assured_until=row.assured_until, awaited=row.awaited, form=row.form,
            language=row.language, human_since=row.human_since, frozen=row.frozen,
            messages=tuple(message for message in messages if message.conversation_id == row.id),
            identifiers=tuple(item[1:] for item in identifiers if item[0] == row.id),
        )
        for row in reads.rows(query)
    )  # fmt: skip


def _address(reads: Reads, row: Any) -> str:
    if not key_stands(reads, row.data_key_id):
        return ""
    return reads.keys.data(reads, row.data_key_id).open_text(row.address, f"conversation.address:{row.id}")


def _messages(reads: Reads, case_id: str) -> list[Letterpost]:
    rows, talks = table(Message), table(Conversation)
    query = (
        select(rows)
        .join(talks, talks.c.id == rows.c.conversation_id)
        .where(talks.c.case_id == case_id)
        .order_by(rows.c.at, rows.c.id)
    )
    return [
        Letterpost(
            id=row.id, conversation_id=row.conversation_id, incoming=row.incoming, kind=row.kind, at=row.at,
            labels=tuple(row.labels or ()), outbox_id=row.outbox_id, inbound_id=row.inbound_id,
            content=open_json(reads, row.data_key_id, row.content, f"message.content:{row.id}"),
        )
        for row in reads.rows(query)
    ]  # fmt: skip


def _identifiers(reads: Reads, case_id: str) -> list[tuple[str, str, str, bool]]:
    rows, cases = table(CaseIdentifier), table(Case)
    query = (
        select(rows, cases.c.data_key_id)
        .join(cases, cases.c.id == rows.c.case_id)
        .where(rows.c.case_id == case_id)
        .order_by(rows.c.kind, rows.c.id)
    )
    found_rows = []
    for row in reads.rows(query):
        if key_stands(reads, row.data_key_id):
            sealer = reads.keys.data(reads, row.data_key_id)
            value = sealer.open_text(row.value, f"case_identifier.value:{row.id}")
            found_rows.append((row.conversation_id, row.kind, value, row.proven))
    return found_rows


def _requests(reads: Reads, case_id: str, content_version: int) -> tuple[RequestView, ...]:
    rows = table(Request)
    query = select(rows).where(rows.c.case_id == case_id).order_by(rows.c.received_at, rows.c.id)
    return tuple(
        RequestView(
            id=row.id, label=row.label, state=row.state, awaiting=row.awaiting, received_at=row.received_at,
            told_on=row.told_on, due_on=row.due_on, decision=row.decision or "", failure=row.failure,
            closed_at=row.closed_at, conversation_id=row.conversation_id, terms=_terms(reads, row.id),
            findings=_findings(reads, row.id), drafts=_drafts(reads, row.id, content_version),
            export=_export(reads, row.id), others_said=_others_said(reads, row),
        )
        for row in reads.rows(query)
    )  # fmt: skip


def _others_said(reads: Reads, row: Any) -> dict[str, str]:
    cases = table(Case)
    key_id = reads.value(select(cases.c.data_key_id).where(cases.c.id == row.case_id))
    if row.chosen is None or not key_stands(reads, key_id):
        return {}
    return {key: choice.value for key, choice in decided(chosen_of(reads, row, key_id)).items()}


def _terms(reads: Reads, request_id: str) -> tuple[Term, ...]:
    rows = table(Deadline)
    query = select(rows).where(rows.c.request_id == request_id, rows.c.cancelled_at.is_(None))
    return tuple(
        Term(row.kind, row.due_on, row.due_at, row.told, row.reasoning, row.fired_at)
        for row in reads.rows(query.order_by(rows.c.due_at, rows.c.id))
    )


def _findings(reads: Reads, request_id: str) -> tuple[SourceResult, ...]:
    """The newest answer of each source."""
    rows = table(Finding)
    query = select(
        rows.c.id, rows.c.source, rows.c.status, rows.c.rows_found.label("rows"), rows.c.error, rows.c.at
    ).where(rows.c.request_id == request_id)
    newest = {row.source: SourceResult(**row._mapping) for row in reads.rows(query.order_by(rows.c.at, rows.c.id))}
    return tuple(newest[name] for name in sorted(newest))


def _drafts(reads: Reads, request_id: str, content_version: int) -> tuple[DraftView, ...]:
    rows = table(Draft)
    query = select(rows).where(rows.c.request_id == request_id).order_by(rows.c.created_at.desc(), rows.c.id.desc())
    return tuple(_draft(reads, row, content_version) for row in reads.rows(query))


def _draft(reads: Reads, row: Any, content_version: int) -> DraftView:
    letter, notes = None, ()
    others: tuple[Other, ...] = ()
    if key_stands(reads, row.data_key_id):
        sealer = reads.keys.data(reads, row.data_key_id)
        letter = from_json(sealer.open_text(row.letter, f"draft.letter:{row.id}"))
        notes = tuple(sealer.open_json(row.notes, f"draft.notes:{row.id}"))
        if row.others is not None and row.status in _LIVE:
            others = from_plain(sealer.open_json(row.others, f"draft.others:{row.id}"))
    return DraftView(
        id=row.id, status=row.status, decision=row.decision, ground=row.ground, letter=letter, notes=notes,
        plan=row.plan, package_digest=row.package_digest, made_by=row.made_by, created_at=row.created_at,
        policy_version=row.policy_version, looks=_looks(reads, row.id, row.package_digest),
        outdated=row.content_version != content_version, others=others,
    )  # fmt: skip


def _looks(reads: Reads, draft_id: str, digest: str) -> tuple[Look, ...]:
    rows = table(Approval)
    query = select(rows).where(rows.c.draft_id == draft_id).order_by(rows.c.at, rows.c.id)
    return tuple(
        Look(row.staff_id, row.act, row.second_look, row.at, row.package_digest == digest) for row in reads.rows(query)
    )


def _export(reads: Reads, request_id: str) -> ExportView | None:
    rows = table(Export)
    query = select(
        rows.c.id, rows.c.digest, rows.c.size, rows.c.manifest, rows.c.created_at, rows.c.expires_at, rows.c.data_key_id
    ).where(rows.c.request_id == request_id)
    row = reads.one(query.order_by(rows.c.created_at.desc(), rows.c.id.desc()).limit(1))
    if row is None:
        return None
    kept = row.data_key_id is not None and row.expires_at > reads.now and key_stands(reads, row.data_key_id)
    return ExportView(row.id, row.digest, row.size, row.manifest, row.created_at, row.expires_at, kept)


def _sendings(reads: Reads, case_id: str) -> tuple[Sending, ...]:
    rows = table(Outbox)
    names = ("id", "kind", "status", "draft_id", "not_before", "sent_at", "server_reply", "created_at")
    query = select(*(rows.c[name] for name in names)).where(rows.c.case_id == case_id)
    return tuple(Sending(**row._mapping) for row in reads.rows(query.order_by(rows.c.created_at, rows.c.id)))


def _todo(reads: Reads, case_id: str) -> tuple[Todo, ...]:
    rows = table(WorkItem)
    names = ("id", "kind", "detail", "due_on", "opened_at", "request_id", "outbox_id", "inbound_id")
    query = select(*(rows.c[name] for name in names)).where(rows.c.case_id == case_id, rows.c.closed_at.is_(None))
    return tuple(Todo(**row._mapping) for row in reads.rows(query.order_by(rows.c.opened_at, rows.c.id)))


def _acts(reads: Reads, case_id: str) -> tuple[Act, ...]:
    rows = table(Audit)
    query = select(rows.c.at, rows.c.actor, rows.c.tag, rows.c.facts).where(rows.c.chain == case_id)
    return tuple(Act(row.at, row.actor, row.tag, row.facts or {}) for row in reads.rows(query.order_by(rows.c.seq)))
