"""Opening a case: everything that can be made beforehand is made here; `write_opening` only writes rows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cases.audit import PROGRAM, AuditTag
from cases.calendar import at_hour, local_date
from cases.deadlines import DeadlineRow, derive
from cases.identity import CodePurpose, new_case_number, new_code
from cases.policy import Policy, level_needed
from cases.reading import Fact, FactKind
from cases.types import Assurance, Awaiting, ChannelKind, DeadlineKind, Form, Label, RequestState
from storage.models import (
    BlindIndex,
    Case,
    CaseIdentifier,
    Conversation,
    Deadline,
    IdentityCode,
    Link,
    Request,
)
from storage.seal import blind, code_digest, token_digest
from storage.unit import Unit
from workflow.desk import Desk

REMINDER_AFTER = timedelta(days=14)  # law: no answer to the identity question, one reminder
LINK_LIFE = timedelta(days=120)  # the case page outlives the longest term (three months) by a month

# What somebody may name so that we can look for an address on file; the policy's `may_use` decides what counts.
NAMED = {
    FactKind.CUSTOMER_NUMBER: "customer_number",
    FactKind.EMAIL: "email",
    FactKind.DOMAIN: "domain",
    FactKind.INVOICE_NUMBER: "invoice_number",
}


@dataclass(frozen=True, slots=True)
class NewRequest:
    id: str
    label: Label
    state: RequestState
    awaiting: Awaiting
    deadlines: tuple[DeadlineRow, ...]

    @property
    def told(self) -> DeadlineRow:
        return next(row for row in self.deadlines if row.told)


@dataclass(frozen=True, slots=True)
class Opening:
    """A case (or requests to add to one) as it will be written."""

    organisation: str
    channel: ChannelKind
    account: str
    address: str
    name: str
    form: Form
    language: str
    received_at: datetime
    conversation_id: str
    case_id: str
    number: str
    token: str  # of the case page; only its digest is kept
    requests: tuple[NewRequest, ...]
    code: str  # "" when no code is asked
    facts: tuple[Fact, ...]
    message_id: str
    outbox_id: str  # of the mail that carries the code
    existing_case_key: str = ""  # requests are added to a case that stands
    mail_address: str = ""  # where codes and letters go; "" while a chat has not told it
    proven: bool = False  # that address, in this conversation, before the case was opened
    network: str = ""  # of a web chat's visitor, keyed


def ready(policy: Policy, label: Label, assurance: Assurance) -> bool:
    """Whether the sources may be asked: a proven mailbox is enough to look, what is found decides about telling.

    What is held under the proven address makes that address one on file (design, section 5); more than that
    (second factor) is asked by staff. A chat that has told no address is below the first level; a question and a first
    complaint are about no person.
    """
    if label in (Label.VRAAG, Label.KLACHT):
        assurance = max(assurance, Assurance.ADDRESS_CLAIMED)
    return assurance >= min(level_needed(policy, label), Assurance.MAILBOX_PROVEN)


def first_state(policy: Policy, label: Label, assurance: Assurance, *, by_staff: bool) -> tuple[RequestState, Awaiting]:
    if by_staff:
        return RequestState.RECEIVED, Awaiting.STAFF
    if ready(policy, label, assurance):
        return RequestState.PREPARING, Awaiting.NOBODY
    return RequestState.IDENTIFYING, Awaiting.REQUESTER


def new_requests(
    desk: Desk, organisation: str, labels: tuple[Label, ...], received_at: datetime, assurance: Assurance,
    *, by_staff: bool,
) -> tuple[NewRequest, ...]:  # fmt: skip
    policy = desk.organisation(organisation).policy
    made = []
    for label in labels:
        state, awaiting = first_state(policy, label, assurance, by_staff=by_staff)
        made.append(NewRequest(desk.store.context.new_id(), label, state, awaiting, derive(label, received_at, policy)))
    return tuple(made)


def earliest_told(requests: tuple[NewRequest, ...]) -> DeadlineRow:
    return min((request.told for request in requests), key=lambda row: row.target_on)


def told_if_request(
    desk: Desk, organisation: str, received_at: datetime, labels: tuple[Label, ...] = (Label.INZAGE,)
) -> date:
    """The date that holds if a doubtful message turns out to be a request: its term runs from receipt."""
    policy = desk.organisation(organisation).policy
    rows = [row for label in labels for row in derive(label, received_at, policy) if row.told]
    return min(row.target_on for row in rows)


def new_token() -> str:
    """The secret in a link: 128 bits and more."""
    return secrets.token_urlsafe(24)


def fresh_code(desk: Desk, organisation: str) -> str:
    return new_code(desk.organisation(organisation).policy.identity.code_digits)


def fresh_number(desk: Desk, organisation: str) -> str:
    return new_case_number(organisation[:3].upper())


def write_opening(unit: Unit, desk: Desk, new: Opening, *, awaited: str, human: bool, known_conversation: bool) -> str:
    """Writes case, conversation, requests, dates, code, identifiers and link; gives the case's data key."""
    index_key = unit.keys.organisation(new.organisation).index
    fresh = not new.existing_case_key
    case_key = new.existing_case_key or unit.keys.new_data_key(unit, new.organisation)
    sealer = unit.keys.data(unit, case_key)
    if fresh:
        requester = {"name": new.name, "address": new.mail_address, "form": new.form.value}
        unit.add(
            Case, id=new.case_id, organisation_id=new.organisation, number=new.number, data_key_id=case_key,
            requester=sealer.seal_json(requester, f"case.requester:{new.case_id}"), received_at=new.received_at,
            opened_at=unit.now,
        )  # fmt: skip
        if not known_conversation:  # else it was there before its case: a clarifying question
            _write_conversation(unit, new, case_key, awaited=awaited, human=human)
        _index(unit, new)
        _link(unit, new)
        unit.record(
            AuditTag.CASE_OPENED, organisation=new.organisation, actor=PROGRAM, case=new.case_id, new_case=True,
            subject=new.conversation_id, labels=[request.label.value for request in new.requests],
        )  # fmt: skip
    else:
        unit.change(Case, new.case_id, closed_at=None)
    _identifiers(unit, desk, new, case_key)
    if new.code:
        write_code(
            unit, desk, new.organisation, new.conversation_id, new.code, CodePurpose.MAILBOX,
            sent_to=blind(index_key, "email", new.mail_address), case_id=new.case_id, outbox_id=new.outbox_id,
        )  # fmt: skip
    for request in new.requests:
        _write_request(unit, desk, new, request)
    return case_key


