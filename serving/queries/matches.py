"""Who meets a condition, or comes next, found by column among however many."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from serving.queries.cursor import Place
from serving.queries.filters import read_filter
from serving.runs.current import Run
from serving.store.columns import ID
from serving.store.order import Places, among, take

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from serving.queries.customers import CustomerFilter
    from serving.store.columns import ColumnCache


def first_matches(
    con: Connection,
    cache: ColumnCache,
    wanted: CustomerFilter,
    *,
    run: Run,
    after: Place | None,
    limit: int,
) -> list[str] | None:
    """Return the ids of the first customers who meet a filter's rule, in its order.

    Returns
    -------
    list of str or None
        None where the run is not kept by column.

    Raises
    ------
    RuleError
        If the rule is not in the language, or names what the run does not know.
    """
    from models.rules.engine import first_rows

    rule = read_filter(wanted.rule, run)
    key = wanted.column.name
    limits = _limits(wanted)
    names = sorted({ID, key, *limits, *rule.columns})
    table = cache.read(con, run=run.number, revision=run.revision, names=names)
    if table is None:
        return None
    past = None if after is None else (after.value, after.customer_id)
    return first_rows(
        table,
        rule,
        among=limits,
        by=(key, ID),
        down=wanted.descends,
        after=past,
        limit=limit,
    )


def next_in_order(
    con: Connection,
    cache: ColumnCache,
    wanted: CustomerFilter,
    *,
    run: Run,
    after: Place | None,
    limit: int,
) -> list[str] | None:
    """Return the ids of the first customers in a filter's order that has no rule.

    Returns
    -------
    list of str or None
        None where the filter's limits are on a run that is not kept by column.
    """
    key, limits = wanted.column.name, _limits(wanted)
    order = cache.order(con, run=run.number, revision=run.revision, by=key)
    past: Any = None
    if after is not None:
        past = (0 if key == ID else after.value, after.customer_id)
    steps = order.walk(down=wanted.descends, after=past)
    if limits:
        names = list(limits)
        table = cache.read(con, run=run.number, revision=run.revision, names=names)
        if table is None:
            return None
        steps = (_only(table, step, limits) for step in steps)
    found = islice(chain.from_iterable(steps), limit)
    ids: list[str] = take(order.ids, np.fromiter(found, np.int32)).to_pylist()
    return ids


def _limits(wanted: CustomerFilter) -> dict[str, tuple[str, ...]]:
    """Return the columns whose value must be one of some texts."""
    limits = {"tier": wanted.tiers, "risk_band": wanted.risk_bands}
    return {name: texts for name, texts in limits.items() if texts}


def _only(table: pa.Table, step: Places, limits: dict[str, tuple[str, ...]]) -> Places:
    """Leave out whose columns hold something else."""
    for name, texts in limits.items():
        step = step[among(take(table[name], step), texts)]
    return step


def in_order(rows: Sequence[Any], ids: Sequence[str]) -> list[Any]:
    """Return rows in the order of their ids."""
    found = {row.id: row for row in rows}
    return [found[each] for each in ids]
