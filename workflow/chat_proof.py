"""Proof in a chat: the e-mail address that takes a sender's place, the code to it, what a portal vouches for.

A code counts only in the chat that asked for it. Its mail has a conversation of its own, so that "niet ik", or the code
itself sent back by mail, is seen as coming from that mailbox (design, section 5). Rows only, in the caller's unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select

from cases.audit import AuditTag, requester_actor
from cases.dialogue import Awaited
from cases.identity import CodePurpose
from cases.types import Assurance, ChannelKind, Form
from storage.models import Case, CaseIdentifier, Conversation, IdentityCode, table
from storage.queries.snapshots import Elsewhere, Thread
from storage.queries.writing import Route, queue
from storage.unit import Unit
from workflow.chatting import CodeMail
from workflow.desk import Desk
from workflow.opening import index_address, write_code
from workflow.proof import ASSURED, let_go_on

CODES_A_NETWORK_HOUR = 10  # to whatever addresses; an office shares one network
HOUR = timedelta(hours=1)


def reach_at(unit: Unit, desk: Desk, conversation_id: str, address: str) -> Row[Any]:
    """The e-mail address that codes and letters of a chat go to from now on. A claim, until a code comes back."""
    conversations, cases = table(Conversation), table(Case)
    row = unit.one(select(conversations).where(conversations.c.id == conversation_id))
    assert row is not None
    index = desk.index(row.organisation_id, "email", address)
    if row.ident_index != index:  # a code that went to the address before proves nothing about this one
        _void_codes(unit, row.id)
    sealer = unit.keys.data(unit, row.data_key_id)
    unit.change(
        Conversation, row.id, if_={"version": row.version}, version=row.version + 1, ident_index=index,
        ident_address=sealer.seal_text(address, f"conversation.ident_address:{row.id}"),
        assurance=max(row.assurance, int(Assurance.ADDRESS_CLAIMED)),
    )  # fmt: skip
    case = unit.one(select(cases).where(cases.c.id == row.case_id)) if row.case_id else None
    if case is not None:
        name_identifier(unit, desk, row, case, "email", address, proven=False)
        case_sealer = unit.keys.data(unit, case.data_key_id)
        requester = case_sealer.open_json(case.requester, f"case.requester:{case.id}")
        if not requester["address"] or Assurance(row.assurance) < Assurance.MAILBOX_PROVEN:
            requester["address"] = address
            unit.change(Case, case.id, requester=case_sealer.seal_json(requester, f"case.requester:{case.id}"))
        index_address(unit, row.organisation_id, case.id, address)
    found = unit.one(select(conversations).where(conversations.c.id == conversation_id))
    assert found is not None
    return found


def name_identifier(
    unit: Unit, desk: Desk, row: Row[Any], case: Row[Any], kind: str, value: str, *, proven: bool
) -> None:
    """One more handle to find the person by."""
    identifiers = table(CaseIdentifier)
    index = desk.index(row.organisation_id, kind, value)
    here = (
        (identifiers.c.conversation_id == row.id) & (identifiers.c.kind == kind) & (identifiers.c.value_index == index)
    )
    known = unit.one(select(identifiers.c.id, identifiers.c.proven).where(here))
    if known is not None:
        if proven and not known.proven:
            unit.change(CaseIdentifier, known.id, proven=True)
        return
    row_id = unit.new_id()
    unit.add(
        CaseIdentifier, id=row_id, organisation_id=row.organisation_id, case_id=case.id, conversation_id=row.id,
        kind=kind, value=unit.keys.data(unit, case.data_key_id).seal_text(value, f"case_identifier.value:{row_id}"),
        value_index=index, proven=proven, looked_up_at=unit.now,
    )  # fmt: skip


PORTAL = "portal"  # evidence: the organisation's own portal signed who is logged in


def vouch(unit: Unit, desk: Desk, conversation_id: str, vouched: Sequence[tuple[str, str]]) -> None:
    """The organisation's own portal says who this is: as good as a code to the address on file (design, section 5)."""
    conversations, cases = table(Conversation), table(Case)
    row = unit.one(select(conversations).where(conversations.c.id == conversation_id))
    if row is None or row.frozen:
        return
    email = next((value for kind, value in vouched if kind == "email"), "")
    if email and row.ident_index != desk.index(row.organisation_id, "email", email):
        row = reach_at(unit, desk, row.id, email)
    evidence = dict(row.evidence or {}) | {PORTAL: unit.now.isoformat()}
    level = max(Assurance(row.assurance), Assurance.CODE_TO_KNOWN_ADDRESS)
    awaited = Awaited.NOTHING.value if row.awaited in (Awaited.ADDRESS.value, Awaited.CODE.value) else row.awaited
    unit.change(
        Conversation, row.id, if_={"version": row.version}, version=row.version + 1, assurance=int(level),
        evidence=evidence, assured_until=unit.now + ASSURED, awaited=awaited,
    )  # fmt: skip
    case = unit.one(select(cases).where(cases.c.id == row.case_id)) if row.case_id else None
    if case is None:
        return
    for kind, value in vouched:
        name_identifier(unit, desk, row, case, kind, value, proven=True)
    if Assurance(row.assurance) < level:
        unit.record(
            AuditTag.IDENTITY_CONFIRMED, organisation=row.organisation_id, actor=requester_actor(row.id),
            case=row.case_id, subject=row.id, method=PORTAL, level=level.name.lower(),
        )  # fmt: skip
        let_go_on(unit, desk, row, level)


