"""What the reports are made of: the facts of a run, and what its log says beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from models.reports.levels import RECOMMENDED
from models.tiers.definition.scheme import TIERS

COLUMNS = (
    "churn_probability",
    "contact_cost_365d",
    "csat_last",
    "days_since_interaction",
    "days_since_last_visit",
    "expected_value",
    "has_open_complaint",
    "lifecycle_stage",
    "margin_365d",
    "n_complaints_365d",
    "n_contacts_365d",
    "n_orders_365d",
    "n_orders_prior_365d",
    "net_spend_365d",
    "net_spend_prior_365d",
    "nps_last",
    "tier",
    "value_at_risk",
)
"""The facts that reports may look at: of a million customers, no others are at hand."""


@dataclass(frozen=True, slots=True)
class Before:
    """The run before: where its customers stood.

    Parameters
    ----------
    run_id : str
    as_of : datetime
    customers : DataFrame, indexed by ``customer_id``
        ``lifecycle_stage`` and ``tier``.
    """

    run_id: str
    as_of: datetime
    customers: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Customers by the period of their first purchase.

    Parameters
    ----------
    unit : {"month", "quarter", "year"}
    table : DataFrame
        ``cohort_on`` (the period's first day), ``period`` (0 is the first),
        ``n_customers`` who bought in it, ``net_spend`` in it. Whole periods only.
    """

    unit: str
    table: pd.DataFrame


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """All that reports are computed from.

    Parameters
    ----------
    as_of : datetime
    currency : str or None
    customers : DataFrame, indexed by ``customer_id``
        Of the facts of each customer of the run, ``COLUMNS``, where the run has them.
    contacts : DataFrame
        ``customer_id``, ``owner_id`` (NaN where unknown), ``n_contacts``, ``minutes``
        and ``cost`` of the last 365 days, one row a customer and owner.
    cohorts : Cohorts
    before : Before or None
        None where no earlier run is kept.
    levels : mapping of str to int
        The level of relation that each class deserves.
    """

    as_of: datetime
    currency: str | None
    customers: pd.DataFrame
    contacts: pd.DataFrame
    cohorts: Cohorts
    before: Before | None = None
    levels: Mapping[str, int] = field(default_factory=lambda: dict(RECOMMENDED))

    @property
    def tiers(self) -> list[str]:
        """Return the tiers that anybody is in, the one that spends most first."""
        mean = self.column("net_spend_365d").groupby(self.customers["tier"]).mean()
        found = mean.sort_values(ascending=False, kind="stable").index.tolist()
        if set(found) <= set(TIERS):
            return [tier for tier in TIERS if tier in found]
        return [str(tier) for tier in found]

    def column(self, name: str) -> pd.Series:
        """Return a fact as numbers, NaN throughout where the run lacks it.

        Raises
        ------
        KeyError
            If reports may not look at it.
        """
        if name not in COLUMNS:
            raise KeyError(f"{name} is to be named in models.reports.facts.COLUMNS")
        if name not in self.customers:
            return pd.Series(np.nan, index=self.customers.index, name=name)
        return self.customers[name].astype(float)

    def has(self, name: str) -> bool:
        """Tell whether any customer has a fact that is not 0."""
        return bool((self.column(name).fillna(0) != 0).any())


def sum_by(values: pd.Series, groups: pd.Series, order: Sequence[str]) -> pd.Series:
    """Return the sum of each group, in order; 0 where there is none."""
    return values.groupby(groups).sum().reindex(list(order), fill_value=0.0)


def shares_of(values: pd.Series) -> pd.Series:
    """Return each value's share of their sum, NaN where the sum is not positive."""
    total = float(values.sum())
    return values / total if total > 0 else values * np.nan
