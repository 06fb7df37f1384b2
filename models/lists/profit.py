"""How long a list should be, for what an action costs and saves.

The expected profit of a customer is probability x value at stake x save rate - cost:
what the action is expected to keep, less what it costs. Those who bring most for what
they cost come first; the list ends where a customer would bring nothing, or where
capacity or budget end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from features.types import Floats

End = Literal["profit", "capacity", "budget", "customers"]


@dataclass(frozen=True, slots=True)
class ProfitCurve:
    """What lists of each length are expected to bring.

    Parameters
    ----------
    order : array of int, shape (n_known,)
        Places of the customers whose profit is known, the most profitable first.
    profit : array of shape (n_known,)
        Expected profit of each, in that order.
    cost : float
        Of one customer.
    length : int
        How long the list should be.
    ended_by : str
        What ends it: ``profit`` (the next would bring nothing), ``capacity``,
        ``budget`` or ``customers`` (there are no more).
    """

    order: npt.NDArray[np.intp]
    profit: Floats
    cost: float
    length: int
    ended_by: End

    @property
    def cumulative(self) -> Floats:
        """Return the profit of a list of each length, from none to all."""
        return np.concatenate([[0.0], np.cumsum(self.profit)])

    @property
    def total(self) -> float:
        """Return the profit of the list that is as long as it should be."""
        return float(self.profit[: self.length].sum())

    @property
    def next_profit(self) -> float | None:
        """Return the profit of the first who is not on the list, None without one."""
        beyond = self.profit[self.length : self.length + 1]
        return float(beyond[0]) if len(beyond) else None

    @property
    def next_unit(self) -> float | None:
        """Return the profit of one more unit of budget.

        None where the action costs nothing; 0 where more money would bring nothing,
        because the list ends for another reason.
        """
        if self.cost == 0:
            return None
        more = self.next_profit
        if self.ended_by != "budget" or more is None:
            return 0.0
        return max(more / self.cost, 0.0)


def expected_profit(
    probability: npt.ArrayLike,
    stake: npt.ArrayLike,
    *,
    save_rate: float,
    cost: float,
) -> Floats:
    """Return what an action is expected to bring of each customer, less its cost.

    Parameters
    ----------
    probability, stake : array-like of shape (n_customers,)
        Of what the action prevents; the value at stake, in money. NaN is unknown.

    Examples
    --------
    >>> expected_profit([0.5, 0.1], [200, 100], save_rate=0.2, cost=8).tolist()
    [12.0, -6.0]
    """
    chance = np.asarray(probability, dtype=np.float64)
    value = np.asarray(stake, dtype=np.float64)
    return np.asarray(chance * value * save_rate - cost)


def profit_curve(
    profit: npt.ArrayLike,
    *,
    cost: float,
    capacity: int | None = None,
    budget: float | None = None,
) -> ProfitCurve:
    """Find the list that brings most within capacity and budget.

    Every customer costs the same, so the most profitable first is the best list of each
    length.

    Parameters
    ----------
    profit : array-like of shape (n_customers,)
        Expected profit of each; those that are NaN take no part.

    Examples
    --------
    >>> curve = profit_curve([3.0, -1.0, 5.0, 2.0], cost=4.0, budget=8.0)
    >>> curve.order.tolist(), curve.length, curve.ended_by, curve.total, curve.next_unit
    ([2, 0, 3, 1], 2, 'budget', 8.0, 0.5)
    """
    values = np.asarray(profit, dtype=np.float64)
    places = np.flatnonzero(~np.isnan(values))
    order = places[np.argsort(-values[places], kind="stable")]
    ranked = values[order]
    ends: list[tuple[int, End]] = [
        (int((ranked > 0).sum()), "profit"),
        (len(ranked), "customers"),
    ]
    if capacity is not None:
        ends.append((capacity, "capacity"))
    if budget is not None and cost > 0:
        # A whole number of customers, whatever a division makes of 0.3 / 0.1.
        ends.append((int(np.floor(budget / cost + 1e-9)), "budget"))
    names: tuple[End, ...] = ("customers", "profit", "capacity", "budget")
    length, ended_by = min(ends, key=lambda end: (end[0], names.index(end[1])))
    return ProfitCurve(order, ranked, cost, length, ended_by)
