"""The correspondence with a person in the organisation's own mailbox (`kind = "mailbox"`).

Looks by the proven addresses. Staff choose which mails are meant; what they chose is erased once approved. The text of
a mail is not read: a mail is listed with its date, sender, recipients and subject. Not here: IMAP (`intake/email`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cases.errors import OutsideError, RuleError
from cases.guard import outside_unit
from cases.protocols import (
    ActOutcome,
    Change,
    Changed,
    FindStatus,
    Found,
    FoundTable,
    Identifier,
    MailSearch,
    SourceInfo,
)
from cases.types import ActionStatus, Verb
from sources.identifiers import canonical
from sources.sql_reader import TOO_SLOW
from sources.tables import FieldShape, Place, SourceShape, TableShape, check_fields, check_source, source_info

TABLE = "berichten"
_COLUMNS = ("datum", "van", "aan", "onderwerp", "map")


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    info: SourceInfo
    at_once: bool
    timeout_seconds: float

    @property
    def name(self) -> str:
        return self.info.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape(SourceShape):
    category: str = "correspondence"  # key of the policy's category
    erase: str = "trash"  # or "at_once", or "no"
    timeout_seconds: int = 60


def read_mailbox(place: Place, entry: object) -> MailboxSettings:
    source = place.document.part(_Shape, entry, place.key)
    check_source(place, source)
    if source.erase not in ("trash", "at_once", "no"):
        raise place.error("erase", "kies uit: trash, at_once, no")
    if place.categories is not None and source.category not in place.categories:
        raise place.error("category", f"het beleid kent '{source.category}' niet")
    fields = {name: FieldShape(label=name.capitalize(), category=source.category) for name in _COLUMNS}
    table = TableShape(
        name=TABLE, label="Berichten in de postbus", fields=fields, can=() if source.erase == "no" else (Verb.ERASE,)
    )
    check_fields(place, table)
    return MailboxSettings(source_info(source, (table,)), source.erase == "at_once", source.timeout_seconds)


class MailboxSource:
    def __init__(self, settings: MailboxSettings, mail: MailSearch | None) -> None:
        self._settings, self._mail = settings, mail

    @property
    def name(self) -> str:
        return self._settings.name

    def describe(self) -> SourceInfo:
        return self._settings.info

    async def find(self, identifiers: Sequence[Identifier]) -> Found:
        outside_unit("sources.mailbox")
        proven = [one for one in identifiers if one.kind == "email" and one.proven and canonical("email", one.value)]
        if self._mail is None:
            return Found(self.name, FindStatus.FAILED, error="er is geen postbus met IMAP ingesteld")
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                mails = await self._mail.search([canonical("email", one.value) for one in proven])
        except TimeoutError:
            return Found(self.name, FindStatus.FAILED, error=TOO_SLOW)
        except OutsideError as error:
            return Found(self.name, FindStatus.FAILED, error=f"de postbus kon niet doorzocht worden ({error})")
        if not mails:
            return Found(self.name, FindStatus.NOTHING, used=tuple(proven))
        rows = tuple((m.day, m.sender, ", ".join(m.recipients), m.subject, m.folder) for m in mails)
        keys, days = tuple(m.key for m in mails), tuple(m.day for m in mails)
        return Found(self.name, FindStatus.FOUND, (FoundTable(TABLE, _COLUMNS, rows, keys, days),), tuple(proven))

    async def addresses_on_file(self, identifier: Identifier) -> tuple[str, ...]:
        outside_unit("sources.mailbox")
        return ()  # somebody who once wrote is not on file

    def answered(self, answer: Mapping[str, Any]) -> Found:
        raise RuleError("a mailbox is asked, not a person")

    async def change(self, change: Change) -> Changed:
        outside_unit("sources.mailbox")
        can = self._settings.info.tables[0].can
        if change.table != TABLE or change.verb not in can or self._mail is None:
            return Changed(change.id, ActionStatus.FAILED, error=f"'{change.verb}' kan niet in tabel '{change.table}'")
        keys = tuple(dict.fromkeys(change.keys))
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                outcomes = await self._mail.erase(keys, at_once=self._settings.at_once)
        except TimeoutError:
            return Changed(change.id, ActionStatus.UNKNOWN, error=TOO_SLOW)
        except OutsideError as error:  # some may be gone already: done again it finds out
            return Changed(change.id, ActionStatus.UNKNOWN, error=f"de postbus gaf een storing ({error})")
        if ActOutcome.UNSUPPORTED in outcomes:
            done = sum(outcome is not ActOutcome.UNSUPPORTED for outcome in outcomes)
            words = "deze mailserver kan dit bericht niet weghalen, of er is geen prullenbak"
            return Changed(change.id, ActionStatus.FAILED, done, words)
        status = ActionStatus.DONE if ActOutcome.DONE in outcomes else ActionStatus.NOTHING
        return Changed(change.id, status, len(keys))

    async def check(self) -> list[str]:
        return []  # `privacyloket check` tries the mailbox itself

    async def close(self) -> None:
        return None  # a connection lives as long as one question
