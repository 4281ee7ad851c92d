"""A wish that the program did not hear: staff read it in a conversation and open it as a request of the same case.

The term runs from the message it stands in. It goes on with the proof of that conversation; what that proof does not
carry is asked in a mail of its own, which proves it. Not here: messages that have no case yet (`workflow/triage`).
"""

from __future__ import annotations

from sqlalchemy import select

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError
from cases.types import OPEN_STATES, Assurance, ChannelKind, Label, WorkKind
from storage.models import Conversation, Message, Request, table
from storage.queries.request_facts import newest_request
from storage.queries.writing import close_work
from storage.unit import Unit
from workflow.approval import may_decide
from workflow.desk import Desk
from workflow.opening import Opening, new_requests, ready, write_opening


async def add(desk: Desk, staff_id: str, conversation_id: str, label: Label) -> None:
    """Opens one request more. InputError: `no_label`, `open_already`, `not_proven`, `frozen`, `not_allowed`."""
    if label is Label.OVERIG:
        raise InputError("no_label")

    def settle(unit: Unit) -> None:
        facts = newest_request(unit, conversation_id)
        may_decide(unit, staff_id, facts.organisation)
        if facts.frozen:
            raise InputError("frozen")
        requests, talks, messages = table(Request), table(Conversation), table(Message)
        standing = select(requests.c.label).where(
            requests.c.case_id == facts.case_id, requests.c.state.in_([state.value for state in OPEN_STATES])
        )
        if label.value in {row.label for row in unit.rows(standing)}:
            raise InputError("open_already")
        talk = unit.one(select(talks).where(talks.c.id == conversation_id))
        heard = unit.one(
            select(messages.c.id, messages.c.at)
            .where(messages.c.conversation_id == conversation_id, messages.c.incoming)
            .order_by(messages.c.at.desc())
        )
        assert talk is not None and heard is not None
        old = talk.assured_until is not None and talk.assured_until <= unit.now
        level = min(facts.assurance, Assurance.ADDRESS_CLAIMED) if old else facts.assurance
        if not ready(desk.organisation(facts.organisation).policy, label, level):
            raise InputError("not_proven")
        new = Opening(
            organisation=facts.organisation, channel=ChannelKind(facts.channel), account=facts.account,
            address=facts.address, name=facts.name, form=facts.form, language=talk.language, received_at=heard.at,
            conversation_id=conversation_id, case_id=facts.case_id, number=facts.case_number, token="",
            requests=new_requests(desk, facts.organisation, (label,), heard.at, level, by_staff=False), code="",
            facts=(), message_id=heard.id, outbox_id="", existing_case_key=facts.case_key_id,
        )  # fmt: skip
        write_opening(unit, desk, new, awaited="", human=False, known_conversation=True)
        close_work(unit, WorkKind.NEW_MESSAGE, actor=staff_actor(staff_id), case_id=facts.case_id)
        unit.record(
            AuditTag.MESSAGE_TRIAGED, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
            subject=heard.id, labels=[label.value],
        )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.requests.set()
