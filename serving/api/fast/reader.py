"""One customer's score as bytes, by one prepared statement."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.dialects import sqlite

from features.errors import StoreError
from serving.queries.customers import LOOK_UP
from serving.store.engine import Store

WRITTEN = LOOK_UP.compile(dialect=sqlite.dialect(paramstyle="named"))
SQL, CONSTANTS = str(WRITTEN), dict(WRITTEN.params)


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A score as it is stored, and what stays the same as long as it does."""

    stamp: bytes
    body: bytes


class BodyReader:
    """Read what ``customer`` reads, from a SQLite file, without a thread or a pool.

    A look-up is a walk down one index of a local file, some microseconds: less than
    it takes to hand it to another thread. It is for one thread at a time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, customer_id: str) -> StoredBody | None:
        """Return a customer's score, None if ``customer`` has to be asked.

        That is where there is none, where the store is not SQLite, or where it does
        not answer at once.
        """
        if self._con is None:
            return None
        try:
            values = {**CONSTANTS, "customer_id": customer_id}
            row = self._con.execute(SQL, values).fetchone()
        except (sqlite3.Error, UnicodeError):
            return None
        return None if row is None or row[1] is None else StoredBody(*row)

    def close(self) -> None:
        """Close the file, if it was opened."""
        con = self.__dict__.pop("_con", None)
        if con is not None:
            con.close()

    @cached_property
    def _con(self) -> sqlite3.Connection | None:
        try:
            return self._store.open_reader()
        except StoreError:
            return None
