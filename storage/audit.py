"""Writing and verifying the audit chains (accountability, art. 5(2) AVG).

Each entry's digest is SHA-256 over the digest before it and the entry's own fields; `(chain, seq)` is unique, so two
writers can not fork a chain.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Select, bindparam, func, null, select, text, update

from cases.audit import AuditTag
from storage.models import Audit, AuditCheckpoint, table
from storage.types import sorted_json

if TYPE_CHECKING:
    from storage.unit import Reads, Unit

START = "0" * 64
CHECKPOINT_EVERY = timedelta(days=1)

# PostgreSQL: units that append to the same chains stand in line here, each in the same order, instead of losing on
# `unique(chain, seq)`. SQLite has one writer.
_LINE_UP = text(
    "SELECT count(pg_advisory_xact_lock(k)) FROM"
    " (SELECT hashtextextended(c, 0) AS k FROM unnest(CAST(:chains AS text[])) AS c ORDER BY k) AS ordered"
)
_ONE_CHECKPOINT = text("SELECT pg_advisory_xact_lock(hashtextextended('audit_checkpoint', 2))")
_NEWEST_POINT = (
    select(table(AuditCheckpoint))
    .order_by(table(AuditCheckpoint).c.at.desc(), table(AuditCheckpoint).c.id.desc())
    .limit(1)
)


def entry_digest(
    previous: str, organisation: str, chain: str, seq: int, at: datetime, actor: str, tag: str,
    subject: str | None, facts: Any,
) -> str:  # fmt: skip
    fields = [previous, organisation, chain, seq, at.astimezone(UTC).isoformat(), actor, tag, subject, facts]
    return hashlib.sha256(sorted_json(fields).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Entry:
    chain: str
    organisation: str
    actor: str
    tag: str
    subject: str | None
    facts: Any
    fresh: bool  # the chain begins in this unit: there is no head to look up


class AuditWriter:
    """Collects the entries of one unit; they go out at its end, so that the heads are read once and held briefly."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._entries: list[_Entry] = []

    def append(
        self, tag: AuditTag, organisation: str, actor: str, case: str | None, subject: str | None,
        facts: dict[str, Any], *, fresh: bool,
    ) -> None:  # fmt: skip
        clean = json.loads(sorted_json(facts)) if facts else {}
        chain = case or f"org:{organisation}"
        self._entries.append(_Entry(chain, organisation, actor, tag.value, subject, clean, fresh))

    def mark(self) -> int:
        return len(self._entries)

    def undo(self, mark: int) -> None:
        del self._entries[mark:]

    def write(self) -> None:
        heads = self._heads({entry.chain for entry in self._entries} - {e.chain for e in self._entries if e.fresh})
        unit, at = self._unit, self._unit.now
        for entry in self._entries:
            seq, previous = heads.get(entry.chain, (0, START))
            seq += 1
            digest = entry_digest(
                previous, entry.organisation, entry.chain, seq, at, entry.actor, entry.tag, entry.subject, entry.facts
            )
            unit.add(
                Audit, id=unit.new_id(), organisation_id=entry.organisation, chain=entry.chain, seq=seq, at=at,
                actor=entry.actor, tag=entry.tag, subject=entry.subject, facts=entry.facts, previous=previous,
                digest=digest,
            )  # fmt: skip
            heads[entry.chain] = (seq, digest)
        self._entries.clear()

    def _heads(self, chains: set[str]) -> dict[str, tuple[int, str]]:
        if not chains:
            return {}
        if self._unit.connection.dialect.name == "postgresql":
            self._unit.connection.execute(_LINE_UP, {"chains": sorted(chains)})
        found = self._unit.connection.execute(_HEADS, {"chains": sorted(chains)})
        return {row.chain: (row.seq, row.digest) for row in found}


def _newest() -> Select[Any]:
    """The last entry of each chain."""
    rows = table(Audit)
    found = select(rows.c.chain, func.max(rows.c.seq).label("seq")).group_by(rows.c.chain).subquery()
    return select(rows.c.chain, rows.c.seq, rows.c.digest).join(
        found, (rows.c.chain == found.c.chain) & (rows.c.seq == found.c.seq)
    )


