"""Never write to this address again: marks are set with an erasure or an opt-out, asked, and taken back by staff.

A mark is a keyed digest per channel, so that nobody is added again by accident (art. 17, 21(3)) and nobody's address is
kept for it. Looking for people who came back is in `returned`, asking in `storage/queries/suppression`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from cases.audit import PROGRAM, AuditTag
from cases.erasure import CONTRACT_LAW
from cases.errors import InputError
from cases.policy import AdChannel
from cases.types import Fate, Label, Verb, WorkKind
from storage.models import Suppression, WorkItem, table
from storage.queries.request_facts import RequestFacts
from storage.queries.suppression import Mark, marks, suppressed_digest
from storage.queries.writing import close_work
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.package import Doing

_rows = table(Suppression)
_MARKS = select(_rows).where(  # made once: making a query costs more than asking it
    _rows.c.organisation_id == bindparam("here"),
    _rows.c.channel.in_(bindparam("on", expanding=True)),
    _rows.c.address_digest == bindparam("digest"),
)


def suppress(
    unit: Unit, facts: RequestFacts, channels: Sequence[str], *, also: Collection[str] = (), erased: bool = False
) -> None:
    """Never write to this address again, per channel, known or not (the law asks the same for both).

    `also`: further addresses of the same person, proven or found in what is erased.
    """
    rows = table(Suppression)
    for digest in {suppressed_digest(unit, facts.organisation, one) for one in (facts.address, *also) if one}:
        for channel in channels:
            mine = (rows.c.organisation_id == facts.organisation) & (rows.c.channel == channel)
            known = unit.one(select(rows).where(mine, rows.c.address_digest == digest))
            if known is not None and known.withdrawn_at is None and known.erased >= erased:
                continue
            now: dict[str, Any] = {"since": unit.now, "request_id": facts.id, "erased": erased}
            if known is not None:
                unit.change(Suppression, known.id, withdrawn_at=None, **now)
            else:
                unit.add(
                    Suppression, id=unit.new_id(), organisation_id=facts.organisation, channel=channel,
                    address_digest=digest, **now,
                )  # fmt: skip
            unit.record(
                AuditTag.SUPPRESSED, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id,
                subject=facts.id, channel=channel,
            )  # fmt: skip


def suppress_for(unit: Unit, facts: RequestFacts, doing: Doing) -> None:
    """An erasure and an opt-out both end on the list, whether or not a system had anything to change."""
    everywhere = [channel.value for channel in AdChannel]
    proven = {one.value for one in facts.identifiers if one.kind == "email" and one.proven}
    if facts.label in (Label.VERWIJDERING, Label.AFMELDEN) and not any(a.channels for a in doing.actions):
        also = {address for line in doing.lines if line.fate is not Fate.KEEP for address in line.addresses}
        suppress(unit, facts, everywhere, also=proven | also, erased=_erases(facts, doing))
    for action in doing.actions:
        if action.verb is Verb.OPT_OUT:
            suppress(unit, facts, action.channels or everywhere, also=proven)


def _erases(facts: RequestFacts, doing: Doing) -> bool:
    """Whether its person is nobody's customer any more; of one whose contract runs, new records are no mistake."""
    going = any(line.fate is not Fate.KEEP for line in doing.lines)
    running = any(line.fate is Fate.KEEP and line.law == CONTRACT_LAW for line in doing.lines)
    return facts.label is Label.VERWIJDERING and going and not running


def contract_over(unit: Unit, request_id: str) -> None:
    """The last record that a contract kept is gone: from now on its person should stand nowhere."""
    rows = table(Suppression)
    unit.execute(rows.update().where(rows.c.request_id == request_id).values(erased=True))


async def asked(desk: Desk, organisations: Collection[str], address: str) -> dict[str, Mark]:
    """Organisation → its mark of this address; those without one are not in it. InputError `no_address`."""
    if "@" not in address:
        raise InputError("no_address")

    def read(reads: Reads) -> dict[str, Mark]:
        found = {}
        for organisation in organisations:
            digest = suppressed_digest(reads, organisation, address)
            mark = marks(reads, organisation, digests=[digest]).of(address)
            if mark is not None:
                found[organisation] = mark
        return found

    return await desk.store.read(read)


async def withdraw(desk: Desk, actor: str, organisation: str, digest: str) -> None:
    """The person came back by its own wish: the marks no longer hold. InputError `not_marked`."""

    def settle(unit: Unit) -> None:
        rows = table(Suppression)
        mine = (rows.c.organisation_id == organisation) & (rows.c.address_digest == digest)
        standing = unit.rows(select(rows.c.id, rows.c.request_id).where(mine, rows.c.withdrawn_at.is_(None)))
        if not standing:
            raise InputError("not_marked")
        for row in standing:
            unit.change(Suppression, row.id, withdrawn_at=unit.now)
        unit.record(
            AuditTag.SUPPRESSION_WITHDRAWN, organisation=organisation, actor=actor, subject=standing[0].request_id,
            marks=len(standing),
        )  # fmt: skip
        close_returned(unit, actor, organisation, digest)

    await desk.store.write(settle)


def close_returned(unit: Unit, actor: str, organisation: str, digest: str, *, source: str = "") -> None:
    """The lines about this address, of one system or of all."""
    rows = table(WorkItem)
    open_lines = (rows.c.kind == WorkKind.RETURNED.value) & rows.c.closed_at.is_(None)
    for row in unit.rows(select(rows.c.same, rows.c.facts).where(open_lines, rows.c.organisation_id == organisation)):
        if row.facts["mark"] == digest and source in ("", row.facts["source"]):
            close_work(unit, WorkKind.RETURNED, actor=actor, same=row.same)
