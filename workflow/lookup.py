"""The second proof: a code sent silently to the address on file for something the requester named.

A customer number or an old address in a message is a claim. If the organisation's own system holds an address for it
(another one than the sender's), a code goes there; the requester hears the same sentence whether it does or not. The
code counts only in the conversation that asked for it (design, section 5).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from cases.audit import PROGRAM, AuditTag
from cases.dialogue import Awaited
from cases.errors import OutsideError, Stale
from cases.identity import CodePurpose, new_code
from cases.protocols import Identifier
from cases.types import ChannelKind, OutboxKind, RequestState, WorkKind
from handlers import notices
from storage.models import Case, CaseIdentifier, Conversation, IdentityCode, Request, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import Post, Route, open_work, queue
from storage.unit import Reads, Unit
from workflow.desk import Desk, OrganisationDesk
from workflow.notices import about, write
from workflow.opening import write_code

log = logging.getLogger(__name__)
BATCH = 64
CODES_A_CONVERSATION = 2  # to addresses on file, for what one conversation names
CODES_AN_ADDRESS_DAY = 2  # to one address, whoever names it


@dataclass(frozen=True, slots=True)
class Claimed:
    """Something a requester named, and the address it was named from."""

    id: str
    organisation: str
    case_id: str
    request_id: str
    identifier: Identifier
    sender: str


@dataclass(frozen=True, slots=True)
class Named:
    """What was named and is on file, or could not be looked up: with all that an answer to it needs."""

    id: str
    facts: RequestFacts


async def run_once(desk: Desk) -> int:
    """Looks up what was named and not sought yet; gives the number of identifiers."""
    claimed = await desk.store.read(_claimed)
    nothing: list[Claimed] = []
    for one in claimed:
        addresses, failed = await _addresses(desk.organisation(one.organisation), one)
        if not addresses and not failed:
            nothing.append(one)
            continue
        with suppress(Stale):  # another process was first
            await _on_file(desk, one, addresses, failed=failed)
    if nothing:
        with suppress(Stale):
            await desk.store.write(lambda unit: _not_on_file(unit, nothing))
    return len(claimed)


def _claimed(reads: Reads) -> list[Claimed]:
    rows, requests, conversations, cases = table(CaseIdentifier), table(Request), table(Conversation), table(Case)
    found = reads.rows(
        select(
            rows.c.id, rows.c.organisation_id, rows.c.case_id, rows.c.kind, rows.c.value,
            requests.c.id.label("request"), cases.c.data_key_id,
            conversations.c.id.label("conversation"), conversations.c.address, conversations.c.ident_address,
            conversations.c.data_key_id.label("talk_key_id"),
        )
        .join(requests, requests.c.conversation_id == rows.c.conversation_id)
        .join(conversations, conversations.c.id == rows.c.conversation_id)
        .join(cases, cases.c.id == rows.c.case_id)
        .where(rows.c.looked_up_at.is_(None), requests.c.state == RequestState.IDENTIFYING.value)
        .where(conversations.c.frozen.is_(False))
        .order_by(rows.c.id)
        .limit(BATCH)
    )  # fmt: skip
    claimed: dict[str, Claimed] = {}
    for row in found:
        value = reads.keys.data(reads, row.data_key_id).open_text(row.value, f"case_identifier.value:{row.id}")
        talk = reads.keys.data(reads, row.talk_key_id)
        sender = talk.open_text(row.address, f"conversation.address:{row.conversation}")
        if row.ident_address is not None:  # a chat: the address that was typed takes the sender's place
            sender = talk.open_text(row.ident_address, f"conversation.ident_address:{row.conversation}")
        identifier = Identifier(row.kind, value, proven=False)
        claimed[row.id] = Claimed(row.id, row.organisation_id, row.case_id, row.request, identifier, sender)
    return list(claimed.values())


async def _addresses(own: OrganisationDesk, claimed: Claimed) -> tuple[list[str], bool]:
    """Addresses on file other than the sender's, and whether a source could not be asked."""
    found: dict[str, None] = {}
    failed = False
    for source in own.sources.values():
        try:
            for address in await source.addresses_on_file(claimed.identifier):
                found.setdefault(address.strip().lower())
        except OutsideError as error:
            failed = True
            log.warning("a source could not be asked for an address: %s", error, extra={"source": source.name})
    found.pop(claimed.sender.lower(), None)
    return list(found), failed


def _not_on_file(unit: Unit, claimed: Sequence[Claimed]) -> None:
    rows = table(CaseIdentifier)
    ids = [one.id for one in claimed]
    unit.execute(rows.update().where(rows.c.id.in_(ids), rows.c.looked_up_at.is_(None)).values(looked_up_at=unit.now))
    for one in claimed:
        _record(unit, one.organisation, one.case_id, one.id, codes=0)


