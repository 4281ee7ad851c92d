"""How far requests are and what was done for them, in words: for the answer, the automatic mail and the chat.

Serves art. 12(3) AVG (information on action taken) and what law.md section 6 asks of `status` and `annuleren`: received
on, stage, whom it waits for, latest date, whether the clock stands; and what had been carried out when it is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from cases.letters import Block, BlockKind, Table
from cases.progress import Progress
from cases.types import Awaiting, Verb
from handlers.parts import titled
from handlers.wording import Texts

Systems = Mapping[str, str]  # name → what it is called
_FOR_GOOD = frozenset({Verb.ERASE, Verb.ANONYMISE})


def stage(texts: Texts, standing: Sequence[Progress], today: date, systems: Systems) -> Block:
    """Where each request stands, what about its term, and what has been done already."""
    rows = tuple(row for one in standing for row in _rows(texts, one))
    return titled(
        texts, BlockKind.STAGE, *_clocks(texts, standing, today), *_starts(texts, standing),
        texts.say("status.done") if _deeds(standing) else "", items=deeds(texts, standing, systems),
        table=Table((), rows),
    )  # fmt: skip


def closed(texts: Texts, standing: Sequence[Progress], systems: Systems) -> Block:
    """What is closed on the person's wish, what had been done by then, and what can not be stopped any more."""
    late = [topic(texts, one) for one in standing if one.open and not one.stoppable]
    said = [texts.say("closed.too_late", topics=", ".join(late)) if late else ""]
    if not _deeds(standing):
        said.append("" if late else texts.say("closed.nothing"))
    else:
        gone = any(deed.verb in _FOR_GOOD for one in standing for deed in one.deeds)
        said += [texts.say("closed.for_good") if gone else "", texts.say("closed.executed")]
    items = deeds(texts, standing, systems)
    return titled(texts, BlockKind.CLOSED, *said, texts.say("closed.again") if not items else "", items=items)


def clock(texts: Texts, one: Progress, today: date) -> str:
    """Whether the term runs; "" for what has ended."""
    if not one.open:
        return ""
    if one.suspended_since is not None:
        what = texts.say(f"suspended.{one.suspended_for}")
        return texts.say("status.suspended", since=texts.day(one.suspended_since), what=what)
    if one.late(today):
        return texts.say("status.late")
    if one.extended_on is not None:
        return texts.say("status.extended", on=texts.day(one.extended_on))
    return texts.say("status.not_suspended")


def deeds(texts: Texts, standing: Sequence[Progress], systems: Systems) -> tuple[str, ...]:
    """One line per change that was carried out."""
    lines = (
        texts.say(f"deed.{deed.verb.value}", day=texts.day(deed.on), system=systems.get(deed.source, deed.source))
        for one in standing
        for deed in one.deeds
    )
    return tuple(dict.fromkeys(lines))


def topic(texts: Texts, one: Progress) -> str:
    return texts.say(f"topic.{one.label.value}")


def _deeds(standing: Sequence[Progress]) -> bool:
    return any(one.deeds for one in standing)


def _rows(texts: Texts, one: Progress) -> Iterator[tuple[str, str]]:
    yield texts.say("status.row_topic"), topic(texts, one)
    yield texts.say("status.row_received"), texts.day(one.received_at)
    yield texts.say("status.row_stage"), texts.say(f"stage.{one.state.value}")
    if one.open:
        awaiting = Awaiting.REQUESTER if one.suspended_since is not None else one.awaiting
        yield texts.say("status.row_awaiting"), texts.say(f"awaiting.{awaiting.value}")
        yield texts.say("status.row_told"), texts.day(one.told_on)


def _clocks(texts: Texts, standing: Sequence[Progress], today: date) -> tuple[str, ...]:
    """One sentence where all terms are alike, else one each."""
    each = [(topic(texts, one), clock(texts, one, today)) for one in standing if one.open]
    alike = dict.fromkeys(said for _, said in each)
    return tuple(alike) if len(alike) == 1 else tuple(f"{about}: {said}" for about, said in each)


def _starts(texts: Texts, standing: Sequence[Progress]) -> tuple[str, ...]:
    days = dict.fromkeys(one.begins_on for one in standing if one.begins_on is not None)
    return tuple(texts.say("status.begins", on=texts.day(day)) for day in days)
