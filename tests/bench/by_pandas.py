"""The feature columns worked out with pandas, as somebody who knows it well would.

Ids become integers once, each grain is grouped once, all windows of a grain are summed
in one pass over a block of masked columns, and doubles are good enough.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from features.purchases.plan import FeaturePlan
from tests.bench.pandas_grains import Columns, Tables, make_grains, read_lines
from tests.bench.pandas_others import (
    breadth,
    calendar,
    channels,
    contacts,
    membership,
    read_interactions,
    responses,
)
from tests.bench.pandas_purchases import (
    cadence,
    decay,
    dispersion,
    money_back,
    rfm,
    windows,
)


def build_by_pandas(
    tables: Tables, plan: FeaturePlan, *, as_of: datetime
) -> pd.DataFrame:
    """Return the plan's columns, indexed by ``customer_id``."""
    instant = pd.Timestamp(as_of).tz_localize(None)
    lines, ids = read_lines(tables.transactions, instant)
    grains = make_grains(lines)
    people = grains.orders.groupby("who", sort=True).size().index
    columns: Columns = {}
    columns |= rfm(grains, instant)
    columns |= windows(grains, plan)
    columns |= cadence(grains.days)
    columns |= dispersion(grains.orders)
    columns |= decay(grains, plan)
    columns |= money_back(grains.moments, plan.horizon_days)
    columns |= channels(grains.moments, plan.horizon_days)
    columns |= calendar(grains, plan.horizon_days)
    for item, items, key in (
        ("product", "products", "product_id"),
        ("category", "categories", "category"),
    ):
        columns |= breadth(lines, plan, (item, items, key))
    calls = read_interactions(tables.interactions, ids, instant)
    columns |= contacts(calls, plan)
    columns |= responses(calls, grains, plan.horizon_days)
    columns |= membership(tables.customers, ids, grains, instant)
    made = pd.DataFrame(
        {name: column.reindex(people) for name, column in columns.items()}
    )
    not_counts = ("trend", "pace", "year_ago")
    counts = [
        name
        for name in map(str, made)
        if name.startswith("n_") and not any(word in name for word in not_counts)
    ]
    made[counts] = made[counts].fillna(0)
    zeros = ["interactions_per_order", "orders_within_7d_of_interaction_share"]
    zeros += ["orders_within_30d_of_interaction_share"]
    made[zeros] = made[zeros].fillna(0)
    made.index = pd.Index(ids[people], name="customer_id")
    return made[list(plan.names)].astype(np.float64).sort_index()
