"""The migrations: empty to head and back on both databases, equal to the models, and kind to the rows that stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import alembic.command
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select

from cases.errors import ConfigError, RuleError
from storage import migrate
from storage.models import Case, Request, metadata, table
from storage.unit import Store
from tests.support.stores import Database, add_organisations, add_request, empty_url, store_at

ROOT = Path(__file__).parents[2]
REVISIONS = [revision.revision for revision in ScriptDirectory.from_config(migrate.config()).walk_revisions()][::-1]


@pytest.fixture
def empty(database: Database, tmp_path: Path) -> Iterator[Store]:
    with empty_url(database, tmp_path) as url, store_at(url) as made:
        yield made


def tables(store: Store) -> set[str]:
    with store.read_engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_head_is_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(migrate.config()).get_heads() == [migrate.HEAD]


def test_from_empty_to_head(empty: Store) -> None:
    assert migrate.current(empty) is None
    assert migrate.pending(empty)
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.HEAD
    assert not migrate.pending(empty)
    assert tables(empty) == set(metadata.tables)
    migrate.upgrade(empty)  # a second time is no harm


def test_step_by_step_up_and_down(empty: Store) -> None:
    seen = [tables(empty)]
    for revision in REVISIONS:
        migrate.upgrade(empty, revision)
        assert migrate.current(empty) == revision
        seen.append(tables(empty))
    assert seen[-1] == set(metadata.tables)
    for before, revision in zip(seen[-2::-1], [*REVISIONS[-2::-1], "base"], strict=True):
        migrate.downgrade(empty, revision)
        assert tables(empty) == before
    assert migrate.current(empty) is None


def test_models_equal_migrations(store: Store) -> None:
    with store.write_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_both_databases_know_a_constraint_by_the_same_name(store: Store) -> None:
    with store.read_engine.connect() as connection:
        found = inspect(connection)
        for name, model in metadata.tables.items():
            unique = {item["name"] for item in found.get_unique_constraints(name)}
            foreign = {item["name"] for item in found.get_foreign_keys(name)}
            assert unique | foreign <= {str(constraint.name) for constraint in model.constraints}
            assert found.get_pk_constraint(name)["name"] == f"pk_{name}"


REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("case") as case:
        case.add_column(sa.Column("colour", sa.Text(), nullable=False, server_default="blue"))
        case.drop_constraint("uq_case_organisation_id_number", type_="unique")
        case.create_unique_constraint("uq_case_number", ["number"])


def downgrade():
    with op.batch_alter_table("case") as case:
        case.drop_constraint("uq_case_number", type_="unique")
        case.create_unique_constraint("uq_case_organisation_id_number", ["organisation_id", "number"])
        case.drop_column("colour")
"""
ORPHANS = """
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade():
    op.execute('DELETE FROM "case"')


def downgrade():
    pass
"""


def write_revision(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "r9001_next.py").write_text(text.format(head=migrate.HEAD))
    return folder


def run_next(store: Store, command: str, target: str, folder: Path) -> None:
    with migrate.migrating(store) as connection:
        getattr(alembic.command, command)(migrate.config(connection, folder), target)


def test_rows_survive_a_table_that_is_rebuilt(store: Store, tmp_path: Path) -> None:
    store.write_here(add_request)
    folder = write_revision(tmp_path / "next", REBUILD)
    run_next(store, "upgrade", "9001", folder)
    assert migrate.pending(store), "a newer database than the program is not 'up to date'"
    with store.read_engine.connect() as connection:
        assert connection.exec_driver_sql('SELECT colour FROM "case"').scalars().all() == ["blue"]
    run_next(store, "downgrade", migrate.HEAD, folder)
    joined = select(func.count()).select_from(table(Request).join(table(Case)))
    assert store.read_here(lambda reads: reads.value(joined)) == 1
    test_models_equal_migrations(store)


def test_a_migration_that_leaves_orphans_leaves_nothing(store: Store, tmp_path: Path) -> None:
    store.write_here(add_request)
    folder = write_revision(tmp_path / "next", ORPHANS)
    with pytest.raises(Exception, match=r"refer to nothing|foreign key") as caught:
        run_next(store, "upgrade", "9001", folder)
    assert store.sqlite == isinstance(caught.value, RuleError)
    assert migrate.current(store) == migrate.HEAD
    assert store.read_here(lambda reads: reads.value(select(func.count()).select_from(table(Case)))) == 1
    store.write_here(lambda unit: add_request(unit, number="WN-2026-0002"))  # foreign keys are on again


def test_a_database_from_a_newer_program_is_refused(store: Store) -> None:
    with store.write_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '7777'")
    with pytest.raises(ConfigError, match="can not be migrated"):
        migrate.upgrade(store)
    store.write_here(lambda unit: None)  # and the connection is fit for use


def test_two_processes_start_on_an_empty_database(database: Database, tmp_path: Path) -> None:
    program = "import sys; from tests.support.stores import migrate_new; migrate_new(sys.argv[1])"
    with empty_url(database, tmp_path) as url:
        started = [subprocess.Popen([sys.executable, "-c", program, url], cwd=ROOT) for _ in range(2)]
        assert [process.wait(60) for process in started] == [0, 0]
        with store_at(url) as store:
            assert migrate.current(store) == migrate.HEAD
            store.write_here(add_organisations)


def test_a_start_at_head_does_not_load_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from tests.support.stores import open_store; from storage.migrate import upgrade\n"
        "store = open_store(sys.argv[1]); upgrade(store); store.close(); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'loket.db'}"]
    said = [subprocess.check_output(command, cwd=ROOT, text=True).strip() for _ in range(2)]
    assert said == ["True", "False"]
