"""A note beside an Intercom conversation that became a case, for the colleagues who work there; once per case.

Case number, kind, date and a link: never the draft, never data (design, section 9). It goes through the outbox like
everything that leaves; the customer does not see it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, exists, select

from cases.calendar import long_date
from cases.types import ChannelKind, OutboxKind
from handlers.wording import staff_texts
from storage.models import Case, Conversation, Outbox, Request, table
from storage.queries.writing import Post, Route, queue
from storage.unit import Unit
from workflow.desk import Desk

NOTE = "note:"  # before the recipient: the side of a conversation that only colleagues see (`intake/intercom/sender`)
BATCH = 20


async def sweep(desk: Desk) -> int:
    """Writes the notes that are missing; gives their number."""
    written = await desk.store.write(lambda unit: _sweep(unit, desk))
    if written:
        desk.wake.outbox.set()
    return written


def _sweep(unit: Unit, desk: Desk) -> int:
    talks, cases, outbox = table(Conversation), table(Case), table(Outbox)
    told = exists().where(
        outbox.c.case_id == talks.c.case_id, outbox.c.channel == ChannelKind.INTERCOM.value,
        outbox.c.kind == OutboxKind.STAFF_NOTICE.value,
    )  # fmt: skip
    found = unit.rows(
        select(talks, cases.c.number, cases.c.data_key_id.label("case_key_id"))
        .join(cases, cases.c.id == talks.c.case_id)
        .where(talks.c.channel == ChannelKind.INTERCOM.value, ~told, cases.c.closed_at.is_(None))
        .where(talks.c.account.in_(desk.senders), talks.c.organisation_id.in_(desk.organisations))
        .order_by(talks.c.created_at)
        .limit(BATCH)
    )
    for talk in found:
        _write(unit, desk, talk)
    return len(found)


def _write(unit: Unit, desk: Desk, talk: Row[Any]) -> None:
    requests = table(Request)
    asked = unit.rows(
        select(requests.c.label, requests.c.told_on)
        .where(requests.c.case_id == talk.case_id)
        .order_by(requests.c.told_on)
    )
    text = staff_texts().say(
        "intercom_note.text", case=talk.number, kind=", ".join(row.label for row in asked),
        told=long_date(asked[0].told_on), link=f"{desk.base_url}/bureau/zaak/{talk.case_id}",
    )  # fmt: skip
    conversation = unit.keys.data(unit, talk.data_key_id).open_text(talk.address, f"conversation.address:{talk.id}")
    outbox_id, mailbox = unit.new_id(), desk.organisation(talk.organisation_id).mailbox
    route = Route(
        talk.organisation_id, ChannelKind.INTERCOM, talk.account, f"{NOTE}{conversation}", talk.address_index,
        talk.case_key_id, None, talk.case_id,
    )  # fmt: skip
    queue(
        unit, route, Post(OutboxKind.STAFF_NOTICE, "", text, "", in_chat=True), outbox_id=outbox_id,
        message_id=desk.threads.message_id(talk.organisation_id, mailbox, outbox_id),
    )  # fmt: skip
