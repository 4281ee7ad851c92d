"""Art. 20(2): data go straight to another party, named by the person and confirmed on the proven channel.

Staff type the party's name and address from the request; the person confirms both behind a link in a mail to the
proven address. When the answer has left, the party gets a link of its own, opened with a code to that very address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, requester_actor, staff_actor
from cases.errors import InputError, RuleError, Stale
from cases.types import Assurance, ChannelKind, DraftStatus, Form, Label, OutboxKind, RequestState
from handlers import doing_notices
from handlers.notices import About
from storage.models import Conversation, Draft, Export, Link, Request, Transfer, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import Post, Route, queue
from storage.seal import token_digest
from storage.unit import Reads, Unit
from workflow import questions
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.notices import about, to_requester, write
from workflow.opening import new_token

LINK = "transfer"
CONFIRM_WITHIN = timedelta(days=14)
_OPEN = frozenset({RequestState.PREPARING, RequestState.AWAITING_APPROVAL})


@dataclass(frozen=True, slots=True)
class TransferPage:
    """What the person sees before confirming."""

    organisation: str
    case_number: str
    party: str
    address: str
    over: bool


async def ask(desk: Desk, staff_id: str, request_id: str, party: str, address: str) -> None:
    """Asks the person to confirm who gets the data. InputError: `not_proven`, `no_party`, `not_allowed`."""
    facts = await desk.store.read(lambda reads: request_facts(reads, request_id))
    if facts is None or facts.label is not Label.OVERDRACHT:
        raise RuleError("no such request")
    if facts.assurance < Assurance.CODE_TO_KNOWN_ADDRESS or facts.frozen:
        raise InputError("not_proven")
    if facts.state not in _OPEN:
        raise Stale("this request is past the point where a party can be named")
    party, address = " ".join(party.split()), address.strip().lower()
    if not party or address.count("@") != 1 or any(char.isspace() for char in address):
        raise InputError("no_party")
    token = new_token()
    letter = doing_notices.transfer_ask(_about(desk, facts), party=party, link=f"{desk.base_url}/overdracht/{token}")
    post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.CONFIRMATION, letter)

    def settle(unit: Unit) -> None:
        may_decide(unit, staff_id, facts.organisation)
        row_id = unit.new_id()
        _end_older(unit, request_id)
        sealer = unit.keys.data(unit, facts.case_key_id)
        unit.add(
            Transfer, id=row_id, organisation_id=facts.organisation, request_id=request_id,
            data_key_id=facts.case_key_id, asked_at=unit.now,
            party=sealer.seal_json({"name": party, "address": address}, f"transfer.party:{row_id}"),
            address_index=desk.index(facts.organisation, "email", address),
        )  # fmt: skip
        unit.add(
            Link, id=row_id, organisation_id=facts.organisation, kind=LINK, token_digest=token_digest(token),
            conversation_id=facts.conversation_id, request_id=request_id, created_at=unit.now,
            expires_at=unit.now + CONFIRM_WITHIN,
        )  # fmt: skip
        to_requester(unit, desk, facts, post, request_id=request_id)
        unit.record(
            AuditTag.LINK_MADE, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
            subject=row_id, kind=LINK,
        )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.outbox.set()


def page(reads: Reads, token: str) -> TransferPage | None:
    link = _link(reads, token)
    row = _asked(reads, link.id) if link is not None else None
    if link is None or row is None:
        return None
    facts = request_facts(reads, link.request_id)
    assert facts is not None
    party = _party(reads, row)
    over = link.expires_at <= reads.now or link.revoked_at is not None or row.confirmed_at is not None
    return TransferPage(link.organisation_id, facts.case_number, party["name"], party["address"], over)


async def confirm(desk: Desk, token: str) -> None:
    """The person pressed the button: the answer is made for that party. InputError `no_link`; Stale: over."""

    def settle(unit: Unit) -> None:
        link = _link(unit, token)
        row = _asked(unit, link.id) if link is not None else None
        if link is None or row is None:
            raise InputError("no_link")
        facts = request_facts(unit, link.request_id)
        over = link.expires_at <= unit.now or link.revoked_at is not None or row.confirmed_at is not None
        if over or facts is None or facts.frozen or facts.state not in _OPEN:
            raise Stale("this link is over")
        actor, party = requester_actor(link.conversation_id), _party(unit, row)
        unit.change(Transfer, row.id, if_={"confirmed_at": None}, confirmed_at=unit.now)
        questions.keep(unit, link.request_id, {"party": "other"}, actor=actor)
        questions.settled(unit, link.request_id, "party_name", party["name"], actor=actor)
        unit.record(AuditTag.TRANSFER_CONFIRMED, organisation=link.organisation_id, actor=actor, subject=row.id)

    await desk.store.write(settle)
    desk.wake.requests.set()


async def deliver(desk: Desk) -> int:
    """After the answer has left: the party's own link, once. Gives the number of mails."""
    due = await desk.store.read(lambda reads: _due(reads, desk))
    for row, facts, party, export_id in due:
        token = new_token()
        letter = doing_notices.transfer_mail(
            desk.organisation(facts.organisation).texts[Form.NL_U], desk.organisation(facts.organisation).policy,
            case_number=facts.case_number, link=f"{desk.base_url}/d/{token}",
        )  # fmt: skip
        post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.TRANSFER, letter)
        await desk.store.write(
            lambda unit, r=row, f=facts, p=party, e=export_id, t=token, m=post: _deliver(unit, desk, r, f, p, e, t, m)  # type: ignore[misc]
        )
    return len(due)


