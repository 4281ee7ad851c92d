"""What moves when a case is split: one transaction, rows only. Which requests go, and why: `workflow/splitting`.

Everything that goes is sealed anew under the key of its new case (`storage/queries/moving`); proof goes along only for
the same person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from cases.audit import AuditTag, staff_actor
from cases.types import (
    Assurance,
    Awaiting,
    ChannelKind,
    DraftStatus,
    Label,
    RequestState,
    TaskStatus,
    WorkKind,
)
from storage.claims import RELEASED
from storage.models import (
    Case,
    CaseIdentifier,
    Conversation,
    Draft,
    Evidence,
    Export,
    Finding,
    Inbound,
    Message,
    Outbox,
    RecipientNotice,
    Request,
    Restriction,
    SourceAction,
    SourceTask,
    SQLModel,
    Transfer,
    WorkItem,
    table,
)
from storage.queries import moving
from storage.queries.request_facts import RequestFacts, mail_address
from storage.queries.writing import close_work, move_request, open_work, raise_content_version
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.joining import closed_at, draft_anew
from workflow.opening import index_address, index_name, ready

_OF_A_REQUEST: tuple[type[SQLModel], ...] = (Finding, Draft, SourceAction, SourceTask, Transfer, RecipientNotice)


@dataclass(frozen=True, slots=True)
class Apart:
    """What goes to a case of its own. The messages in which the requests were asked always go along."""

    requests: tuple[str, ...]
    messages: tuple[str, ...] = ()
    other_person: bool = False  # the requests are about somebody else than who wrote
    name: str = ""  # of that person, where it is known


@dataclass(frozen=True, slots=True)
class Plan:
    case: Row[Any]
    going: tuple[Row[Any], ...]  # requests
    staying: RequestFacts | None  # an open one, in the words of the conversation that is told
    told: date  # of the part that goes


def _mail_of(reads: Reads, talk: Row[Any]) -> str:
    sealer = reads.keys.data(reads, talk.data_key_id)
    if talk.channel != ChannelKind.EMAIL.value:
        return mail_address(talk, sealer)
    return sealer.open_text(talk.address, f"conversation.address:{talk.id}")


class Splitting:
    """Holds what the parts share; each method moves one kind of thing. All in one transaction."""

    def __init__(self, unit: Unit, desk: Desk, staff_id: str, plan: Plan, new_id: str, apart: Apart) -> None:
        self.unit, self.desk, self.staff_id, self.apart = unit, desk, staff_id, apart
        self.actor = staff_actor(staff_id)
        self.case, self.going, self.new_id = plan.case, plan.going, new_id
        self.organisation: str = plan.case.organisation_id
        self.key_id = unit.keys.new_data_key(unit, self.organisation)

    def run(self, number: str) -> list[str]:
        """Gives the conversations that need a code of their own before they go on."""
        self._new_case(number)
        unproven = []
        for conversation_id in dict.fromkeys(row.conversation_id for row in self.going):
            here = [row for row in self.going if row.conversation_id == conversation_id]
            talk = self._talk(conversation_id, here)
            self._requests(here, talk.id)
            if self._go_on(here, talk):
                unproven.append(str(talk.id))
        self._what_stays()
        return unproven

    def _new_case(self, number: str) -> None:
        unit, case, requester = self.unit, self.case, self._requester()
        unit.add(
            Case, id=self.new_id, organisation_id=self.organisation, number=number, data_key_id=self.key_id,
            requester=unit.keys.data(unit, self.key_id).seal_json(requester, f"case.requester:{self.new_id}"),
            received_at=min(row.received_at for row in self.going), opened_at=unit.now,
        )  # fmt: skip
        if requester["address"]:
            index_address(unit, self.organisation, self.new_id, requester["address"])
        index_name(unit, self.organisation, self.new_id, requester["name"])
        for own, other, new in ((self.new_id, case.number, True), (case.id, number, False)):
            unit.record(
                AuditTag.CASE_SPLIT, organisation=self.organisation, actor=self.actor, case=own, new_case=new,
                subject=self.new_id, number=other, requests=len(self.going),
            )  # fmt: skip

    def _requester(self) -> dict[str, str]:
        """Of whom the new case is: who wrote there; of cases that were joined the one with that address."""
        unit, cases, talks = self.unit, table(Case), table(Conversation)
        talk = unit.one(select(talks).where(talks.c.id == self.going[0].conversation_id))
        assert talk is not None
        address = _mail_of(unit, talk)
        known = [self.case, *unit.rows(select(cases).where(cases.c.linked_to == self.case.id))]
        found = (
            unit.keys.data(unit, one.data_key_id).open_json(one.requester, f"case.requester:{one.id}") for one in known
        )
        unknown = {"name": "", "address": address, "form": talk.form}
        requester: dict[str, str] = next((one for one in found if one["address"] == address), unknown)
        return requester | {"name": self.apart.name.strip()} if self.apart.other_person else requester

    # --- conversations ------------------------------------------------------------------------------------------------

    def _talk(self, conversation_id: str, here: Sequence[Row[Any]]) -> Row[Any]:
        """A conversation of which nothing stays goes as it is, with its proof and its links; else a second one."""
        talks, requests = table(Conversation), table(Request)
        all_of_it = self.unit.rows(select(requests.c.id).where(requests.c.conversation_id == conversation_id))
        row = self.unit.one(select(talks).where(talks.c.id == conversation_id))
        assert row is not None
        if len(all_of_it) == len(here) and not self.apart.other_person:
            return self._moved(row)
        return self._second(row, here)

    def _moved(self, talk: Row[Any]) -> Row[Any]:
        unit = self.unit
        for model, own_key in ((Message, False), (Outbox, False), (Evidence, True)):
            rows = table(model)
            found = unit.rows(select(rows).where(rows.c.conversation_id == talk.id))
            self._keys(model, found, own_key=own_key)
            moving.move(unit, model, rows.c.conversation_id == talk.id, self.new_id)
        self._doubts(talk)
        self._inbound(table(Message).c.conversation_id == talk.id)
        lines = table(WorkItem).c.same.in_([f"{kind.value}:{talk.id}" for kind in WorkKind])
        moving.move(unit, WorkItem, lines, self.new_id)
        moving.seal_anew(unit, Conversation, [talk], self.key_id)
        unit.change(Conversation, talk.id, if_={"version": talk.version}, case_id=self.new_id, version=talk.version + 1)
        self._identifiers(talk.id, talk.id)
        return talk

    def _doubts(self, talk: Row[Any]) -> None:
        """Why somebody's identity was doubted is sealed with the key of the conversation."""
        unit, rows = self.unit, table(Evidence)
        old, new = unit.keys.data(unit, talk.data_key_id), unit.keys.data(unit, self.key_id)
        named = (rows.c.conversation_id == talk.id) & rows.c.doubt.is_not(None)
        for row in unit.rows(select(rows.c.id, rows.c.doubt).where(named)):
            context = f"evidence.doubt:{row.id}"
            unit.change(Evidence, row.id, doubt=new.seal(old.open(row.doubt, context), context))

    def _second(self, talk: Row[Any], here: Sequence[Row[Any]]) -> Row[Any]:
        """The same writer, a thread of its own: what is proven for the writer is proven for nobody else."""
        unit, other = self.unit, self.apart.other_person
        sealed = {name: getattr(talk, name) for name in ("address", "ident_address") if getattr(talk, name) is not None}
        old, new, second_id = unit.keys.data(unit, talk.data_key_id), unit.keys.data(unit, self.key_id), unit.new_id()
        anew = {
            name: new.seal(old.open(content, f"conversation.{name}:{talk.id}"), f"conversation.{name}:{second_id}")
            for name, content in sealed.items()
        }
        claimed = Assurance.ADDRESS_CLAIMED if talk.channel == ChannelKind.EMAIL.value else Assurance.NONE
        same = ("channel", "account", "address_index", "ident_index", "language", "form", "network_index")
        unit.add(
            Conversation, id=second_id, organisation_id=self.organisation, case_id=self.new_id,
            data_key_id=self.key_id, assurance=int(claimed) if other else talk.assurance,
            evidence=None if other else talk.evidence, assured_until=None if other else talk.assured_until,
            human_since=unit.now if other else talk.human_since, created_at=unit.now,
            last_message_at=talk.last_message_at - timedelta(seconds=1),  # without a reference, mail goes to the first
            **{name: getattr(talk, name) for name in same}, **anew,
        )  # fmt: skip
        self._messages(talk, second_id, here)
        if not other:
            self._identifiers(talk.id, second_id)
        found = unit.one(select(table(Conversation)).where(table(Conversation).c.id == second_id))
        assert found is not None
        return found

    def _identifiers(self, from_id: str, to_id: str) -> None:
        """The handles of the person, under the new case's key; of a conversation that stays they are copied."""
        unit, rows = self.unit, table(CaseIdentifier)
        old, new = unit.keys.data(unit, self.case.data_key_id), unit.keys.data(unit, self.key_id)
        for row in unit.rows(select(rows).where(rows.c.conversation_id == from_id)):
            plain = old.open(row.value, f"case_identifier.value:{row.id}")
            row_id = row.id if from_id == to_id else unit.new_id()
            value = new.seal(plain, f"case_identifier.value:{row_id}")
            if from_id == to_id:
                unit.change(CaseIdentifier, row_id, case_id=self.new_id, value=value)
                continue
            unit.add(
                CaseIdentifier, id=row_id, organisation_id=self.organisation, case_id=self.new_id, kind=row.kind,
                conversation_id=to_id, value=value, value_index=row.value_index, proven=row.proven,
                looked_up_at=row.looked_up_at or unit.now,
            )  # fmt: skip

    # --- messages -----------------------------------------------------------------------------------------------------

    def _messages(self, talk: Row[Any], to_id: str, here: Sequence[Row[Any]]) -> None:
        """Chosen messages; one that something staying was asked in stands in both, once as a copy."""
        unit, rows, requests = self.unit, table(Message), table(Request)
        chosen = {*self.apart.messages, *(row.message_id for row in here if row.message_id)}
        mine = (rows.c.conversation_id == talk.id) & rows.c.incoming & rows.c.id.in_(chosen)
        staying = select(requests.c.message_id).where(
            requests.c.case_id == self.case.id, requests.c.id.not_in([row.id for row in self.going])
        )
        needed = {row.message_id for row in unit.rows(staying)}
        for row in unit.rows(select(rows).where(mine)):
            if row.id in needed:
                self._copied(row, to_id)
                continue
            moving.seal_anew(unit, Message, [row], self.key_id)
            self._inbound(rows.c.id == row.id)
            unit.change(Message, row.id, case_id=self.new_id, conversation_id=to_id)

    def _copied(self, row: Row[Any], to_id: str) -> None:
        unit, copy_id, requests = self.unit, self.unit.new_id(), table(Request)
        plain = unit.keys.data(unit, row.data_key_id).open(row.content, f"message.content:{row.id}")
        unit.add(
            Message, id=copy_id, organisation_id=self.organisation, conversation_id=to_id, case_id=self.new_id,
            data_key_id=self.key_id, copy_of=row.id, incoming=True, labels=row.labels, at=row.at,
            content=unit.keys.data(unit, self.key_id).seal(plain, f"message.content:{copy_id}"),
        )  # fmt: skip
        going = requests.c.id.in_([one.id for one in self.going])
        unit.execute(update(requests).where(going, requests.c.message_id == row.id).values(message_id=copy_id))

    def _inbound(self, messages: Any) -> None:
        """The bytes as received are erased with the case that they belong to now; so is the line about them."""
        unit, rows, inbound, work = self.unit, table(Message), table(Inbound), table(WorkItem)
        ids = select(rows.c.inbound_id).where(messages, rows.c.inbound_id.is_not(None))
        for row in unit.rows(select(inbound.c.data_key_id).where(inbound.c.id.in_(ids))):
            if row.data_key_id is not None:
                unit.keys.adopt(unit, row.data_key_id, self.key_id)
        moving.move(unit, WorkItem, work.c.inbound_id.in_(ids) & (work.c.case_id == self.case.id), self.new_id)

    # --- requests -----------------------------------------------------------------------------------------------------

    def _requests(self, here: Sequence[Row[Any]], conversation_id: str) -> None:
        unit, ids = self.unit, [row.id for row in here]
        if self.apart.other_person:
            self._forget_findings(ids)
        for model in _OF_A_REQUEST:
            rows = table(model)
            self._keys(model, unit.rows(select(rows).where(rows.c.request_id.in_(ids))), own_key=False)
        exports, outbox = table(Export), table(Outbox)
        self._keys(Export, unit.rows(select(exports).where(exports.c.request_id.in_(ids))), own_key=True)
        self._keys(Outbox, unit.rows(select(outbox).where(outbox.c.request_id.in_(ids))), own_key=False)
        old, new = unit.keys.data(unit, self.case.data_key_id), unit.keys.data(unit, self.key_id)
        for row in here:
            chosen, context = row.chosen, f"request.chosen:{row.id}"
            if chosen is not None:
                chosen = new.seal(old.open(chosen, context), context)
            unit.change(
                Request, row.id, if_={"version": row.version}, case_id=self.new_id, conversation_id=conversation_id,
                chosen=chosen, version=row.version + 1,
            )  # fmt: skip
        for model in (Outbox, WorkItem, Restriction):
            moving.move(unit, model, table(model).c.request_id.in_(ids), self.new_id)
        drafts = table(Draft)
        waits = drafts.c.status.in_([DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value])
        unit.execute(update(drafts).where(drafts.c.request_id.in_(ids), waits).values(status=DraftStatus.VOID.value))

    def _forget_findings(self, request_ids: Sequence[str]) -> None:
        """The systems were asked about who wrote: what they said has no place in somebody else's case."""
        unit, findings, exports, work = self.unit, table(Finding), table(Export), table(SourceTask)
        unit.execute(delete(findings).where(findings.c.request_id.in_(request_ids)))
        for row in unit.rows(select(exports).where(exports.c.request_id.in_(request_ids))):
            if row.data_key_id is not None:
                unit.keys.erase(unit, row.data_key_id)
                unit.change(Export, row.id, content=None, data_key_id=None)
                unit.record(
                    AuditTag.EXPORT_PURGED, organisation=self.organisation, actor=self.actor, case=self.new_id,
                    subject=row.id,
                )  # fmt: skip
        still = work.c.request_id.in_(request_ids) & (work.c.status == TaskStatus.OPEN.value)
        for row in unit.rows(select(work.c.id).where(still)):
            unit.change(SourceTask, row.id, status=TaskStatus.CANCELLED.value)
            close_work(unit, WorkKind.TASK, actor=self.actor, same=f"{WorkKind.TASK.value}:{row.id}")

    def _keys(self, model: type[SQLModel], rows: Sequence[Row[Any]], *, own_key: bool) -> None:
        if not own_key:
            moving.seal_anew(self.unit, model, rows, self.key_id)
            return
        for row in rows:
            if row.data_key_id is not None:
                self.unit.keys.adopt(self.unit, row.data_key_id, self.key_id)

    def _go_on(self, here: Sequence[Row[Any]], talk: Row[Any]) -> bool:
        """Drafts are made anew in the new case's name; whether its conversation still has to be proven.

        For somebody else a person goes on: asks for the mandate, or writes.
        """
        unit, policy = self.unit, self.desk.organisation(self.organisation).policy
        needs_code = False
        for row in here:
            close_work(
                unit,
                WorkKind.APPROVE,
                WorkKind.SECOND_APPROVAL,
                WorkKind.SOURCE_FAILED,
                actor=self.actor,
                request_id=row.id,
            )
            if self.apart.other_person:
                move_request(
                    unit, row.id, RequestState.IDENTIFYING, actor=self.actor, awaiting=Awaiting.STAFF.value,
                    wake_at=None, failure="", **RELEASED,
                )  # fmt: skip
                open_work(
                    unit, WorkKind.HANDLE, self.organisation, same=row.id, case_id=self.new_id, request_id=row.id,
                    due_on=row.told_on, detail="other_person",
                )  # fmt: skip
                continue
            if row.state == RequestState.RECEIVED.value:  # a person's from the first word
                continue
            proven = ready(policy, Label(row.label), Assurance(talk.assurance))
            needs_code = needs_code or not proven
            move_request(
                unit, row.id, RequestState.PREPARING if proven else RequestState.IDENTIFYING, actor=self.actor,
                awaiting=(Awaiting.NOBODY if proven else Awaiting.REQUESTER).value, attempts=0, failure="",
                wake_at=unit.now if proven else None, **RELEASED,
            )  # fmt: skip
        return needs_code and talk.id not in {row.conversation_id for row in self.going} and talk.human_since is None

    def _what_stays(self) -> None:
        unit, case = self.unit, self.case
        raise_content_version(unit, case.id)
        draft_anew(unit, self.desk, self.staff_id, case.id)
        over = closed_at(unit, case)
        if over is not None and case.closed_at is None:
            unit.change(Case, case.id, closed_at=over)
            unit.record(AuditTag.CASE_CLOSED, organisation=self.organisation, actor=self.actor, case=case.id)
