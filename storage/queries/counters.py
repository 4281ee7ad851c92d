"""How much was said without being asked: the counters of the walls against loops (design, section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, or_, select

from cases.types import ChannelKind, OutboxKind
from storage.models import Outbox, table
from storage.unit import Reads


@dataclass(frozen=True, slots=True)
class Counts:
    """Unasked automatic mails: per recipient in a day, per organisation in an hour, per case and kind."""

    recipients: Counter[str]
    organisations: Counter[str]
    cases: Counter[tuple[str, str]] = field(default_factory=Counter)


def count(reads: Reads, indexes: Set[str], organisations: Set[str], case_ids: Set[str]) -> Counts:
    """Of these recipients, organisations and cases."""
    rows = table(Outbox)
    per_recipient = (
        select(rows.c.recipient_index, func.count().label("mails"))
        .where(rows.c.recipient_index.in_(indexes), rows.c.unasked, rows.c.created_at > reads.now - timedelta(days=1))
        .group_by(rows.c.recipient_index)
    )
    per_organisation = (
        select(rows.c.organisation_id, func.count().label("mails"))
        .where(
            rows.c.organisation_id.in_(organisations),
            rows.c.automatic.is_(True),  # by a bare column SQLite would not go down its index to the hour
            rows.c.unasked.is_(True),
            rows.c.created_at > reads.now - timedelta(hours=1),
            rows.c.channel == ChannelKind.EMAIL.value,  # a chat line answers somebody who is there
        )
        .group_by(rows.c.organisation_id)
    )
    return Counts(
        Counter({row.recipient_index: row.mails for row in reads.rows(per_recipient)}),
        Counter({row.organisation_id: row.mails for row in reads.rows(per_organisation)}),
        _per_case(reads, case_ids),
    )


def _per_case(reads: Reads, case_ids: Set[str]) -> Counter[tuple[str, str]]:
    if not case_ids:
        return Counter()
    rows = table(Outbox)
    query = (
        select(rows.c.case_id, rows.c.kind, func.count().label("mails"))
        .where(rows.c.case_id.in_(case_ids), rows.c.unasked)
        # how things stand may be asked again on another day
        .where(or_(rows.c.kind != OutboxKind.STATUS.value, rows.c.created_at > reads.now - timedelta(days=1)))
        .group_by(rows.c.case_id, rows.c.kind)
    )
    return Counter({(row.case_id, row.kind): row.mails for row in reads.rows(query)})
