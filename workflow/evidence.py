"""Something a requester has to show: asked by staff, uploaded on the case page, looked at once, erased that day.

A copy of an identity document is never a default step: only where the policy allows it and after staff named their
doubt (art. 12(2) and 12(6); art. 5(1)(c)). It is sealed with a key of its own below the case's, so erasing empties that
key. The citizen service number, the photo and the machine-readable lines must be covered (art. 46 UAVG).
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, requester_actor, staff_actor
from cases.calendar import at_hour, local_date
from cases.errors import InputError, Stale
from cases.identity import ProofMethod
from cases.policy_values import IdCopy
from cases.types import OutboxKind, WorkKind
from handlers import doing_notices
from storage.models import Case, Conversation, Evidence, Link, table
from storage.queries.request_facts import newest_request
from storage.queries.requester import CaseLink
from storage.queries.writing import close_work, open_work
from storage.seal import token_digest
from storage.unit import Unit
from workflow import people
from workflow.desk import Desk
from workflow.notices import about, to_requester
from workflow.notices import write as render
from workflow.opening import LINK_LIFE, new_token

MAX_FILE = 10_000_000  # bytes
ASKED, STORED, CHECKED = "asked", "stored", "checked"
_BEGINNINGS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class EvidenceKind(StrEnum):
    ID_COPY = "id_copy"
    MANDATE = "mandate"
    OTHER = "other"


async def ask_id_copy(desk: Desk, staff_id: str, conversation_id: str, doubt: str) -> str:
    """Asks a shielded copy on a named doubt, with a mail that says what to cover. InputErrors as `ask`."""
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))
    evidence_id = await ask(desk, staff_id, conversation_id, EvidenceKind.ID_COPY, doubt)
    token = new_token()
    at = about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    letter = doing_notices.id_copy(at, doubt=" ".join(doubt.split()), link=f"{desk.base_url}/z/{token}")
    post = await desk.in_thread(render, desk, facts.organisation, OutboxKind.CONFIRMATION, letter)

    def write(unit: Unit) -> None:
        unit.add(
            Link, id=unit.new_id(), organisation_id=facts.organisation, kind="case",
            token_digest=token_digest(token), conversation_id=conversation_id, created_at=unit.now,
            expires_at=unit.now + LINK_LIFE,
        )  # fmt: skip
        to_requester(unit, desk, facts, post, wait=desk.limits.undo)

    await desk.store.write(write)
    desk.wake.outbox.set()
    return evidence_id


async def ask(desk: Desk, staff_id: str, conversation_id: str, kind: EvidenceKind, doubt: str) -> str:
    """Opens the upload on the case page. InputError: `no_case`, `no_id_copy` (the policy), `no_doubt` (why is it)."""

    def write(unit: Unit) -> str:
        talks = table(Conversation)
        talk = unit.one(select(talks).where(talks.c.id == conversation_id))
        if talk is None or talk.case_id is None:
            raise InputError("no_case")
        if kind is EvidenceKind.ID_COPY:
            if desk.organisation(talk.organisation_id).policy.identity.id_copy is IdCopy.OFF:
                raise InputError("no_id_copy")
            if not doubt.strip():
                raise InputError("no_doubt")
        evidence_id, named = unit.new_id(), doubt.strip()[:300]
        sealer = unit.keys.data(unit, talk.data_key_id)
        unit.add(
            Evidence, id=evidence_id, organisation_id=talk.organisation_id, case_id=talk.case_id,
            conversation_id=talk.id, kind=kind.value, media_type="", size=0, status=ASKED, created_at=unit.now,
            doubt=sealer.seal_text(named, f"evidence.doubt:{evidence_id}") if named else None,
        )  # fmt: skip
        unit.record(
            AuditTag.EVIDENCE_ASKED, organisation=talk.organisation_id, actor=staff_actor(staff_id),
            case=talk.case_id, subject=evidence_id, kind=kind.value,
        )  # fmt: skip
        return evidence_id

    return await desk.store.write(write)


def media_type_of(content: bytes) -> str:
    """By what the file begins with, whatever it is called; "" for what is not taken."""
    return next((kind for begin, kind in _BEGINNINGS.items() if content.startswith(begin)), "")


async def take(desk: Desk, link: CaseLink, evidence_id: str, content: bytes) -> None:
    """The requester's file. InputError: `file_empty`, `file_large`, `file_type`. Stale: nobody asks for it."""
    if not content:
        raise InputError("file_empty")
    if len(content) > MAX_FILE:
        raise InputError("file_large")
    media_type = media_type_of(content)
    if not media_type:
        raise InputError("file_type")

    def write(unit: Unit) -> None:
        rows, cases = table(Evidence), table(Case)
        row = unit.one(select(rows).where(rows.c.id == evidence_id, rows.c.conversation_id == link.conversation_id))
        if row is None or row.status != ASKED or link.frozen:
            raise Stale("this is not asked for")
        parent = unit.value(select(cases.c.data_key_id).where(cases.c.id == row.case_id))
        key_id = unit.keys.new_data_key(unit, row.organisation_id, parent=parent)
        unit.change(
            Evidence, row.id, if_={"status": ASKED}, status=STORED, data_key_id=key_id, media_type=media_type,
            size=len(content), created_at=unit.now, checked_at=None, checked_by="",
            content=unit.keys.data(unit, key_id).seal(content, f"evidence.content:{row.id}"),
        )  # fmt: skip
        open_work(unit, WorkKind.EVIDENCE, row.organisation_id, same=row.id, case_id=row.case_id)
        unit.record(
            AuditTag.EVIDENCE_RECEIVED, organisation=row.organisation_id, actor=requester_actor(row.conversation_id),
            case=row.case_id, subject=row.id, size=len(content),
        )  # fmt: skip

    await desk.store.write(write)