def _write_conversation(unit: Unit, new: Opening, case_key: str, *, awaited: str, human: bool) -> None:
    sealer = unit.keys.data(unit, case_key)
    unit.add(
        Conversation, id=new.conversation_id, organisation_id=new.organisation, case_id=new.case_id,
        data_key_id=case_key, channel=new.channel.value, account=new.account,
        address=sealer.seal_text(new.address, f"conversation.address:{new.conversation_id}"),
        address_index=blind(unit.keys.organisation(new.organisation).index, index_kind(new.channel), new.address),
        awaited=awaited, language=new.language, form=new.form.value,
        human_since=unit.now if human else None, last_message_at=unit.now, created_at=unit.now,
        assurance=int(Assurance.ADDRESS_CLAIMED if new.channel is ChannelKind.EMAIL else Assurance.NONE),
        network_index=new.network or None,
    )  # fmt: skip


def index_kind(channel: ChannelKind) -> str:
    """The kind of token under which the other end of a conversation is found again."""
    return "email" if channel is ChannelKind.EMAIL else channel.value


def _write_request(unit: Unit, desk: Desk, new: Opening, request: NewRequest) -> None:
    told = request.told
    policy = desk.organisation(new.organisation).policy
    legal = next((row for row in request.deadlines if row.kind is DeadlineKind.LEGAL), told)
    unit.add(
        Request, id=request.id, organisation_id=new.organisation, case_id=new.case_id,
        conversation_id=new.conversation_id, label=request.label.value, state=request.state.value,
        awaiting=request.awaiting.value, message_id=new.message_id, received_at=new.received_at,
        told_on=told.target_on, due_on=legal.due_on, policy_version=policy.version,
        wake_at=unit.now if request.state is RequestState.PREPARING else None,
    )  # fmt: skip
    for row in request.deadlines:
        write_deadline(unit, new.organisation, request.id, row)
    if request.state is RequestState.IDENTIFYING:
        day = at_hour(local_date(new.received_at + REMINDER_AFTER), 9)
        unit.add(
            Deadline, id=unit.new_id(), organisation_id=new.organisation, request_id=request.id,
            kind=DeadlineKind.IDENTITY_REMINDER.value, due_on=day.date(), due_at=day, inputs=None,
            reasoning="14 dagen na ontvangst nog geen bewijs van identiteit: één herinnering",
        )  # fmt: skip
    unit.record(
        AuditTag.REQUEST_OPENED, organisation=new.organisation, actor=PROGRAM, case=new.case_id, subject=request.id,
        label=request.label.value, state=request.state.value, told_on=str(told.target_on), due_on=str(legal.due_on),
        policy=policy.version,
    )  # fmt: skip


