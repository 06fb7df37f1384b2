"""Features of interactions, and of interactions set against purchases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.purchases.numpy.history import Grains
from features.purchases.numpy.items import group
from features.purchases.numpy.purchases import Columns
from features.purchases.numpy.runs import (
    DAY,
    Floats,
    Ints,
    contrast,
    heads,
    money,
    ratio,
)
from features.purchases.numpy.scope import Scope
from features.purchases.numpy.timeline import Seen, Timeline

RESPONSE_DAYS = (7, 30)

NEVER = 2**62
"""Microseconds, more than there are between any two instants."""


def contacts(grains: Grains, scope: Scope) -> Columns:
    """Interactions by type and direction: counts 0 where there were none."""
    rows, runs, h = grains.history.contacts, grains.contact_runs, scope.horizon_days
    recent = runs.since(grains.as_of - h * DAY)
    found: Columns = {
        "n_interactions": runs.counts,
        "n_types_of_interaction": _types(grains).seen(grains.as_of, grains.left).counts,
        "days_since_interaction": runs.age_of_last(),
    }
    if "direction" in scope.has:
        n_inbound = runs.total("inbound", lambda: rows.is_inbound)
        found["inbound_share"] = ratio(n_inbound, runs.counts)
    if "minutes" in scope.has:
        sums = runs.line.running("minutes", lambda: rows.minutes)
        found[f"interaction_minutes_{h}d"] = money(runs.sum_from(recent, sums))
    if "interaction_cost" in scope.has:
        sums = runs.line.running("cost", lambda: rows.cost)
        found[f"interaction_cost_{h}d"] = money(runs.sum_from(recent, sums))
    found |= _by_type(grains, scope)
    for w in reversed(scope.windows):
        found[f"n_interactions_{w}d"] = runs.within(grains.as_of - w * DAY)
    return found


def _types(grains: Grains) -> Timeline:
    """Return the first time of each type of interaction of each customer."""
    rows, line = grains.history.contacts, grains.contact_runs.line

    def make() -> Timeline:
        places, starts = group(line.who, rows.type, np.arange(len(line.who)))
        firsts = places[starts]
        return Timeline(line.who[firsts], line.at[firsts], line.n)

    return line.kept("types", make)


@dataclass(frozen=True, slots=True)
class Kinds:
    """The interactions that are counted apart, by type and direction, then customer.

    Few customers have one of each type, so that only those who do are worked on.

    Parameters
    ----------
    rows : array of int
        Their places among all.
    type_no, who : array of int
        By pair of a type and a customer who has any: which these are.
    line : Timeline
        Of the interactions of each pair, as if that were a customer.
    """

    rows: Ints
    type_no: Ints
    who: Ints
    line: Timeline


def _kinds(grains: Grains) -> Kinds:
    contacts, line = grains.history.contacts, grains.contact_runs.line

    def make() -> Kinds:
        rows = np.flatnonzero(contacts.type_no)
        places = np.argsort(
            contacts.type_no[rows] * line.n + line.who[rows], kind="stable"
        )
        rows = rows[places]
        type_no, who = contacts.type_no[rows] - 1, line.who[rows]
        is_head = heads(type_no, who)
        pairs = np.flatnonzero(is_head)
        pair_line = Timeline(np.cumsum(is_head) - 1, line.at[rows], len(pairs))
        return Kinds(rows, type_no[pairs], who[pairs], pair_line)

    return line.kept("kinds", make)


def _by_type(grains: Grains, scope: Scope) -> Columns:
    """Return the columns of each type and direction, worked out all together."""
    types, h = scope.interaction_types, scope.horizon_days
    kinds = _kinds(grains)
    runs, who = kinds.line.seen(grains.as_of, None), kinds.who
    if grains.left is not None:
        places = np.full(grains.history.n, -1)
        places[grains.left] = np.arange(grains.n)
        who = places[who]
    left = np.flatnonzero(who >= 0)
    cells = (kinds.type_no * grains.n + who)[left]

    def spread(values: Floats | Ints, other: float) -> Floats:
        """Give those without such interactions another value, a row a type."""
        found = np.full(len(types) * grains.n, other)
        found[cells] = values[left]
        return found.reshape(-1, grains.n)

    within = {
        w: runs.within(grains.as_of - w * DAY)
        for w in sorted({*scope.windows, h, 2 * h}, reverse=True)
    }
    columns = {"n_interaction_{}": spread(runs.counts, 0)}
    for w in scope.windows:
        columns[f"n_interaction_{{}}_{w}d"] = spread(within[w], 0)
    columns["days_since_interaction_{}"] = spread(runs.age_of_last(), np.nan)
    trend = contrast(within[h], within[2 * h] - within[h])
    columns[f"interaction_{{}}_trend_{h}d"] = spread(trend, np.nan)
    if "value" in scope.has:
        last, mean = _values(grains, kinds, runs)
        columns["interaction_{}_last_value"] = spread(last, np.nan)
        columns["interaction_{}_mean_value"] = spread(mean, np.nan)
    return {
        name.format(slug): values[place]
        for place, (_, _, slug) in enumerate(types)
        for name, values in columns.items()
    }


def _values(grains: Grains, kinds: Kinds, runs: Seen) -> tuple[Floats, Floats]:
    """Return the last and the mean value of each pair's interactions."""
    rows = grains.history.contacts
    total = runs.total("value", lambda: rows.value[kinds.rows])
    n = runs.total("has_value", lambda: rows.has_value[kinds.rows])
    last = runs.last(kinds.line.kept("values", lambda: rows.values(kinds.rows)))
    return last, ratio(money(total), n)


