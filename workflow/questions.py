"""A question to the requester in the middle of a request: what do you mean, which part, where to.

The handler words it (`Prepared.asks`); it leaves without approval, since it decides nothing (design, section 7). The
answer comes back through the dialogue, or staff settle it. Silence has a meaning that the question itself says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from cases.audit import PROGRAM, AuditTag, requester_actor
from cases.calendar import at_hour, local_date
from cases.dialogue import Awaited
from cases.errors import RuleError
from cases.letters import Letter
from cases.types import OPEN_STATES, Awaiting, OutboxKind, RequestState, WorkKind
from handlers.base import Prepared
from storage.claims import RELEASED
from storage.models import Case, Conversation, Request, table
from storage.queries.request_facts import RequestFacts, chosen_of, request_facts
from storage.queries.writing import move_request, open_work, raise_content_version
from storage.unit import Unit
from workflow.desk import Desk
from workflow.notices import to_requester, write, write_chat

SILENCE = timedelta(days=7)
ASKED = "asked:"  # marks in `chosen` that the question was put, and when


async def ask(desk: Desk, token: str, facts: RequestFacts, prepared: Prepared, letter: Letter) -> None:
    """Puts the question once. Asked before and still open: silence is the first of the options."""
    key = prepared.asks
    since = facts.chosen.get(f"{ASKED}{key}")
    if (
        since and local_date(desk.now()) < date.fromisoformat(since) + SILENCE
    ):  # woken by something else: the week runs on
        await desk.store.write(lambda unit: _wait_on(unit, token, facts, date.fromisoformat(since)))
        return
    if since:
        if prepared.options:
            await desk.store.write(lambda unit: _by_silence(unit, token, facts, key, prepared.options[0]))
            desk.wake.requests.set()
        else:  # silence means nothing here: a person goes on
            await desk.store.write(lambda unit: _to_staff(unit, token, facts))
        return
    choices = [(str(number), str(number)) for number, _ in enumerate(prepared.options, 1)]
    if facts.chat and not facts.address:
        post = await desk.in_thread(write_chat, desk, facts.organisation, OutboxKind.CLARIFICATION, letter, choices)
    else:
        post = await desk.in_thread(write, desk, facts.organisation, OutboxKind.CLARIFICATION, letter)

    def settle(unit: Unit) -> None:
        unit.change(
            Request, facts.id, if_={"claim_token": token}, wake_at=unit.now + SILENCE, attempts=0,
            awaiting=Awaiting.REQUESTER.value, **RELEASED,
        )  # fmt: skip
        keep(unit, facts.id, {f"{ASKED}{key}": local_date(unit.now).isoformat()}, actor=PROGRAM)
        conversations = table(Conversation)
        unit.execute(
            conversations.update()
            .where(conversations.c.id == facts.conversation_id)
            .values(
                awaited=Awaited.CHOICE.value, choices=[f"{key}={value}" for value in prepared.options],
                version=conversations.c.version + 1,
            )
        )  # fmt: skip
        to_requester(unit, desk, facts, post, request_id=facts.id)

    await desk.store.write(settle)
    desk.wake.outbox.set()


def _wait_on(unit: Unit, token: str, facts: RequestFacts, since: date) -> None:
    until = at_hour(since + SILENCE, 9)
    unit.change(
        Request, facts.id, if_={"claim_token": token}, wake_at=until, attempts=0, awaiting=Awaiting.REQUESTER.value,
        **RELEASED,
    )  # fmt: skip


def _by_silence(unit: Unit, token: str, facts: RequestFacts, key: str, value: str) -> None:
    unit.change(
        Request, facts.id, if_={"claim_token": token}, wake_at=unit.now, awaiting=Awaiting.NOBODY.value, **RELEASED
    )
    keep(unit, facts.id, {key: value}, actor=PROGRAM)


def _to_staff(unit: Unit, token: str, facts: RequestFacts) -> None:
    unit.change(
        Request, facts.id, if_={"claim_token": token}, wake_at=None, attempts=0, awaiting=Awaiting.STAFF.value,
        failure="de verzoeker gaf geen antwoord op onze vraag", **RELEASED,
    )  # fmt: skip
    open_work(
        unit, WorkKind.HANDLE, facts.organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        due_on=facts.told_on, detail="no_answer",
    )  # fmt: skip


def keep(unit: Unit, request_id: str, values: Mapping[str, str], *, actor: str) -> None:
    """Adds to what was settled; the audit entry names the keys, never the words."""
    rows, cases = table(Request), table(Case)
    row = unit.one(select(rows).where(rows.c.id == request_id))
    if row is None:
        raise RuleError("no such request")
    key_id = unit.value(select(cases.c.data_key_id).where(cases.c.id == row.case_id))
    chosen = chosen_of(unit, row, key_id) | dict(values)
    sealed = unit.keys.data(unit, key_id).seal_json(chosen, f"request.chosen:{request_id}")
    unit.change(Request, request_id, chosen=sealed)
    unit.record(
        AuditTag.CHOICE_MADE, organisation=row.organisation_id, actor=actor, case=row.case_id, subject=request_id,
        keys=sorted(values),
    )  # fmt: skip


def settled(unit: Unit, request_id: str, key: str, value: str, *, actor: str) -> None:
    """The requester or staff chose: the request is prepared (again) with it, older approvals no longer hold."""
    facts = request_facts(unit, request_id)
    if facts is None:
        raise RuleError("no such request")
    keep(unit, request_id, {key: value}, actor=actor)
    raise_content_version(unit, facts.case_id)
    if facts.state in (RequestState.PREPARING, RequestState.AWAITING_APPROVAL):
        move_request(
            unit, request_id, RequestState.PREPARING, actor=actor, awaiting=Awaiting.NOBODY.value, wake_at=unit.now,
            attempts=0, failure="",
        )  # fmt: skip


def answered(unit: Unit, conversation_id: str, option: str) -> None:
    """The requester named one of the options ("key=value"): the request that asked goes on with it."""
    rows = table(Request)
    key, _, value = option.partition("=")
    mine = (rows.c.conversation_id == conversation_id) & rows.c.state.in_([state.value for state in OPEN_STATES])
    for row in unit.rows(select(rows).where(mine, rows.c.chosen.is_not(None))):
        facts = request_facts(unit, row.id)
        if facts is not None and f"{ASKED}{key}" in facts.chosen:
            settled(unit, row.id, key, value, actor=requester_actor(conversation_id))


async def choose(desk: Desk, actor: str, request_id: str, values: Mapping[str, str]) -> None:
    """Staff settle something on the way (`handlers/choices`)."""

    def settle(unit: Unit) -> None:
        for key, value in values.items():
            settled(unit, request_id, key, value, actor=actor)

    await desk.store.write(settle)
    desk.wake.requests.set()
