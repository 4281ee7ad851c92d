"""What waits for a person is told in the chats that colleagues linked, once per line of the work list.

Case number, kind, date, marks of risk and a link: never a name, an address or words of a message, because these
notices leave the desk. They go through the outbox like everything that leaves; the buttons under them are rows, bound
to the package they were made for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from cases.calendar import local_date, long_date
from cases.policy import level_needed
from cases.types import DESTRUCTIVE, Assurance, Decision, DraftStatus, Label, OutboxKind, WorkKind
from handlers.wording import Texts, staff_texts
from storage.models import Case, Conversation, Draft, Request, StaffButton, WorkItem, table
from storage.queries.writing import Post, Route, queue
from storage.unit import Reads, Unit
from workflow.approval import needs_two
from workflow.desk import Desk
from workflow.staff_chat import StaffBot, linked

# Lists to go through in peace; a chat that never stops is a chat that nobody reads.
QUIET = frozenset({WorkKind.OTHER_MAIL, WorkKind.SPAM_LISTED, WorkKind.BACKLOG, WorkKind.RELEASE})
TAKE, APPROVE = "take", "approve"
PRESS = "staff:"  # what a button of a notice hands back: this and the id of its row
BATCH = 20
SOON = 5  # days
_LIVE = (DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value)


@dataclass(frozen=True, slots=True)
class Notice:
    work_id: str
    text: str
    link: str
    request_id: str | None = None
    draft_id: str | None = None
    digest: str = ""
    may_approve: bool = False  # its kind is one that the settings name


async def sweep(desk: Desk, bot: StaffBot) -> int:
    """Tells what is new; gives the number of lines."""
    notices = await desk.store.read(lambda reads: _fresh(reads, desk, bot))
    if not notices:
        return 0
    await desk.store.write(lambda unit: _tell_all(unit, desk, bot, notices))
    desk.wake.outbox.set()
    return len(notices)


def tell_again(unit: Unit, request_id: str) -> None:
    """The package under a button has changed: what still waits is told once more, with a button of its own."""
    rows = table(WorkItem)
    kinds = [WorkKind.APPROVE.value, WorkKind.SECOND_APPROVAL.value]
    waits = rows.c.request_id == request_id, rows.c.kind.in_(kinds), rows.c.closed_at.is_(None)
    unit.execute(rows.update().where(*waits).values(chat_told_at=None))


# --- what is told -----------------------------------------------------------------------------------------------------


def _fresh(reads: Reads, desk: Desk, bot: StaffBot) -> list[Notice]:
    chats = linked(reads, bot)
    if not chats:
        return []
    rows = table(WorkItem)
    found = reads.rows(
        select(rows)
        .where(
            rows.c.organisation_id == bot.organisation, rows.c.closed_at.is_(None), rows.c.chat_told_at.is_(None),
            rows.c.kind.not_in([kind.value for kind in QUIET]), rows.c.opened_at >= chats[0].linked_at,
        )
        .order_by(rows.c.opened_at)
        .limit(BATCH)
    )  # fmt: skip
    return [_notice(reads, desk, bot, row) for row in found]


def _notice(reads: Reads, desk: Desk, bot: StaffBot, line: Row[Any]) -> Notice:
    say = staff_texts()
    known = say.has(f"staff_work.{line.kind}")
    what = say.say(f"staff_work.{line.kind}" if known else "staff_work.other")
    if line.request_id is None:
        return _without_request(reads, desk, line, what)
    requests, cases, talks, drafts = table(Request), table(Case), table(Conversation), table(Draft)
    asked = reads.one(
        select(requests, cases.c.number, talks.c.assurance, talks.c.frozen)
        .join(cases, cases.c.id == requests.c.case_id)
        .join(talks, talks.c.id == requests.c.conversation_id)
        .where(requests.c.id == line.request_id)
    )
    assert asked is not None
    newest = select(drafts).where(drafts.c.request_id == line.request_id, drafts.c.status.in_(_LIVE))
    draft = reads.one(newest.order_by(drafts.c.created_at.desc()))
    needed = level_needed(desk.organisation(bot.organisation).policy, Label(asked.label))
    risks = _risks(say, asked, draft, local_date(reads.now), needed)
    link = f"{desk.base_url}/bureau/zaak/{asked.case_id}"
    lines = [say.say("staff_chat.head", case=asked.number, kind=asked.label), what]
    if asked.told_on is not None:
        lines.append(say.say("staff_chat.told", told=long_date(asked.told_on)))
    if risks:
        lines.append(say.say("staff_chat.risks", risks=", ".join(risks)))
    return Notice(
        line.id, "\n".join([*lines, link]), link, line.request_id, draft.id if draft is not None else None,
        draft.package_digest if draft is not None else "", Label(asked.label) in bot.approve,
    )  # fmt: skip


def _without_request(reads: Reads, desk: Desk, line: Row[Any], what: str) -> Notice:
    say, cases = staff_texts(), table(Case)
    number = reads.value(select(cases.c.number).where(cases.c.id == line.case_id)) if line.case_id else None
    if number is not None:
        link, head = f"{desk.base_url}/bureau/zaak/{line.case_id}", str(number)
    elif line.inbound_id is not None:
        link, head = f"{desk.base_url}/bureau/post/{line.inbound_id}", say.say("staff_chat.head_message")
    else:
        link, head = f"{desk.base_url}/bureau?soort={line.kind}", say.say("staff_chat.head_list")
    return Notice(line.id, "\n".join([head, what, link]), link)


def _risks(say: Texts, asked: Row[Any], draft: Row[Any] | None, today: date, needed: Assurance) -> list[str]:
    """What somebody should know before tapping."""
    found = []
    left = (asked.told_on - today).days if asked.told_on is not None else None
    if left is not None and left < 0:
        found.append(say.say("staff_chat.risk_late"))
    elif left is not None and left <= SOON:
        found.append(say.say("staff_chat.risk_soon", days=left))
    if draft is not None and needs_two(Label(asked.label), Decision(draft.decision)):
        found.append(say.say("staff_chat.risk_two"))
    if draft is not None and is_final(Label(asked.label), draft.plan):
        found.append(say.say("staff_chat.risk_final"))
    if Assurance(asked.assurance) < needed:
        found.append(say.say("staff_chat.risk_unproven"))
    if asked.frozen:
        found.append(say.say("staff_chat.risk_frozen"))
    return found


def is_final(label: Label, plan: Sequence[Mapping[str, Any]] | None) -> bool:
    """Carrying this package out can not be undone."""
    return label in DESTRUCTIVE or any(not action.get("reversible", False) for action in plan or ())


# --- telling ----------------------------------------------------------------------------------------------------------


def _tell_all(unit: Unit, desk: Desk, bot: StaffBot, notices: Sequence[Notice]) -> None:
    chats = {row.chat_index: row for row in reversed(linked(unit, bot))}  # a group once, however many linked it
    rows = table(WorkItem)
    for notice in notices:
        mine = rows.c.id == notice.work_id, rows.c.chat_told_at.is_(None), rows.c.closed_at.is_(None)
        if unit.execute(rows.update().where(*mine).values(chat_told_at=unit.now)).rowcount == 0:
            continue  # another process told it, or somebody has just done it
        for chat in chats.values():
            _tell(unit, desk, bot, notice, chat)


def _tell(unit: Unit, desk: Desk, bot: StaffBot, notice: Notice, chat: Row[Any]) -> None:
    address = unit.keys.root().open_text(chat.chat_id, f"staff_chat.chat_id:{chat.id}")
    outbox_id, mailbox = unit.new_id(), desk.organisation(bot.organisation).mailbox
    route = Route(
        bot.organisation, bot.channel, bot.account, address, chat.chat_index,
        unit.keys.new_data_key(unit, bot.organisation),
    )  # fmt: skip
    choices = _buttons(unit, desk, bot, notice, chat.id)
    queue(
        unit, route, Post(OutboxKind.STAFF_NOTICE, "", notice.text, "", in_chat=True, choices=choices),
        outbox_id=outbox_id, message_id=desk.threads.message_id(bot.organisation, mailbox, outbox_id),
    )  # fmt: skip


def _buttons(unit: Unit, desk: Desk, bot: StaffBot, notice: Notice, staff_chat_id: str) -> tuple[tuple[str, str], ...]:
    """Take and approve are rows; refusing needs a ground, so that button only opens the case."""
    if notice.request_id is None:
        return ()
    say = staff_texts()
    wanted = [TAKE, *([APPROVE] if notice.draft_id and notice.may_approve else [])]
    choices = []
    for act in wanted:
        button_id = unit.new_id()
        unit.add(
            StaffButton, id=button_id, staff_chat_id=staff_chat_id, organisation_id=bot.organisation,
            request_id=notice.request_id, draft_id=notice.draft_id, package_digest=notice.digest, act=act,
            created_at=unit.now,
        )  # fmt: skip
        choices.append((f"{PRESS}{button_id}", say.say(f"staff_chat.{act}")))
    if notice.draft_id is not None:
        choices.append((notice.link, say.say("staff_chat.refuse")))
    return tuple(choices)
