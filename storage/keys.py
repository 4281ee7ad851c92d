"""The keys of an organisation (seal, index, tombstone, reply) and a data key per message and per case.

The root key wraps the organisations' keys and never enters the database: it comes from the environment or from a
file that only the program may read. A data key is wrapped by its organisation's seal key or, after joining a case,
by the key of that case; deleting its row erases what it sealed.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, bindparam, func, select, update

from cases.audit import PROGRAM, AuditTag
from cases.errors import ConfigError, RuleError
from storage.models import DataKey, MasterKey, table
from storage.seal import Sealer, new_key

if TYPE_CHECKING:
    from storage.unit import Reads, Unit

KEPT_OPEN = timedelta(minutes=5)  # another process may have deleted a key that is open here
PURPOSES = ("seal", "index", "tombstone", "reply")

_KEYS = table(DataKey)
_ADOPT = (  # a key that was erased meanwhile, by another process too, stays erased
    update(_KEYS)
    .where(_KEYS.c.id == bindparam("row_id"), _KEYS.c.wrapped != b"")
    .values(parent_id=bindparam("to_parent"), wrapped=bindparam("to_wrapped"))
)
_WRAPPED = select(_KEYS.c.organisation_id, _KEYS.c.parent_id, _KEYS.c.wrapped).where(_KEYS.c.id == bindparam("row_id"))
_ERASE = update(_KEYS).where(_KEYS.c.id == bindparam("row_id")).values(wrapped=b"")


def load_root_key(path: Path, *, value: str = "") -> bytes:
    """The root key: 32 bytes, base64, from `value` (environment) or the file, which is made on first start."""
    if not value and not path.exists():
        _make_root_key(path)
    try:
        key = base64.b64decode(value.strip() or path.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise ConfigError("the root key must be 32 bytes, base64", file=path.name, key="keys.root")
    return key


def _make_root_key(path: Path) -> None:
    """The key is on disk before anything is sealed with it: losing it loses every message."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(new_key()) + b"\n")
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True, slots=True)
class OrganisationKeys:
    seal: Sealer
    seal_version: int
    index: bytes
    index_version: int
    tombstone: bytes
    reply: tuple[
        bytes, ...
    ]  # of reply addresses and Message-IDs: the newest makes them, the one before it still counts


