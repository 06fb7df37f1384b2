"""Tests of the connection to the database."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import ConfigError, StoreError
from serving.store import Store, open_store
from serving.store.tables import runs


def test_sqlite_is_in_wal_mode_and_synced(sqlite_store: Store) -> None:
    with sqlite_store.read() as con:
        assert con.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert con.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert con.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert con.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_a_statement_that_takes_too_long_is_given_up(postgres_store: Store) -> None:
    with postgres_store.read() as con:
        assert con.exec_driver_sql("SHOW statement_timeout").scalar() == "10s"


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "duckdb:///a.db"]
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"SQLite file or a PostgreSQL database"):
        open_store(url)


def test_text_that_is_no_url_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError, match=r"cannot be read") as caught:
        open_store("postgres//user:canary@host")
    assert "canary" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"folder .*absent for the store does not"):
        open_store(f"sqlite:///{tmp_path / 'absent' / 'a.db'}")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"customer_id,amount\n" * 100)
    with pytest.raises(StoreError, match=r"file is not a database"):
        open_store(f"sqlite:///{path}")


def test_an_unreachable_server_is_told_without_the_password() -> None:
    url = "postgresql+psycopg://user:canary@127.0.0.1:1/db"
    with pytest.raises(StoreError, match=r"user:\*\*\*@127.0.0.1") as caught:
        open_store(url)
    assert "canary" not in str(caught.value)


def test_the_plain_postgresql_url_means_psycopg(postgres_url: str) -> None:
    store = open_store(postgres_url.replace("postgresql+psycopg://", "postgresql://"))
    assert store.engine.dialect.driver == "psycopg"
    store.close()


def test_a_read_sees_one_state_throughout(store: Store) -> None:
    query = sa.select(sa.func.count()).select_from(runs)
    with store.read() as con:
        before = con.scalar(query)
        with store.write() as other:
            other.execute(sa.insert(runs).values(_run("late")))
        assert con.scalar(query) == before == 0
    with store.read() as con:
        assert con.scalar(query) == 1


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError, match=r"division"):
        write_then_fail(store)
    with store.read() as con:
        assert con.scalar(sa.select(sa.func.count()).select_from(runs)) == 0


def test_what_the_database_refuses_is_told_without_values(store: Store) -> None:
    with store.write() as con:
        con.execute(sa.insert(runs).values(_run("canary")))
    with pytest.raises(StoreError, match=r"did not answer") as caught:
        write_run(store, "canary")
    assert "canary" not in str(caught.value)


def write_then_fail(store: Store) -> None:
    with store.write() as con:
        con.execute(sa.insert(runs).values(_run("gone")))
        raise ZeroDivisionError("division")


def write_run(store: Store, run_id: str) -> None:
    with store.write() as con:
        con.execute(sa.insert(runs).values(_run(run_id)))


def _run(run_id: str) -> dict[str, object]:
    instant = sa.func.current_timestamp()
    return {
        "run_id": run_id,
        "state": "staged",
        "as_of": instant,
        "model_version": "1",
        "n_customers": 0,
        "context": "{}",
        "model": "{}",
        "created_at": instant,
    }
