"""What was fitted for customers who pay a regular amount, and what it foretells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.attributes.plan import AttributePlan, build_attributes
from features.contracts.plan import ContractPlan, build_contracts
from features.door.fingerprint import fingerprint
from features.door.log import AnyLog, Log
from features.errors import DataError
from features.purchases.numpy.families.places import SlowFamily
from features.purchases.numpy.rows import OwnRows
from models.parts.calibration import Calibration
from models.recurring.churn import RecurringChurn
from models.recurring.clusters import RecurringClusters
from models.recurring.worth import Worth
from models.score.forecast import Basis, Explained, Forecast
from models.words.categories import AttributeWords
from models.words.quantities import NO_AMOUNT, YEARLY, QuantityWords
from models.words.reasons import ReasonTable

Floats = npt.NDArray[np.float64]
Plan = AttributePlan | ContractPlan

MONTH_DAYS = 365 / 12
YEAR_MONTHS = 12
JOINED = "joined_at"
NEW_DAYS, LOYAL_DAYS = 90.0, 730.0
"""Less and more time as a customer than which makes one new, and loyal."""


@dataclass(frozen=True, slots=True)
class RecurringModel(ABC):
    """The fitted models of one version; of labels or of contracts.

    Parameters
    ----------
    plan : AttributePlan or ContractPlan
    churn : RecurringChurn
    churn_calibration : Calibration
    worth : Worth
    clusters : RecurringClusters
    usual : DataFrame of shape (n_clusters, n_columns)
        Median of each number, most common code of each category.
    basis : Basis
    """

    plan: Plan
    churn: RecurringChurn
    churn_calibration: Calibration
    worth: Worth
    clusters: RecurringClusters
    usual: pd.DataFrame
    basis: Basis

    kind: ClassVar[str]
    plan_type: ClassVar[type[AttributePlan] | type[ContractPlan]]

    @property
    def slow_families(self) -> tuple[SlowFamily, ...]:
        """The families of features that only their SQL can work out: there are none."""
        return ()

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of customers that it sees: none."""
        return ()

    @property
    def horizon_days(self) -> int:
        """Length of the time that is foretold."""
        return self.plan.horizon_days

    @property
    def boosters(self) -> dict[str, lgb.Booster]:
        """What LightGBM keeps as its own text, by target."""
        return {"churn": self.churn.booster_}

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns that hold codes."""
        return tuple(self.plan.categories)

    @abstractmethod
    def read(self, log: Log, *, as_of: datetime) -> pd.DataFrame:
        """Return the features of every customer at an instant, by ``customer_id``."""

    @abstractmethod
    def no_customer(self, as_of: datetime) -> DataError:
        """Say that there is nobody to score."""

    def read_rows(
        self,
        rows: OwnRows,
        *,
        as_of: datetime,
        now: datetime,
        not_products: tuple[str, ...] = (),
    ) -> pd.DataFrame | None:
        """Return None: contracts and attributes are read from a log."""
        return None

    def read_blocks(
        self, log: Log, *, as_of: datetime, size: int | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows of ``read``, all at once: they are few columns."""
        yield pa.Table.from_pandas(self.read(log, as_of=as_of))

    def fingerprint(self, log: AnyLog, *, as_of: datetime) -> str:
        """Return a hash of the rows that its features are made of."""
        return fingerprint(log, as_of=as_of)

    def design(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that the models see."""
        return features[list(self.plan.names)]

    def predict(self, X: pd.DataFrame) -> Forecast:
        """Foretell the horizon of each row of ``design``."""
        p = self.churn_calibration(self.churn.decision_function(X))
        amount = self.amount(X)
        low, high = self.worth.bounds(amount, p)
        nothing = np.full(len(X), np.nan)
        return Forecast(
            churn_probability=p,
            expected_value=self.worth.predict(amount, p),
            value_low=low,
            value_high=high,
            expected_orders=nothing,
            days_to_next_order=nothing,
            cluster=self.clusters.predict(X),
        )

    def assess(self, X: pd.DataFrame) -> tuple[Forecast, Explained, Explained]:
        """Return ``predict``, ``explain_churn`` and ``explain_value``."""
        churn = self.explain_churn(X)
        return self.predict(X), churn, self._explain_value(X, churn)

    def explain_churn(self, X: pd.DataFrame) -> Explained:
        """Say what makes each churn probability, in probability."""
        parts, base = self.churn.contributions(X)
        parts, base = self.churn_calibration.carry(parts, base)
        return Explained(tuple(self.churn.feature_names_in_), parts, base)

    def explain_value(self, X: pd.DataFrame) -> Explained:
        """Say what makes each expected value, in money."""
        return self._explain_value(X, self.explain_churn(X))

    def _explain_value(self, X: pd.DataFrame, churn: Explained) -> Explained:
        columns, parts = churn.columns, churn.parts
        of_amount, of_parts, base = self.worth.contributions(self.amount(X), parts)
        if self.plan.amount is None:
            return Explained(columns, of_parts, base)
        if self.plan.amount not in columns:
            columns = (*columns, self.plan.amount)
            of_parts = np.column_stack([of_parts, np.zeros(len(X))])
        of_parts[:, columns.index(self.plan.amount)] += of_amount
        return Explained(columns, of_parts, base)

    def amount(self, X: pd.DataFrame) -> Floats:
        """Return a month's amounts; 1 where the table has none."""
        if self.plan.amount is None:
            return np.ones(len(X))
        return X[self.plan.amount].to_numpy(dtype=np.float64)

    def tier_quantity(self, features: pd.DataFrame) -> Floats:
        """Return a year's amounts; 0 for all where the table has none."""
        if self.plan.amount is None:
            return np.zeros(len(features))
        return np.asarray(YEAR_MONTHS * np.nan_to_num(self.amount(features)))

    def stage(self, X: pd.DataFrame) -> npt.NDArray[np.str_]:
        """Return the lifecycle stage of each customer, by the time as one."""
        if self.plan.tenure is None:
            return np.full(len(X), "repeat", dtype="U8")
        days = X[self.plan.tenure].to_numpy(dtype=np.float64) * self.plan.tenure_days
        stages = np.where(days > LOYAL_DAYS, "loyal", "repeat")
        return np.where(days <= NEW_DAYS, "new", stages)

    @property
    def knows(self) -> frozenset[str]:
        """The attributes of customers that it may be told of, used or not."""
        return self.plan.known

    @property
    def tier_words(self) -> QuantityWords:
        """How the quantity that tiers go by is told."""
        return NO_AMOUNT if self.plan.amount is None else YEARLY

    def words(self, table: ReasonTable) -> ReasonTable:
        """Return the sentences for its columns."""
        return AttributeWords(table, self.plan.categories, own=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; booster and SQL are kept beside them."""
        plan = {k: v for k, v in self.plan.to_dict().items() if k != "sql"}
        return {
            "kind": self.kind,
            "plan": plan,
            "churn": self.churn.to_dict(),
            "churn_calibration": self.churn_calibration.to_dict(),
            "worth": self.worth.to_dict(),
            "clusters": self.clusters.to_dict(),
            "basis": {"name": self.basis.name, "reason": self.basis.reason},
        }

    @classmethod
    def from_dict(
        cls,
        values: Mapping[str, Any],
        *,
        sql: str,
        boosters: Mapping[str, Any],
        usual: pd.DataFrame,
    ) -> Self:
        """Restore what ``to_dict`` gave, with what was kept beside it."""
        return cls(
            plan=cls.plan_type.from_dict({**values["plan"], "sql": sql}),
            churn=RecurringChurn.from_dict(values["churn"], boosters["churn"]),
            churn_calibration=Calibration.from_dict(values["churn_calibration"]),
            worth=Worth.from_dict(values["worth"]),
            clusters=RecurringClusters.from_dict(values["clusters"]),
            usual=usual,
            basis=Basis(**values["basis"]),
        )


@dataclass(frozen=True, slots=True)
class ContractModel(RecurringModel):
    """A model of customers who have contracts."""

    plan: ContractPlan
    kind: ClassVar[str] = "subscriptions"
    plan_type: ClassVar[type[ContractPlan]] = ContractPlan

    def read(self, log: Log, *, as_of: datetime) -> pd.DataFrame:
        """Return the columns of whoever has a contract, by ``customer_id``."""
        return build_contracts(log, self.plan, as_of=[as_of]).droplevel("as_of")

    def no_customer(self, as_of: datetime) -> DataError:
        """Say that there is nobody to score."""
        return DataError(
            f"No contract is active at {as_of:%Y-%m-%d}.",
            needed="At least one that started before, and has not ended.",
            todo="Check the file, or score as of another day.",
        )


@dataclass(frozen=True, slots=True)
class LabelModel(RecurringModel):
    """A model of customers of whom a label says who churned."""

    plan: AttributePlan
    kind: ClassVar[str] = "labels"
    plan_type: ClassVar[type[AttributePlan]] = AttributePlan

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of customers that it sees."""
        return tuple(n for n in self.plan.names if n != JOINED)

    def read(self, log: Log, *, as_of: datetime) -> pd.DataFrame:
        """Return the attributes of every customer, by ``customer_id``."""
        return build_attributes(log, self.plan, as_of=as_of)

    def fingerprint(self, log: AnyLog, *, as_of: datetime) -> str:
        """Return a hash of the rows that its features are made of."""
        return fingerprint(log, as_of=as_of, attributes=True)

    def no_customer(self, as_of: datetime) -> DataError:
        """Say that there is nobody to score."""
        return DataError(
            "customers has no row.",
            needed="At least one customer.",
            todo="Check the file.",
        )

    def words(self, table: ReasonTable) -> ReasonTable:
        """Return the sentences for its columns, which are the user's own."""
        return AttributeWords(table, self.plan.categories, own=True)


def usual_of(
    X: pd.DataFrame, cluster: npt.ArrayLike, categories: Sequence[str]
) -> pd.DataFrame:
    """Return what is usual in each cluster: medians, and the most common codes."""
    groups = X.groupby(np.asarray(cluster))
    usual = groups.median()
    for name in categories:
        modes = groups[name].agg(
            lambda codes: codes.mode().iloc[0] if codes.notna().any() else np.nan
        )
        usual[name] = modes
    return usual
