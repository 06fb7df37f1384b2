"""Lists built from the facts of a run, before it is published or later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.lists import BuiltList, ListDefinition, build_lists
from models.lists.built import without_members
from models.lists.definition import owner_column
from models.lists.reading import ReadList, read_list
from models.rules import RuleType
from models.score.fact_types import types_of
from models.score.schema import RunContext
from models.tiers import classes_by_column, find_unknown_class
from serving.runs.published import Run
from serving.store.engine import Store
from serving.store.facts_table import read_facts, stored_columns
from serving.store.lists import Building, StoredList, read_lists


def build_stored(
    con: Connection, run: Run, lists: Mapping[str, StoredList]
) -> dict[str, Building]:
    """Build lists from the facts that the store holds of a run."""
    described = run.context.get("facts", {})
    columns = stored_columns(described)
    if con.dialect.name == "postgresql":
        con.execute(sa.text("SET LOCAL statement_timeout = 0"))
    names = {"customer_id", owner_column(columns)}
    for stored in lists.values():
        read = read_list(stored.definition, columns)
        if isinstance(read, ReadList):
            names |= {*read.columns(), *stored.definition.needs}
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
    as_defined = replace(stored, definition=definition)
    return build_stored(con, run, {stored.name: as_defined})[stored.name].built


def _build(
    lists: Mapping[str, StoredList], facts: pa.Table, context: Mapping[str, Any]
) -> dict[str, Building]:

    picks = {
        name: stored.picks for name, stored in lists.items() if stored.picks is not None
    }
    definitions = {name: stored.definition for name, stored in lists.items()}
    built = build_lists(definitions, facts, picks=picks)
    columns = types_of(facts.schema)
    classes = classes_by_column(
        context.get("schemes", {}), context.get("primary", "abc")
    )
    for name, stored in lists.items():
        if stored.fault:
            built[name] = without_members(fault=stored.fault)
        elif unknown := _unknown_class(stored.definition, columns, classes):
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
