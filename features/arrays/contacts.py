"""Features of interactions, and of interactions set against purchases."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.arrays.grains import Grains
from features.arrays.purchases import Columns
from features.arrays.runs import (
    DAY,
    Bools,
    Codes,
    Floats,
    Ints,
    Runs,
    Times,
    contrast,
    days,
    heads,
    money,
    ratio,
    running,
)
from features.arrays.scope import Scope

RESPONSE_DAYS = (7, 30)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Interactions, by customer and then by time.

    Parameters
    ----------
    who : array of int
        Place of the customer in the block.
    at, seen_at : array of int
        Microseconds.
    type : array of uint64
        A number for the type's name.
    type_no : array of int
        Place of the type and direction among those counted apart, 0 for others.
    is_inbound, has_value : array of bool
    value, minutes, cost : array of int
        Ten-thousandths, 0 for none.
    """

    who: Ints
    at: Ints
    seen_at: Ints
    type: Codes
    type_no: Ints
    is_inbound: Bools
    has_value: Bools
    value: Ints
    minutes: Ints
    cost: Ints

    def take(self, rows: Ints) -> Contacts:
        """Return these rows, by place."""
        return Contacts(*(getattr(self, field.name)[rows] for field in fields(self)))


def contacts(grains: Grains, scope: Scope, seen: Contacts) -> Columns:
    """Interactions by type and direction: counts 0 where there were none."""
    runs, h = Runs.of(seen.who, grains.n), scope.horizon_days
    age = days(grains.as_of - seen.at)
    times = Times(runs, seen.at)
    recent = times.since(grains.as_of - h * DAY)
    found: Columns = {
        "n_interactions": runs.counts,
        "n_types_of_interaction": _count_types(seen, grains.n),
        "days_since_interaction": runs.last(age),
    }
    if "direction" in scope.has:
        found["inbound_share"] = ratio(runs.sum(seen.is_inbound), runs.counts)
    if "minutes" in scope.has:
        found[f"interaction_minutes_{h}d"] = money(
            runs.sum_from(recent, running(seen.minutes))
        )
    if "interaction_cost" in scope.has:
        found[f"interaction_cost_{h}d"] = money(
            runs.sum_from(recent, running(seen.cost))
        )
    found |= _by_type(grains, scope, seen)
    for w in reversed(scope.windows):
        found[f"n_interactions_{w}d"] = times.within(grains.as_of - w * DAY)
    return found


def _count_types(seen: Contacts, n: int) -> Ints:
    places = np.lexsort((seen.type, seen.who))
    who = seen.who[places]
    is_head = heads(who, seen.type[places])
    return np.bincount(who[is_head], minlength=n)


def _by_type(grains: Grains, scope: Scope, seen: Contacts) -> Columns:
    """Return the columns of each type and direction, worked out all together."""
    types, n = scope.interaction_types, grains.n
    rows = np.flatnonzero(seen.type_no)
    who = seen.who[rows] * len(types) + seen.type_no[rows] - 1
    places = np.argsort(who, kind="stable")
    rows, runs = rows[places], Runs.of(who[places], n * len(types))
    at, h = seen.at[rows], scope.horizon_days
    times = Times(runs, at)
    within = {
        w: times.within(grains.as_of - w * DAY).reshape(n, -1)
        for w in sorted({*scope.windows, h, 2 * h}, reverse=True)
    }
    counts = runs.counts.reshape(n, -1)
    last = runs.last(days(grains.as_of - at)).reshape(n, -1)
    trend = contrast(within[h], within[2 * h] - within[h])
    found: Columns = {}
    values = _values(seen, rows, runs) if "value" in scope.has else None
    for place, (_, _, slug) in enumerate(types):
        found[f"n_interaction_{slug}"] = counts[:, place]
        for w in scope.windows:
            found[f"n_interaction_{slug}_{w}d"] = within[w][:, place]
        found[f"days_since_interaction_{slug}"] = last[:, place]
        found[f"interaction_{slug}_trend_{h}d"] = trend[:, place]
        if values is not None:
            found[f"interaction_{slug}_last_value"] = values[0].reshape(n, -1)[:, place]
            found[f"interaction_{slug}_mean_value"] = values[1].reshape(n, -1)[:, place]
    return found


def _values(seen: Contacts, rows: Ints, runs: Runs) -> tuple[Floats, Floats]:
    """Return the last and the mean value of each customer's interactions of a type."""
    has_value = seen.has_value[rows]
    amounts = seen.value[rows]
    value = np.where(has_value, money(amounts), np.nan)
    mean = ratio(money(runs.sum(amounts)), runs.sum(has_value))
    return runs.last(value), mean


def responses(grains: Grains, scope: Scope, seen: Contacts) -> Columns:
    """Interactions against purchases; an order follows one strictly before it."""
    n, h = grains.n, scope.horizon_days
    orders, order_runs = grains.orders, grains.order_runs
    runs = Runs.of(seen.who, n)
    recent = Times(runs, seen.at).within(grains.as_of - h * DAY)
    last_order = orders.at[order_runs.ends - 1]
    since_last = runs.sum(seen.at > np.repeat(last_order, runs.counts))
    net = grains.moment_runs.sum(grains.moments.net)
    late_net = grains.moment_runs.sum_from(
        grains.moment_times.since(grains.as_of - h * DAY),
        running(grains.moments.net),
    )
    found: Columns = {
        "n_interactions_since_last_order": since_last,
        "interactions_per_order": ratio(runs.counts, order_runs.counts),
        "net_spend_per_interaction": ratio(money(net), runs.counts),
        f"net_spend_per_interaction_{h}d": ratio(money(late_net), recent),
    }
    waited, answered = _neighbours(grains, seen)
    for d in RESPONSE_DAYS:
        found[f"orders_within_{d}d_of_interaction_share"] = ratio(
            order_runs.sum(waited <= d), order_runs.counts
        )
        found[f"interactions_answered_within_{d}d_share"] = ratio(
            runs.sum(answered <= d), runs.counts
        )
    return found


def _neighbours(grains: Grains, seen: Contacts) -> tuple[Floats, Floats]:
    """Return the days from an interaction to each order, and to an order from each."""
    orders = grains.orders
    waited = np.full(len(orders.at), np.nan)
    answered = np.full(len(seen.at), np.nan)
    if not len(seen.at):
        return waited, answered
    first = min(int(orders.at.min()), int(seen.at.min()))
    span = max(int(orders.at.max()), int(seen.at.max())) - first + 1
    order_key = orders.who * span + (orders.at - first)
    key = seen.who * span + (seen.at - first)
    order_age, age = days(grains.as_of - orders.at), days(grains.as_of - seen.at)
    before = np.searchsorted(key, order_key, side="left") - 1
    has = (before >= 0) & (seen.who[before] == orders.who)
    waited[has] = age[before[has]] - order_age[has]
    after = np.searchsorted(order_key, key, side="right")
    has = after < len(orders.at)
    has[has] = orders.who[after[has]] == seen.who[has]
    answered[has] = age[has] - order_age[after[has]]
    return waited, answered
