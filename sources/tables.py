"""What every kind of source declares of its tables and fields, whatever is behind it.

A field is tied to the policy by its category (art. 30 AVG asks for that anyway), says whether it points at the person
(`identifies`: it goes on anonymising), which fact it holds (`corrects`, art. 16) and whether it is an opinion.
Not here: how one kind reaches its records (`sql_settings`, `http_settings`, …).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast

from cases.policy import AdChannel
from cases.protocols import FieldInfo, SourceInfo, SourceRole, TableInfo
from cases.reading import FactKind
from cases.strict_toml import Document
from cases.types import Verb

T = TypeVar("T")
MASKS = ("", "iban")
ABOUT = ("", "person", "other", "colleague")  # whom a field is about (`FieldInfo.about`)
LONGEST_FIND = 300  # seconds
# Facts that a reader finds, and the parts that systems keep them in.
CORRECTS = frozenset(
    {
        *(kind.value for kind in FactKind if kind not in (FactKind.BSN, FactKind.CODE, FactKind.DATE)),
        "address", "salutation", "contact", "company", "first_name", "last_name", "initials", "statement",
    }
)  # fmt: skip


class Moment(StrEnum):
    """What can not be written in TOML: a value that is only known when it is written."""

    TODAY = "@today"
    NOW = "@now"
    NULL = "@null"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    label: str
    category: str
    secret: bool = False
    mask: str = ""
    identifies: bool = True
    corrects: str = ""
    opinion: bool = False
    about: str = ""
    anonymise_to: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    name: str
    label: str
    role: SourceRole = SourceRole.CONTROLLER
    fields: Mapping[str, FieldShape] = field(default_factory=dict)
    can: tuple[Verb, ...] = ()
    issued: bool = False
    login: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShape:
    name: str
    label: str
    kind: str = "sql"
    recipient: str = ""
    timeout_seconds: int = 10


@dataclass(frozen=True, slots=True)
class SetShape:
    """Columns and what is written in them."""

    set: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class OptOut:
    """`set` stops all advertising of a record; `channels` stops one channel of it."""

    set: Mapping[str, object] = field(default_factory=dict)
    channels: Mapping[AdChannel, Mapping[str, object]] = field(default_factory=dict)

    def of(self, channels: Collection[str]) -> Mapping[str, object]:
        """What to write for these channels; no channels is all of them."""
        if not self.channels:
            return self.set
        chosen = [values for channel, values in self.channels.items() if not channels or channel in channels]
        return {key: value for values in ((self.set,) if not channels else ()) for key, value in values.items()} | {
            key: value for values in chosen for key, value in values.items()
        }

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.set) | {column for values in self.channels.values() for column in values}


class Declaration(Document):
    """A TOML text of which each `[[source]]` has the shape of its own kind."""

    def part(self, shape: type[T], table: Any, key: str) -> T:
        return cast(T, self._dataclass(shape, table, key))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a declaration is read: what errors, relative paths and category names refer to."""

    document: Declaration
    key: str
    base: Path
    categories: Collection[str] | None

    def error(self, key: str, message: str) -> Exception:
        return self.document.error(".".join(filter(None, (self.key, key))), message)

    def at(self, key: str) -> Place:
        return Place(self.document, f"{self.key}.{key}", self.base, self.categories)


def table_info(table: TableShape) -> TableInfo:
    fields = tuple(
        FieldInfo(
            name=name, label=f.label, category=f.category, secret=f.secret, mask=f.mask, identifies=f.identifies,
            corrects=f.corrects, opinion=f.opinion, about=f.about,
        )
        for name, f in table.fields.items()
    )  # fmt: skip
    return TableInfo(
        name=table.name, label=table.label, role=table.role, fields=fields, can=frozenset(table.can),
        issued=table.issued, login=table.login,
    )  # fmt: skip


def source_info(source: SourceShape, tables: Collection[TableShape], *, by_hand: bool = False) -> SourceInfo:
    return SourceInfo(
        source.name, source.label, tuple(map(table_info, tables)), by_hand=by_hand, recipient=source.recipient
    )


def check_source(place: Place, source: SourceShape) -> None:
    if not 0 < source.timeout_seconds <= LONGEST_FIND:
        raise place.error("timeout_seconds", f"kies 1 tot en met {LONGEST_FIND} seconden")


def check_fields(place: Place, table: TableShape) -> None:
    for name, info in table.fields.items():
        if info.mask not in MASKS:
            raise place.error(f"fields.{name}.mask", f"kies uit: {', '.join(filter(None, MASKS))}")
        if info.about not in ABOUT:
            raise place.error(f"fields.{name}.about", f"kies uit: {', '.join(filter(None, ABOUT))}")
        if place.categories is not None and info.category not in place.categories:
            raise place.error(f"fields.{name}.category", f"het beleid kent '{info.category}' niet")
        if info.corrects and info.corrects not in CORRECTS:
            raise place.error(f"fields.{name}.corrects", f"kies uit: {', '.join(sorted(CORRECTS))}")
        if info.anonymise_to is not None and Verb.ANONYMISE not in table.can:
            raise place.error(f"fields.{name}.anonymise_to", "zet 'anonymise' in can")
        check_value(place, f"fields.{name}.anonymise_to", info.anonymise_to)
    if table.issued and Verb.CORRECT in table.can:
        raise place.error("can", "wat verstuurd is (issued), wordt niet herschreven: haal 'correct' weg")


def check_value(place: Place, key: str, value: object) -> None:
    if value is not None and not isinstance(value, str | int | float | bool | date):
        raise place.error(key, "hier hoort een tekst, getal, datum, true of false")
    if isinstance(value, str) and value.startswith("@") and value not in tuple(Moment):
        raise place.error(key, f"kies uit: {', '.join(Moment)}")


def check_unique(place: Place, list_key: str, names: list[str]) -> None:
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise place.error(f"{list_key}[{number}].name", f"de naam '{name}' komt twee keer voor")


def secret_text(place: Place, name: str, ways: Mapping[str, str]) -> tuple[str, str]:
    """A setting that may hold a password: written here, in the environment (`…_env`) or in a file (`…_file`).

    Gives the key it stood under, and its text; ("", "") when it is not set at all. Errors never repeat the value.
    """
    given = [way for way, text in ways.items() if text]
    if not given:
        return "", ""
    if len(given) > 1:
        names = list(ways)
        raise place.error(given[0], f"geef precies één van {', '.join(names[:-1])} en {names[-1]}")
    way, text = given[0], ways[given[0]]
    if way == f"{name}_env":
        text = os.environ.get(text, "").strip()
        if not text:
            raise place.error(way, "deze omgevingsvariabele is leeg of bestaat niet")
    elif way == f"{name}_file":
        try:
            text = (place.base / text).read_text(encoding="utf-8").strip()
        except OSError:
            raise place.error(way, "dit bestand is niet te lezen") from None
    return way, text
