"""Bring a database to the newest revision of the tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import StoreError
from serving.store.engine import Store

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0007"
"""The newest revision; kept here so that Alembic is imported only to migrate."""

ADVISORY_LOCK = 0x726567756C617273
"""PostgreSQL's lock for one migration at a time: the name in ASCII."""


def migrate(store: Store, *, target: str = HEAD) -> None:
    """Move the tables to a revision, whatever other processes do at the same time.

    The whole move is one transaction: killed at any moment, it leaves the old tables.

    Parameters
    ----------
    store : Store
        The database.
    target : str
        A revision, or "base" for none.

    Raises
    ------
    StoreError
        If the database is of a newer version than this one.
    """
    with store.read() as con:
        if revision(con) == target:
            return
    with store.write() as con:
        if not store.is_sqlite:
            con.execute(sa.text("SET LOCAL statement_timeout = 0"))
            con.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        current = revision(con)
        if current != target:
            _move(con, current=current, target=target)


def revision(con: Connection) -> str | None:
    """Return the revision that a database is at, None if it holds no tables of ours."""
    if not sa.inspect(con).has_table("alembic_version"):
        return None
    return con.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def config(con: Connection) -> Config:
    """Return Alembic's settings for the migrations beside this file."""
    from alembic.config import Config

    settings = Config()
    folder = Path(__file__).parent / "migrations"
    settings.set_main_option("script_location", str(folder).replace("%", "%%"))
    settings.attributes["connection"] = con
    return settings


def _move(con: Connection, *, current: str | None, target: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    settings = config(con)
    script = ScriptDirectory.from_config(settings)
    revisions = {step.revision for step in script.walk_revisions()}
    if current is not None and current not in revisions:
        raise StoreError(
            f"The store is at revision {current}, which this version does not know.",
            needed=f"Revision {HEAD}.",
            todo="Install the version of regulars that wrote it, or a newer one.",
        )
    passed = {step.revision for step in script.iterate_revisions(current, "base")}
    back = target == "base" or target in passed
    (command.downgrade if back else command.upgrade)(settings, target)
