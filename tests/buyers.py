"""A log of buyers who come and go, as a shop would have it.

Each buys at a rate of their own, evenly rather than at random, and leaves after an
order with a chance of their own; who leaves has often complained before. The spend of
an order varies around a mean of their own. Some lines come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from features.door.log_files import Log, log_from_rows

STARTS_AT = datetime(2022, 1, 3, tzinfo=UTC)
DAYS = 548
N_CUSTOMERS = 400

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a log, in no order.

    Parameters
    ----------
    transactions, interactions : tuple of dict
    """

    transactions: tuple[Row, ...]
    interactions: tuple[Row, ...]

    def before(self, instant: datetime) -> Rows:
        """Return what happened before an instant."""
        return Rows(
            tuple(r for r in self.transactions if r["occurred_at"] < instant),
            tuple(r for r in self.interactions if r["occurred_at"] < instant),
        )

    def shuffled(self, seed: int) -> Rows:
        """Return the same rows in another order."""
        rng = np.random.default_rng(seed)
        first, second = (
            tuple(rows[i] for i in rng.permutation(len(rows)))
            for rows in (self.transactions, self.interactions)
        )
        return Rows(first, second)

    def of(self, customer_id: str) -> Rows:
        """Return a customer's own rows, which do not name the customer."""
        first, second = (
            tuple(
                {name: value for name, value in row.items() if name != "customer_id"}
                for row in rows
                if row["customer_id"] == customer_id
            )
            for rows in (self.transactions, self.interactions)
        )
        return Rows(first, second)

    def open(self) -> Log:
        """Bring the rows through the door."""
        return log_from_rows(
            transactions=self.transactions,
            interactions=self.interactions,
            now=STARTS_AT + timedelta(days=DAYS),
        )


def make_rows(*, n_customers: int = N_CUSTOMERS, seed: int = 7) -> Rows:
    """Draw the log of some customers over ``DAYS`` days."""
    transactions: list[Row] = []
    interactions: list[Row] = []
    for number in range(n_customers):
        rng = np.random.default_rng([seed, number])
        for table, row in _life(f"c{number:04}", rng):
            if row["occurred_at"] < STARTS_AT + timedelta(days=DAYS):
                (transactions if table == "transactions" else interactions).append(row)
    return Rows(tuple(transactions), tuple(interactions))


def _life(customer: str, rng: np.random.Generator) -> Iterator[tuple[str, Row]]:
    """Yield what one customer does, from the first order to the last."""
    day = rng.uniform(0, 0.8 * DAYS)
    gap, leaving = 12.0 / rng.gamma(0.8), rng.beta(1.0, 7.0)
    spend = rng.lognormal(3.3, 0.7)
    liked = rng.choice(40, size=6, replace=False)
    for number in range(1000):
        for line in range(rng.integers(1, 4)):
            amount = round(spend * rng.lognormal(0.0, 0.4), 2)
            product = int(rng.choice(liked))
            bought = {
                "customer_id": customer,
                "occurred_at": _instant(day),
                "amount": amount,
                "order_id": f"{customer}-{number}",
                "product_id": f"p{product:02}",
                "quantity": float(rng.integers(1, 5)),
            }
            yield "transactions", bought
            if rng.random() < 0.05:
                yield from _return(bought, day + rng.uniform(2, 12), line)
        leaves = bool(rng.random() < leaving)
        if rng.random() < (0.8 if leaves else 0.03):
            yield "interactions", _contact(customer, day + 3, "complaint", "inbound")
        if rng.random() < 0.1:
            yield "interactions", _contact(customer, day + 5, "call", "outbound")
        day += gap * rng.gamma(4.0) / 4.0 + 0.05
        if leaves or day > DAYS:
            return


def _return(bought: Row, day: float, line: int) -> Iterator[tuple[str, Row]]:
    yield (
        "transactions",
        {
            **bought,
            "occurred_at": _instant(day),
            "amount": -bought["amount"],
            "order_id": f"{bought['order_id']}-r{line}",
            "quantity": -bought["quantity"],
        },
    )
    yield "interactions", _contact(bought["customer_id"], day, "return", "inbound")


def _contact(customer: str, day: float, type_: str, direction: str) -> Row:
    return {
        "customer_id": customer,
        "occurred_at": _instant(day),
        "type": type_,
        "direction": direction,
    }


def _instant(day: float) -> datetime:
    return STARTS_AT + timedelta(minutes=round(day * 1440))
