"""Asking the sources: every system of which the organisation is controller, side by side, each with its own limit.

Found, nothing and failed are three answers. A system that a person keeps is asked by a task; its answer comes later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cases.calendar import local_date
from cases.errors import place_of
from cases.protocols import FindStatus, Found, Identifier, SourceRole
from storage.queries.request_facts import RequestFacts
from storage.unit import Unit
from workflow import tasks
from workflow.desk import Desk, OrganisationDesk

log = logging.getLogger(__name__)
FIND_LIMIT = 60.0  # seconds for one source
LAST_DAYS = timedelta(days=3)  # before the date told: then the draft says what was not looked into


@dataclass(frozen=True, slots=True)
class ByHand:
    """What people were asked: the systems still waited for, and what the others hold."""

    open: tuple[str, ...]
    found: tuple[Found, ...]


async def ask(own: OrganisationDesk, identifiers: Sequence[Identifier]) -> tuple[Found, ...]:
    """Every system that answers by itself; only proven identifiers open anything."""
    proven = [identifier for identifier in identifiers if identifier.proven]
    names = [name for name in searched(own) if name not in own.by_hand]
    first = await asyncio.gather(*(_find(own, name, proven) for name in names))
    also = [one for found in first for one in found.used if one.proven and one not in proven]
    if not also:
        return tuple(first)
    # one system knows the address, another only the customer number that the first one gave: asked once more
    wider = [*proven, *dict.fromkeys(also)]
    return tuple(
        await asyncio.gather(
            *(_find(own, one.source, wider) if one.status is FindStatus.NOTHING else _same(one) for one in first)
        )
    )


async def _same(found: Found) -> Found:
    return found


def searched(own: OrganisationDesk) -> list[str]:
    """Not those that only hold other people's customers."""
    return [
        name
        for name, source in own.sources.items()
        if any(part.role is SourceRole.CONTROLLER for part in source.describe().tables)
    ]


async def _find(own: OrganisationDesk, name: str, identifiers: Sequence[Identifier]) -> Found:
    """A source that does not answer in time has failed; it never stops the others."""
    try:
        async with asyncio.timeout(FIND_LIMIT):
            return await own.sources[name].find(identifiers)
    except TimeoutError:
        return Found(name, FindStatus.FAILED, error="het systeem antwoordde niet op tijd")
    except Exception as error:
        log.error("a source failed: %s", place_of(error), extra={"source": name})
        return Found(name, FindStatus.FAILED, error=type(error).__name__)


async def by_hand(desk: Desk, own: OrganisationDesk, facts: RequestFacts) -> ByHand:
    """Opens the tasks that are not there yet. Close to the date told, who has not answered counts as not asked."""
    names = [name for name in searched(own) if name in own.by_hand]
    if not names:
        return ByHand((), ())
    answers = await desk.store.read(lambda reads: tasks.answers(reads, facts.id))
    new = [name for name in names if name not in answers]
    if new:
        mails = await desk.in_thread(lambda: {name: tasks.written(desk, facts, name, find=True) for name in new})

        def open_tasks(unit: Unit) -> None:
            for name, mail in mails.items():
                tasks.open_find(unit, desk, facts, name, facts.identifiers, mail)

        await desk.store.write(open_tasks)
        desk.wake.outbox.set()
    found, waiting = [], []
    late = local_date(desk.now()) >= facts.told_on - LAST_DAYS
    for name in names:
        answer = answers.get(name)
        if answer is not None:
            found.append(own.sources[name].answered(answer))
        elif late:
            found.append(Found(name, FindStatus.FAILED, error="er kwam nog geen antwoord van wie dit systeem bijhoudt"))
        else:
            waiting.append(own.sources[name].describe().label)
    return ByHand(tuple(waiting), tuple(found))
