"""Senders that staff marked as spam. Their mail is kept on a list; what asks for something is still shown."""

from __future__ import annotations

from sqlalchemy import select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError
from cases.messages import RawInbound
from cases.types import OPEN_STATES, InboundOutcome, WorkKind
from storage.models import Conversation, Inbound, Request, SenderMark, table
from storage.queries.inbound import raw_of
from storage.queries.writing import close_work
from storage.unit import Reads, Unit
from workflow import forwards
from workflow.desk import Desk


async def mark_spam(desk: Desk, staff_id: str, inbound_id: str, *, spam: bool) -> None:
    """Marks the sender of a message, or takes the mark off. InputError `no_sender`, `copy_erased`, `own_sender`."""

    def read(reads: Reads) -> tuple[str, RawInbound]:
        rows = table(Inbound)
        row = reads.one(select(rows).where(rows.c.id == inbound_id))
        if row is None:
            raise RuleError("no such message")
        if row.data_key_id is None:
            raise InputError("copy_erased")
        return row.organisation_id, raw_of(reads, row)

    organisation, raw = await desk.store.read(read)
    parsed = await desk.in_thread(desk.normalise, raw)
    if not parsed.from_address:
        raise InputError("no_sender")
    if spam and forwards.of_ours(desk, organisation, parsed.from_address):
        raise InputError("own_sender")
    index = desk.index(organisation, "email", parsed.from_address)

    def write(unit: Unit) -> None:
        marks, rows = table(SenderMark), table(Inbound)
        here = marks.c.organisation_id == organisation, marks.c.address_index == index
        if spam and _has_case(unit, organisation, index):  # From is a claim: a forger must not silence a customer
            raise InputError("own_sender")
        actor = staff_actor(staff_id)
        stands = unit.one(select(marks.c.id).where(*here)) is not None
        if spam and not stands:
            unit.add(
                SenderMark, id=unit.new_id(), organisation_id=organisation, address_index=index, marked_at=unit.now,
                marked_by=actor,
            )  # fmt: skip
            undecided = rows.c.outcome.in_([InboundOutcome.TRIAGE.value, InboundOutcome.NO_REQUEST.value])
            unit.execute(
                rows.update().where(rows.c.id == inbound_id, undecided).values(outcome=InboundOutcome.SPAM.value)
            )
            close_work(unit, WorkKind.TRIAGE, WorkKind.OTHER_MAIL, actor=actor, inbound_id=inbound_id)
        elif not spam:
            unit.execute(marks.delete().where(*here))
        unit.record(AuditTag.SENDER_MARKED, organisation=organisation, actor=actor, subject=inbound_id, spam=spam)

    await desk.store.write(write)


def _has_case(reads: Reads, organisation: str, index: str) -> bool:
    """Whether a request of that address runs."""
    conversations, requests = table(Conversation), table(Request)
    query = (
        select(requests.c.id)
        .join(conversations, conversations.c.case_id == requests.c.case_id)
        .where(conversations.c.organisation_id == organisation, conversations.c.address_index == index)
        .where(requests.c.state.in_([state.value for state in OPEN_STATES]))
    )
    return reads.one(query) is not None
