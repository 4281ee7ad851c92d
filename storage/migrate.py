"""Bringing the database to the newest revision, in process; the revisions are in `storage/migrations/versions`.

`pending` is asked on every start: it compares one plain SELECT with HEAD and does not import Alembic. A new revision
is drafted from the models with `python -m storage.migrate "what changes"`, then read, corrected and frozen; HEAD
moves with it (a test holds the two together).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cases.context import Context
from cases.errors import ConfigError, RuleError
from storage.engine import translated
from storage.keys import Keyring
from storage.unit import Store

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0009"
FOLDER = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 7_301_957  # any number: processes that start together migrate one after another


def current(store: Store) -> str | None:
    """The revision the database is at; None when it is empty."""
    with translated(), store.read_engine.connect() as connection:
        try:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError:
            connection.rollback()
            if connection.dialect.has_table(connection, "alembic_version"):
                raise
            return None


def pending(store: Store) -> bool:
    return current(store) != HEAD


def upgrade(store: Store, target: str = HEAD) -> None:
    """Runs what is missing, in one transaction: a failed migration leaves the database as it was."""
    if target != HEAD or pending(store):
        _run(store, "upgrade", target)


def downgrade(store: Store, target: str) -> None:
    _run(store, "downgrade", target)


def config(connection: Connection | None = None, *also: Path) -> Config:
    """Alembic's settings, without an alembic.ini; `also` are further folders with revisions."""
    from alembic.config import Config  # noqa: PLC0415  # 0.2 s that a start without migrations does not pay

    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", "\n".join(str(path) for path in (FOLDER / "versions", *also)))
    made.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    made.attributes["connection"] = connection
    return made


def _run(store: Store, command: str, target: str) -> None:
    import alembic.command  # noqa: PLC0415  # see config()
    from alembic.util import CommandError  # noqa: PLC0415

    with translated(), migrating(store) as connection:
        try:
            getattr(alembic.command, command)(config(connection), target)
        except CommandError as error:
            raise ConfigError(f"the database can not be migrated: {error}", key="database.url") from error


@contextmanager
def migrating(store: Store) -> Iterator[Connection]:
    """One transaction in which tables may be rebuilt.

    SQLite can not alter a table: Alembic copies it, which foreign keys would forbid. They are off here, and checked
    as a whole before the commit.
    """
    with store.write_engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if store.sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                if not store.sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
                yield connection
                if store.sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise RuleError("a migration left rows that refer to nothing")
        finally:
            if store.sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def draft(message: str) -> None:
    """Writes the difference between the newest revision and the models as a new revision, to be corrected by hand."""
    import alembic.command  # noqa: PLC0415  # see config()

    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/draft.db", Keyring(bytes(32)), Context())
        upgrade(store)
        with store.write_engine.begin() as connection:
            revision = f"{int(HEAD) + 1:04}"
            alembic.command.revision(config(connection), message, autogenerate=True, rev_id=revision)
        store.close()


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]) or "change")
