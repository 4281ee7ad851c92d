"""Two people look at what takes something away for good: the rule, and the first look at what stands on the work list.

The second is somebody else. Where only one person may decide, it is that person again, after the cooling time and with
a fresh second factor (design, section 7). The looks at a letter are rows of their own (`approval`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError
from storage.models import WorkItem
from storage.queries.staff import approvers
from storage.unit import Reads, Unit
from workflow.desk import Desk


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Somebody approved this line; a second person has not looked yet, or has and something did not go."""

    staff_id: str
    at: datetime
    what: str
    by_two: bool


def own_second_look(
    reads: Reads, desk: Desk, organisation: str, staff_id: str, *, first: str, at: datetime, totp_fresh: bool
) -> bool:
    """Whether this is the same person's second look. InputError `second_person`: it may not be."""
    if first != staff_id:
        return False
    cooled = reads.now - at >= desk.limits.cooling
    if approvers(reads, organisation) >= 2 or not cooled or not totp_fresh:
        raise InputError("second_person")
    return True


def digest(parts: Iterable[str]) -> str:
    """What was looked at: the second look counts only for the very same."""
    return hashlib.sha256("\x00".join(sorted(parts)).encode()).hexdigest()


def first_look(facts: dict[str, Any] | None) -> FirstLook | None:
    """Of an open line of the work list, by its facts."""
    kept = (facts or {}).get("look")
    if kept is None:
        return None
    return FirstLook(kept["first"], datetime.fromisoformat(kept["at"]), kept["what"], kept["by_two"])


def by_two(unit: Unit, desk: Desk, line: Row[Any], staff_id: str, what: str, *, totp_fresh: bool) -> bool:
    """Whether two people have now approved what this line is about; the first look is kept with the line.

    What did not go is tried again without a third. InputError `second_person`.
    """
    look, organisation = first_look(line.facts), line.organisation_id
    if look is None or look.what != what:
        look, again = FirstLook(staff_id, unit.now, what, by_two=False), False
    elif look.by_two:
        return True
    else:
        again = own_second_look(
            unit, desk, organisation, staff_id, first=look.staff_id, at=look.at, totp_fresh=totp_fresh
        )
        look = replace(look, by_two=True)
    kept = {"first": look.staff_id, "at": look.at.isoformat(), "what": what, "by_two": look.by_two}
    unit.change(WorkItem, line.id, facts=(line.facts or {}) | {"look": kept})
    unit.record(
        AuditTag.ERASURE_APPROVED, organisation=organisation, actor=staff_actor(staff_id), case=line.case_id,
        subject=line.id, by_two=look.by_two, second_look=again,
    )  # fmt: skip
    return look.by_two
