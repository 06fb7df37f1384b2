"""A made-up world: its log, and the truth about each customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from tests.worlds.process import (
    Belief,
    Crowd,
    Floats,
    Process,
    believe,
    chance_to_buy,
    draw_crowd,
    live,
    orders_to_expect,
)
from tests.worlds.purses import Purses, weigh_purses

STARTS_AT = datetime(2018, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=12)
"""At which all purchases of a day happen."""


@dataclass(frozen=True, slots=True)
class World:
    """What happened, and what could be known of what comes.

    Parameters
    ----------
    process : Process
    transactions : DataFrame
        The log before ``as_of``: ``customer_id``, ``occurred_at``, ``amount``.
    truth : DataFrame
        By ``customer_id``: ``p_buy`` and ``expected_value`` of the horizon, true given
        the log and the process; ``bought`` and ``value``, what came.
    belief : Belief
    purses : Purses
    seed : int
    """

    process: Process
    transactions: pd.DataFrame
    truth: pd.DataFrame
    belief: Belief
    purses: Purses
    seed: int

    @property
    def as_of(self) -> datetime:
        """The end of the log."""
        return STARTS_AT + timedelta(days=self.process.n_days)

    @property
    def horizon(self) -> timedelta:
        """Length of the time that is foretold."""
        return timedelta(days=self.process.horizon)

    def futures(self, n: int) -> Floats:
        """Draw what each customer spends in the horizon, of shape (n, n_customers)."""
        rng = np.random.default_rng([self.seed, 1])
        return np.array([self._future(rng) for _ in range(n)])

    def _future(self, rng: np.random.Generator) -> Floats:
        """Draw one future of all that may be, given the log."""
        state = np.concatenate([self.belief.stays, self.belief.gone], axis=1)
        edges = np.cumsum(state, axis=1)[:, :-1]
        drawn = (rng.random((len(state), 1)) > edges).sum(axis=1)
        n_kinds = len(self.process.kinds)
        crowd = Crowd(
            kind=drawn % n_kinds,
            purse=self.purses.draw(rng),
            stays=drawn < n_kinds,
            gap=self.belief.gap.copy(),
        )
        spend = np.zeros(len(state))
        days = range(self.process.n_days, len(self.process.calendar))
        for _, rows, amounts in live(self.process, crowd, days, rng=rng):
            spend[rows] += amounts
        return spend


def make_world(process: Process, *, n_customers: int, seed: int) -> World:
    """Let a world happen, and find what could be known of it at the end of the log."""
    rng = np.random.default_rng(seed)
    crowd, joined = draw_crowd(process, n_customers, rng)
    days = range(len(process.calendar))
    parts = list(live(process, crowd, days, rng=rng, joined=joined))
    purchases = pd.DataFrame(
        {
            "day": np.concatenate([np.full(len(rows), day) for day, rows, _ in parts]),
            "customer": np.concatenate([rows for _, rows, _ in parts]),
            "amount": np.concatenate([amounts for _, _, amounts in parts]),
        }
    )
    past = purchases[purchases["day"] < process.n_days]
    ahead = purchases[purchases["day"] >= process.n_days]
    bought = np.zeros((process.n_days, n_customers), dtype=np.bool_)
    bought[past["day"], past["customer"]] = True
    belief = believe(process, bought)
    logs = np.log(past["amount"]).groupby(past["customer"]).agg(["size", "mean"])
    purses = weigh_purses(
        process, logs["size"].to_numpy(np.float64), logs["mean"].to_numpy(np.float64)
    )
    orders = orders_to_expect(process, belief)
    amount = purses.expected(process.deviation)
    by = ahead.groupby("customer")["amount"]
    everyone = pd.RangeIndex(n_customers)
    truth = pd.DataFrame(
        {
            "p_buy": chance_to_buy(process, belief),
            "expected_orders": orders,
            "expected_value": orders * amount,
            "bought": by.size().reindex(everyone).notna().astype(np.float64),
            "value": by.sum().reindex(everyone).fillna(0.0),
            "n_orders": by.size().reindex(everyone).fillna(0).astype(np.float64),
        }
    ).set_axis(name_customers(np.arange(n_customers)))
    when = STARTS_AT + HOUR + pd.to_timedelta(past["day"].to_numpy(), unit="D")
    transactions = pd.DataFrame(
        {
            "customer_id": name_customers(past["customer"].to_numpy()),
            "occurred_at": when,
            "amount": past["amount"].to_numpy().round(4),
        }
    )
    return World(process, transactions, truth, belief, purses, seed)


def name_customers(
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> pd.Index[str]:
    """Return the ids of customers by their number, which sort as these do."""
    return pd.Index([f"c{number:05}" for number in numbers], name="customer_id")
