"""Who meets a condition, found by column: however few they are among however many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from serving.queries.cursor import Place
from serving.queries.filters import read_filter
from serving.queries.runs import Run

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from serving.queries.customers import CustomerFilter
    from serving.store.columns import ColumnCache

ID = "customer_id"


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
    limits = {"tier": wanted.tiers, "risk_band": wanted.risk_bands}
    among = {name: values for name, values in limits.items() if values}
    names = sorted({ID, key, *among, *rule.columns})
    table = cache.read(con, run=run.number, revision=run.revision, names=names)
    if table is None:
        return None
    past = None if after is None else (after.value, after.customer_id)
    return first_rows(
        table,
        rule,
        among=among,
        by=(key, ID),
        down=wanted.descends,
        after=past,
        limit=limit,
    )


def in_order(rows: Sequence[Any], ids: Sequence[str]) -> list[Any]:
    """Return rows in the order of their ids."""
    found = {row.id: row for row in rows}
    return [found[each] for each in ids]