class Keyring:
    """Opens keys and keeps the opened ones in memory, for a few minutes. Safe to use from several threads."""

    def __init__(self, root: bytes) -> None:
        self._root = Sealer(root)
        self._organisations: dict[str, OrganisationKeys] = {}
        self._data: dict[str, tuple[Sealer, bytes]] = {}
        self._opened_since: datetime | None = None
        self._lock = threading.Lock()

    def root(self) -> Sealer:
        return self._root

    def organisation(self, key: str) -> OrganisationKeys:
        """Raises RuleError for an organisation that was not loaded at start."""
        try:
            return self._organisations[key]
        except KeyError:
            raise RuleError("the keys of an organisation are not loaded") from None

    def ensure(self, unit: Unit, organisation: str) -> None:
        """Makes the three keys on first use, then loads the newest of each."""
        rows = table(MasterKey)
        found = unit.rows(select(rows).where(rows.c.organisation_id == organisation).order_by(rows.c.version))
        newest = {row.purpose: row for row in found}
        keys: dict[str, tuple[bytes, int]] = {}
        for purpose in PURPOSES:
            context = f"master_key.{purpose}:{organisation}"
            if purpose in newest:
                row = newest[purpose]
                keys[purpose] = (self._root.open(row.wrapped, context), row.version)
                continue
            # running conversations of an older installation hold codes that its index key made
            plain = keys["index"][0] if purpose == "reply" and "index" in newest else new_key()
            keys[purpose] = (plain, 1)
            unit.add(
                MasterKey, id=unit.new_id(), organisation_id=organisation, purpose=purpose, version=1,
                wrapped=self._root.seal(plain, context), created_at=unit.now,
            )  # fmt: skip
        self._organisations[organisation] = OrganisationKeys(
            seal=Sealer(keys["seal"][0]), seal_version=keys["seal"][1], index=keys["index"][0],
            index_version=keys["index"][1], tombstone=keys["tombstone"][0],
            reply=(keys["reply"][0], *self._reply_before(found, organisation)),
        )  # fmt: skip

    def _reply_before(self, found: Sequence[Row[Any]], organisation: str) -> tuple[bytes, ...]:
        older = [row for row in found if row.purpose == "reply"][-2:-1]
        return tuple(self._root.open(row.wrapped, f"master_key.reply:{organisation}") for row in older)

    def rotate_reply(self, unit: Unit, organisation: str) -> int:
        """A new key for reply addresses; the one before it still counts, older ones no more. Gives its version."""
        rows = table(MasterKey)
        newest = unit.value(
            select(func.max(rows.c.version)).where(rows.c.organisation_id == organisation, rows.c.purpose == "reply")
        )
        version = int(newest or 0) + 1
        unit.add(
            MasterKey, id=unit.new_id(), organisation_id=organisation, purpose="reply", version=version,
            wrapped=self._root.seal(new_key(), f"master_key.reply:{organisation}"), created_at=unit.now,
        )  # fmt: skip
        unit.record(AuditTag.KEY_ROTATED, organisation=organisation, actor=PROGRAM, purpose="reply", version=version)
        self.ensure(unit, organisation)
        return version

    def new_data_key(self, unit: Unit, organisation: str, *, parent: str | None = None) -> str:
        """Writes a fresh data key row and gives its id."""
        plain, key_id = new_key(), unit.new_id()
        owner = self.organisation(organisation)
        wrapper = owner.seal if parent is None else self.data(unit, parent)
        unit.add(
            DataKey, id=key_id, organisation_id=organisation, parent_id=parent, master_version=owner.seal_version,
            wrapped=wrapper.seal(plain, f"data_key:{key_id}"), created_at=unit.now,
        )  # fmt: skip
        self._remember(key_id, plain)
        return key_id

    def data(self, reads: Reads, key_id: str) -> Sealer:
        """The sealer of one data key; raises RuleError when it was deleted (the content is erased)."""
        return self._open(reads, key_id)[0]

    def _open(self, reads: Reads, key_id: str) -> tuple[Sealer, bytes]:
        if self._opened_since is None or abs(reads.now - self._opened_since) > KEPT_OPEN:
            self._forget()
            self._opened_since = reads.now
        known = self._data.get(key_id)
        if known is not None:
            return known
        return self._remember(key_id, self._unwrap(reads, key_id))

    def adopt(self, unit: Unit, key_id: str, case_key_id: str) -> None:
        """Wraps a message's key under the key of the case it joins, so that both are erased together."""
        if key_id == case_key_id:
            return
        _, plain = self._open(unit, key_id)
        wrapped = self.data(unit, case_key_id).seal(plain, f"data_key:{key_id}")
        unit.update_later(_ADOPT, row_id=key_id, to_parent=case_key_id, to_wrapped=wrapped)

    def erase(self, unit: Unit, key_id: str) -> None:
        """Destroys a data key: what it sealed or wrapped can never be read again. The empty row stays."""
        unit.execute(_ERASE, row_id=key_id)
        self._forget()
        unit.after_commit.append(self._forget)  # until then another thread may have opened it again

    def _forget(self) -> None:
        """Drops every opened data key from memory: what hangs below an erased key may be open too."""
        with self._lock:
            self._data.clear()

    def _unwrap(self, reads: Reads, key_id: str) -> bytes:
        row = reads.one(_WRAPPED, row_id=key_id)
        if row is None or not row.wrapped:
            raise RuleError("the data key is gone: the content was erased")
        wrapper = (
            self.organisation(row.organisation_id).seal if row.parent_id is None else self.data(reads, row.parent_id)
        )
        return wrapper.open(row.wrapped, f"data_key:{key_id}")

    def _remember(self, key_id: str, plain: bytes) -> tuple[Sealer, bytes]:
        opened = (Sealer(plain), plain)
        with self._lock:
            if len(self._data) > 5_000:  # bounded: an opened key is 32 bytes and a cipher
                self._data.clear()
            self._data[key_id] = opened
        return opened
