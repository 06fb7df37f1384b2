"""How customers moved by a tier scheme between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import Connection

from features.suggest import did_you_mean
from models.tiers import PREFIX
from serving.errors import UnknownRunError, UnknownSchemeError
from serving.runs.published import Run, earlier_runs, find_run
from serving.store.columns import ID, read_columns
from serving.store.engine import Store


@dataclass(frozen=True, slots=True)
class Transitions:
    """How customers moved between two runs.

    Parameters
    ----------
    start, end : Run
    classes : tuple of str
        Of the later run, from the top down.
    counts : mapping of (str or None, str or None) to int
        Class before and class after to customers; None for who was not there.
    """

    start: Run
    end: Run
    classes: tuple[str, ...]
    counts: Mapping[tuple[str | None, str | None], int]


def transitions(
    store: Store, scheme: str, *, start: str | None, end: str | None
) -> Transitions:
    """Count how customers moved by a scheme between two runs.

    Parameters
    ----------
    store : Store
    scheme : str
    start : str or None
        A run's id; None for the run before the end.
    end : str or None
        A run's id; None for the published run.

    Raises
    ------
    UnknownRunError
        If a run is not kept.
    UnknownSchemeError
        If a run has no such scheme.
    """
    with store.read() as con:
        last = find_run(con, end)
        if start is None:
            first = next(earlier_runs(con, last), None)
            if first is None:
                raise UnknownRunError("There is no run before this one.")
        else:
            first = find_run(con, start)
        counts = count_moves(*(_classes(con, run, scheme) for run in (first, last)))
    classes = tuple(last.context["schemes"][scheme]["classes"])
    return Transitions(first, last, classes, counts)


def count_moves(
    old: pa.Table, new: pa.Table
) -> dict[tuple[str | None, str | None], int]:
    """Count class before and class after; both tables are ids and classes."""
    places = pc.index_in(old[0], value_set=new[0])
    stayed = pa.table({"before": old[1], "after": new[1].take(places)})
    came = new[1].filter(pc.invert(pc.is_in(new[0], value_set=old[0])))
    joined = pa.table({"before": pa.nulls(len(came), pa.string()), "after": came})
    both = pa.concat_tables([stayed, joined])
    counted = both.group_by(["before", "after"]).aggregate([([], "count_all")])
    return {
        (row["before"], row["after"]): row["count_all"] for row in counted.to_pylist()
    }


def _classes(con: Connection, run: Run, scheme: str) -> pa.Table:
    """Return customer_id and class of a run's customers."""
    name = _described(run, scheme)
    return read_columns(con, run=run.number, names=[name]).select([ID, name])


def _described(run: Run, scheme: str) -> str:
    """Return the fact that holds a scheme's classes."""
    described = run.context.get("facts", {})
    name = f"{PREFIX}{scheme}"
    if name not in described:
        raise UnknownSchemeError(
            f"Run {run.run_id} has no tier scheme {scheme!r}.",
            todo=did_you_mean(name, described),
        )
    return name
