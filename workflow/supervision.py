"""Under supervision a message that leaves waits for a click: it goes, or it never will, and nothing is left hanging.

A letter that does not go is open again as a draft; a mail with a code that does not go takes its code with it, and the
conversation is a person's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError
from cases.types import OutboxStatus, WorkKind
from storage.models import Case, Conversation, Draft, Export, IdentityCode, Link, Outbox, table
from storage.queries.writing import close_work, open_work
from storage.unit import Unit
from workflow.approval import letter_back
from workflow.desk import Desk


async def release(desk: Desk, staff_id: str, outbox_id: str, *, send: bool) -> None:
    """InputError `frozen`, `overtaken` (something came in since), `export_gone`; RuleError: it waits no more."""

    def write(unit: Unit) -> None:
        rows = table(Outbox)
        row = unit.one(select(rows).where(rows.c.id == outbox_id))
        if row is None or row.status != OutboxStatus.HELD.value:
            raise RuleError("this message waits no more")
        if send:
            _may_leave(unit, desk, row)
            unit.change(
                Outbox, outbox_id, if_={"status": OutboxStatus.HELD.value}, status=OutboxStatus.QUEUED.value,
                created_at=unit.now, not_before=max(row.not_before, unit.now),
            )  # fmt: skip
        elif row.draft_id is not None:
            letter_back(unit, staff_id, row)
            return
        else:
            _never(unit, row)
        actor = staff_actor(staff_id)
        close_work(unit, WorkKind.RELEASE, actor=actor, outbox_id=outbox_id)
        unit.record(
            AuditTag.MAIL_RELEASED if send else AuditTag.MAIL_CANCELLED, organisation=row.organisation_id, actor=actor,
            case=row.case_id, subject=outbox_id, kind=row.kind,
        )  # fmt: skip

    await desk.store.write(write)
    desk.wake.outbox.set()


def _may_leave(unit: Unit, desk: Desk, row: Row[Any]) -> None:
    conversations, drafts, cases = table(Conversation), table(Draft), table(Case)
    if row.conversation_id is not None and unit.value(
        select(conversations.c.frozen).where(conversations.c.id == row.conversation_id)
    ):
        raise InputError("frozen")
    if row.draft_id is None:
        return
    draft = unit.one(select(drafts).where(drafts.c.id == row.draft_id))
    version = unit.value(select(cases.c.content_version).where(cases.c.id == row.case_id))
    if draft is None or draft.content_version != version:
        raise InputError("overtaken")
    if draft.export_id is not None:
        _export_lives(unit, desk, row, draft.export_id)


def _export_lives(unit: Unit, desk: Desk, row: Row[Any], export_id: str) -> None:
    """Its time counts from the moment the letter leaves."""
    exports, links = table(Export), table(Link)
    if unit.value(select(exports.c.data_key_id).where(exports.c.id == export_id)) is None:
        raise InputError("export_gone")
    terms = desk.organisation(row.organisation_id).policy.links
    unit.change(Export, export_id, expires_at=unit.now + timedelta(days=terms.export_days))
    unit.execute(
        links.update()
        .where(links.c.export_id == export_id, links.c.revoked_at.is_(None))
        .values(expires_at=unit.now + timedelta(days=terms.link_days))
    )


def _never(unit: Unit, row: Row[Any]) -> None:
    unit.change(
        Outbox, row.id, if_={"status": OutboxStatus.HELD.value}, status=OutboxStatus.CANCELLED.value,
    )  # fmt: skip
    codes, conversations = table(IdentityCode), table(Conversation)
    unit.execute(codes.update().where(codes.c.outbox_id == row.id, codes.c.used_at.is_(None)).values(void_at=unit.now))
    if row.conversation_id is not None:
        unit.execute(
            conversations.update()
            .where(conversations.c.id == row.conversation_id, conversations.c.human_since.is_(None))
            .values(human_since=unit.now)
        )
    if row.case_id is not None:
        open_work(
            unit, WorkKind.HANDLE, row.organisation_id, same=f"unsent:{row.id}", case_id=row.case_id,
            request_id=row.request_id, outbox_id=row.id, detail=row.kind,
        )  # fmt: skip