def responses(grains: Grains, scope: Scope) -> Columns:
    """Interactions against purchases; an order follows one strictly before it."""
    h, runs, order_runs = scope.horizon_days, grains.contact_runs, grains.order_runs
    net = grains.net_sums()
    late_net = grains.moment_runs.sum_from(
        grains.moment_runs.since(grains.as_of - h * DAY), net
    )
    spend = grains.moment_runs.sum_from(grains.moment_runs.starts, net)
    n_recent = runs.within(grains.as_of - h * DAY)
    near = _neighbours(grains)
    answered = near.answered.seen(grains.as_of, grains.left)
    found: Columns = {
        "n_interactions_since_last_order": runs.ends - near.after[order_runs.ends - 1],
        "interactions_per_order": ratio(runs.counts, order_runs.counts),
        "net_spend_per_interaction": ratio(money(spend), runs.counts),
        f"net_spend_per_interaction_{h}d": ratio(money(late_net), n_recent),
    }
    for d in RESPONSE_DAYS:
        found[f"orders_within_{d}d_of_interaction_share"] = ratio(
            _n_within(order_runs, near.waits, d), order_runs.counts
        )
        found[f"interactions_answered_within_{d}d_share"] = ratio(
            _n_within(answered, near.delays, d), runs.counts
        )
    return found


def _n_within(runs: Seen, waits: Ints, n_days: int) -> Ints:
    """Count the rows that waited for so many days at most."""
    return runs.total(f"within {n_days}", lambda: waits <= n_days * DAY)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which interactions and orders follow on one another.

    Parameters
    ----------
    after : array of int
        By order: the first interaction of its customer after it, or the one after the
        last.
    waits : array of int
        By order: microseconds since the interaction before it, very many for none.
    answered : Timeline
        The interactions with an order after them, each at that order's instant.
    delays : array of int
        The microseconds from each of those to that order.
    """

    after: Ints
    waits: Ints
    answered: Timeline
    delays: Ints


def _neighbours(grains: Grains) -> Neighbours:
    orders, contacts = grains.order_runs.line, grains.contact_runs.line

    def make() -> Neighbours:
        first = min(int(orders.at.min()), int(contacts.at.min(initial=NEVER)))
        span = max(orders.last_at, contacts.last_at) - first + 1
        order_key = orders.who * span + (orders.at - first)
        key = contacts.who * span + (contacts.at - first)
        n_before = np.searchsorted(key, order_key, side="left")
        waits = np.full(len(orders.at), NEVER)
        has_before = np.flatnonzero(n_before > contacts.starts[orders.who])
        last = contacts.at[n_before[has_before] - 1]
        waits[has_before] = orders.at[has_before] - last
        next_order = np.searchsorted(order_key, key, side="right")
        rows = np.flatnonzero(next_order < orders.ends[contacts.who])
        answered_at = orders.at[next_order[rows]]
        return Neighbours(
            after=np.searchsorted(key, order_key, side="right"),
            waits=waits,
            answered=Timeline(contacts.who[rows], answered_at, contacts.n),
            delays=answered_at - contacts.at[rows],
        )

    return contacts.kept("neighbours", make)
