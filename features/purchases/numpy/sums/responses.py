"""Sums of interactions set against purchases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, NEVER, Ints
from features.purchases.numpy.grains.timeline import Seen, Timeline
from features.purchases.numpy.sums.contacts import CONTACTS, has_any
from features.purchases.numpy.sums.leaf import Step, Sum, counted


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


def _n_following(grains: Grains, n_days: int) -> Ints:
    """Count the orders that an interaction came before, by so many days at most."""
    return _n_within(grains.order_runs, _neighbours(grains).waits, n_days)


def _n_answered(grains: Grains, n_days: int) -> Ints:
    """Count the interactions that an order followed within so many days."""
    near = _neighbours(grains)
    answered = near.answered.seen(grains.as_of, grains.chosen)
    return _n_within(answered, near.delays, n_days)


def _n_within(runs: Seen, waits: Ints, n_days: int) -> Ints:
    return runs.total(f"within {n_days}", lambda: waits <= n_days * DAY)


def _n_after(grains: Grains) -> Ints:
    """Count the interactions after the last order."""
    after = _neighbours(grains).after[grains.order_runs.ends - 1]
    return np.asarray(grains.contact_runs.ends - after)


INTERACTION = "count(*) filter (where is_interaction = 1"
N_INTERACTIONS, N_RECENT = counted(CONTACTS).values()

RESPONSES = Step(
    {
        f"{INTERACTION})": N_INTERACTIONS,
        f"{INTERACTION} and age_days <= $days)": N_RECENT,
        "count(*) filter (where is_interaction = 0 and "
        "round((interaction_before - age_days) * 86400000000) "
        "<= round(($days) * 86400000000))": Sum(_n_following),
        f"{INTERACTION} and round((age_days - order_after) * 86400000000) "
        "<= round(($days) * 86400000000))": Sum(_n_answered),
        f"{INTERACTION} and age_days < last_order)": Sum(_n_after),
    },
    has_any,
)
