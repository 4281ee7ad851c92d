"""What a handler is shown of one request: the case file's parts, opened, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from cases.errors import RuleError
from cases.protocols import Identifier
from cases.reading import Change as Correction
from cases.reading import Fact, FactKind
from cases.types import Assurance, ChannelKind, Form, Label, RequestState
from storage.models import Case, CaseIdentifier, Conversation, Inbound, Message, Request, Restriction, table
from storage.seal import Sealer
from storage.unit import Reads


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One request with its case, conversation and the words it was asked in."""

    id: str
    organisation: str
    label: Label
    state: RequestState
    version: int
    attempts: int
    received_at: datetime
    told_on: date
    case_id: str
    case_number: str
    case_key_id: str
    content_version: int
    conversation_id: str
    conversation_key_id: str
    channel: str
    account: str
    assurance: Assurance
    form: Form
    address: str  # e-mail, where codes and letters go; "" while a chat has not told it
    name: str
    understood: str
    identifiers: tuple[Identifier, ...]
    also: tuple[Label, ...]
    last_message_id: str  # Message-ID header of the newest message in, for threading; "" when unknown
    frozen: bool
    human: bool  # a person has taken over; the bot is silent
    corrections: tuple[Correction, ...] = ()  # of all messages of the conversation, the newest per field
    facts: tuple[Fact, ...] = ()
    restricted: bool = False  # a freeze stands for it (art. 18)
    chosen: Mapping[str, str] = field(default_factory=dict)  # what staff or the requester settled on the way
    chat: str = ""  # who the conversation is with on its own channel, when that is no mail


def request_facts(reads: Reads, request_id: str, *, told_in: str = "") -> RequestFacts | None:
    """`told_in`: another conversation of the case that is written to."""
    requests, cases, conversations = table(Request), table(Case), table(Conversation)
    request = reads.one(select(requests).where(requests.c.id == request_id))
    if request is None:
        return None
    case = reads.one(select(cases).where(cases.c.id == request.case_id))
    conversation = reads.one(select(conversations).where(conversations.c.id == (told_in or request.conversation_id)))
    assert case is not None and conversation is not None
    requester = reads.keys.data(reads, case.data_key_id).open_json(case.requester, f"case.requester:{case.id}")
    others = reads.rows(select(requests.c.label).where(requests.c.case_id == case.id, requests.c.id != request_id))
    sealer = reads.keys.data(reads, conversation.data_key_id)
    corrections, given = _read_in_messages(reads, request.conversation_id)
    return RequestFacts(
        id=request.id, organisation=request.organisation_id, label=Label(request.label),
        state=RequestState(request.state), version=request.version, attempts=request.attempts,
        received_at=request.received_at, told_on=request.told_on, case_id=case.id, case_number=case.number,
        case_key_id=case.data_key_id, content_version=case.content_version, conversation_id=conversation.id,
        conversation_key_id=conversation.data_key_id, channel=conversation.channel, account=conversation.account,
        assurance=Assurance(conversation.assurance), form=Form(conversation.form),
        **_reached_at(conversation, sealer),
        name=requester["name"], understood=_understood(reads, request), also=tuple(Label(row.label) for row in others),
        identifiers=_identifiers(reads, conversation.id, case.data_key_id), frozen=conversation.frozen,
        human=conversation.human_since is not None,
        last_message_id=_last_message_id(reads, conversation.id), chosen=chosen_of(reads, request, case.data_key_id),
        corrections=corrections, facts=given, restricted=_restricted(reads, request_id),
    )  # fmt: skip


def _reached_at(conversation: Row[Any], sealer: Sealer) -> dict[str, Any]:
    """In a chat the e-mail address that was typed and the chat itself are two things."""
    own = sealer.open_text(conversation.address, f"conversation.address:{conversation.id}")
    if conversation.channel == ChannelKind.EMAIL.value:
        return {"address": own}
    return {"address": mail_address(conversation, sealer), "chat": own}


def mail_address(conversation: Row[Any], sealer: Sealer) -> str:
    """The address that was typed in a chat; "" when none was."""
    sealed = conversation.ident_address
    return sealer.open_text(sealed, f"conversation.ident_address:{conversation.id}") if sealed else ""


