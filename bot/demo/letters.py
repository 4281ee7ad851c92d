"""The letters of the demo, from `letters.toml`: what customers of small firms really ask. All people invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.demo.known import Role, known
from cases.strict_toml import Document


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as its writer sends it."""

    organisation: str
    name: str
    address: str
    subject: str
    text: str
    key: str = ""
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    organisation: str
    subject: str
    text: str
    title: str = ""
    description: str = ""
    role: Role | None = None  # somebody the organisation knows
    name: str = ""
    address: str = ""  # with a role: an impostor's


@dataclass(frozen=True, slots=True)
class _File:
    ready: tuple[_Entry, ...]
    seed: tuple[_Entry, ...]


@cache
def _file() -> _File:
    path = Path(__file__).parent / "letters.toml"
    return Document(path.read_text(encoding="utf-8"), file=path.name).build(_File)


def ready_letters() -> tuple[Letter, ...]:
    """In the order in which the demo shows them."""
    return tuple(_letter(entry) for entry in _file().ready)


def seed_letters() -> Mapping[str, Letter]:
    return {entry.key: _letter(entry) for entry in _file().seed}


def _letter(entry: _Entry) -> Letter:
    name, address, number = entry.name, entry.address, ""
    if entry.role is not None:
        person = known(entry.organisation, entry.role)
        name, address, number = person.name, entry.address or person.writes_from, person.customer_number
    return Letter(
        organisation=entry.organisation,
        name=name,
        address=address,
        subject=entry.subject.format(name=name, number=number),
        text=entry.text.format(name=name, number=number).strip() + "\n",
        key=entry.key,
        title=entry.title,
        description=entry.description,
    )
