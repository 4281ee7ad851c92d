"""The marks that say: do not write here again. A mark is a keyed digest of an address; the address itself is nowhere.

Whoever asks hands over an address and hears whether it is marked, since when and for which channels. A mark of an
erasure says more than one of an opt-out: its person should stand nowhere at all. Written in `workflow/suppression`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from storage.models import Case, Request, Suppression, table
from storage.seal import blind
from storage.unit import Reads


@dataclass(frozen=True, slots=True)
class Mark:
    """One address that is marked."""

    digest: str
    since: datetime  # of the oldest mark that stands
    channels: frozenset[str]  # cases.policy.AdChannel
    erased: bool = False  # by an erasure that was carried out, and whose person is no customer any more
    case_id: str | None = None
    case_number: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """All marks of one organisation, and the way to ask for one address."""

    organisation: str
    key: bytes = field(repr=False)
    by_digest: dict[str, Mark] = field(default_factory=dict)

    def of(self, address: str) -> Mark | None:
        return self.by_digest.get(digest_of(self.key, address))


def digest_of(key: bytes, address: str) -> str:
    return blind(key, "suppressed", address.strip().lower())


def suppressed_digest(reads: Reads, organisation: str, address: str) -> str:
    return digest_of(reads.keys.organisation(organisation).tombstone, address)


def marks(reads: Reads, organisation: str, *, digests: Collection[str] | None = None) -> Marks:
    """The marks that stand, or those of `digests`."""
    rows, requests, cases = table(Suppression), table(Request), table(Case)
    query = (
        select(rows.c.address_digest, rows.c.channel, rows.c.since, rows.c.erased, requests.c.case_id, cases.c.number)
        .select_from(
            rows.outerjoin(requests, requests.c.id == rows.c.request_id).outerjoin(
                cases, cases.c.id == requests.c.case_id
            )
        )
        .where(rows.c.organisation_id == organisation, rows.c.withdrawn_at.is_(None))
    )
    if digests is not None:
        query = query.where(rows.c.address_digest.in_(digests))
    found: dict[str, Mark] = {}
    for row in reads.rows(query.order_by(rows.c.since, rows.c.channel)):
        before = found.get(row.address_digest, Mark(row.address_digest, row.since, frozenset()))
        # the case of the erasure, where there is one: it says most
        takes = before.case_id is None or (row.erased and not before.erased)
        found[row.address_digest] = Mark(
            row.address_digest, before.since, before.channels | {row.channel}, before.erased or row.erased,
            row.case_id if takes else before.case_id, (row.number or "") if takes else before.case_number,
        )  # fmt: skip
    return Marks(organisation, reads.keys.organisation(organisation).tombstone, found)
