"""Builds the sample databases of the five organisations: invented people, real shapes, read by `sources/`.

The same day gives the same rows. Not here: who is invented (`people`, `known`, `names`), each organisation's own
tables (`systems/`), and how they are declared as data sources (`sources/*.toml`, which `check` holds to the tables).
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.demo.known import KNOWN, Known, Role, customer_number, known
from bot.demo.people import invent_customer, invent_invoices
from bot.demo.systems import nexxt, webanizr, weservit, whatnext, winkeltjes

__all__ = [
    "CUSTOMERS",
    "KNOWN",
    "ORGANISATIONS",
    "Known",
    "Role",
    "build",
    "build_all",
    "demo_sources_toml",
    "known",
    "shape",
]

CUSTOMERS = 500  # of each organisation
_SYSTEMS: dict[str, ModuleType] = {
    "whatnext": whatnext,
    "weservit": weservit,
    "nexxt": nexxt,
    "webanizr": webanizr,
    "winkeltjes": winkeltjes,
}
ORGANISATIONS = tuple(_SYSTEMS)


def build_all(folder: Path, today: date) -> None:
    """Writes every sample database into `folder`, in the place of what stood there."""
    for organisation in ORGANISATIONS:
        build(organisation, folder, today)


def shape() -> str:
    """Changes with the tables: databases of an older demo do not fit the declarations any more."""
    schemas = "".join(schema for system in _SYSTEMS.values() for schema in system.DATABASES.values())
    return hashlib.sha256(schemas.encode()).hexdigest()


def build(organisation: str, folder: Path, today: date) -> tuple[Path, ...]:
    """Writes one organisation's databases; returns their paths."""
    system = _SYSTEMS[organisation]
    rng = random.Random(f"privacyloket {organisation}")  # noqa: S311 - invents people, guards nothing
    fixed = dict(enumerate(KNOWN[organisation], 1))
    customers = [
        invent_customer(rng, index, customer_number(organisation, index), today, fixed.get(index))
        for index in range(1, CUSTOMERS + 1)
    ]
    invoices = invent_invoices(rng, customers, system.PRODUCTS, system.PREFIX, today)
    content = system.rows(customers, invoices, rng, today)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for stem, schema in system.DATABASES.items():
        path = folder / f"{stem}.db"
        _write(path, schema, content[stem])
        paths.append(path)
    return tuple(paths)


def demo_sources_toml(organisation: str) -> str:
    """The declaration of an organisation's sample databases; its paths are relative to the folder of `build_all`."""
    if organisation not in _SYSTEMS:
        raise KeyError(organisation)
    return (Path(__file__).parent / "sources" / f"{organisation}.toml").read_text(encoding="utf-8")


def _write(path: Path, schema: str, tables: dict[str, list[tuple[Any, ...]]]) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")  # can be built again
        connection.executescript(schema)
        for table, rows in tables.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", map(_stored, rows))  # noqa: S608


def _stored(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Dates as ISO text, as SQLite keeps them."""
    return tuple(value.isoformat() if isinstance(value, date) else value for value in row)
