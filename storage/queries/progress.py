"""How far requests are, for the person who asks: of some requests, or of all that one proven mailbox asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, or_, select

from cases.calendar import local_date
from cases.progress import Deed, Progress
from cases.types import OPEN_STATES, ActionStatus, Assurance, Awaiting, Label, RequestState, Verb
from storage.models import Conversation, Request, SourceAction, Suspension, table
from storage.unit import Reads

OfPerson = tuple[tuple[str, Progress], ...]  # (request, how far it is)
ABOUT_OTHERS = frozenset({Label.STATUS, Label.ANNULEREN})  # these are about other requests of the same person


def of_requests(reads: Reads, ids: Sequence[str]) -> Mapping[str, Progress]:
    """Request id → how far it is, in the order of `ids`."""
    if not ids:
        return {}
    requests, actions, pauses = table(Request), table(SourceAction), table(Suspension)
    rows = {row.id: row for row in reads.rows(select(requests).where(requests.c.id.in_(ids)))}
    standing = {
        row.request_id: row
        for row in reads.rows(select(pauses).where(pauses.c.request_id.in_(ids), pauses.c.answered_on.is_(None)))
    }
    changes: dict[str, list[Row[Any]]] = {}
    query = select(
        actions.c.request_id, actions.c.status, actions.c.verb, actions.c.source, actions.c.done_at,
        actions.c.not_before,
    )  # fmt: skip
    for change in reads.rows(query.where(actions.c.request_id.in_(ids)).order_by(actions.c.position)):
        changes.setdefault(change.request_id, []).append(change)
    return {one: _progress(rows[one], standing.get(one), changes.get(one, [])) for one in ids}


def _progress(row: Row[Any], pause: Row[Any] | None, changes: Sequence[Row[Any]]) -> Progress:
    state = RequestState(row.state)
    done = [one for one in changes if one.status == ActionStatus.DONE.value and one.done_at is not None]
    waiting = [one.not_before for one in changes if one.status == ActionStatus.WAITING.value]
    untouched = state is RequestState.EXECUTING and len(waiting) == len(
        [one for one in changes if one.status != ActionStatus.CANCELLED.value]
    )
    return Progress(
        label=Label(row.label), state=state, awaiting=Awaiting(row.awaiting), received_at=row.received_at,
        told_on=row.told_on, extended_on=row.extended_on,
        suspended_since=pause.asked_on if pause is not None and state in OPEN_STATES else None,
        suspended_for=pause.reason if pause is not None and state in OPEN_STATES else "",
        begins_on=local_date(min(waiting)) if waiting and untouched else None,
        deeds=tuple(dict.fromkeys(Deed(Verb(one.verb), one.source, local_date(one.done_at)) for one in done)),
    )  # fmt: skip


def of_person(reads: Reads, request_id: str) -> OfPerson:
    """What the person behind this request has open; else what ended last.

    Only of the conversation itself, and of conversations that were proven for the same mailbox: an address that was
    merely claimed leads nowhere.
    """
    requests, talks = table(Request), table(Conversation)
    own = reads.one(select(requests).where(requests.c.id == request_id))
    talk = reads.one(select(talks).where(talks.c.id == own.conversation_id)) if own is not None else None
    if own is None or talk is None:
        return ()
    theirs = talks.c.id == talk.id
    if talk.assurance >= int(Assurance.MAILBOX_PROVEN):
        mailbox = talk.ident_index or talk.address_index
        same = or_(talks.c.address_index == mailbox, talks.c.ident_index == mailbox)
        proven = talks.c.assurance >= int(Assurance.MAILBOX_PROVEN)
        theirs = theirs | (same & proven & talks.c.frozen.is_(False) & (talks.c.organisation_id == own.organisation_id))
    query = (
        select(requests)
        .where(requests.c.conversation_id.in_(select(talks.c.id).where(theirs)), requests.c.id != request_id)
        .where(requests.c.label.not_in([label.value for label in ABOUT_OTHERS]))
        .order_by(requests.c.told_on, requests.c.id)
    )
    rows = reads.rows(query)
    states = {state.value for state in OPEN_STATES}
    rows = [row for row in rows if row.state in states] or sorted(rows, key=lambda row: row.received_at)[-1:]
    known = of_requests(reads, [row.id for row in rows])
    return tuple(known.items())
