"""The backlog: mail from before the start, read once, so that running requests are taken over at their real dates.

Every message goes through the same door and the same reader as new mail, with origin BACKLOG: what asks for something
goes on the work list, nothing is answered. Copies of the rest are erased again by the settle step.
"""

from __future__ import annotations

from datetime import timedelta

import typer
from sqlalchemy import func, select

from bot.config import Organisation, Settings
from bot.wiring import build_desk, close, make_accept, make_tokens, open_store, prepare_organisations
from cases.context import Context
from cases.messages import RawInbound
from cases.types import WorkKind
from intake.email.imap_backlog import scan_backlog
from storage.models import WorkItem, table
from storage.unit import Reads
from workflow import golive, process
from workflow.desk import Desk


async def scan(settings: Settings, only: str, back: timedelta) -> dict[str, tuple[int, int]]:
    """Organisation → (messages read, lines on the work list). Raises Temporary when a mailbox can not be reached."""
    from nlp.reader import make_reader  # noqa: PLC0415  # spaCy takes a second; only this command waits for it

    store = open_store(settings, Context())
    await store.write(lambda unit: prepare_organisations(unit, settings))
    reader = make_reader(settings.folder / "model", embeddings=settings.embeddings)
    desk = build_desk(settings, store, lambda: reader)
    try:
        chosen = [o for o in settings.organisations if o.imap is not None and only in ("", o.key)]
        return {organisation.key: await _one(desk, organisation, back) for organisation in chosen}
    finally:
        await close(desk)


async def _one(desk: Desk, organisation: Organisation, back: timedelta) -> tuple[int, int]:
    accept, now = make_accept(desk), desk.now()
    assert organisation.imap is not None
    already = await desk.store.read(lambda reads: _lines(reads, organisation.key))
    taken = 0

    async def take(message: RawInbound) -> None:
        nonlocal taken
        await accept(message)
        taken += 1
        if taken % desk.limits.batch == 0:
            await process.run_once(desk)

    with typer.progressbar(length=1000, label=organisation.key) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        tokens = make_tokens(organisation, desk.store)
        read = await scan_backlog(organisation.imap, tokens, now - back, now, take, progress)
    while await process.run_once(desk):
        pass
    await desk.store.write(lambda unit: golive.looked_through(unit, organisation.key))
    return read, await desk.store.read(lambda reads: _lines(reads, organisation.key)) - already


def _lines(reads: Reads, organisation: str) -> int:
    rows = table(WorkItem)
    found: int = reads.value(
        select(func.count()).where(rows.c.organisation_id == organisation, rows.c.kind == WorkKind.BACKLOG.value)
    )
    return found