def _heads_of(chains: BindParameter[Any]) -> Select[Any]:
    """The same for some chains. Each is found by its first entry and asked for its highest number: the index answers
    both without going along the chain, and an organisation's own gets an entry for every message."""
    first, last, any_ = (table(Audit).alias(name) for name in ("first", "last", "any"))
    highest = select(func.max(any_.c.seq)).where(any_.c.chain == first.c.chain).scalar_subquery()
    return (
        select(last.c.chain, last.c.seq, last.c.digest)
        .join_from(first, last, (last.c.chain == first.c.chain) & (last.c.seq == highest))
        .where(first.c.seq == 1, first.c.chain.in_(chains))
    )


_HEADS = _heads_of(bindparam("chains", expanding=True))


@dataclass(frozen=True, slots=True)
class AuditReport:
    chains: int
    entries: int
    problems: tuple[str, ...]  # chain id, seq and what is wrong


def verify(reads: Reads) -> AuditReport:
    """Recomputes every chain and holds the newest checkpoint against it."""
    rows = table(Audit)
    known, problems = _checkpointed(reads)
    heads: dict[str, tuple[int, str]] = {}
    entries = 0
    ordered = select(rows).order_by(rows.c.chain, rows.c.seq).execution_options(yield_per=1_000)
    for row in reads.connection.execute(ordered):
        entries += 1
        seq, previous = heads.get(row.chain, (0, START))
        if row.seq != seq + 1:
            problems.append(f"{row.chain} {row.seq}: entry {seq + 1} is missing")
        elif row.previous != previous:
            problems.append(f"{row.chain} {row.seq}: does not follow the entry before it")
        expected = entry_digest(
            row.previous, row.organisation_id, row.chain, row.seq, row.at, row.actor, row.tag, row.subject, row.facts
        )
        if expected != row.digest:
            problems.append(f"{row.chain} {row.seq}: the entry was changed")
        if known.get(row.chain, (0, ""))[0] == row.seq and known.pop(row.chain)[1] != row.digest:
            problems.append(f"{row.chain} {row.seq}: differs from the checkpoint")
        heads[row.chain] = (row.seq, row.digest)
    problems += [f"{chain} {seq}: entries known to the checkpoint are gone" for chain, (seq, _) in known.items()]
    return AuditReport(len(heads), entries, tuple(problems))


def _checkpointed(reads: Reads) -> tuple[dict[str, tuple[int, str]], list[str]]:
    """The heads that the newest checkpoint names, and what is wrong with the checkpoints themselves.

    Older ones are held by their digest alone, which the next one includes; without heads a newest one is a problem.
    """
    points = table(AuditCheckpoint)
    problems, previous = [], START
    found = reads.rows(select(points).order_by(points.c.at, points.c.id))
    for point in found:
        given = point.heads is not None or point is found[-1]
        if point.previous != previous or (given and point.digest != _checkpoint_digest(previous, point.heads)):
            problems.append(f"checkpoint {point.id}: was changed, or the one before or after it is gone")
        previous = point.digest
    newest = (found[-1].heads if found else None) or {}
    return {chain: (seq, digest) for chain, (seq, digest) in newest.items()}, problems


def _checkpoint_digest(previous: str, heads: Any) -> str:
    return hashlib.sha256((previous + sorted_json(heads)).encode()).hexdigest()


def checkpoint(unit: Unit) -> int:
    """Writes a digest over all heads; gives the number of chains. Only the newest checkpoint keeps its heads: what
    an older one proved, the newest proves as well."""
    points = table(AuditCheckpoint)
    _last_checkpoint(unit)
    heads = {row.chain: [row.seq, row.digest] for row in unit.rows(_newest())}
    last = unit.value(_NEWEST_POINT.with_only_columns(points.c.digest)) or START
    unit.execute(update(points).where(points.c.heads.is_not(None)).values(heads=null()))
    unit.add(
        AuditCheckpoint, id=unit.new_id(), at=unit.now, chains=len(heads), heads=heads, previous=last,
        digest=_checkpoint_digest(last, heads),
    )  # fmt: skip
    return len(heads)


def checkpoint_if_due(unit: Unit) -> bool:
    """A checkpoint when the last one is a day old; asked often, for a program that restarts has no days."""
    last = _last_checkpoint(unit)
    due = last is None or unit.now - last >= CHECKPOINT_EVERY
    if due:
        checkpoint(unit)
    return due


def _last_checkpoint(unit: Unit) -> datetime | None:
    """When it was; holds off other processes until this unit ends, so that checkpoints stay one chain."""
    if unit.connection.dialect.name == "postgresql":
        unit.connection.execute(_ONE_CHECKPOINT)
    at: datetime | None = unit.value(_NEWEST_POINT.with_only_columns(table(AuditCheckpoint).c.at))
    return at
