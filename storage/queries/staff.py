"""Staff accounts, roles and sessions as values. Who may sign in is decided in `workflow/accounts`, not here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage.models import Staff, StaffRole, StaffSession, table
from storage.unit import Reads, Unit


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    login: str
    name: str
    role_name: str
    notify: str
    password_hash: str
    totp: bytes | None  # sealed with the root key
    totp_step: datetime | None  # of the last one-time code that was used
    active: bool
    failed_logins: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, and for which organisations."""

    id: str
    csrf: str
    expires_at: datetime
    staff_id: str
    login: str
    name: str
    has_totp: bool
    roles: Mapping[str, str]  # organisation → agent | approver | admin


_COLUMNS = (
    "id", "login", "name", "role_name", "notify", "password_hash", "totp", "totp_step", "active", "failed_logins",
    "locked_until",
)  # fmt: skip


def by_login(reads: Reads, login: str) -> Account | None:
    rows = table(Staff)
    row = reads.one(select(*(rows.c[name] for name in _COLUMNS)).where(rows.c.login == login))
    return Account(**row._mapping) if row is not None else None


def by_id(reads: Reads, staff_id: str) -> Account | None:
    rows = table(Staff)
    row = reads.one(select(*(rows.c[name] for name in _COLUMNS)).where(rows.c.id == staff_id))
    return Account(**row._mapping) if row is not None else None


def accounts(reads: Reads) -> tuple[Account, ...]:
    rows = table(Staff)
    found = reads.rows(select(*(rows.c[name] for name in _COLUMNS)).order_by(rows.c.login))
    return tuple(Account(**row._mapping) for row in found)


def roles(reads: Reads, staff_id: str) -> dict[str, str]:
    rows = table(StaffRole)
    query = select(rows.c.organisation_id, rows.c.role).where(rows.c.staff_id == staff_id)
    return {row.organisation_id: row.role for row in reads.rows(query.order_by(rows.c.organisation_id))}


def names(reads: Reads, staff_ids: Iterable[str]) -> dict[str, str]:
    rows = table(Staff)
    return {row.id: row.name for row in reads.rows(select(rows.c.id, rows.c.name).where(rows.c.id.in_(set(staff_ids))))}


def session(reads: Reads, token_digest: str) -> Session | None:
    """The session behind a cookie, of an active colleague and not past its end."""
    rows, people = table(StaffSession), table(Staff)
    row = reads.one(
        select(rows.c.id, rows.c.csrf, rows.c.expires_at, rows.c.staff_id, people.c.login, people.c.name, people.c.totp)
        .join(people, people.c.id == rows.c.staff_id)
        .where(rows.c.token_digest == token_digest, rows.c.expires_at > reads.now, people.c.active.is_(True))
    )
    if row is None:
        return None
    return Session(
        id=row.id, csrf=row.csrf, expires_at=row.expires_at, staff_id=row.staff_id, login=row.login, name=row.name,
        has_totp=row.totp is not None, roles=roles(reads, row.staff_id),
    )  # fmt: skip


def end_sessions(unit: Unit, *, token_digest: str | None = None, staff_id: str | None = None) -> int:
    """Ends one session, or every session of one person."""
    rows = table(StaffSession)
    where = rows.c.token_digest == token_digest if token_digest is not None else rows.c.staff_id == staff_id
    return unit.execute(delete(rows).where(where)).rowcount


def forget_sessions(unit: Unit, before: datetime) -> int:
    """Deletes sessions that ended before this moment (kept 30 days)."""
    rows = table(StaffSession)
    return unit.execute(delete(rows).where(rows.c.expires_at < before)).rowcount


def remove_roles(unit: Unit, staff_id: str) -> None:
    unit.execute(delete(table(StaffRole)).where(table(StaffRole).c.staff_id == staff_id))


def approvers(reads: Reads, organisation: str) -> int:
    """How many active people may approve for one organisation (four eyes need two)."""
    return len(who_may_approve(reads, organisation))


def who_may_approve(reads: Reads, organisation: str) -> set[str]:
    rows, people = table(StaffRole), table(Staff)
    query = (
        select(people.c.id)
        .join(rows, people.c.id == rows.c.staff_id)
        .where(
            rows.c.organisation_id == organisation, rows.c.role.in_(("approver", "admin")), people.c.active.is_(True)
        )
    )
    return {row.id for row in reads.rows(query)}


def wants_warnings(reads: Reads, organisation: str) -> tuple[str, ...]:
    """The addresses of the people of an organisation who want warnings by mail."""
    staff, roles = table(Staff), table(StaffRole)
    found = reads.rows(
        select(staff.c.notify)
        .join(roles, roles.c.staff_id == staff.c.id)
        .where(roles.c.organisation_id == organisation, staff.c.active, staff.c.notify != "")
        .distinct()
    )
    return tuple(sorted(row.notify for row in found))
