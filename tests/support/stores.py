"""Real stores for tests: a fresh database each, copied from one that the migrations made once a run."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select

from cases.context import Context
from storage.keys import Keyring
from storage.migrate import upgrade
from storage.models import (
    Case,
    ChannelState,
    Conversation,
    Inbound,
    Lease,
    Organisation,
    Request,
    SQLModel,
    table,
)
from storage.unit import Reads, Store, Unit
from tests.support import memory, postgres

Database = Literal["sqlite", "postgres"]
DATABASES: tuple[Database, ...] = ("sqlite", "postgres")
ROOT_KEY = bytes(range(32))
ORGANISATION = "whatnext"
OTHER_ORGANISATION = "weservit"


class _Compiled(dict[tuple[Any, ...], Any]):
    """Statements compiled for the engine of one test serve those of the next: only the first part of a key, the
    engine's own dialect, differs. Compiling them anew is an eighth of what a test with a store costs."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        super().__setitem__(key[1:], value)


_COMPILED = {True: _Compiled(), False: _Compiled()}  # for SQLite or not


def open_store(url: str, context: Context | None = None, *, root: bytes = ROOT_KEY, writers: int = 4) -> Store:
    """A store on a database that stands; the caller closes it."""
    store = Store(url, Keyring(root), context or Context(), writers=writers)
    for engine in (store.write_engine, store.read_engine):
        engine.update_execution_options(compiled_cache=_COMPILED[store.sqlite])
    return store


def migrate_new(url: str) -> None:
    """From empty to the newest revision."""
    store = open_store(url)
    upgrade(store)
    store.close()


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="loket-template-", dir=memory.folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    migrate_new(f"sqlite:///{folder / 'template.db'}")
    return folder / "template.db"


@contextmanager
def empty_url(database: Database, folder: Path) -> Iterator[str]:
    """A database without tables."""
    if database == "sqlite":
        yield f"sqlite:///{folder / 'loket.db'}"
    else:
        with postgres.database() as url:
            yield url


@contextmanager
def migrated_url(database: Database, folder: Path) -> Iterator[str]:
    """A database at the newest revision, without rows."""
    if database == "sqlite":
        path = folder / "loket.db"
        shutil.copyfile(_sqlite_template(), path)
        yield f"sqlite:///{path}"
    else:
        template = postgres.make_template("loket_template", migrate_new)
        with postgres.database(template) as url:
            yield url


@contextmanager
def store_at(url: str, context: Context | None = None, *, writers: int = 4) -> Iterator[Store]:
    store = open_store(url, context, writers=writers)
    try:
        yield store
    finally:
        store.close()


def add_organisations(unit: Unit) -> None:
    """Two organisations with their keys: what every store in a test starts with."""
    for key, prefix in ((ORGANISATION, "WN"), (OTHER_ORGANISATION, "WS")):
        unit.add(Organisation, id=key, case_prefix=prefix, created_at=unit.now)
        unit.flush()
        unit.keys.ensure(unit, key)
        unit.add(ChannelState, id=f"{key}:email", organisation_id=key, channel="email", mode="aan", changed_at=unit.now)


def load_keys(unit: Unit) -> None:
    """What a second process does at its start."""
    for key in (ORGANISATION, OTHER_ORGANISATION):
        unit.keys.ensure(unit, key)


def add_inbound(
    unit: Unit, raw: bytes = b"Graag inzage.", *, mark: str = "m1", organisation: str = ORGANISATION
) -> str:
    """One message as a mailbox stores it; `mark` tells messages apart."""
    inbound_id, key_id = unit.new_id(), unit.keys.new_data_key(unit, organisation)
    unit.add(
        Inbound, id=inbound_id, organisation_id=organisation, channel="email", account=f"info@{organisation}.example",
        custody="guest", message_id_digest=mark, raw_digest=mark, data_key_id=key_id, size=len(raw),
        raw=unit.keys.data(unit, key_id).seal(raw, f"inbound.raw:{inbound_id}"), received_at=unit.now,
        created_at=unit.now,
    )  # fmt: skip
    return inbound_id


def add_request(unit: Unit, *, organisation: str = ORGANISATION, number: str = "WN-2026-0001") -> str:
    """A case with one conversation and one request; gives the request's id."""
    case, talk, request = unit.new_id(), unit.new_id(), unit.new_id()
    key_id = unit.keys.new_data_key(unit, organisation)
    seal = unit.keys.data(unit, key_id)
    unit.add(
        Case, id=case, organisation_id=organisation, number=number, data_key_id=key_id, received_at=unit.now,
        opened_at=unit.now, requester=seal.seal_json({"name": "Anna de Vries"}, f"case.requester:{case}"),
    )  # fmt: skip
    unit.add(
        Conversation, id=talk, organisation_id=organisation, case_id=case, data_key_id=key_id, channel="email",
        account=f"info@{organisation}.example", address_index="index", last_message_at=unit.now, created_at=unit.now,
        address=seal.seal_text("anna@klant.example", f"conversation.address:{talk}"),
    )  # fmt: skip
    unit.add(
        Request, id=request, organisation_id=organisation, case_id=case, conversation_id=talk, label="inzage",
        received_at=unit.now, policy_version="test",
    )  # fmt: skip
    return request


LEASES = table(Lease)


def add_counter(unit: Unit) -> None:
    """One row with one number, for tests of the store itself."""
    unit.add(Lease, id="counter", holder="", fence=0, until=unit.now)


def fence(reads: Reads) -> int:
    """The number of that row."""
    return int(reads.value(select(LEASES.c.fence).where(LEASES.c.id == "counter")))


def count(store: Store, model: type[SQLModel]) -> int:
    """How many rows a table has."""
    return int(store.read_here(lambda reads: reads.value(select(func.count()).select_from(table(model)))))
