"""A desk with two organisations, three colleagues and cases in every state, for the tests of the browser face.

Rows are written through real units with real letters of the handlers; nothing leaves (there is no sender).
"""

from __future__ import annotations

import atexit
import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from cases.context import Context
from cases.errors import InputError
from cases.messages import Attachment, ParsedMessage, RawInbound
from cases.policy import with_contact
from handlers.wording import load_all
from storage.models import Staff, StaffRole
from storage.unit import Store, Unit
from tests.support import memory
from tests.support.case_files import BOOKS, CRM, MAILINGS, policy_of
from tests.support.clock import SetClock
from tests.support.fake_source import FakeSource
from tests.support.stores import add_organisations, load_keys, migrated_url, store_at
from tests.support.web_rows import BASE_URL, NOW, add_rows
from web.settings import WebSettings
from workflow import passwords
from workflow.desk import Desk, Limits, OrganisationDesk, Wake

PASSWORD = "een lang wachtwoord"
# Argon2 is slow on purpose, against attackers; these tests sign in hundreds of times (test_web_login has the real one).
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_PNG = Attachment("kopie-paspoort.png", "image/png", 482_113)


class WorldThreads:
    """Message-IDs that can be told apart; replies are not read here."""

    def reply_address(self, organisation: str, mailbox: str, conversation_id: str) -> str:
        return mailbox

    def conversation_of(self, organisation: str, addresses: object) -> str | None:
        return None

    def message_id(self, organisation: str, mailbox: str, outbox_id: str) -> str:
        return f"<{outbox_id}@{organisation}.example>"

    def bounced(self, organisation: str, addresses: object) -> str | None:
        return None


def plain_normalise(message: RawInbound) -> ParsedMessage:
    """Takes the few messages of this world apart: a subject line, a blank line, the text."""
    if b"\n\n" not in message.raw:
        raise InputError("unreadable")
    head, _, text = message.raw.decode().partition("\n\n")
    digest = hashlib.sha256(message.raw).digest()
    return ParsedMessage(
        subject=head.removeprefix("Subject: "), from_name="Petra Klant", from_address="petra@klant.example",
        reply_to="", to=(message.account,), message_id=message.message_id or "", references=(), date_header=None,
        text=text, own_words=text, quoted="", attachments=(_PNG,), machine=None, auto_suppressed=False,
        content_digest=digest,
    )  # fmt: skip


@dataclass
class World:
    desk: Desk
    clock: SetClock
    settings: WebSettings
    ids: dict[str, str]  # names of this file → row ids

    @property
    def store(self) -> Store:
        return self.desk.store


@contextmanager
def world(folder: Path, *, demo: bool = False, base_url: str = BASE_URL) -> Iterator[World]:
    file, ids = _template()
    shutil.copyfile(file, folder / "loket.db")
    with _quick_passwords(), _opened(f"sqlite:///{folder / 'loket.db'}", demo=demo, base_url=base_url) as made:
        made.ids.update(ids)
        made.store.write_here(load_keys)
        yield made


@contextmanager
def _opened(url: str, *, demo: bool, base_url: str) -> Iterator[World]:
    clock = SetClock(NOW)
    with store_at(url, Context(clock=clock.now)) as store, ThreadPoolExecutor(2) as cpu:
        yield World(_desk(store, cpu, demo=demo, base_url=base_url), clock, WebSettings(base_url), {})


@cache
def _template() -> tuple[Path, dict[str, str]]:
    """The rows are written once a process; each test has a copy."""
    folder = Path(tempfile.mkdtemp(prefix="loket-world-", dir=memory.folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with migrated_url("sqlite", folder) as url, _opened(url, demo=False, base_url=BASE_URL) as made:
        made.store.write_here(add_organisations)
        made.store.write_here(lambda unit: add_rows(unit, made))
    return folder / "loket.db", made.ids


@contextmanager
def _quick_passwords() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", _QUICK)
        patch.setattr(passwords, "_nobody", cache(lambda: _QUICK.hash(secrets.token_urlsafe(16))))
        yield


async def add_colleagues(made: World) -> None:
    """Sanne decides for both, Karim decides for one, Els prepares for the other."""

    def write(unit: Unit) -> None:
        for login, name, roles in (
            ("sanne", "Sanne Bakker", {"whatnext": "approver", "weservit": "approver"}),
            ("karim", "Karim Haddou", {"whatnext": "approver"}),
            ("els", "Els Visser", {"weservit": "agent"}),
        ):
            made.ids[login] = unit.new_id()
            unit.add(
                Staff, id=made.ids[login], login=login, name=name, role_name="medewerker privacy",
                password_hash=_QUICK.hash(PASSWORD), created_at=unit.now,
            )  # fmt: skip
            for key, role in roles.items():
                unit.add(StaffRole, id=unit.new_id(), staff_id=made.ids[login], organisation_id=key, role=role)

    await made.store.write(write)


def _desk(store: Store, cpu: ThreadPoolExecutor, *, demo: bool, base_url: str) -> Desk:
    organisations = {}
    for key in ("whatnext", "weservit"):
        policy = with_contact(policy_of(key), email=f"info@{key}.example", phone="020 000 00 00", hours="ma-vr 9-17")
        organisations[key] = OrganisationDesk(
            key=key, policy=policy, mailbox=f"info@{key}.example", texts=load_all(policy.form),
            sources={info.name: FakeSource(info.name, info=info) for info in (CRM, BOOKS, MAILINGS)},
        )  # fmt: skip

    def no_reader() -> Any:
        raise AssertionError("no page reads a message itself")

    return Desk(
        store=store, organisations=organisations, reader=no_reader, normalise=plain_normalise, senders={},
        mailboxes={}, authenticate=None,
        threads=WorldThreads(), base_url=base_url, instance="test", limits=Limits(), wake=Wake(), cpu=cpu, demo=demo,
    )  # fmt: skip
