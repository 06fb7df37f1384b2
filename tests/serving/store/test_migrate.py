"""Tests of the migrations."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from features.errors import StoreError
from serving.store import Publication, Store, open_store, publish
from serving.store.columns import read_columns
from serving.store.engine import connect
from serving.store.migrate import HEAD, config, migrate, revision
from serving.store.tables import fact_columns, metadata, secrets
from tests.serving.published_runs import publish_run
from tests.serving.samples import AS_OF, context, described, scored

ROOT = Path(__file__).resolve().parents[3]


def test_the_migrated_tables_are_those_of_the_code(store: Store) -> None:
    with store.read() as con:
        assert compare_metadata(MigrationContext.configure(con), metadata) == []


def test_the_newest_revision_is_the_one_that_the_code_names(store: Store) -> None:
    with store.read() as con:
        assert ScriptDirectory.from_config(config(con)).get_current_head() == HEAD
        assert revision(con) == HEAD


def test_tables_go_up_down_and_up_with_data(store: Store) -> None:
    publish(store, Publication(scored(3), context=context(), model=described()))
    migrate(store, target="base")
    with store.read() as con:
        assert set(sa.inspect(con).get_table_names()) <= {"alembic_version"}
    migrate(store)
    assert publish(store, Publication(scored(3), context=context(), model=described()))


def test_runs_of_an_older_layout_are_written_by_column(store: Store) -> None:
    rows: dict[str, dict[str, Any]] = {
        "b": {"csat_last": 1.0, "joined_at": AS_OF},
        "a": {"region": None},
    }
    publish_run(store, rows)
    publish(store, Publication(scored(0), context=context(), model=described()))
    expected = [all_columns(store, run) for run in (1, 2)]
    assert expected[0].num_rows == 2
    migrate(store, target="0006")
    with store.write() as con:
        con.execute(sa.delete(fact_columns))
    migrate(store)
    for run, table in enumerate(expected, start=1):
        assert all_columns(store, run).equals(table)


def all_columns(store: Store, run: int) -> pa.Table:
    """Return all columns of a run, by customer."""
    with store.read() as con:
        names = con.scalars(
            sa.select(fact_columns.c.name).where(fact_columns.c.run == run).distinct()
        ).all()
        return read_columns(con, run=run, names=names).sort_by("customer_id")


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
