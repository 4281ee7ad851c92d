"""Staff accounts: who works here, signing in, sessions, the second factor.

Passwords are Argon2id; a one-time code (TOTP, RFC 6238) is asked where the account has one and counts once. Five
failures lock the account for a quarter of an hour. Roles per organisation: agent (prepares), approver (decides),
admin. Not here: what a role may do in a step (each step checks), the pages (`web/staff`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pyotp

from cases.audit import PROGRAM, AuditTag, staff_actor
from cases.errors import InputError, RuleError
from storage.models import Staff, StaffRole, StaffSession
from storage.queries import staff as queries
from storage.queries.staff import Account, Session
from storage.unit import Reads, Unit
from workflow import passwords
from workflow.desk import Desk

SESSION = timedelta(hours=12)
DEMO_SESSION = timedelta(days=3650)  # the clock of the demo jumps by weeks
LOCK_AFTER = 5
LOCK = timedelta(minutes=15)
ROLES = ("agent", "approver", "admin")
MIN_PASSWORD = 12
STEP = 30  # seconds, RFC 6238


class LoginProblem(StrEnum):
    WRONG = "wrong"  # login, password or code: never said which
    CODE_WANTED = "code_wanted"  # the password is right, the account has a second factor
    LOCKED = "locked"
    BUSY = "busy"  # too many sign in at once; nothing was checked


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str  # for the cookie; only its digest is stored
    session: Session


def token_digest(token: str) -> str:
    """Session tokens hold 256 random bits: a plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- signing in -------------------------------------------------------------------------------------------------------


async def login(desk: Desk, name: str, password: str, code: str = "") -> SignedIn | LoginProblem:
    """Signs somebody in; every failure counts toward the lock."""
    account = await desk.store.read(lambda reads: queries.by_login(reads, clean_login(name)))
    known = account is not None and account.active
    try:
        right = await passwords.matches(account.password_hash if account else None, password)
    except passwords.TooBusy:
        return LoginProblem.BUSY
    if account is None or not known:
        return LoginProblem.WRONG
    if account.locked_until is not None and account.locked_until > desk.now():
        return LoginProblem.LOCKED
    if not right:
        return await desk.store.write(lambda unit: _failed(unit, account.id))
    if account.totp is not None and not code.strip():
        return LoginProblem.CODE_WANTED
    rehashed = await passwords.hashed(password) if passwords.outdated(account.password_hash) else ""
    return await desk.store.write(lambda unit: _enter(unit, account.id, code, rehashed, SESSION))


async def demo_login(desk: Desk, name: str) -> SignedIn:
    """Signs a demo colleague in without a password; only where the whole program is a demo."""
    if not desk.demo:
        raise RuleError("only in a demo somebody is signed in without a password")

    def enter(unit: Unit) -> SignedIn:
        account = queries.by_login(unit, clean_login(name))
        if account is None or not account.active:
            raise InputError("no_such_colleague")
        return _open_session(unit, account, DEMO_SESSION)

    return await desk.store.write(enter)


async def current(desk: Desk, token: str) -> Session | None:
    if not token:
        return None
    digest = token_digest(token)
    return await desk.store.read(lambda reads: queries.session(reads, digest))


async def logout(desk: Desk, token: str) -> None:
    digest = token_digest(token)
    await desk.store.write(lambda unit: queries.end_sessions(unit, token_digest=digest))


async def fresh_second_factor(desk: Desk, session: Session, code: str) -> bool:
    """Whether `code` is this person's one-time code of now; a used code does not count again, failures count."""

    def check(unit: Unit) -> bool:
        account = queries.by_id(unit, session.staff_id)
        if account is None or account.totp is None or _locked(account, unit.now):
            return False
        if not _use_code(unit, account, code):
            _failed(unit, account.id)
            return False
        return True

    return await desk.store.write(check)