def _due(reads: Reads, desk: Desk) -> list[tuple[Row[Any], RequestFacts, dict[str, str], str]]:
    rows, requests, drafts, exports = table(Transfer), table(Request), table(Draft), table(Export)
    found = reads.rows(
        select(rows, drafts.c.export_id)
        .join(requests, requests.c.id == rows.c.request_id)
        .join(drafts, drafts.c.request_id == requests.c.id)
        .join(exports, exports.c.id == drafts.c.export_id)
        .where(rows.c.confirmed_at.is_not(None), rows.c.link_id.is_(None))
        .where(drafts.c.status == DraftStatus.APPROVED.value, drafts.c.created_at >= rows.c.confirmed_at)
        .where(requests.c.state == RequestState.ANSWERED.value, exports.c.data_key_id.is_not(None))
        .where(rows.c.organisation_id.in_(desk.organisations))
    )
    listed = []
    for row in found:
        facts = request_facts(reads, row.request_id)
        assert facts is not None
        if facts.frozen:
            continue
        listed.append((row, facts, _party(reads, row), str(row.export_id)))
    return listed


def _deliver(
    unit: Unit, desk: Desk, row: Row[Any], facts: RequestFacts, party: dict[str, str], export_id: str, token: str,
    post: Post,
) -> None:  # fmt: skip
    """The party has a conversation of its own: its code goes there, and nothing of the requester's comes along."""
    own, outbox_id = desk.organisation(facts.organisation), unit.new_id()
    conversation_id, link_id = unit.new_id(), unit.new_id()
    index = desk.index(facts.organisation, "email", party["address"])
    sealer = unit.keys.data(unit, facts.case_key_id)
    unit.add(
        Conversation, id=conversation_id, organisation_id=facts.organisation, case_id=facts.case_id,
        data_key_id=facts.case_key_id, channel=ChannelKind.EMAIL.value, account=own.mailbox,
        address=sealer.seal_text(party["address"], f"conversation.address:{conversation_id}"), address_index=index,
        asking_id=facts.conversation_id, last_message_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    life = timedelta(days=own.policy.links.link_days)
    unit.add(
        Link, id=link_id, organisation_id=facts.organisation, kind="export", token_digest=token_digest(token),
        conversation_id=conversation_id, request_id=facts.id, export_id=export_id, created_at=unit.now,
        expires_at=unit.now + life,
    )  # fmt: skip
    unit.change(Transfer, row.id, if_={"link_id": None}, link_id=link_id)
    unit.change(Export, export_id, expires_at=unit.now + timedelta(days=own.policy.links.export_days))
    route = Route(
        facts.organisation, ChannelKind.EMAIL, own.mailbox, party["address"], index, facts.case_key_id,
        conversation_id, facts.case_id,
    )  # fmt: skip
    queue(
        unit, route, post, outbox_id=outbox_id, request_id=facts.id,
        message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
    )  # fmt: skip
    unit.record(
        AuditTag.LINK_MADE, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id, subject=link_id,
        kind="export",
    )  # fmt: skip


def _link(reads: Reads, token: str) -> Row[Any] | None:
    rows = table(Link)
    return reads.one(select(rows).where(rows.c.token_digest == token_digest(token), rows.c.kind == LINK))


def _asked(reads: Reads, transfer_id: str) -> Row[Any] | None:
    """A link confirms the party it was made for, no other."""
    rows = table(Transfer)
    return reads.one(select(rows).where(rows.c.id == transfer_id))


def _end_older(unit: Unit, request_id: str) -> None:
    """A new question ends the ones before it, confirmed or not."""
    rows, links = table(Transfer), table(Link)
    older = [row.id for row in unit.rows(select(rows.c.id).where(rows.c.request_id == request_id))]
    unit.execute(links.update().where(links.c.id.in_(older), links.c.kind == LINK).values(revoked_at=unit.now))
    unit.execute(rows.update().where(rows.c.id.in_(older)).values(confirmed_at=None))


def _party(reads: Reads, row: Row[Any]) -> dict[str, str]:
    sealer = reads.keys.data(reads, row.data_key_id)
    party: dict[str, str] = sealer.open_json(row.party, f"transfer.party:{row.id}")
    return party


def _about(desk: Desk, facts: RequestFacts) -> About:
    return about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
