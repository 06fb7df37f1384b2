"""All that was fitted, and what it foretells of a table of features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.door.fingerprint import fingerprint
from features.door.log import AnyLog, Log
from features.errors import DataError
from features.machine import cores
from features.purchases.blocks import feature_blocks
from features.purchases.build import build_features
from features.purchases.frame import to_frame, to_matrix
from features.purchases.numpy.families.compile import slow_families
from features.purchases.numpy.families.places import SlowFamily
from features.purchases.numpy.rows import OwnRows, build_from_rows
from features.purchases.plan import FeaturePlan
from models.parts.calibration import Calibration
from models.purchases.btyd import BuyingModel, design
from models.purchases.churn import ChurnModel
from models.purchases.clusters import BehaviourClusters
from models.purchases.intervals import ValueIntervals
from models.purchases.lifecycle import lifecycle_stage
from models.purchases.simple import SimpleScore
from models.purchases.value import ValueModel
from models.score.forecast import INSUFFICIENT, Basis, Explained, Forecast
from models.words.quantities import SPENT, QuantityWords
from models.words.reasons import ReasonTable

Floats = npt.NDArray[np.float64]
Score = TypeVar("Score", ChurnModel, ValueModel)

TIER_QUANTITY = "net_spend_365d"
"""The feature that tiers go by."""

LEAST_OF_A_CORE = 5_000
"""Rows that are worth a thread."""


@dataclass(frozen=True, slots=True)
class CustomerModel:
    """The fitted models of one version.

    Parameters
    ----------
    plan : FeaturePlan
        The features it was trained on.
    buying : BuyingModel
    churn : ChurnModel or SimpleScore
    value : ValueModel or SimpleScore
    churn_calibration, value_calibration : Calibration
    order_level : float
        Actual over expected orders, as far as the past foretells it.
    intervals : ValueIntervals
    clusters : BehaviourClusters
    usual : DataFrame of shape (n_clusters, n_columns)
        Median of each column among the customers of a cluster.
    basis : Basis
    """

    plan: FeaturePlan
    buying: BuyingModel
    churn: ChurnModel | SimpleScore
    value: ValueModel | SimpleScore
    churn_calibration: Calibration
    value_calibration: Calibration
    order_level: float
    intervals: ValueIntervals
    clusters: BehaviourClusters
    usual: pd.DataFrame
    basis: Basis

    @property
    def boosters(self) -> dict[str, Any]:
        """Return what LightGBM keeps as its own text, by target."""
        scores = {"churn": self.churn, "value": self.value}
        return {
            target: score.booster_
            for target, score in scores.items()
            if not isinstance(score, SimpleScore)
        }

    @property
    def slow_families(self) -> tuple[SlowFamily, ...]:
        """The families of features that only their SQL can work out, and why."""
        return slow_families(self.plan)

    @property
    def kind(self) -> str:
        """Which kind of churn it foretells."""
        return "purchases"

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns that hold codes: none."""
        return ()

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of customers that it sees: none."""
        return ()

    @property
    def knows(self) -> frozenset[str]:
        """The attributes of customers that it may be told of: none."""
        return frozenset()

    @property
    def tier_words(self) -> QuantityWords:
        """How the quantity that tiers go by is told."""
        return SPENT

    @property
    def horizon_days(self) -> int:
        """Length of the time that is foretold."""
        return self.plan.horizon_days

    def read(self, log: Log, *, as_of: datetime) -> pd.DataFrame:
        """Return the features of every customer at an instant, by ``customer_id``."""
        table = build_features(log, self.plan, as_of=[as_of])
        return to_frame(table).droplevel("as_of")

    def read_rows(
        self,
        rows: OwnRows,
        *,
        as_of: datetime,
        now: datetime,
        not_products: tuple[str, ...] = (),
    ) -> pd.DataFrame | None:
        """Return ``read`` of a log of these rows; None where that has to be asked."""
        table = build_from_rows(
            rows, self.plan, as_of=as_of, now=now, not_products=not_products
        )
        if table is None:
            return None
        names = list(self.plan.names)
        index = pd.Index(table["customer_id"].to_pylist(), name="customer_id")
        return pd.DataFrame(to_matrix(table, names), columns=names, index=index)

    def read_blocks(
        self, log: Log, *, as_of: datetime, size: int | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows of ``read``, as ``to_features`` takes them."""
        for block in feature_blocks(log, self.plan, as_of=as_of, size=size):
            yield block.drop_columns(["as_of"])

    def fingerprint(self, log: AnyLog, *, as_of: datetime) -> str:
        """Return a hash of the rows that its features are made of."""
        return fingerprint(log, as_of=as_of)

    def no_customer(self, as_of: datetime) -> DataError:
        """Say that there is nobody to score."""
        return DataError(
            f"Nobody has bought anything before {as_of:%Y-%m-%d}.",
            needed="At least one purchase.",
            todo="Choose a later --as-of.",
        )

    def tier_quantity(self, features: pd.DataFrame) -> Floats:
        """Return what the tier goes by: net spend in the last 365 days."""
        return features[TIER_QUANTITY].to_numpy(dtype=np.float64)

    def stage(self, X: pd.DataFrame) -> npt.NDArray[np.str_]:
        """Return the lifecycle stage of each customer."""
        return lifecycle_stage(X, horizon=timedelta(days=self.horizon_days))

    def words(self, table: ReasonTable) -> ReasonTable:
        """Return the sentences for its columns."""
        return table

    def design(self, features: pd.DataFrame) -> pd.DataFrame:
        """Put the columns of ``BuyingModel`` beside the features."""
        names = list(self.plan.names)
        if features.columns.tolist() != names:
            features = features[names]
        return design(features, self.buying, self.horizon_days)

    def predict(self, X: pd.DataFrame) -> Forecast:
        """Foretell the horizon of each row of ``design``; NaN where it cannot be."""
        n_parts = min(cores(), len(X) // LEAST_OF_A_CORE)
        if n_parts < 2:
            return self._predict(X)
        size = -(-len(X) // n_parts)
        parts = [X.iloc[first : first + size] for first in range(0, len(X), size)]
        with ThreadPoolExecutor(n_parts) as pool:
            return Forecast.joined(list(pool.map(self._predict, parts)))

    def _predict(self, X: pd.DataFrame) -> Forecast:
        churn = self.churn.decision_function(X)
        return self._foretell(X, churn, self.value.predict_log(X))

    def assess(self, X: pd.DataFrame) -> tuple[Forecast, Explained, Explained]:
        """Return ``predict`` and both explanations: what all need is found once."""
        churn, of_churn, base = self.churn.assess(X)
        value, of_value, value_base = self.value.assess(X)
        churn_parts = self._explain_churn(of_churn, base)
        value_parts = self._explain_value(of_value, value_base)
        return self._foretell(X, churn, value), churn_parts, value_parts

    def _foretell(self, X: pd.DataFrame, score: Floats, log_value: Floats) -> Forecast:
        cluster = np.asarray(self.clusters.predict(X), dtype=np.int64)
        if self.basis.name == INSUFFICIENT:
            return Forecast.unknown(cluster)
        p = self.churn_calibration(score)
        value = self.value_calibration(log_value)
        low, high = self.intervals.predict(value)
        return Forecast(
            churn_probability=p,
            expected_value=value,
            value_low=np.minimum(low, value),
            value_high=np.maximum(high, value),
            expected_orders=self._orders(X, p),
            days_to_next_order=self._next_order(X, p),
            cluster=cluster,
        )

    def explain_churn(self, X: pd.DataFrame) -> Explained:
        """Say what makes each churn probability, in probability."""
        return self._explain_churn(*self.churn.contributions(X))

    def _explain_churn(self, parts: Floats, base: float) -> Explained:
        parts, base = self.churn_calibration.carry(parts, base)
        return Explained(tuple(self.churn.feature_names_in_), parts, base)

    def explain_value(self, X: pd.DataFrame) -> Explained:
        """Say what makes each expected value, in money."""
        return self._explain_value(*self.value.contributions(X))

    def _explain_value(self, parts: Floats, base: float) -> Explained:
        parts, base = self.value_calibration.carry(parts, base)
        return Explained(tuple(self.value.feature_names_in_), parts, base)

    def _orders(self, X: pd.DataFrame, p: Floats) -> Floats:
        """Return the orders of those who order, by BG/NBD, times who does."""
        active = np.maximum(X["btyd_p_active"].to_numpy(dtype=np.float64), 1e-9)
        orders = X["btyd_expected_orders"].to_numpy(dtype=np.float64) / active
        return np.asarray((1.0 - p) * np.maximum(orders * self.order_level, 1.0))

    def _next_order(self, X: pd.DataFrame, p: Floats) -> Floats:
        """Return when half of the customers like this one will have ordered."""
        alive = X["btyd_p_alive"].to_numpy(dtype=np.float64)
        active = X["btyd_p_active"].to_numpy(dtype=np.float64)
        shape = self.buying.orders_.r_ + X["frequency"].to_numpy(dtype=np.float64)
        waited = self.buying.orders_.alpha_ + X["T"].to_numpy(dtype=np.float64)
        half = 0.5 * active / np.maximum(1.0 - p, 0.5)
        still = 1.0 - np.minimum(half / np.maximum(alive, 1e-12), 1.0 - 1e-12)
        days = waited * np.expm1(-np.log(still) / shape)
        return np.where(p <= 0.5, np.minimum(days, self.horizon_days), np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; boosters and SQL are kept beside them."""
        plan = {k: v for k, v in self.plan.to_dict().items() if k != "sql"}
        return {
            "plan": plan,
            "buying": self.buying.to_dict(),
            "churn": self.churn.to_dict(),
            "value": self.value.to_dict(),
            "churn_calibration": self.churn_calibration.to_dict(),
            "value_calibration": self.value_calibration.to_dict(),
            "order_level": self.order_level,
            "intervals": self.intervals.to_dict(),
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
    ) -> CustomerModel:
        """Restore what ``to_dict`` gave, with what was kept beside it."""
        return cls(
            plan=FeaturePlan.from_dict({**values["plan"], "sql": sql}),
            buying=BuyingModel.from_dict(values["buying"]),
            churn=_restore_score(ChurnModel, values["churn"], boosters.get("churn")),
            value=_restore_score(ValueModel, values["value"], boosters.get("value")),
            churn_calibration=Calibration.from_dict(values["churn_calibration"]),
            value_calibration=Calibration.from_dict(values["value_calibration"]),
            order_level=float(values["order_level"]),
            intervals=ValueIntervals.from_dict(values["intervals"]),
            clusters=BehaviourClusters.from_dict(values["clusters"]),
            usual=usual,
            basis=Basis(**values["basis"]),
        )


def _restore_score(
    kind: type[Score], values: Mapping[str, Any], booster: Any
) -> Score | SimpleScore:
    """Restore a model with its booster; what has none is a simple method."""
    if booster is None:
        return SimpleScore.from_dict(values)
    return kind.from_dict(values, booster)
