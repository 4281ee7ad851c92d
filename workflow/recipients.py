"""Telling recipients of a change (art. 19), each tracked. Whom to tell is the handler's plan; here it is done.

A recipient with an address gets a mail with the person's reference in the system that both know and a button; the
mail names nobody. One without an address is work for a person. What was changed in the recipient's own system by the
plan itself needs no mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag
from cases.errors import InputError
from cases.policy import Recipient
from cases.types import ChannelKind, Form, Label, NoticeStatus, OutboxKind, Verb, WorkKind
from handlers.doing_notices import to_recipient
from storage.models import RecipientNotice, Request, table
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import Post, Route, close_work, open_work, queue
from storage.seal import token_digest
from storage.unit import Unit
from workflow.desk import Desk
from workflow.notices import write
from workflow.opening import new_token

RECIPIENT = "recipient"  # actor of a confirmation: whoever holds the link


# What a recipient is told is what was asked, not the first of the changes it came to.
_TOLD = {
    Label.CORRECTIE: Verb.CORRECT,
    Label.BEPERKING: Verb.RESTRICT,
    Label.BEZWAAR: Verb.RESTRICT,
    Label.AFMELDEN: Verb.OPT_OUT,
    Label.INTREKKEN: Verb.OPT_OUT,
}


def verb_of(facts: RequestFacts) -> Verb:
    return _TOLD.get(facts.label, Verb.ERASE)


def written(desk: Desk, facts: RequestFacts, tell: Sequence[str]) -> dict[str, tuple[Post, str]]:
    """Per recipient with an address: the mail and the secret of its page. CPU work."""
    own = desk.organisation(facts.organisation)
    made = {}
    for recipient in _named(desk, facts, tell):
        if not recipient.notify:
            continue
        token = new_token()
        letter = to_recipient(
            own.texts[Form.NL_U], own.policy, recipient, verb=verb_of(facts), case_number=facts.case_number,
            reference=_reference(facts), link=f"{desk.base_url}/ontvanger/{token}",
        )  # fmt: skip
        made[recipient.key] = (write(desk, facts.organisation, OutboxKind.RECIPIENT, letter), token)
    return made


def _named(desk: Desk, facts: RequestFacts, tell: Sequence[str]) -> list[Recipient]:
    known = {recipient.key: recipient for recipient in desk.organisation(facts.organisation).policy.recipients}
    return [known[key] for key in tell if key in known]


def _reference(facts: RequestFacts) -> str:
    """A number that both sides know; the case number where there is none."""
    numbers = [one.value for one in facts.identifiers if one.kind == "customer_number" and one.proven]
    return numbers[0] if numbers else facts.case_number


def tell(
    unit: Unit, desk: Desk, facts: RequestFacts, keys: Sequence[str],
    mails: Mapping[str, tuple[Post, str]],
) -> None:  # fmt: skip
    """One row per recipient; the mail where there is one, else a line for staff. Twice is once."""
    rows = table(RecipientNotice)
    own = desk.organisation(facts.organisation)
    for recipient in _named(desk, facts, keys):
        known = select(rows.c.id).where(rows.c.request_id == facts.id, rows.c.recipient == recipient.key)
        if unit.one(known) is not None:
            continue
        outbox_id, digest, mail = None, None, mails.get(recipient.key)
        if mail is not None:
            outbox_id, digest = unit.new_id(), token_digest(mail[1])
            route = Route(
                facts.organisation, ChannelKind.EMAIL, own.mailbox, recipient.notify,
                desk.index(facts.organisation, "email", recipient.notify), facts.case_key_id, None, facts.case_id,
            )  # fmt: skip
            queue(
                unit, route, mail[0], outbox_id=outbox_id, request_id=facts.id,
                message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
            )  # fmt: skip
        else:
            open_work(
                unit, WorkKind.RECIPIENT, facts.organisation, same=f"{facts.id}:{recipient.key}",
                case_id=facts.case_id, detail=recipient.key, facts={"request": facts.id},
            )  # fmt: skip
        unit.add(
            RecipientNotice, id=unit.new_id(), organisation_id=facts.organisation, request_id=facts.id,
            recipient=recipient.key, verb=verb_of(facts).value, outbox_id=outbox_id, token_digest=digest,
            data_key_id=facts.case_key_id, created_at=unit.now, sent_at=unit.now if mail else None,
            status=(NoticeStatus.SENT if mail else NoticeStatus.WAITING).value,
        )  # fmt: skip
        unit.record(
            AuditTag.RECIPIENT_TOLD, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id,
            subject=facts.id, recipient=recipient.key, by_mail=mail is not None,
        )  # fmt: skip


def by_token(unit: Unit, token: str) -> Row[Any] | None:
    rows = table(RecipientNotice)
    return unit.one(select(rows).where(rows.c.token_digest == token_digest(token)))


async def confirm(desk: Desk, token: str) -> str:
    """The recipient pressed the button; gives the organisation. Twice is once. InputError `no_link`."""

    def settle(unit: Unit) -> str:
        row = by_token(unit, token)
        if row is None:
            raise InputError("no_link")
        _confirmed(unit, row, actor=RECIPIENT, status=NoticeStatus.CONFIRMED, note="")
        return str(row.organisation_id)

    return await desk.store.write(settle)


async def settle_by_staff(desk: Desk, actor: str, notice_id: str, *, impossible: str = "") -> None:
    """Staff told the recipient themselves; or could not, and say why (art. 19: impossible or disproportionate)."""

    def settle(unit: Unit) -> None:
        rows = table(RecipientNotice)
        row = unit.one(select(rows).where(rows.c.id == notice_id))
        if row is None:
            raise InputError("no_link")
        status = NoticeStatus.IMPOSSIBLE if impossible else NoticeStatus.CONFIRMED
        _confirmed(unit, row, actor=actor, status=status, note=impossible[:300])

    await desk.store.write(settle)


def _confirmed(unit: Unit, row: Row[Any], *, actor: str, status: NoticeStatus, note: str) -> None:
    if row.status in (NoticeStatus.CONFIRMED.value, NoticeStatus.IMPOSSIBLE.value):
        return
    requests = table(Request)
    case_id = unit.value(select(requests.c.case_id).where(requests.c.id == row.request_id))
    sealed = None
    if note:
        sealed = unit.keys.data(unit, row.data_key_id).seal_text(note, f"recipient_notice.note:{row.id}")
    unit.change(RecipientNotice, row.id, status=status.value, confirmed_at=unit.now, note=sealed)
    close_work(unit, WorkKind.RECIPIENT, actor=actor, case_id=case_id, detail=row.recipient)
    unit.record(
        AuditTag.RECIPIENT_CONFIRMED, organisation=row.organisation_id, actor=actor, case=case_id,
        subject=row.request_id, recipient=row.recipient, status=status.value,
    )  # fmt: skip
