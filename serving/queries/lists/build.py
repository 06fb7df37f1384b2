"""Lists as of a run: built when it is published, or when they are first asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from features.errors import StoreError
from serving.errors import UnknownListError
from serving.runs.lists import build_stored
from serving.runs.published import Run, published_run
from serving.store.engine import Store
from serving.store.lists import (
    Building,
    StoredList,
    read_lists,
    write_builds,
    write_definition,
)
from serving.store.tables import list_builds, published

MAX_TRIES = 5
"""How often lists are built again because they, or the run, changed meanwhile."""


@dataclass(frozen=True, slots=True)
class ListInRun:
    """A list, and what became of it in a run.

    Parameters
    ----------
    stored : StoredList
    run : Run
    outcome : dict
        As ``BuiltList.to_dict``.
    """

    stored: StoredList
    run: Run
    outcome: dict[str, Any]


def lists_now(store: Store, names: Iterable[str] | None = None) -> dict[str, ListInRun]:
    """Return lists as of the published run, building those that are not built yet.

    Parameters
    ----------
    store : Store
    names : iterable of str, optional
        By default all.

    Raises
    ------
    UnknownListError
        If there is no such list.
    UnpublishedError
        If there is no run.
    """
    for _ in range(MAX_TRIES):
        with store.read() as con:
            run, lists, builds = _look(con, names)
            missing = {
                name: stored for name, stored in lists.items() if name not in builds
            }
            if not missing:
                return {
                    name: ListInRun(stored, run, json.loads(builds[name].body))
                    for name, stored in lists.items()
                }
            built = build_stored(con, run, missing)
        _keep(store, run, built)
    raise StoreError(
        "Lists or runs change faster than lists are built.", todo="Ask again."
    )


def _keep(store: Store, run: Run, built: Mapping[str, Building]) -> None:
    """Write what was built, one list at a time, so that a publisher gets its turn.

    What another process has built meanwhile, or has changed, is left alone.
    """
    for name, building in built.items():
        with store.write() as con:
            con.execute(sa.select(published.c.run).with_for_update())
            now = published_run(con)
            stored = read_lists(con).get(name)
            if now.number != run.number or stored is None:
                return
            wanted = stored.definition == building.definition
            if wanted and name not in _look(con, [name])[2]:
                write_builds(
                    con,
                    {name: building},
                    run=run.number,
                    run_id=run.run_id,
                    as_of=run.as_of,
                )


def list_now(store: Store, name: str) -> ListInRun:
    """Return one list as of the published run."""
    return lists_now(store, [name])[name]


def _look(
    con: Connection, names: Iterable[str] | None
) -> tuple[Run, dict[str, StoredList], dict[str, Row[Any]]]:
    """Return the run, the lists in question, and the builds that are current."""
    run = published_run(con)
    lists = read_lists(con)
    if names is not None:
        lists = {name: _known(lists, name) for name in names}
    query = sa.select(list_builds).where(list_builds.c.run == run.number)
    builds = {
        row.name: row
        for row in con.execute(query)
        if row.name in lists
        and row.definition == write_definition(lists[row.name].definition)
    }
    return run, lists, builds


def _known(lists: Mapping[str, StoredList], name: str) -> StoredList:
    if name not in lists:
        raise UnknownListError(f"There is no list {name}.", needed=", ".join(lists))
    return lists[name]