def write_deadline(unit: Unit, organisation: str, request_id: str, row: DeadlineRow) -> None:
    unit.add(
        Deadline, id=unit.new_id(), organisation_id=organisation, request_id=request_id, kind=row.kind.value,
        due_on=row.due_on, due_at=row.due_at, told=row.told, inputs=dict(row.inputs), reasoning=row.reasoning,
    )  # fmt: skip


def write_code(
    unit: Unit, desk: Desk, organisation: str, conversation_id: str, code: str, purpose: CodePurpose, *, sent_to: str,
    case_id: str | None, outbox_id: str | None, identifier_id: str | None = None, link_id: str | None = None,
) -> None:  # fmt: skip
    """Keeps the keyed digest of a code; its time counts from here, and anew when the mail `outbox_id` leaves."""
    rules = desk.organisation(organisation).policy.identity
    code_id = unit.new_id()
    scope = link_id or conversation_id
    unit.add(
        IdentityCode, id=code_id, organisation_id=organisation, conversation_id=conversation_id,
        purpose=purpose.value, link_id=link_id, outbox_id=outbox_id, identifier_id=identifier_id,
        digest=code_digest(unit.keys.organisation(organisation).index, scope, code), sent_to_index=sent_to,
        created_at=unit.now, expires_at=unit.now + timedelta(hours=rules.code_hours),
        attempts_left=rules.code_attempts,
    )  # fmt: skip
    unit.record(
        AuditTag.CODE_SENT, organisation=organisation, actor=PROGRAM, case=case_id, subject=code_id,
        purpose=purpose.value,
    )  # fmt: skip


def _index(unit: Unit, new: Opening) -> None:
    """The tokens by which staff find a case again."""
    if new.mail_address:
        index_address(unit, new.organisation, new.case_id, new.mail_address)
    index_name(unit, new.organisation, new.case_id, new.name)


def index_name(unit: Unit, organisation: str, case_id: str, name: str) -> None:
    names = [("name", part) for part in set(name.lower().split()) if len(part) > 2]
    _tokens(unit, organisation, case_id, names[:6])


def index_address(unit: Unit, organisation: str, case_id: str, address: str) -> None:
    _tokens(unit, organisation, case_id, [("email", address), ("mail_domain", address.rpartition("@")[2])])


def _tokens(unit: Unit, organisation: str, case_id: str, tokens: Sequence[tuple[str, str]]) -> None:
    keys = unit.keys.organisation(organisation)
    for kind, value in tokens:
        unit.add(
            BlindIndex, id=unit.new_id(), organisation_id=organisation, case_id=case_id, kind=kind,
            token=blind(keys.index, kind, value), key_version=keys.index_version,
        )  # fmt: skip


def _link(unit: Unit, new: Opening) -> None:
    unit.add(
        Link, id=unit.new_id(), organisation_id=new.organisation, kind="case",
        token_digest=token_digest(new.token), conversation_id=new.conversation_id, created_at=unit.now,
        expires_at=unit.now + LINK_LIFE,
    )  # fmt: skip


def _identifiers(unit: Unit, desk: Desk, new: Opening, case_key: str) -> None:
    """The sender's address, and what the message names. Named is not proven: it opens nothing.

    Only what the policy lets us use is looked up (`workflow/lookup`); the rest helps staff.
    """
    if new.existing_case_key:
        return
    own = desk.organisation(new.organisation)
    usable = {"email", *own.policy.identity.may_use} if own.sources else set()
    sealer = unit.keys.data(unit, case_key)
    address = new.mail_address
    named = {("email", address)} if address else set()
    named |= {(NAMED[fact.kind], fact.value.lower()) for fact in new.facts if fact.kind in NAMED}
    for kind, value in sorted(named):
        sought = kind in usable and (kind, value) != ("email", address)
        row_id = unit.new_id()
        unit.add(
            CaseIdentifier, id=row_id, organisation_id=new.organisation, case_id=new.case_id,
            conversation_id=new.conversation_id, kind=kind,
            value=sealer.seal_text(value, f"case_identifier.value:{row_id}"),
            value_index=desk.index(new.organisation, kind, value), looked_up_at=None if sought else unit.now,
            proven=new.proven and (kind, value) == ("email", address),
        )  # fmt: skip
