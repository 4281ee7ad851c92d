"""A message that could not be handled: tried again a little later, then set aside with its bytes for a person.

Its term runs from receipt all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from cases.audit import PROGRAM, AuditTag
from cases.types import InboundOutcome, InboundStatus, WorkKind
from storage.claims import RELEASED
from storage.models import Inbound
from storage.queries.writing import open_work
from storage.unit import Unit
from workflow.desk import Desk
from workflow.opening import told_if_request

TRIES = 3  # then a person looks
STALE_TRIES = 10  # the conversation changed under us: no fault of the message
STALE = "stale"
RETRY_AFTER = timedelta(seconds=30)


def set_aside(unit: Unit, desk: Desk, token: str, failed: Sequence[tuple[Row[Any], str]]) -> None:
    """Try again a little later; after three tries, or when the bytes can not be read at all: quarantine."""
    for row, failure in failed:
        tries = STALE_TRIES if failure == STALE else TRIES
        hopeless = failure == "unreadable" or row.attempts >= tries
        if not hopeless:
            unit.change(
                Inbound, row.id, if_={"claim_token": token}, claim_token=None,
                lease_until=None if failure == STALE else unit.now + RETRY_AFTER, error=failure,
            )  # fmt: skip
            continue
        unit.change(
            Inbound, row.id, if_={"claim_token": token}, status=InboundStatus.QUARANTINED.value,
            outcome=InboundOutcome.QUARANTINE.value, error=failure, done_at=unit.now, **RELEASED,
        )  # fmt: skip
        open_work(
            unit, WorkKind.QUARANTINE, row.organisation_id, same=row.id, inbound_id=row.id,
            detail=failure, due_on=told_if_request(desk, row.organisation_id, row.received_at),
        )  # fmt: skip
        unit.record(
            AuditTag.MESSAGE_QUARANTINED, organisation=row.organisation_id, actor=PROGRAM, subject=row.id,
            reason=failure,
        )  # fmt: skip