async def look(desk: Desk, staff_id: str, evidence_id: str) -> tuple[str, bytes]:
    """Media type and bytes, for staff; that they looked is recorded, and from then on it goes that day. Stale: gone."""

    def read(unit: Unit) -> tuple[str, bytes]:
        rows = table(Evidence)
        row = unit.one(select(rows).where(rows.c.id == evidence_id))
        if row is None or row.status != STORED or row.data_key_id is None:
            raise Stale("this evidence is gone")
        unit.change(Evidence, row.id, checked_at=unit.now, checked_by=staff_id)
        unit.record(
            AuditTag.EVIDENCE_CHECKED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=row.id,
        )  # fmt: skip
        return row.media_type, unit.keys.data(unit, row.data_key_id).open(row.content, f"evidence.content:{row.id}")

    return await desk.store.write(read)


async def settle(desk: Desk, staff_id: str, evidence_id: str, *, again: bool, accepted: bool = False) -> None:
    """Looked at: it goes now, whatever it showed. `again`: it was not usable (a number was visible), ask once more.

    `accepted`: a copy that shows who somebody is confirms the identity, in the name of who looked.
    """

    def write(unit: Unit) -> Row[Any]:
        rows = table(Evidence)
        row = unit.one(select(rows).where(rows.c.id == evidence_id))
        if row is None or row.status != STORED:
            raise Stale("this evidence is gone")
        unit.keys.erase(unit, row.data_key_id)
        unit.change(
            Evidence, row.id, if_={"status": STORED}, status=ASKED if again else CHECKED, content=None,
            data_key_id=None, checked_at=unit.now, checked_by=staff_id,
        )  # fmt: skip
        close_work(unit, WorkKind.EVIDENCE, actor=staff_actor(staff_id), same=f"{WorkKind.EVIDENCE.value}:{row.id}")
        unit.record(
            AuditTag.EVIDENCE_ERASED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=row.id,
        )  # fmt: skip
        return row

    row = await desk.store.write(write)
    if accepted and row.kind == EvidenceKind.ID_COPY.value:
        await people.confirm_identity(desk, staff_id, row.conversation_id, ProofMethod.ID_COPY)


KEPT_UNSEEN = timedelta(days=30)


async def forget(desk: Desk) -> int:
    """What was looked at and not judged goes at the end of that day, what nobody looked at in thirty days.

    Art. 5(1)(e); gives how many. An hourly tick.
    """

    def write(unit: Unit) -> int:
        rows = table(Evidence)
        seen = rows.c.checked_at < at_hour(local_date(unit.now), 0)
        old = rows.c.data_key_id.is_not(None) & ((rows.c.created_at < unit.now - KEPT_UNSEEN) | seen)
        found = unit.rows(select(rows).where(old).limit(100))
        for row in found:
            unit.keys.erase(unit, row.data_key_id)
            unit.change(Evidence, row.id, status="erased", content=None, data_key_id=None)
            close_work(unit, WorkKind.EVIDENCE, actor=PROGRAM, same=f"{WorkKind.EVIDENCE.value}:{row.id}")
            unit.record(
                AuditTag.EVIDENCE_ERASED, organisation=row.organisation_id, actor=PROGRAM, case=row.case_id,
                subject=row.id,
            )  # fmt: skip
        return len(found)

    return await desk.store.write(write)
