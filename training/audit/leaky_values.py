"""Judge the values of texts by who holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.door.log import Log
from features.door.rows.casts import quote_name
from features.instants import to_naive_utc
from training.audit.evidence import Evidence

Floats = npt.NDArray[np.float64]

PURE = 0.98
"""Share of the holders of a value that left, or stayed."""

EXPECTED = 0.75
"""The most of it that the model may expect, for the value to be named."""

SIGMAS = 5.0
"""How far apart the two are, in standard deviations of what the model expects."""

MIN_HOLDERS = 20
"""Holders of a value, churned and not churned customers, below which none is judged."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A column that knows the answer.

    Parameters
    ----------
    column : str
        ``feature x``, ``customers.x``, or ``table.column = value``.
    n_customers : int
        Judged, or holders of the value.
    auc : float or None
        Of the column alone, where that is what names it.
    churn_rate, expected_churn_rate : float or None
        Of the holders, and what the model expects of them.
    """

    column: str
    n_customers: int
    auc: float | None = None
    churn_rate: float | None = None
    expected_churn_rate: float | None = None

    @property
    def strength(self) -> float:
        """Return what suspects are ordered by."""
        if self.churn_rate is None or self.expected_churn_rate is None:
            return 1.0 + (self.auc or 0.0)
        return abs(self.churn_rate - self.expected_churn_rate)


def find_pure_values(
    log: Log, evidence: Evidence, ids: pd.Index, *, churned: Floats, p: Floats
) -> list[Suspect]:
    """Return the values whose holders did not do what the model expects of them."""
    judged = pd.DataFrame({"customer_id": ids, "churned": churned, "p": p})
    log.con.register("judged", judged)
    suspects = []
    for label, query in _holders(log, evidence):
        rows = log.con.execute(
            f"with holders as ({query}) select value, count(*), sum(churned), sum(p),"
            " sum(p * (1 - p)) from holders inner join judged using (customer_id)"
            f" group by value having count(*) >= {MIN_HOLDERS}",
            {"as_of": to_naive_utc(evidence.origin.as_of)},
        ).fetchall()
        suspects += [
            Suspect(
                f"{label} = {value!r}" if value != "" else f"{label} is set",
                n,
                churn_rate=n_churned / n,
                expected_churn_rate=expected / n,
            )
            for value, n, n_churned, expected, variance in rows
            if _is_pure(
                n_churned / n,
                expected / n,
                abs(n_churned - expected) / variance**0.5,
            )
        ]
    log.con.unregister("judged")
    return suspects


def _is_pure(rate: float, expected: float, sigmas: float) -> bool:
    all_churned = rate >= PURE and expected <= EXPECTED
    all_stayed = rate <= 1.0 - PURE and expected >= 1.0 - EXPECTED
    return (all_churned or all_stayed) and sigmas >= SIGMAS


def _holders(log: Log, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield a name and a query of ``customer_id`` and ``value``, distinct."""
    for table, (at, columns) in evidence.texts.items():
        is_seen = f"{at} < $as_of and (known_at is null or known_at < $as_of)"
        for name in columns:
            yield (
                f"{table}.{name}",
                f"select distinct customer_id, {name} as value from {table}"
                f" where {name} is not null and {is_seen}",
            )
    described = log.con.execute("describe customers").fetchall()
    for name, column_type, *_ in described:
        if name in ("customer_id", "joined_at"):
            continue
        text = quote_name(name)
        always = "$as_of is not null"
        yield (
            f"customers.{name}",
            f"select customer_id, '' as value from customers"
            f" where {text} is not null and {always}",
        )
        if column_type == "VARCHAR":
            yield (
                f"customers.{name}",
                f"select customer_id, {text} as value from customers"
                f" where {text} is not null and {always}",
            )
