"""Lists in the store: what they are, and who is on them in each run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice, repeat

import pyarrow as pa
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.engine import Connection

from models.lists import BuiltList, ListDefinition, presets
from serving.store.engine import Store
from serving.store.rows import Row, insert_rows
from serving.store.tables import (
    STAGED,
    list_builds,
    list_members,
    lists,
    published,
    runs,
)

CONFIG, API, PRESET = "config", "api", "preset"
"""Where a list is from."""

MEMBERS_PER_INSERT = 10_000
"""Members in one transaction."""


@dataclass(frozen=True, slots=True)
class StoredList:
    """A list, and where it is from.

    Parameters
    ----------
    source : str
        ``preset``, ``config`` or ``api``.
    picks : tuple of str or None
        The members of a snapshot that was taken.
    taken_at : datetime or None
        The as_of of the run that it was taken of.
    fault : str or None
        Why its definition cannot be read; it then stands here as one without members.
    """

    name: str
    source: str
    definition: ListDefinition
    picks: tuple[str, ...] | None = None
    taken_at: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Building:
    """A list that was built for a run.

    Parameters
    ----------
    definition : ListDefinition
        Of which it was built.
    """

    definition: ListDefinition
    built: BuiltList


def read_lists(con: Connection) -> dict[str, StoredList]:
    """Return all lists by name: the presets, and over them those that are stored."""
    stored = {
        name: StoredList(name, PRESET, definition)
        for name, definition in presets().items()
    }
    for row in con.execute(sa.select(lists).order_by(lists.c.name)):
        definition, fault = _read_definition(row.definition)
        stored[row.name] = StoredList(
            row.name,
            row.source,
            definition,
            None if row.picks is None else tuple(json.loads(row.picks)),
            row.taken_at,
            fault,
        )
    return stored


def _read_definition(text: str) -> tuple[ListDefinition, str | None]:
    """Return a stored definition, and what is wrong with it."""
    try:
        return ListDefinition.model_validate_json(text), None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        fault = f"The definition cannot be read: {place}: {first['msg']}."
        return ListDefinition(kind="manual"), fault


def write_list(
    con: Connection, name: str, definition: ListDefinition, *, source: str, who: str
) -> None:
    """Put a list in the place of the one of its name, if there is one."""
    delete_list(con, name)
    con.execute(
        sa.insert(lists).values(
            name=name,
            source=source,
            definition=write_definition(definition),
            who=who,
            updated_at=datetime.now(UTC),
        )
    )


def delete_list(con: Connection, name: str) -> None:
    """Forget a list and its members in the published run; earlier runs keep theirs."""
    run = sa.select(published.c.run).scalar_subquery()
    for table in (list_members, list_builds):
        con.execute(sa.delete(table).where(table.c.name == name, table.c.run == run))
    con.execute(sa.delete(lists).where(lists.c.name == name))


def sync_lists(store: Store, definitions: Mapping[str, ListDefinition]) -> None:
    """Put the config's lists in the place of those that it held before.

    A list that is as it was is left alone, and with it a snapshot that was taken.
    """
    wanted = {
        name: write_definition(definition) for name, definition in definitions.items()
    }
    with store.read() as con:
        query = sa.select(lists.c.name, lists.c.definition)
        rows = con.execute(query.where(lists.c.source == CONFIG))
        before = {name: written for name, written in rows}
    if before == wanted:
        return
    with store.write() as con:
        for name in {*before} - {*wanted}:
            delete_list(con, name)
        for name, definition in definitions.items():
            if before.get(name) != wanted[name]:
                write_list(con, name, definition, source=CONFIG, who="config")


def write_builds(
    con: Connection,
    buildings: Mapping[str, Building],
    *,
    run: int,
    run_id: str,
    as_of: datetime,
) -> None:
    """Put what became of lists in a run in the place of what stood there."""
    for name, building in buildings.items():
        for table in (list_members, list_builds):
            con.execute(
                sa.delete(table).where(table.c.run == run, table.c.name == name)
            )
        built = building.built
        con.execute(
            sa.insert(list_builds).values(
                run=run,
                name=name,
                run_id=run_id,
                as_of=as_of,
                definition=write_definition(building.definition),
                n_members=built.n_members,
                n_candidates=built.n_candidates,
                body=json.dumps(built.to_dict(), ensure_ascii=False),
                built_at=datetime.now(UTC),
            )
        )
        for batch in _member_rows(name, built.members):
            insert_rows(con, batch, run=run, into=list_members)
        if building.definition.kind == "snapshot" and not (built.needs or built.fault):
            _take(con, name, built.members["customer_id"].to_pylist(), as_of=as_of)


def delete_members(con: Connection, run: int) -> None:
    """Delete the members of a run's lists; of a run that was published, sizes stay."""
    con.execute(sa.delete(list_members).where(list_members.c.run == run))
    staged = sa.exists().where(runs.c.number == run, runs.c.state == STAGED)
    con.execute(sa.delete(list_builds).where(list_builds.c.run == run, staged))


def _take(
    con: Connection, name: str, customers: Sequence[str], *, as_of: datetime
) -> None:
    """Keep the members of a snapshot, once."""
    con.execute(
        sa.update(lists)
        .where(lists.c.name == name, lists.c.picks.is_(None))
        .values(picks=json.dumps(customers, ensure_ascii=False), taken_at=as_of)
    )


def _member_rows(name: str, members: pa.Table) -> Iterator[list[Row]]:
    place = count(1)
    for batch in members.to_batches(max_chunksize=MEMBERS_PER_INSERT):
        columns = [column.to_pylist() for column in batch.columns]
        places = islice(place, len(batch))
        yield list(zip(repeat(name), places, *columns, strict=False))


def write_definition(definition: ListDefinition) -> str:
    """Return a definition as the store has it: equal ones are equal texts."""
    return json.dumps(definition.to_dict(), ensure_ascii=False, sort_keys=True)