def let_claimed_go_on(unit: Unit, desk: Desk, row: Row[Any]) -> None:
    """What needs no more than an address (an opt-out) goes on once there is one."""
    if row.case_id is not None:
        let_go_on(unit, desk, row, Assurance(row.assurance))


def go_on_with(unit: Unit, thread: Thread, elsewhere: Elsewhere) -> None:
    """The proven address has a case that was begun in another conversation: this one becomes part of it.

    Assurance stays with the conversation: this chat has its own proof, the other one keeps what it had.
    """
    row = _row(unit, thread.id)
    unit.keys.adopt(unit, thread.data_key_id, elsewhere.key_id)
    unit.change(Conversation, row.id, if_={"version": row.version}, version=row.version + 1, case_id=elsewhere.case_id)


def mail_code(
    unit: Unit, desk: Desk, mail: CodeMail, organisation: str, conversation_id: str, case_id: str | None, key_id: str,
    *, form: Form,
) -> bool:  # fmt: skip
    """Queues the code; False when a limit forbids it: one an hour to an address, so many from a network or in all."""
    index, mailbox = desk.index(organisation, "email", mail.address), desk.organisation(organisation).mailbox
    if _too_many(unit, desk, organisation, conversation_id, index):
        return False
    _void_codes(unit, conversation_id)
    write_code(
        unit, desk, organisation, conversation_id, mail.code, CodePurpose.MAILBOX, sent_to=index, case_id=case_id,
        outbox_id=mail.outbox_id,
    )  # fmt: skip
    mailbox_id = unit.new_id()
    unit.add(
        Conversation, id=mailbox_id, organisation_id=organisation, data_key_id=key_id,
        channel=ChannelKind.EMAIL.value, account=mailbox, address_index=index,
        address=unit.keys.data(unit, key_id).seal_text(mail.address, f"conversation.address:{mailbox_id}"),
        awaited=Awaited.ON_FILE.value, asking_id=conversation_id, form=form.value, last_message_at=unit.now,
        created_at=unit.now,
    )  # fmt: skip
    route = Route(organisation, ChannelKind.EMAIL, mailbox, mail.address, index, key_id, mailbox_id)
    queue(
        unit, route, mail.post, outbox_id=mail.outbox_id, unasked=True,
        message_id=desk.threads.message_id(organisation, mailbox, mail.outbox_id),
    )  # fmt: skip
    return True


def _void_codes(unit: Unit, conversation_id: str) -> None:
    codes = table(IdentityCode)
    mine = (codes.c.conversation_id == conversation_id) & (codes.c.purpose == CodePurpose.MAILBOX.value)
    unit.execute(codes.update().where(mine, codes.c.used_at.is_(None)).values(void_at=unit.now))


def _too_many(unit: Unit, desk: Desk, organisation: str, conversation_id: str, index: str) -> bool:
    codes, talks = table(IdentityCode), table(Conversation)
    lately = codes.c.created_at > unit.now - HOUR
    here = select(func.count()).where(codes.c.organisation_id == organisation, lately)
    if unit.value(here.where(codes.c.sent_to_index == index)) >= 1:
        return True
    asked_in_chat = here.select_from(codes.join(talks, talks.c.id == codes.c.conversation_id))
    asked_in_chat = asked_in_chat.where(talks.c.channel != ChannelKind.EMAIL.value)
    if unit.value(asked_in_chat) >= desk.limits.mails_per_organisation_hour:
        return True
    network = unit.value(select(talks.c.network_index).where(talks.c.id == conversation_id))
    if not network:
        return False
    return bool(unit.value(asked_in_chat.where(talks.c.network_index == network)) >= CODES_A_NETWORK_HOUR)


def _row(unit: Unit, conversation_id: str) -> Row[Any]:
    talks = table(Conversation)
    row = unit.one(select(talks).where(talks.c.id == conversation_id))
    assert row is not None
    return row