def _enter(unit: Unit, staff_id: str, code: str, rehashed: str, life: timedelta) -> SignedIn | LoginProblem:
    account = queries.by_id(unit, staff_id)
    if account is None or not account.active:
        return LoginProblem.WRONG
    if _locked(account, unit.now):
        return LoginProblem.LOCKED
    if account.totp is not None and not _use_code(unit, account, code):
        return _failed(unit, staff_id)
    values: dict[str, Any] = {"password_hash": rehashed} if rehashed else {}
    unit.change(Staff, staff_id, failed_logins=0, locked_until=None, **values)
    return _open_session(unit, account, life)


def _open_session(unit: Unit, account: Account, life: timedelta) -> SignedIn:
    token, csrf, session_id = secrets.token_urlsafe(32), secrets.token_urlsafe(32), unit.new_id()
    expires = unit.now + life
    unit.add(
        StaffSession, id=session_id, token_digest=token_digest(token), staff_id=account.id, csrf=csrf,
        created_at=unit.now, expires_at=expires,
    )  # fmt: skip
    roles = queries.roles(unit, account.id)
    for organisation in roles:
        unit.record(AuditTag.STAFF_LOGIN, organisation=organisation, actor=staff_actor(account.id))
    has_totp = account.totp is not None
    session = Session(session_id, csrf, expires, account.id, account.login, account.name, has_totp, roles)
    return SignedIn(token, session)


def _failed(unit: Unit, staff_id: str) -> LoginProblem:
    account = queries.by_id(unit, staff_id)
    if account is None:
        return LoginProblem.WRONG
    failures = account.failed_logins + 1
    locked = failures >= LOCK_AFTER
    until = unit.now + LOCK if locked else account.locked_until
    unit.change(Staff, staff_id, failed_logins=0 if locked else failures, locked_until=until)
    for organisation in queries.roles(unit, staff_id):
        unit.record(
            AuditTag.STAFF_LOGIN_FAILED, organisation=organisation, actor=PROGRAM, subject=staff_id, locked=locked
        )
    return LoginProblem.LOCKED if locked else LoginProblem.WRONG


def _locked(account: Account, now: datetime) -> bool:
    return account.locked_until is not None and account.locked_until > now


def _use_code(unit: Unit, account: Account, code: str) -> bool:
    """Whether `code` belongs to the time step of now, or one beside it, and was not used yet; from here on it is."""
    assert account.totp is not None
    secret = unit.keys.root().open_text(account.totp, f"staff.totp:{account.id}")
    digits = "".join(char for char in code if char.isdigit())
    used = account.totp_step
    generator = pyotp.TOTP(secret, interval=STEP)
    now = int(unit.now.timestamp()) // STEP
    for step in (now, now - 1, now + 1):
        start = datetime.fromtimestamp(step * STEP, UTC)
        if secrets.compare_digest(generator.at(start), digits) and (used is None or start > used):
            unit.change(Staff, account.id, if_={"totp_step": used}, totp_step=start)  # two at once: one of them counts
            return True
    return False


# --- keeping accounts -------------------------------------------------------------------------------------------------


def clean_login(name: str) -> str:
    return name.strip().casefold()


async def add_staff(
    desk: Desk, name: str, *, full_name: str, role_name: str, password: str, roles: Mapping[str, str], notify: str = "",
    actor: str = PROGRAM,
) -> str:  # fmt: skip
    """Makes an account and gives its id; raises InputError for a weak password, a role or a login that can not be."""
    check_password(password)
    check_roles(desk, roles)
    hashed = await passwords.hashed(password)

    def write(unit: Unit) -> str:
        if not clean_login(name):
            raise InputError("login_empty")
        if queries.by_login(unit, clean_login(name)) is not None:
            raise InputError("login_taken")
        staff_id = unit.new_id()
        unit.add(
            Staff, id=staff_id, login=clean_login(name), name=full_name.strip(), role_name=role_name.strip(),
            notify=notify, password_hash=hashed, created_at=unit.now,
        )  # fmt: skip
        _set_roles(unit, staff_id, roles, actor, AuditTag.STAFF_ADDED)
        return staff_id

    return await desk.store.write(write)


