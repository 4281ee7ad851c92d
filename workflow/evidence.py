"""Evidence: asked only where it must be, sealed under a key of its own, gone on the day a person has looked.

A copy of an identity document is never a default step (art. 12(2), 5(1)(c)): the policy allows it or not, staff record
the doubt, the page says what to cover. A visible BSN is erased at once and a covered copy is asked (UAVG 46).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, requester_actor, staff_actor
from cases.errors import InputError, RuleError, Stale
from cases.identity import ProofMethod
from cases.policy import IdCopy
from cases.types import OutboxKind, WorkKind
from handlers import doing_notices
from storage.models import Conversation, Evidence, Link, table
from storage.queries.request_facts import newest_request
from storage.queries.writing import close_work, open_work
from storage.seal import token_digest
from storage.unit import Reads, Unit
from workflow import people
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import about, to_requester, write
from workflow.opening import new_token

LINK, ID_COPY, OTHER = "evidence", "id_copy", "other"
OPEN_FOR = timedelta(days=14)
KEPT_UNSEEN = timedelta(days=30)  # what nobody looked at goes all the same
MAX_FILE = 10_000_000  # bytes
MAGIC = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
OUTCOMES = ("accepted", "bsn_visible", "unclear")


@dataclass(frozen=True, slots=True)
class UploadPage:
    organisation: str
    case_number: str
    over: bool


async def ask_id_copy(desk: Desk, staff_id: str, conversation_id: str, doubt: str) -> None:
    """Asks a shielded copy on a named doubt. InputError: `id_copy_off`, `doubt_missing`, `not_allowed`."""
    facts = await desk.store.read(lambda reads: newest_request(reads, conversation_id))
    own = desk.organisation(facts.organisation)
    if own.policy.identity.id_copy is not IdCopy.NAMED_DOUBT:
        raise InputError("id_copy_off")
    if not doubt.strip():
        raise InputError("doubt_missing")
    token = new_token()
    at = about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    letter = doing_notices.id_copy(at, doubt=" ".join(doubt.split()), link=f"{desk.base_url}/bewijs/{token}")
    post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.CONFIRMATION, letter)

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        link_id = unit.new_id()
        unit.add(
            Link, id=link_id, organisation_id=facts.organisation, kind=LINK, token_digest=token_digest(token),
            conversation_id=conversation_id, created_at=unit.now, expires_at=unit.now + OPEN_FOR,
        )  # fmt: skip
        to_requester(unit, desk, facts, post, wait=desk.limits.undo)
        unit.record(
            AuditTag.LINK_MADE, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
            subject=link_id, kind=LINK,
        )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.outbox.set()


# --- the upload -----------------------------------------------------------------------------------------------------


def page(reads: Reads, token: str) -> UploadPage | None:
    row = _link(reads, token)
    if row is None:
        return None
    facts = newest_request(reads, row.conversation_id)
    return UploadPage(row.organisation_id, facts.case_number, row.expires_at <= reads.now or row.revoked_at is not None)


def _link(reads: Reads, token: str) -> Row[Any] | None:
    rows = table(Link)
    return reads.one(select(rows).where(rows.c.token_digest == token_digest(token), rows.c.kind == LINK))


def media_type_of(content: bytes) -> str:
    """By its first bytes, whatever the name says. InputError: `too_long`, `file_type`."""
    if len(content) > MAX_FILE:
        raise InputError("too_long")
    found = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), "")
    if not found:
        raise InputError("file_type")
    return found


async def upload(desk: Desk, token: str, content: bytes) -> None:
    """Keeps what was uploaded; the link closes with it. InputError: `no_link`, `too_long`, `file_type`. Stale: over."""
    media_type = media_type_of(content)

    def settle(unit: Unit) -> None:
        row = _link(unit, token)
        if row is None:
            raise InputError("no_link")
        if row.expires_at <= unit.now or row.revoked_at is not None:
            raise Stale("this link is over")
        unit.change(Link, row.id, if_={"revoked_at": None}, revoked_at=unit.now)
        conversations = table(Conversation)
        talk = unit.one(select(conversations).where(conversations.c.id == row.conversation_id))
        assert talk is not None
        keep(unit, talk, content, media_type, kind=ID_COPY)

    await desk.store.write(settle)


def keep(unit: Unit, talk: Row[Any], content: bytes, media_type: str, *, kind: str = OTHER) -> str:
    """Seals a file under a key of its own and puts a line on the staff list; gives its id. InputError `no_case`."""
    if talk.case_id is None or talk.frozen:
        raise InputError("no_case")
    evidence_id, key_id = unit.new_id(), unit.keys.new_data_key(unit, talk.organisation_id)
    unit.add(
        Evidence, id=evidence_id, organisation_id=talk.organisation_id, case_id=talk.case_id, conversation_id=talk.id,
        kind=kind, data_key_id=key_id, media_type=media_type, size=len(content), created_at=unit.now,
        content=unit.keys.data(unit, key_id).seal(content, f"evidence.content:{evidence_id}"),
    )  # fmt: skip
    open_work(unit, WorkKind.EVIDENCE, talk.organisation_id, same=evidence_id, case_id=talk.case_id, detail=kind)
    unit.record(
        AuditTag.EVIDENCE_RECEIVED, organisation=talk.organisation_id, actor=requester_actor(talk.id),
        case=talk.case_id, subject=evidence_id, kind=kind, size=len(content),
    )  # fmt: skip
    return evidence_id


# --- a person looks, and it goes --------------------------------------------------------------------------------------


async def look(desk: Desk, staff_id: str, evidence_id: str) -> tuple[str, bytes]:
    """The file for the eyes of somebody who decides; that somebody looked is written down. Stale: it is gone."""

    def read(unit: Unit) -> tuple[str, bytes]:
        row = _standing(unit, evidence_id)
        may_decide(unit, staff_id, row.organisation_id)
        unit.record(
            AuditTag.CASE_VIEWED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=evidence_id,
        )  # fmt: skip
        sealer = unit.keys.data(unit, row.data_key_id)
        return str(row.media_type), sealer.open(row.content, f"evidence.content:{evidence_id}")

    return await desk.store.write(read)


async def judge(desk: Desk, staff_id: str, evidence_id: str, outcome: str) -> None:
    """Accepted: the identity is confirmed by a person. Whatever the outcome, the file is erased now.

    InputError `unknown_kind`; Stale: it is gone.
    """
    if outcome not in OUTCOMES:
        raise InputError("unknown_kind")

    def settle(unit: Unit) -> Row[Any]:
        row = _standing(unit, evidence_id)
        may_decide(unit, staff_id, row.organisation_id)
        _erase(unit, row, "quarantined" if outcome == "bsn_visible" else "checked", staff_actor(staff_id))
        unit.record(
            AuditTag.EVIDENCE_CHECKED, organisation=row.organisation_id, actor=staff_actor(staff_id), case=row.case_id,
            subject=evidence_id, outcome=outcome,
        )  # fmt: skip
        return row

    row = await desk.store.write(settle)
    if outcome == "accepted" and row.kind == ID_COPY:
        await people.confirm_identity(desk, staff_id, row.conversation_id, ProofMethod.ID_COPY)


def _erase(unit: Unit, row: Row[Any], status: str, actor: str) -> None:
    unit.keys.erase(unit, row.data_key_id)
    unit.change(
        Evidence, row.id, if_={"status": row.status}, status=status, content=None, data_key_id=None,
        checked_at=unit.now, checked_by=actor,
    )  # fmt: skip
    close_work(unit, WorkKind.EVIDENCE, actor=actor, same=f"{WorkKind.EVIDENCE.value}:{row.id}")
    unit.record(
        AuditTag.EVIDENCE_ERASED, organisation=row.organisation_id, actor=actor, case=row.case_id, subject=row.id
    )


def _standing(unit: Unit, evidence_id: str) -> Row[Any]:
    rows = table(Evidence)
    row = unit.one(select(rows).where(rows.c.id == evidence_id))
    if row is None:
        raise RuleError("no such evidence")
    if row.data_key_id is None:
        raise Stale("this evidence is gone")
    return row


async def forget(desk: Desk) -> int:
    """What nobody looked at in thirty days is erased; gives how many. An hourly tick."""

    def settle(unit: Unit) -> int:
        rows = table(Evidence)
        old = unit.rows(
            select(rows).where(rows.c.data_key_id.is_not(None), rows.c.created_at < unit.now - KEPT_UNSEEN).limit(100)
        )
        for row in old:
            _erase(unit, row, "erased", "program")
        return len(old)

    return await desk.store.write(settle)
