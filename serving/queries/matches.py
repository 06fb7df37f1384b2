"""The next customers who pass a filter, read by column from however many there are."""

from __future__ import annotations

from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.engine import Connection

from models.rules.engine import first_rows
from serving.queries.cursor import Place
from serving.queries.filters import CustomerFilter, read_filter
from serving.runs.published import Run
from serving.store.columns import ID, ColumnCache
from serving.store.sort_order import Places, among, take


def first_matches(
    con: Connection,
    cache: ColumnCache,
    wanted: CustomerFilter,
    *,
    run: Run,
    after: Place | None,
    limit: int,
) -> list[str]:
    """Return the ids of the first customers who meet a filter's rule, in its order.

    Raises
    ------
    RuleError
        If the rule is not in the language, or names what the run does not know.
    """
    rule = read_filter(wanted.rule, run)
    key = wanted.column.name
    limits = _limits(wanted)
    names = sorted({ID, key, *limits, *rule.columns})
    table = cache.read(con, run=run.number, revision=run.revision, names=names)
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
) -> list[str]:
    """Return the ids of the first customers in a filter's order that has no rule."""
    key = wanted.column.name
    order = cache.order(con, run=run.number, revision=run.revision, by=key)
    past: Any = None
    if after is not None:
        past = (0 if key == ID else after.value, after.customer_id)
    steps = order.walk(down=wanted.descends, after=past)
    if limits := _limits(wanted):
        table = cache.read(
            con, run=run.number, revision=run.revision, names=list(limits)
        )
        steps = (_only(table, step, limits) for step in steps)
    places = islice(chain.from_iterable(steps), limit)
    ids: list[str] = take(order.ids, np.fromiter(places, np.int32)).to_pylist()
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
