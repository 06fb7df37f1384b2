"""What changed on a list between two runs, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.lists import ListDefinition
from models.lists.changes import Move, Side, explain_moves
from models.lists.reading import ReadList, read_list
from serving.errors import UnknownListError
from serving.queries.lists.build import list_now
from serving.runs.lists import build_stored
from serving.runs.published import Run, earlier_runs, find_run
from serving.store.engine import Store
from serving.store.facts_table import read_facts, stored_columns
from serving.store.lists import StoredList, read_lists
from serving.store.tables import list_builds, list_members


@dataclass(frozen=True, slots=True)
class ListDiff:
    """Who came onto a list and who left it.

    Parameters
    ----------
    start, end : Run
    n_entered, n_left, n_stayed : int
    entered, left : sequence of Move
        The first of them, by id.
    """

    run_id: str
    as_of: datetime
    model_version: str
    start: Run
    n_entered: int
    n_left: int
    n_stayed: int
    entered: Sequence[Move]
    left: Sequence[Move]


@dataclass(frozen=True, slots=True)
class _ThatRun:
    """A list in one run: its definition then, and its members with their source."""

    run: Run
    definition: ListDefinition
    members: Mapping[str, str]


def diff_list(
    store: Store,
    name: str,
    *,
    start: str | None = None,
    end: str | None = None,
    limit: int = 1_000,
) -> ListDiff:
    """Compare a list between two runs that are kept.

    A run in which the list was not built yet is taken as if the list of now had been
    there.

    Parameters
    ----------
    start, end : str or None
        Run ids; by default the published run and the one before it.
    limit : int
        Moves explained in each direction.

    Raises
    ------
    UnknownListError
        If there is no such list.
    UnknownRunError
        If a run is not kept.
    UnpublishedError
        If there is no run.
    """
    list_now(store, name)
    with store.read() as con:
        stored = read_lists(con).get(name)
        if stored is None:
            raise UnknownListError(f"There is no list {name}.")
        later = find_run(con, end)
        earlier = find_run(con, start) if start else _run_before(con, later)
        after = _that_run(con, stored, later)
        before = _that_run(con, stored, earlier)
        came = sorted({*after.members} - {*before.members})
        gone = sorted({*before.members} - {*after.members})
        return ListDiff(
            run_id=later.run_id,
            as_of=later.as_of,
            model_version=later.model_version,
            start=earlier,
            n_entered=len(came),
            n_left=len(gone),
            n_stayed=len({*after.members} & {*before.members}),
            entered=_explain(con, came[:limit], after, before, entered=True),
            left=_explain(con, gone[:limit], before, after, entered=False),
        )


def _run_before(con: Connection, run: Run) -> Run:
    """Return the run before, or the run itself where it is the first."""
    return next(earlier_runs(con, run), run)


def _that_run(con: Connection, stored: StoredList, run: Run) -> _ThatRun:
    query = sa.select(list_builds.c.definition).where(
        list_builds.c.run == run.number, list_builds.c.name == stored.name
    )
    written = con.execute(query).scalar_one_or_none()
    if written is None:
        built = build_stored(con, run, {stored.name: stored})[stored.name].built
        columns = (
            built.members[name].to_pylist() for name in ("customer_id", "source")
        )
        return _ThatRun(run, stored.definition, dict(zip(*columns, strict=True)))
    members = sa.select(list_members.c.customer_id, list_members.c.source).where(
        list_members.c.run == run.number, list_members.c.name == stored.name
    )
    return _ThatRun(
        run,
        ListDefinition.model_validate_json(written),
        {customer: source for customer, source in con.execute(members)},
    )


def _explain(
    con: Connection,
    customers: Sequence[str],
    inside: _ThatRun,
    outside: _ThatRun,
    *,
    entered: bool,
) -> list[Move]:
    columns = stored_columns(inside.run.context.get("facts", {}))
    read = read_list(inside.definition, columns)
    names = {*read.columns()} if isinstance(read, ReadList) else set()
    sides = [
        Side(side.definition, _facts(con, side.run, names, customers))
        for side in (inside, outside)
    ]
    members = [(customer, inside.members[customer]) for customer in customers]
    return explain_moves(members, inside=sides[0], outside=sides[1], entered=entered)


def _facts(
    con: Connection, run: Run, names: set[str], customers: Sequence[str]
) -> pa.Table:
    described = run.context.get("facts", {})
    return read_facts(
        con,
        run=run.number,
        described=described,
        names=sorted({"customer_id", *names}),
        customers=customers,
    )
