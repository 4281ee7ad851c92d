"""Systems that a person keeps: one task per question or change, with a page behind a signed link (no login).

The keeper gets a mail with the link; past the due date one reminder, then the deputy is asked. A task is done when
somebody says so on its page; until then nothing is called found, nothing called done. A system without a keeper's
address is a line on the staff list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag
from cases.calendar import at_hour, local_date
from cases.errors import InputError, Stale
from cases.protocols import Identifier, Keeper, SourceInfo
from cases.types import ChannelKind, OutboxKind, TaskStatus, WorkKind
from handlers.doing_notices import task
from storage.models import Request, SourceTask, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import Post, Route, close_work, open_work, queue
from storage.seal import token_digest
from storage.unit import Reads, Unit
from workflow.actions import done_by_hand
from workflow.desk import Desk
from workflow.notices import write
from workflow.opening import new_token

KEEPER = "keeper"  # actor of what is answered on a task page: whoever holds the link
MAX_ROWS = 500


@dataclass(frozen=True, slots=True)
class TaskMail:
    """What the keeper is sent, written before the rows are: the secret of the page, the day, and the words."""

    token: str
    due: date
    post: Post | None  # None: nobody to write to


@dataclass(frozen=True, slots=True)
class TaskPage:
    """What the page of one task shows."""

    id: str
    organisation: str
    case_number: str
    system: str
    find: bool
    verb: str
    steps: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]  # (column, label): what is asked for
    who: tuple[tuple[str, str], ...]  # how to find the person: (kind, value)
    wish: str  # the change in words
    due: date | None
    status: TaskStatus


def written(desk: Desk, facts: RequestFacts, source: str, *, find: bool) -> TaskMail:
    """The mail of a new task. CPU work, outside of any transaction."""
    info = _info(desk, facts.organisation, source)
    keeper = info.keeper or Keeper("")
    due = min(local_date(desk.now()) + timedelta(days=keeper.days), facts.told_on)
    token = new_token()
    return TaskMail(token, due, _words(desk, facts, info, token, due, find=find) if keeper.address else None)


def _words(
    desk: Desk, facts: RequestFacts, info: SourceInfo, token: str, due: date, *, find: bool, reminder: bool = False
) -> Post:
    letter = task(
        system=info.label, case_number=facts.case_number, due=due, link=f"{desk.base_url}/taak/{token}", find=find,
        reminder=reminder,
    )  # fmt: skip
    return write(desk, facts.organisation, OutboxKind.TASK, letter)


def _info(desk: Desk, organisation: str, name: str) -> SourceInfo:
    source = desk.organisation(organisation).sources.get(name)
    return source.describe() if source is not None else SourceInfo(name, name, ())


def open_find(
    unit: Unit, desk: Desk, facts: RequestFacts, source: str, identifiers: Sequence[Identifier], mail: TaskMail
) -> None:
    """What do you hold about this person?"""
    content = {"who": [[one.kind, one.value] for one in identifiers if one.proven], "name": facts.name}
    _open(unit, desk, facts, source, content, mail, action_id=None)


def open_change(
    unit: Unit, desk: Desk, facts: RequestFacts, row: Row[Any], content: Mapping[str, Any], mail: TaskMail
) -> None:
    """Please change this; it is done when somebody says so."""
    who = [[one.kind, one.value] for one in facts.identifiers if one.proven]
    if _joined(unit, facts, row, content):
        return
    asked = {
        "who": who, "name": facts.name, "verb": row.verb, "table": row.table_name, "keys": content["keys"],
        "values": content["values"], "columns": content["columns"], "wish": content["description"],
        "actions": [row.id],
    }  # fmt: skip
    _open(unit, desk, facts, row.source, asked, mail, action_id=row.id)


def _joined(unit: Unit, facts: RequestFacts, row: Row[Any], content: Mapping[str, Any]) -> bool:
    """Several changes of one kind in one system are one task: one page, one mail."""
    rows = table(SourceTask)
    mine = (rows.c.request_id == facts.id) & (rows.c.source == row.source) & rows.c.action_id.is_not(None)
    unit.flush()
    for task_row in unit.rows(select(rows).where(mine, rows.c.status == TaskStatus.OPEN.value)):
        sealer, context = unit.keys.data(unit, task_row.data_key_id), f"source_task.content:{task_row.id}"
        asked = sealer.open_json(task_row.content, context)
        if asked["verb"] != row.verb:
            continue
        asked["actions"].append(row.id)
        asked["wish"] = f"{asked['wish']}\n{content['description']}"
        unit.change(
            SourceTask, task_row.id, if_={"status": TaskStatus.OPEN.value}, content=sealer.seal_json(asked, context)
        )
        return True
    return False


def _open(
    unit: Unit, desk: Desk, facts: RequestFacts, source: str, content: dict[str, Any], mail: TaskMail, *,
    action_id: str | None,
) -> None:  # fmt: skip
    info, row_id = _info(desk, facts.organisation, source), unit.new_id()
    sealer = unit.keys.data(unit, facts.case_key_id)
    unit.add(
        SourceTask, id=row_id, organisation_id=facts.organisation, request_id=facts.id, action_id=action_id,
        data_key_id=facts.case_key_id, source=source, token_digest=token_digest(mail.token), due_on=mail.due,
        content=sealer.seal_json(content | {"token": mail.token}, f"source_task.content:{row_id}"),
        created_at=unit.now,
    )  # fmt: skip
    unit.record(
        AuditTag.TASK_OPENED, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id, subject=row_id,
        source=source, find=action_id is None,
    )  # fmt: skip
    open_work(
        unit, WorkKind.TASK, facts.organisation, same=row_id, case_id=facts.case_id, request_id=facts.id,
        due_on=mail.due, detail=source,
    )  # fmt: skip
    if mail.post is not None and info.keeper is not None:
        _mail(unit, desk, facts, info.keeper.address, mail.post)


def _mail(unit: Unit, desk: Desk, facts: RequestFacts, address: str, post: Post) -> None:
    own, outbox_id = desk.organisation(facts.organisation), unit.new_id()
    route = Route(
        facts.organisation, ChannelKind.EMAIL, own.mailbox, address, desk.index(facts.organisation, "email", address),
        facts.case_key_id, None, facts.case_id,
    )  # fmt: skip
    queue(
        unit, route, post, outbox_id=outbox_id, request_id=facts.id,
        message_id=desk.threads.message_id(facts.organisation, own.mailbox, outbox_id),
    )  # fmt: skip


# --- the page ---------------------------------------------------------------------------------------------------------


def page(reads: Reads, desk: Desk, token: str) -> TaskPage | None:
    """The task behind a link; None for a link that never was. An answered task still opens, and says so."""
    row = _by_token(reads, token)
    if row is None or row.organisation_id not in desk.organisations:
        return None
    facts = request_facts(reads, row.request_id)
    assert facts is not None
    content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"source_task.content:{row.id}")
    info = _info(desk, row.organisation_id, row.source)
    find, verb = row.action_id is None, str(content.get("verb", ""))
    steps = (info.keeper.steps if info.keeper else {}).get("find" if find else verb, ())
    fields = tuple((f"{part.name}.{one.name}", one.label) for part in info.tables for one in part.fields)
    fields = fields if find else ()
    who = (*(("name", content["name"]),), *((kind, value) for kind, value in content["who"]))
    return TaskPage(
        row.id, row.organisation_id, facts.case_number, info.label, find, verb, tuple(steps), fields, who,
        str(content.get("wish", "")), row.due_on, TaskStatus(row.status),
    )  # fmt: skip


def _by_token(reads: Reads, token: str) -> Row[Any] | None:
    rows = table(SourceTask)
    return reads.one(select(rows).where(rows.c.token_digest == token_digest(token)))


async def answer_by_link(
    desk: Desk, token: str, *, nothing: bool, found: Sequence[Mapping[str, str]] = (), done_on: date | None = None
) -> None:
    """The keeper's answer; `done_on`: the day of a change, when that was not today.

    InputError: `no_task` (a dead link), `empty` (nothing filled in), `done_on` (a day to come, or before it was asked).
    Stale: answered.
    """

    def settle(unit: Unit) -> None:
        row = _by_token(unit, token)
        if row is None:
            raise InputError("no_task")
        _answer(unit, desk, row, nothing=nothing, found=found, actor=KEEPER, done_on=done_on)

    await desk.store.write(settle)
    desk.wake.requests.set()
    desk.wake.actions.set()


async def answer_by_staff(desk: Desk, actor: str, task_id: str, *, nothing: bool) -> None:
    """Staff did it themselves, or know that there is nothing."""

    def settle(unit: Unit) -> None:
        rows = table(SourceTask)
        row = unit.one(select(rows).where(rows.c.id == task_id))
        if row is None:
            raise InputError("no_task")
        _answer(unit, desk, row, nothing=nothing, found=(), actor=actor)

    await desk.store.write(settle)
    desk.wake.requests.set()
    desk.wake.actions.set()


def _answer(
    unit: Unit, desk: Desk, row: Row[Any], *, nothing: bool, found: Sequence[Mapping[str, str]], actor: str,
    done_on: date | None = None,
) -> None:  # fmt: skip
    if row.status != TaskStatus.OPEN.value:
        raise Stale("this task was answered")
    tables = _by_table(row.id, found)
    if row.action_id is None and not nothing and not tables:
        raise InputError("empty")
    today = local_date(unit.now)
    if done_on is not None and not local_date(row.created_at) <= done_on <= today:
        raise InputError("done_on")
    done_at = unit.now if done_on in (None, today) else at_hour(done_on or today, 12)
    sealer = unit.keys.data(unit, row.data_key_id)
    unit.change(
        SourceTask, row.id, if_={"status": TaskStatus.OPEN.value}, answered_at=unit.now,
        status=(TaskStatus.NOTHING if nothing else TaskStatus.DONE).value,
        answer=sealer.seal_json({"tables": {} if nothing else tables}, f"source_task.answer:{row.id}"),
    )  # fmt: skip
    requests = table(Request)
    request = unit.one(select(requests).where(requests.c.id == row.request_id))
    assert request is not None
    unit.record(
        AuditTag.TASK_ANSWERED, organisation=row.organisation_id, actor=actor, case=request.case_id, subject=row.id,
        source=row.source, nothing=nothing, records=sum(map(len, tables.values())),
    )  # fmt: skip
    close_work(unit, WorkKind.TASK, actor=actor, same=f"{WorkKind.TASK.value}:{row.id}")
    if row.action_id is None:
        unit.change(Request, row.request_id, wake_at=unit.now)
        return
    for action_id in sealer.open_json(row.content, f"source_task.content:{row.id}")["actions"]:
        done_by_hand(unit, action_id, nothing=nothing, at=done_at)


def _by_table(task_id: str, found: Sequence[Mapping[str, str]]) -> dict[str, list[dict[str, str]]]:
    """What was typed ("table.column" → value, one mapping per record), as the source takes it: rows per table.

    Such rows have no name of their own; they get one that no other person's row can have. InputError `unreadable`.
    """
    tables: dict[str, list[dict[str, str]]] = {}
    for number, record in enumerate(found[:MAX_ROWS]):
        rows: dict[str, dict[str, str]] = {}
        for name, value in record.items():
            part, dot, column = name.partition(".")
            if not dot:
                raise InputError("unreadable")
            if value.strip():
                rows.setdefault(part, {"_key": f"{task_id}-{number}"})[column] = value.strip()
        for part, row in rows.items():
            tables.setdefault(part, []).append(row)
    return tables


# --- what was answered, and what was not ------------------------------------------------------------------------------


def answers(reads: Reads, request_id: str) -> dict[str, Mapping[str, Any] | None]:
    """Per system that was asked: its newest answer, None while it is waited for."""
    rows = table(SourceTask)
    asked = select(rows).where(rows.c.request_id == request_id, rows.c.action_id.is_(None)).order_by(rows.c.created_at)
    found: dict[str, Mapping[str, Any] | None] = {}
    for row in reads.rows(asked):
        if row.status == TaskStatus.CANCELLED.value:
            continue
        found[row.source] = None
        if row.answer is not None:
            sealer = reads.keys.data(reads, row.data_key_id)
            found[row.source] = sealer.open_json(row.answer, f"source_task.answer:{row.id}")
    return found


async def remind(desk: Desk) -> int:
    """Past the due date: the keeper once more, then the deputy; after that it is the staff list's. A daily tick."""
    late = await desk.store.read(lambda reads: _late(reads, desk))
    words = await desk.in_thread(lambda: [_reminder(desk, one) for one in late])

    def settle(unit: Unit) -> int:
        return sum(_reminded(unit, desk, one, post) for one, post in zip(late, words, strict=True))

    return await desk.store.write(settle)


