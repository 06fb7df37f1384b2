"""Lists as of a run: built when it is published, or when they are first asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from features.errors import StoreError
from models.lists import BuiltList, ListDefinition, build_lists
from models.lists.built import without_members
from models.lists.definition import owner_column
from models.lists.reading import ReadList, read_list
from models.rules import RuleType
from models.score.fact_types import types_of
from models.score.schema import RunContext
from models.tiers import classes_by_column, find_unknown_class
from serving.errors import UnknownListError
from serving.runs.published import Run, published_run
from serving.store.engine import Store
from serving.store.facts_table import read_facts, stored_columns
from serving.store.lists import (
    Building,
    StoredList,
    read_lists,
    write_builds,
    write_definition,
)
from serving.store.tables import list_builds, published

TRIES = 5
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
    for _ in range(TRIES):
        with store.read() as con:
            run, known, found = _look(con, names)
            missing = {name: each for name, each in known.items() if name not in found}
            if not missing:
                return {
                    name: ListInRun(each, run, json.loads(found[name].body))
                    for name, each in known.items()
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


def build_stored(
    con: Connection, run: Run, lists: Mapping[str, StoredList]
) -> dict[str, Building]:
    """Build lists from the facts that the store holds of a run."""
    described = run.context.get("facts", {})
    columns = stored_columns(described)
    if con.dialect.name == "postgresql":
        con.execute(sa.text("SET LOCAL statement_timeout = 0"))
    names = {"customer_id", owner_column(columns)}
    for each in lists.values():
        read = read_list(each.definition, columns)
        if isinstance(read, ReadList):
            names |= {*read.columns(), *each.definition.needs}
    facts = read_facts(con, run=run.number, described=described, names=sorted(names))
    return _build(lists, facts, run.context)


def build_for_publish(
    store: Store, facts: pa.Table, context: RunContext
) -> dict[str, Building]:
    """Build all lists from the facts of a run that is about to be published.

    Parameters
    ----------
    store : Store
    facts : pyarrow.Table
        All that rules may name.
    context : RunContext
        Its ``facts`` are what of it the store will keep; lists name nothing else, so
        that they can be built again later.
    """
    with store.read() as con:
        lists = read_lists(con)
    names = [
        name for name in stored_columns(context.facts) if name in facts.column_names
    ]
    terms = {"schemes": context.schemes, "primary": context.primary}
    return _build(lists, facts.select(names), terms)


def build_once(
    con: Connection, run: Run, stored: StoredList, definition: ListDefinition
) -> BuiltList:
    """Build a list as if it were defined so, and keep nothing of it."""
    asked = replace(stored, definition=definition)
    return build_stored(con, run, {stored.name: asked})[stored.name].built


def _build(
    lists: Mapping[str, StoredList], facts: pa.Table, context: Mapping[str, Any]
) -> dict[str, Building]:

    picks = {name: each.picks for name, each in lists.items() if each.picks is not None}
    definitions = {name: each.definition for name, each in lists.items()}
    built = build_lists(definitions, facts, picks=picks)
    columns = types_of(facts.schema)
    classes = classes_by_column(
        context.get("schemes", {}), context.get("primary", "abc")
    )
    for name, each in lists.items():
        if each.fault:
            built[name] = without_members(fault=each.fault)
        elif unknown := _unknown_class(each.definition, columns, classes):
            built[name] = replace(built[name], fault=unknown)
    return {name: Building(definitions[name], built[name]) for name in lists}


def _unknown_class(
    definition: ListDefinition,
    columns: Mapping[str, RuleType],
    classes: Mapping[str, Sequence[str]],
) -> str | None:
    """Say which class a list names that nobody can be in."""
    read = read_list(definition, columns)
    if not isinstance(read, ReadList):
        return None
    fault = find_unknown_class(read.rules(), classes)
    return None if fault is None else str(fault)


def _look(
    con: Connection, names: Iterable[str] | None
) -> tuple[Run, dict[str, StoredList], dict[str, Row[Any]]]:
    """Return the run, the lists in question, and the builds that are current."""
    run = published_run(con)
    known = read_lists(con)
    if names is not None:
        known = {name: _known(known, name) for name in names}
    query = sa.select(list_builds).where(list_builds.c.run == run.number)
    found = {
        row.name: row
        for row in con.execute(query)
        if row.name in known
        and row.definition == write_definition(known[row.name].definition)
    }
    return run, known, found


def _known(lists: Mapping[str, StoredList], name: str) -> StoredList:
    if name not in lists:
        raise UnknownListError(f"There is no list {name}.", needed=", ".join(lists))
    return lists[name]