async def set_roles(desk: Desk, staff_id: str, roles: Mapping[str, str], *, actor: str = PROGRAM) -> None:
    check_roles(desk, roles)

    def write(unit: Unit) -> None:
        before = queries.roles(unit, staff_id)
        queries.remove_roles(unit, staff_id)
        _set_roles(unit, staff_id, roles, actor, AuditTag.STAFF_CHANGED)
        for organisation in before.keys() - roles.keys():
            unit.record(
                AuditTag.STAFF_CHANGED, organisation=organisation, actor=actor, subject=staff_id, role="removed"
            )

    await desk.store.write(write)


async def set_password(desk: Desk, staff_id: str, password: str, *, actor: str = PROGRAM) -> None:
    """A new password ends every session of this person."""
    check_password(password)
    hashed = await passwords.hashed(password)

    def write(unit: Unit) -> None:
        unit.change(Staff, staff_id, password_hash=hashed, failed_logins=0, locked_until=None)
        queries.end_sessions(unit, staff_id=staff_id)
        _changed(unit, staff_id, actor, "password")

    await desk.store.write(write)


async def set_second_factor(desk: Desk, staff_id: str, *, wanted: bool, actor: str = PROGRAM) -> str:
    """Switches the one-time code on or off; gives the address (otpauth:) for the app, shown once, or ""."""
    secret = pyotp.random_base32() if wanted else ""

    def write(unit: Unit) -> str:
        account = queries.by_id(unit, staff_id)
        if account is None:
            raise InputError("no_such_colleague")
        sealed = unit.keys.root().seal_text(secret, f"staff.totp:{staff_id}") if wanted else None
        unit.change(Staff, staff_id, totp=sealed, totp_step=None)
        queries.end_sessions(unit, staff_id=staff_id)
        _changed(unit, staff_id, actor, "totp")
        return account.login

    login_name = await desk.store.write(write)
    return pyotp.TOTP(secret).provisioning_uri(name=login_name, issuer_name="Privacyloket") if wanted else ""


async def set_active(desk: Desk, staff_id: str, *, active: bool, actor: str = PROGRAM) -> None:
    """Somebody who has left can not sign in; the account stays, the audit log names it."""

    def write(unit: Unit) -> None:
        unit.change(Staff, staff_id, active=active)
        queries.end_sessions(unit, staff_id=staff_id)
        _changed(unit, staff_id, actor, "active" if active else "inactive")

    await desk.store.write(write)


async def accounts(desk: Desk) -> tuple[Account, ...]:
    return await desk.store.read(queries.accounts)


def check_password(password: str) -> None:
    """Length is what counts (NIST SP 800-63B); no rules about kinds of characters."""
    if len(password) < MIN_PASSWORD:
        raise InputError("password_short", f"a password has at least {MIN_PASSWORD} characters")


def check_roles(desk: Desk, roles: Mapping[str, str]) -> None:
    if not roles or any(role not in ROLES for role in roles.values()):
        raise InputError("role_unknown")
    if any(organisation not in desk.organisations for organisation in roles):
        raise InputError("organisation_unknown")


def _set_roles(unit: Unit, staff_id: str, roles: Mapping[str, str], actor: str, tag: AuditTag) -> None:
    for organisation, role in roles.items():
        unit.add(StaffRole, id=unit.new_id(), staff_id=staff_id, organisation_id=organisation, role=role)
        unit.record(tag, organisation=organisation, actor=actor, subject=staff_id, role=role)


def _changed(unit: Unit, staff_id: str, actor: str, what: str) -> None:
    for organisation in queries.roles(unit, staff_id):
        unit.record(AuditTag.STAFF_CHANGED, organisation=organisation, actor=actor, subject=staff_id, what=what)


def may_approve(reads: Reads, staff_id: str, organisation: str) -> bool:
    """Whether this person decides for this organisation (approver or admin)."""
    return queries.roles(reads, staff_id).get(organisation) in ("approver", "admin")
