"""What a handler is shown of one request: the case file's parts, opened, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, select

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


# The queries, made once: making one costs more than asking it.
_requests, _talks, _messages, _inbound = table(Request), table(Conversation), table(Message), table(Inbound)
_named, _frozen = table(CaseIdentifier), table(Restriction)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_REQUESTS = select(_requests).where(_requests.c.id.in_(_IDS))
_CASES = select(table(Case)).where(table(Case).c.id.in_(_IDS))
_TALKS = select(_talks).where(_talks.c.id.in_(_IDS))
_LABELS = select(_requests.c.id, _requests.c.case_id, _requests.c.label).where(_requests.c.case_id.in_(_IDS))
_INCOMING = (
    select(_messages).where(_messages.c.conversation_id.in_(_IDS), _messages.c.incoming).order_by(_messages.c.at)
)
_MESSAGES = select(_messages).where(_messages.c.id.in_(_IDS))
_IDENTIFIERS = select(_named).where(_named.c.conversation_id.in_(_IDS)).order_by(_named.c.kind, _named.c.id)
_ENVELOPES = (
    select(_messages.c.conversation_id, _inbound.c.id, _inbound.c.envelope, _inbound.c.data_key_id)
    .join(_messages, _messages.c.inbound_id == _inbound.c.id)
    .where(_messages.c.conversation_id.in_(_IDS), _inbound.c.data_key_id.is_not(None))
    .order_by(_messages.c.at)
)
_RESTRICTED = select(_frozen.c.request_id).where(_frozen.c.request_id.in_(_IDS), _frozen.c.lifted_at.is_(None))


def request_facts(reads: Reads, request_id: str, *, told_in: str = "") -> RequestFacts | None:
    """`told_in`: another conversation of the case that is written to."""
    return facts_of(reads, [request_id], told_in=told_in).get(request_id)


def facts_of(reads: Reads, request_ids: Sequence[str], *, told_in: str = "") -> dict[str, RequestFacts]:
    """The same for several requests, in as many queries as for one."""
    requests = reads.rows(_REQUESTS, ids=request_ids)
    if not requests:
        return {}
    case_ids = _each(row.case_id for row in requests)
    talk_ids = [told_in] if told_in else _each(row.conversation_id for row in requests)
    cases = {row.id: row for row in reads.rows(_CASES, ids=case_ids)}
    talks = {row.id: row for row in reads.rows(_TALKS, ids=talk_ids)}
    labels: dict[str, list[tuple[str, Label]]] = {}
    for row in reads.rows(_LABELS, ids=case_ids):
        labels.setdefault(row.case_id, []).append((row.id, Label(row.label)))
    words = _Words(reads, requests)
    identifiers, answered = _identifiers(reads, talk_ids), _last_message_ids(reads, talk_ids)
    frozen = {row.request_id for row in reads.rows(_RESTRICTED, ids=request_ids)}
    found = {}
    for request in requests:
        case, talk = cases[request.case_id], talks[told_in or request.conversation_id]
        case_key, talk_key = reads.keys.data(reads, case.data_key_id), reads.keys.data(reads, talk.data_key_id)
        corrections, given = words.read_in(request.conversation_id)
        found[request.id] = RequestFacts(
            id=request.id, organisation=request.organisation_id, label=Label(request.label),
            state=RequestState(request.state), version=request.version, attempts=request.attempts,
            received_at=request.received_at, told_on=request.told_on, case_id=case.id, case_number=case.number,
            case_key_id=case.data_key_id, content_version=case.content_version, conversation_id=talk.id,
            conversation_key_id=talk.data_key_id, channel=talk.channel, account=talk.account,
            assurance=Assurance(talk.assurance), form=Form(talk.form), **_reached_at(talk, talk_key),
            name=case_key.open_json(case.requester, f"case.requester:{case.id}")["name"],
            understood=words.understood(request), frozen=talk.frozen, human=talk.human_since is not None,
            also=tuple(label for other, label in labels[case.id] if other != request.id),
            identifiers=tuple(
                Identifier(row.kind, case_key.open_text(row.value, f"case_identifier.value:{row.id}"), row.proven)
                for row in identifiers.get(talk.id, ())
            ),
            last_message_id=answered.get(talk.id, ""), chosen=chosen_of(reads, request, case.data_key_id),
            corrections=corrections, facts=given, restricted=request.id in frozen,
        )  # fmt: skip
    return found


def _each(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


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


class _Words:
    """The messages of some conversations, each opened once."""

    def __init__(self, reads: Reads, requests: Sequence[Row[Any]]) -> None:
        self._reads = reads
        self._opened: dict[str, Any] = {}
        self._incoming: dict[str, list[Row[Any]]] = {}
        for row in reads.rows(_INCOMING, ids=_each(row.conversation_id for row in requests)):
            self._incoming.setdefault(row.conversation_id, []).append(row)
        known = {row.id: row for rows in self._incoming.values() for row in rows}
        other = _each(row.message_id for row in requests if row.message_id and row.message_id not in known)
        self._known = known | ({row.id: row for row in reads.rows(_MESSAGES, ids=other)} if other else {})

    def understood(self, request: Row[Any]) -> str:
        """The sentence that carried the label, in the sender's own words; else the start of the message."""
        row = self._known.get(request.message_id)
        if row is None:
            return ""
        content = self._content(row)
        return str(content["evidence"].get(request.label) or content["text"])[:300]

    def read_in(self, conversation_id: str) -> tuple[tuple[Correction, ...], tuple[Fact, ...]]:
        """What the requester's messages gave; who corrects himself is believed the last time."""
        corrections: dict[str, Correction] = {}
        facts: dict[tuple[str, str], Fact] = {}
        for row in self._incoming.get(conversation_id, ()):
            content = self._content(row)
            for one in content.get("changes", ()):
                corrections[one["field"]] = Correction(one["field"], one["old"], one["new"])
            for one in content.get("facts", ()):
                kind, value = str(one["kind"]), str(one["value"])
                facts[kind, value] = Fact(FactKind(kind), value, 0, 0, bool(one.get("checked")))
        return tuple(corrections.values()), tuple(facts.values())

    def _content(self, row: Row[Any]) -> Any:
        content = self._opened.get(row.id)
        if content is None:
            sealer = self._reads.keys.data(self._reads, row.data_key_id)
            content = self._opened[row.id] = sealer.open_json(row.content, f"message.content:{row.id}")
        return content


def _identifiers(reads: Reads, conversation_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in reads.rows(_IDENTIFIERS, ids=conversation_ids):
        found.setdefault(row.conversation_id, []).append(row)
    return found


def _last_message_ids(reads: Reads, conversation_ids: Sequence[str]) -> dict[str, str]:
    """Replies go under the newest message that came in."""
    newest: dict[str, Row[Any]] = {}
    for row in reads.rows(_ENVELOPES, ids=conversation_ids):
        newest[row.conversation_id] = row
    found = {}
    for conversation_id, row in newest.items():
        envelope = reads.keys.data(reads, row.data_key_id).open_json(row.envelope, f"inbound.envelope:{row.id}")
        found[conversation_id] = str(envelope["message_id"] or "")
    return found
