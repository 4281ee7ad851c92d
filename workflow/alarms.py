"""What must not wait until somebody opens the work list: one mail to the staff who want warnings, once per line.

The line itself says that the mail went (`notified_at`), so a restart sends nothing twice and forgets nothing. Kind,
organisation and link only: these mails leave the desk.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from cases.types import ChannelKind, OutboxKind, WorkKind
from handlers import notices
from storage.models import WorkItem, table
from storage.queries.staff import wants_warnings
from storage.queries.writing import Post, Route, queue
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.notices import write

ALARMS = (WorkKind.QUARANTINE, WorkKind.CHANNEL_DOWN, WorkKind.NOT_DELIVERED, WorkKind.SEND_UNCERTAIN)
BATCH = 50
Key = tuple[str, WorkKind]  # one mail per organisation and kind
Fresh = Mapping[Key, list[str]]  # → lines


async def sweep(desk: Desk) -> int:
    """Mails about what is new; gives the number of lines."""
    fresh = await desk.store.read(lambda reads: _fresh(reads, desk))
    if not fresh:
        return 0
    posts = await desk.in_thread(lambda: {key: _write(desk, *key, len(lines)) for key, lines in fresh.items()})
    await desk.store.write(lambda unit: _queue_all(unit, desk, fresh, posts))
    desk.wake.outbox.set()
    return sum(map(len, fresh.values()))


def _fresh(reads: Reads, desk: Desk) -> dict[tuple[str, WorkKind], list[str]]:
    rows = table(WorkItem)
    found = reads.rows(
        select(rows.c.id, rows.c.organisation_id, rows.c.kind)
        .where(rows.c.closed_at.is_(None), rows.c.notified_at.is_(None), rows.c.kind.in_([k.value for k in ALARMS]))
        .where(rows.c.organisation_id.in_(desk.organisations))
        .order_by(rows.c.opened_at)
        .limit(BATCH)
    )
    together: dict[tuple[str, WorkKind], list[str]] = {}
    for row in found:
        together.setdefault((row.organisation_id, WorkKind(row.kind)), []).append(row.id)
    return together


def _write(desk: Desk, organisation: str, kind: WorkKind, number: int) -> Post:
    letter = notices.staff_alarm(
        kind=kind, number=number, organisation=desk.organisation(organisation).policy.name,
        link=f"{desk.base_url}/bureau?soort={kind.value}",
    )  # fmt: skip
    return write(desk, organisation, OutboxKind.STAFF_NOTICE, letter)


def _queue_all(unit: Unit, desk: Desk, fresh: Fresh, posts: Mapping[Key, Post]) -> None:
    for key, lines in fresh.items():
        _queue(unit, desk, key, lines, posts[key])


def _queue(unit: Unit, desk: Desk, key: tuple[str, WorkKind], lines: list[str], post: Post) -> None:
    organisation = key[0]
    own = desk.organisation(organisation)
    rows = table(WorkItem)
    mine = rows.c.id.in_(lines), rows.c.notified_at.is_(None)
    if unit.execute(rows.update().where(*mine).values(notified_at=unit.now)).rowcount == 0:
        return  # another process has mailed about them
    for address in wants_warnings(unit, organisation):
        outbox_id = unit.new_id()
        route = Route(
            organisation, ChannelKind.EMAIL, own.mailbox, address, desk.index(organisation, "email", address),
            unit.keys.new_data_key(unit, organisation),
        )  # fmt: skip
        queue(
            unit, route, post, outbox_id=outbox_id,
            message_id=desk.threads.message_id(organisation, own.mailbox, outbox_id),
        )  # fmt: skip
