"""Tests of the migrations."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from features.errors import StoreError
from serving.store import Store, open_store, publish
from serving.store.engine import connect
from serving.store.migrate import HEAD, config, migrate, revision
from serving.store.tables import metadata, secrets
from tests.serving.samples import context, described, scored

ROOT = Path(__file__).resolve().parents[3]


def test_the_migrated_tables_are_those_of_the_code(store: Store) -> None:
    with store.read() as con:
        assert compare_metadata(MigrationContext.configure(con), metadata) == []


def test_the_newest_revision_is_the_one_that_the_code_names(store: Store) -> None:
    with store.read() as con:
        assert ScriptDirectory.from_config(config(con)).get_current_head() == HEAD
        assert revision(con) == HEAD


def test_tables_go_up_down_and_up_with_data(store: Store) -> None:
    publish(store, scored(3), context=context(), model=described())
    migrate(store, target="base")
    with store.read() as con:
        assert set(sa.inspect(con).get_table_names()) <= {"alembic_version"}
    migrate(store)
    assert publish(store, scored(3), context=context(), model=described())


def test_a_store_at_the_newest_revision_opens_without_alembic(sqlite_url: str) -> None:
    open_store(sqlite_url).close()
    code = (
        "import sys; from serving.store import open_store;"
        f"open_store({sqlite_url!r}).close(); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


def test_two_processes_may_open_a_new_store_at_once(store_url: str) -> None:
    code = f"from serving.store import open_store; open_store({store_url!r}).close()"
    command = [sys.executable, "-c", code]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    store = open_store(store_url)
    with store.read() as con:
        assert con.scalar(sa.select(sa.func.count()).select_from(secrets)) == 1
    store.close()


def test_a_migration_that_dies_leaves_nothing_half_made(store_url: str) -> None:
    store = Store(connect(store_url))
    with pytest.raises(ZeroDivisionError, match=r"died"):
        migrate_and_die(store)
    with store.read() as con:
        assert sa.inspect(con).get_table_names() == []
    migrate(store)
    store.close()


def test_a_store_of_a_newer_version_is_refused(store_url: str) -> None:
    store = open_store(store_url)
    with store.write() as con:
        con.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match=r"revision 9999, which this version does not"):
        open_store(store_url)


def migrate_and_die(store: Store) -> None:
    from alembic import command

    with store.write() as con:
        command.upgrade(config(con), HEAD)
        raise ZeroDivisionError("died")