def _restricted(reads: Reads, request_id: str) -> bool:
    rows = table(Restriction)
    mine = (rows.c.request_id == request_id) & rows.c.lifted_at.is_(None)
    return reads.one(select(rows.c.id).where(mine)) is not None


def chosen_of(reads: Reads, request: Row[Any], case_key_id: str) -> dict[str, str]:
    """What was settled on the way: key → value (`handlers/choices`)."""
    if request.chosen is None:
        return {}
    chosen: dict[str, str] = reads.keys.data(reads, case_key_id).open_json(
        request.chosen, f"request.chosen:{request.id}"
    )
    return chosen


def newest_request(reads: Reads, conversation_id: str) -> RequestFacts:
    """The facts of a conversation's newest request; RuleError when it has none."""
    rows = table(Request)
    request_id = reads.value(
        select(rows.c.id).where(rows.c.conversation_id == conversation_id).order_by(rows.c.received_at.desc()).limit(1)
    )
    if request_id is None:  # a message that staff added to the case: the case's newest request is what it is about
        conversations = table(Conversation)
        case_id = reads.value(select(conversations.c.case_id).where(conversations.c.id == conversation_id))
        request_id = reads.value(
            select(rows.c.id).where(rows.c.case_id == case_id).order_by(rows.c.received_at.desc()).limit(1)
        )
    facts = request_facts(reads, request_id, told_in=conversation_id) if request_id else None
    if facts is None:
        raise RuleError("this conversation has no request")
    return facts


def _understood(reads: Reads, request: Row[Any]) -> str:
    """The sentence that carried the label, in the sender's own words; else the start of the message."""
    rows = table(Message)
    row = reads.one(select(rows).where(rows.c.id == request.message_id)) if request.message_id else None
    if row is None:
        return ""
    content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"message.content:{row.id}")
    return str(content["evidence"].get(request.label) or content["text"])[:300]


def _read_in_messages(reads: Reads, conversation_id: str) -> tuple[tuple[Correction, ...], tuple[Fact, ...]]:
    """What the requester's messages gave; who corrects himself is believed the last time."""
    rows = table(Message)
    corrections: dict[str, Correction] = {}
    facts: dict[tuple[str, str], Fact] = {}
    incoming = select(rows).where(rows.c.conversation_id == conversation_id, rows.c.incoming).order_by(rows.c.at)
    for row in reads.rows(incoming):
        content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"message.content:{row.id}")
        for one in content.get("changes", ()):
            corrections[one["field"]] = Correction(one["field"], one["old"], one["new"])
        for one in content.get("facts", ()):
            kind, value = str(one["kind"]), str(one["value"])
            facts[kind, value] = Fact(FactKind(kind), value, 0, 0, bool(one.get("checked")))
    return tuple(corrections.values()), tuple(facts.values())


def _identifiers(reads: Reads, conversation_id: str, key_id: str) -> tuple[Identifier, ...]:
    rows = table(CaseIdentifier)
    sealer = reads.keys.data(reads, key_id)
    found = reads.rows(select(rows).where(rows.c.conversation_id == conversation_id).order_by(rows.c.kind, rows.c.id))
    return tuple(
        Identifier(row.kind, sealer.open_text(row.value, f"case_identifier.value:{row.id}"), row.proven)
        for row in found
    )


def _last_message_id(reads: Reads, conversation_id: str) -> str:
    """Replies go under the newest message that came in."""
    rows, messages = table(Inbound), table(Message)
    row = reads.one(
        select(rows.c.id, rows.c.envelope, rows.c.data_key_id)
        .join(messages, messages.c.inbound_id == rows.c.id)
        .where(messages.c.conversation_id == conversation_id, rows.c.data_key_id.is_not(None))
        .order_by(messages.c.at.desc())
        .limit(1)
    )
    if row is None:
        return ""
    envelope = reads.keys.data(reads, row.data_key_id).open_json(row.envelope, f"inbound.envelope:{row.id}")
    return str(envelope["message_id"] or "")
