"""The erasure ledger: what became of every record, in lines that outlive the case (art. 5(2), 17).

Lines are written in the transaction that notes a change as done: a crash can not part the two. A line holds the key of
its record, sealed with a key that no purge of a case touches, and keyed digests of what named the person in it. What is
done with the lines is in `kept` (records that stay for a while) and `replay` (after a restored backup).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from cases.erasure import same_person
from cases.types import Fate
from handlers.base import Line
from storage.models import LedgerEntry, table
from storage.queries.request_facts import RequestFacts
from storage.seal import blind
from storage.unit import Reads, Unit
from workflow.package import Doing


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, opened."""

    id: str
    organisation: str
    request_id: str | None
    case_number: str
    source: str
    table: str
    fate: Fate
    category: str
    law: str
    ends_on: date | None
    key: str
    columns: tuple[str, ...]
    identity: Mapping[str, str] | None  # column → keyed digest; None: a line from before these were kept
    notes: tuple[Mapping[str, str], ...] = ()  # why it stayed longer: by, at, reason

    @property
    def shown(self) -> str:
        """The key as its system writes it: a key of tables is a list."""
        try:
            parts = json.loads(self.key)
        except ValueError:
            return self.key
        return " ".join(map(str, parts)) if isinstance(parts, list) else str(parts)


def write_ledger(unit: Unit, facts: RequestFacts, lines: Sequence[Line], *, fate: Fate | None = None) -> None:
    """One line per record. The same record is listed once.

    `fate`: what was done, where that is all these lines are about; a kept record may lose fields and stay kept.
    """
    if not lines:
        return
    rows = table(LedgerEntry)
    tombstone = unit.keys.organisation(facts.organisation).tombstone
    key_id = _ledger_key(unit, facts.organisation)
    sealer = unit.keys.data(unit, key_id)
    for line in lines:
        became = line.fate if line.fate is Fate.KEEP else (fate or line.fate)
        digest = reference_digest(tombstone, line.source, line.table, line.key, became)
        named = fingerprint(tombstone, line.source, line.table, line.key, dict(line.says))
        standing = select(rows.c.identity).where(rows.c.reference_digest == digest, rows.c.closed_at.is_(None))
        # a key may be somebody else's by now, and a person who keeps a system gives records numbers of one task
        if any(row.identity is None or same_person(row.identity, named) for row in unit.rows(standing)):
            continue
        row_id = unit.new_id()
        unit.add(
            LedgerEntry, id=row_id, organisation_id=facts.organisation, request_id=facts.id,
            case_number=facts.case_number, source=line.source, table_name=line.table, fate=became.value,
            data_key_id=key_id, reference=sealer.seal_text(line.key, f"ledger_entry.reference:{row_id}"),
            reference_digest=digest, columns=list(line.columns), category=line.category, law=line.law,
            identity=named, ends_on=line.ends_on, recorded_at=unit.now,
        )  # fmt: skip


def reference_digest(tombstone: bytes, source: str, table_name: str, key: str, fate: Fate) -> str:
    return blind(tombstone, "ledger", f"{source}\x00{table_name}\x00{key}\x00{fate.value}")


def fingerprint(tombstone: bytes, source: str, table_name: str, key: str, says: Mapping[str, str]) -> dict[str, str]:
    """Keyed digests of what names the person, each for this record only: two records can not be held side by side."""
    place = f"{source}\x00{table_name}\x00{key}"
    return {
        column: blind(tombstone, "identity", f"{place}\x00{column}\x00{value}")[:32] for column, value in says.items()
    }


def entry(reads: Reads, row: Row[Any]) -> Entry:
    sealer = reads.keys.data(reads, row.data_key_id)
    key = sealer.open_text(row.reference, f"ledger_entry.reference:{row.id}")
    notes = sealer.open_json(row.note, f"ledger_entry.note:{row.id}") if row.note else ()
    return Entry(
        row.id, row.organisation_id, row.request_id, row.case_number, row.source, row.table_name, Fate(row.fate),
        row.category, row.law, row.ends_on, key, tuple(row.columns or ()), row.identity, tuple(notes),
    )  # fmt: skip


def entries(reads: Reads, rows: Iterable[Row[Any]]) -> list[Entry]:
    return [entry(reads, row) for row in rows if row.reference is not None]


def noted(unit: Unit, row: Row[Any], actor: str, reason: str) -> bytes:
    """The line's sealed notes with one more."""
    sealer, place = unit.keys.data(unit, row.data_key_id), f"ledger_entry.note:{row.id}"
    before = sealer.open_json(row.note, place) if row.note else []
    return sealer.seal_json([*before, {"by": actor, "at": unit.now.isoformat(), "reason": reason.strip()}], place)


def kept_lines(doing: Doing) -> list[Line]:
    return [line for line in doing.lines if line.fate is Fate.KEEP]


def _ledger_key(unit: Unit, organisation: str) -> str:
    """The organisation's one key for ledger references; made with the first line."""
    rows = table(LedgerEntry)
    known = unit.value(
        select(rows.c.data_key_id)
        .where(rows.c.organisation_id == organisation, rows.c.data_key_id.is_not(None))
        .limit(1)
    )
    return str(known) if known else unit.keys.new_data_key(unit, organisation)