@dataclass(frozen=True, slots=True)
class _Late:
    row: Row[Any]
    facts: RequestFacts
    info: SourceInfo
    token: str

    @property
    def address(self) -> str:
        """First the keeper, then the deputy."""
        keeper = self.info.keeper or Keeper("")
        return keeper.address if self.row.reminded == 0 else keeper.deputy


def _late(reads: Reads, desk: Desk) -> list[_Late]:
    rows = table(SourceTask)
    late = select(rows).where(
        rows.c.status == TaskStatus.OPEN.value, rows.c.due_on < local_date(reads.now), rows.c.reminded < 2,
        rows.c.organisation_id.in_(desk.organisations),
    )  # fmt: skip
    found = []
    for row in reads.rows(late.limit(100)):
        facts = request_facts(reads, row.request_id)
        assert facts is not None
        content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"source_task.content:{row.id}")
        found.append(_Late(row, facts, _info(desk, row.organisation_id, row.source), content["token"]))
    return found


def _reminder(desk: Desk, late: _Late) -> Post | None:
    if not late.address:
        return None
    find = late.row.action_id is None
    return _words(desk, late.facts, late.info, late.token, late.row.due_on, find=find, reminder=True)


def _reminded(unit: Unit, desk: Desk, late: _Late, post: Post | None) -> int:
    """Counts the reminder and says when the next is due. Answered meanwhile: nothing is sent."""
    rows, row = table(SourceTask), late.row
    days = 2 if row.reminded == 0 else 7
    mine = (rows.c.id == row.id) & (rows.c.status == TaskStatus.OPEN.value) & (rows.c.reminded == row.reminded)
    done = unit.execute(
        rows.update().where(mine).values(reminded=row.reminded + 1, due_on=local_date(unit.now) + timedelta(days=days))
    )
    if not done.rowcount or post is None:
        return 0
    _mail(unit, desk, late.facts, late.address, post)
    return 1
