"""From the case page to the download: a fresh secret for the export that was sent. Opening it still asks a code."""

from __future__ import annotations

from datetime import timedelta

from cases.audit import AuditTag, requester_actor
from cases.errors import InputError
from storage.models import Link
from storage.queries.requester import CaseLink
from storage.seal import token_digest
from storage.unit import Unit
from workflow.desk import Desk
from workflow.opening import new_token


async def fresh_link(desk: Desk, link: CaseLink) -> str:
    """The secret of a new download page (`/d/…`). InputError `link_ended` when there is nothing to download."""
    export, token = link.export, new_token()
    if export is None or link.frozen:
        raise InputError("link_ended")
    days = desk.organisation(link.organisation).policy.links.link_days

    def write(unit: Unit) -> None:
        link_id = unit.new_id()
        unit.add(
            Link, id=link_id, organisation_id=link.organisation, kind="export", token_digest=token_digest(token),
            conversation_id=link.conversation_id, request_id=export.request_id, export_id=export.id,
            created_at=unit.now, expires_at=min(unit.now + timedelta(days=days), export.kept_until),
        )  # fmt: skip
        unit.record(
            AuditTag.LINK_MADE, organisation=link.organisation, actor=requester_actor(link.conversation_id),
            case=link.case_id, subject=link_id,
        )  # fmt: skip

    await desk.store.write(write)
    return token
