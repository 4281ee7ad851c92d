"""What the systems of an organisation answered, as rows; and a request that waits because one has not answered yet.

Asking them is in `asking`, what is made of their answers in `prepare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cases.audit import PROGRAM, AuditTag
from cases.protocols import Found, FoundTable
from cases.types import Awaiting, WorkKind
from storage.claims import RELEASED
from storage.models import Finding, Request
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import open_work
from storage.unit import Unit

ASK_AGAIN = (timedelta(minutes=1), timedelta(minutes=5))  # then staff get the draft as it is
LOOK_AGAIN = timedelta(days=1)  # for what people look up


def write_findings(unit: Unit, facts: RequestFacts, found: Sequence[Found]) -> None:
    sealer = unit.keys.data(unit, facts.case_key_id)
    for one in found:
        row_id = unit.new_id()
        content = {"tables": [_table_json(part) for part in one.tables]}
        unit.add(
            Finding, id=row_id, organisation_id=facts.organisation, request_id=facts.id,
            data_key_id=facts.case_key_id, source=one.source, status=one.status.value,
            rows_found=sum(len(part.rows) for part in one.tables), error=one.error[:300], at=unit.now,
            content=sealer.seal_json(content, f"finding.content:{row_id}"),
        )  # fmt: skip
    if found:
        unit.record(
            AuditTag.SOURCES_ASKED, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id,
            subject=facts.id, outcome={one.source: one.status.value for one in found},
        )  # fmt: skip


def _table_json(part: FoundTable) -> dict[str, Any]:
    return {"table": part.table, "columns": list(part.columns), "rows": [list(row) for row in part.rows]}


def wait_for_people(unit: Unit, token: str, facts: RequestFacts, systems: Sequence[str]) -> None:
    """Systems that people look into: an answered task wakes the request, at the latest a look a day later."""
    unit.change(
        Request, facts.id, if_={"claim_token": token}, wake_at=unit.now + LOOK_AGAIN, attempts=0,
        awaiting=Awaiting.SOURCE.value, failure=f"wacht op: {', '.join(systems)}"[:300], **RELEASED,
    )  # fmt: skip


def ask_later(unit: Unit, token: str, facts: RequestFacts, failed: Sequence[Found]) -> None:
    names = [one.source for one in failed]
    unit.change(
        Request, facts.id, if_={"claim_token": token}, wake_at=unit.now + ASK_AGAIN[facts.attempts - 1],
        awaiting=Awaiting.SOURCE.value, failure=f"niet bevraagd: {', '.join(names)}", **RELEASED,
    )  # fmt: skip
    write_findings(unit, facts, failed)
    source_failed(unit, facts, names)


def source_failed(unit: Unit, facts: RequestFacts, names: Sequence[str]) -> None:
    open_work(
        unit, WorkKind.SOURCE_FAILED, facts.organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        due_on=facts.told_on, detail=",".join(names),
    )  # fmt: skip
