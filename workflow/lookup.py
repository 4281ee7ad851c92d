"""The second proof: a code sent silently to the address on file for something the requester named.

A customer number or an old address in a message is a claim. If the organisation's own system holds an address for it
(another one than the sender's), a code goes there; the requester hears the same sentence whether it does or not. The
code counts only in the conversation that asked for it (design, section 5).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select

from cases.audit import PROGRAM, AuditTag
from cases.dialogue import Awaited
from cases.errors import OutsideError, Stale
from cases.identity import CodePurpose, new_code
from cases.protocols import Identifier
from cases.types import ChannelKind, OutboxKind, RequestState, WorkKind
from handlers import notices
from storage.models import CaseIdentifier, Conversation, IdentityCode, Request, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import Post, Route, open_work, queue
from storage.unit import Reads, Unit
from workflow.desk import Desk, OrganisationDesk
from workflow.notices import about, write
from workflow.opening import write_code

log = logging.getLogger(__name__)
CODES_A_CONVERSATION = 2  # to addresses on file, for what one conversation names
CODES_AN_ADDRESS_DAY = 2  # to one address, whoever names it


@dataclass(frozen=True, slots=True)
class Named:
    row: Row[Any]
    identifier: Identifier
    facts: RequestFacts


async def run_once(desk: Desk) -> int:
    """Looks up what was named and not sought yet; gives the number of identifiers."""
    named = await desk.store.read(_named)
    for one in named:
        with suppress(Stale):  # another process was first
            await _look_up(desk, one)
    return len(named)


async def _look_up(desk: Desk, named: Named) -> None:
    own = desk.organisation(named.facts.organisation)
    if named.identifier.kind not in ("email", *own.policy.identity.may_use):
        await desk.store.write(lambda unit: _sought(unit, named))
        return
    addresses, failed = await _addresses(own, named)
    # Two addresses for one named thing may be two people: no code goes, a person looks.
    codes = [(address, new_code(own.policy.identity.code_digits)) for address in addresses if len(addresses) == 1]
    posts = await desk.in_thread(lambda: [_write(desk, named, code) for _, code in codes])
    letters = [(address, code, post) for (address, code), post in zip(codes, posts, strict=True)]
    doubt = "several_addresses" if len(addresses) > 1 else "lookup" if failed else ""
    await desk.store.write(lambda unit: _settle(unit, desk, named, letters, doubt))
    desk.wake.outbox.set()


def _named(reads: Reads) -> list[Named]:
    rows, requests, conversations = table(CaseIdentifier), table(Request), table(Conversation)
    found = reads.rows(
        select(rows, requests.c.id.label("request_id"))
        .join(requests, requests.c.conversation_id == rows.c.conversation_id)
        .join(conversations, conversations.c.id == rows.c.conversation_id)
        .where(rows.c.looked_up_at.is_(None), requests.c.state == RequestState.IDENTIFYING.value)
        .where(conversations.c.frozen.is_(False))
        .order_by(rows.c.id)
        .limit(20)
    )
    named: dict[str, Named] = {}
    for row in found:
        facts = request_facts(reads, row.request_id)
        if facts is None or facts.frozen or row.id in named:
            continue
        sealer = reads.keys.data(reads, facts.case_key_id)
        value = sealer.open_text(row.value, f"case_identifier.value:{row.id}")
        named[row.id] = Named(row, Identifier(row.kind, value, proven=False), facts)
    return list(named.values())


async def _addresses(own: OrganisationDesk, named: Named) -> tuple[list[str], bool]:
    """Addresses on file other than the sender's, and whether a source could not be asked."""
    found: dict[str, None] = {}
    failed = False
    for source in own.sources.values():
        try:
            for address in await source.addresses_on_file(named.identifier):
                found.setdefault(address.strip().lower())
        except OutsideError as error:
            failed = True
            log.warning("a source could not be asked for an address: %s", error, extra={"source": source.name})
    found.pop(named.facts.address.lower(), None)
    return list(found), failed


def _write(desk: Desk, named: Named, code: str) -> Post:
    """The same words as any code mail: when, by which channel, about what; nothing of what was written."""
    facts = named.facts
    at = about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    letter = notices.code_mail(at, code=code, channel=ChannelKind(facts.channel), written_at=facts.received_at)
    return write(desk, facts.organisation, OutboxKind.IDENTITY_CODE, letter)


def _sought(unit: Unit, named: Named) -> None:
    unit.change(CaseIdentifier, named.row.id, looked_up_at=unit.now)


def _settle(unit: Unit, desk: Desk, named: Named, letters: list[tuple[str, str, Post]], doubt: str) -> None:
    facts, organisation = named.facts, named.facts.organisation
    if doubt:
        open_work(
            unit, WorkKind.IDENTITY_STUCK, organisation, same=f"lookup:{facts.id}", case_id=facts.case_id,
            request_id=facts.id, due_on=facts.told_on, detail=doubt,
        )  # fmt: skip
    unit.change(CaseIdentifier, named.row.id, if_={"looked_up_at": None}, looked_up_at=unit.now)
    for address, code, post in letters:
        if _too_many(unit, desk, named, address):
            open_work(
                unit, WorkKind.IDENTITY_STUCK, organisation, same=f"lookup:{facts.id}", case_id=facts.case_id,
                request_id=facts.id, due_on=facts.told_on, detail="too_many_codes",
            )  # fmt: skip
            continue
        _send_code(unit, desk, named, address, code, post)
    unit.record(
        AuditTag.SOURCES_ASKED, organisation=organisation, actor=PROGRAM, case=facts.case_id, subject=named.row.id,
        codes=len(letters),
    )  # fmt: skip


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
    write_code(
        unit, desk, facts.organisation, facts.conversation_id, code, CodePurpose.ON_FILE, sent_to=index,
        case_id=facts.case_id, identifier_id=named.row.id,
    )  # fmt: skip
    conversation_id, outbox_id = unit.new_id(), unit.new_id()
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