async def _on_file(desk: Desk, claimed: Claimed, addresses: Sequence[str], *, failed: bool) -> None:
    facts = await desk.store.read(lambda reads: request_facts(reads, claimed.request_id))
    if facts is None:
        return
    named = Named(claimed.id, facts)
    digits = desk.organisation(claimed.organisation).policy.identity.code_digits
    # Two addresses for one named thing may be two people: no code goes, a person looks.
    codes = [(address, new_code(digits)) for address in addresses if len(addresses) == 1]
    posts = await desk.in_thread(lambda: [_write(desk, named, code) for _, code in codes])
    letters = [(address, code, post) for (address, code), post in zip(codes, posts, strict=True)]
    doubt = "several_addresses" if len(addresses) > 1 else "lookup" if failed else ""
    await desk.store.write(lambda unit: _settle(unit, desk, named, letters, doubt))
    desk.wake.outbox.set()


def _write(desk: Desk, named: Named, code: str) -> Post:
    """The same words as any code mail: when, by which channel, about what; nothing of what was written."""
    facts = named.facts
    at = about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    letter = notices.code_mail(at, code=code, channel=ChannelKind(facts.channel), written_at=facts.received_at)
    return write(desk, facts.organisation, OutboxKind.IDENTITY_CODE, letter)


def _settle(unit: Unit, desk: Desk, named: Named, letters: list[tuple[str, str, Post]], doubt: str) -> None:
    facts, organisation = named.facts, named.facts.organisation
    if doubt:
        open_work(
            unit, WorkKind.IDENTITY_STUCK, organisation, same=f"lookup:{facts.id}", case_id=facts.case_id,
            request_id=facts.id, due_on=facts.told_on, detail=doubt,
        )  # fmt: skip
    unit.change(CaseIdentifier, named.id, if_={"looked_up_at": None}, looked_up_at=unit.now)
    for address, code, post in letters:
        if _too_many(unit, desk, named, address):
            open_work(
                unit, WorkKind.IDENTITY_STUCK, organisation, same=f"lookup:{facts.id}", case_id=facts.case_id,
                request_id=facts.id, due_on=facts.told_on, detail="too_many_codes",
            )  # fmt: skip
            continue
        _send_code(unit, desk, named, address, code, post)
    _record(unit, organisation, facts.case_id, named.id, codes=len(letters))


def _record(unit: Unit, organisation: str, case_id: str, subject: str, *, codes: int) -> None:
    unit.record(
        AuditTag.SOURCES_ASKED, organisation=organisation, actor=PROGRAM, case=case_id, subject=subject, codes=codes
    )


def _too_many(unit: Unit, desk: Desk, named: Named, address: str) -> bool:
    """One mail may not make the desk write to many others, nor many mails to one: past the limits a person looks."""
    codes, facts = table(IdentityCode), named.facts
    day, hour = unit.now - timedelta(days=1), unit.now - timedelta(hours=1)
    on_file = codes.c.purpose == CodePurpose.ON_FILE.value
    here = unit.value(select(func.count()).where(on_file, codes.c.conversation_id == facts.conversation_id))
    index = desk.index(facts.organisation, "email", address)
    there = unit.value(select(func.count()).where(on_file, codes.c.sent_to_index == index, codes.c.created_at > day))
    everywhere = unit.value(
        select(func.count()).where(on_file, codes.c.organisation_id == facts.organisation, codes.c.created_at > hour)
    )
    limit = desk.limits.mails_per_organisation_hour
    return bool(here >= CODES_A_CONVERSATION or there >= CODES_AN_ADDRESS_DAY or everywhere >= limit)


def _send_code(unit: Unit, desk: Desk, named: Named, address: str, code: str, post: Post) -> None:
    """A conversation of its own for that mailbox, so that an answer from there is seen as coming from there."""
    facts, own = named.facts, desk.organisation(named.facts.organisation)
    index = desk.index(facts.organisation, "email", address)
    conversation_id, outbox_id = unit.new_id(), unit.new_id()
    write_code(
        unit, desk, facts.organisation, facts.conversation_id, code, CodePurpose.ON_FILE, sent_to=index,
        case_id=facts.case_id, outbox_id=outbox_id, identifier_id=named.id,
    )  # fmt: skip
    sealer = unit.keys.data(unit, facts.case_key_id)
    unit.add(
        Conversation, id=conversation_id, organisation_id=facts.organisation, data_key_id=facts.case_key_id,
        channel=ChannelKind.EMAIL.value, account=own.mailbox, address_index=index,
        address=sealer.seal_text(address, f"conversation.address:{conversation_id}"),
        awaited=Awaited.ON_FILE.value, asking_id=facts.conversation_id, form=facts.form.value,
        last_message_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    route = Route(
        facts.organisation, ChannelKind.EMAIL, own.mailbox, address, index, facts.case_key_id, conversation_id,
    )  # fmt: skip
    queue(
        unit, route, post, outbox_id=outbox_id,
        message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
    )  # fmt: skip
