"""The kinds of churn: what is served of each, and what scoring asks of any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.door.log import AnyLog, Log
from features.errors import DataError
from features.purchases.numpy.families.places import SlowFamily
from features.purchases.numpy.rows import OwnRows
from models.parts.cluster_count import KTrial
from models.purchases.model import CustomerModel
from models.recurring.model import ContractModel, LabelModel
from models.score.forecast import Basis, Explained, Forecast
from models.words.quantities import QuantityWords
from models.words.reasons import ReasonTable

Floats = npt.NDArray[np.float64]


class Plan(Protocol):
    """Which features are computed, and how."""

    @property
    def names(self) -> tuple[str, ...]:
        """The feature columns, in order."""

    @property
    def sql(self) -> str:
        """The query of them, in DuckDB's dialect."""

    @property
    def windows(self) -> tuple[int, ...]:
        """The days that they look back on."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""


class Score(Protocol):
    """What was fitted of one question."""

    @property
    def blend_(self) -> dict[str, float]:
        """The weight of each part."""

    @property
    def feature_names_in_(self) -> Any:
        """The columns that it sees."""


class Cluster(Protocol):
    """One cluster, as people see it."""

    @property
    def id(self) -> int:
        """The same from one version to the next."""

    @property
    def name(self) -> Mapping[str, str]:
        """In English and in Chinese."""

    @property
    def n_customers(self) -> int:
        """Of those it was fitted on."""


class Clusters(Protocol):
    """Customers that are alike."""

    @property
    def clusters_(self) -> Sequence[Cluster]:
        """The clusters."""

    @property
    def trials_(self) -> tuple[KTrial, ...]:
        """What was measured for each number of clusters tried."""

    @property
    def names_(self) -> dict[int, dict[str, str]]:
        """The name of each by its id, in English and in Chinese."""


class ServedModel(Protocol):
    """A fitted model of any kind of churn, ready to score."""

    @property
    def kind(self) -> str:
        """Which kind of churn it predicts."""

    @property
    def plan(self) -> Plan:
        """The features that it was trained on."""

    @property
    def slow_families(self) -> tuple[SlowFamily, ...]:
        """The families of features that only their SQL can work out, and why."""

    @property
    def churn(self) -> Score:
        """The score of churn."""

    @property
    def clusters(self) -> Clusters:
        """Customers that are alike."""

    @property
    def usual(self) -> pd.DataFrame:
        """What is usual of each column in each cluster."""

    @property
    def basis(self) -> Basis:
        """What the scores stand on, and why."""

    @property
    def boosters(self) -> dict[str, Any]:
        """What LightGBM keeps as its own text, by target."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns that hold codes."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of customers that it sees."""

    @property
    def knows(self) -> frozenset[str]:
        """The attributes of customers that a caller may send, used or not."""

    @property
    def tier_words(self) -> QuantityWords:
        """What the quantity that tiers go by is called."""

    @property
    def horizon_days(self) -> int:
        """Length of the time that is predicted."""

    def read(self, log: Log, *, as_of: datetime) -> pd.DataFrame:
        """Return the features of every customer at an instant, by ``customer_id``."""

    def read_rows(
        self,
        rows: OwnRows,
        *,
        as_of: datetime,
        now: datetime,
        not_products: tuple[str, ...] = (),
    ) -> pd.DataFrame | None:
        """Return ``read`` of a log of these rows; None where that needs a log."""

    def read_blocks(
        self, log: Log, *, as_of: datetime, size: int | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows of ``read``."""

    def fingerprint(self, log: AnyLog, *, as_of: datetime) -> str:
        """Return a hash of the rows that its features are made of."""

    def no_customer(self, as_of: datetime) -> DataError:
        """Say that there is nobody to score."""

    def tier_quantity(self, features: pd.DataFrame) -> Floats:
        """Return what the tier goes by."""

    def stage(self, X: pd.DataFrame) -> npt.NDArray[np.str_]:
        """Return the lifecycle stage of each customer."""

    def words(self, table: ReasonTable) -> ReasonTable:
        """Return the sentences for its columns."""

    def design(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that the models see."""

    def predict(self, X: pd.DataFrame) -> Forecast:
        """Predict the horizon of each row of ``design``."""

    def assess(self, X: pd.DataFrame) -> tuple[Forecast, Explained, Explained]:
        """Return ``predict``, ``explain_churn`` and ``explain_value``."""

    def explain_churn(self, X: pd.DataFrame) -> Explained:
        """Say what makes each churn probability, in probability."""

    def explain_value(self, X: pd.DataFrame) -> Explained:
        """Say what makes each expected value, in money."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; boosters and SQL are kept beside them."""


@dataclass(frozen=True, slots=True)
class ChurnKind:
    """One kind of churn, as it is named and served; ``training.kinds`` learns it.

    Parameters
    ----------
    name : str
        As ``[model] kind`` and a bundle's ``model.json`` have it.
    table, contents : str
        The table that is learnt from, and what is in it.
    scored_from : str
        What a customer that is sent to be scored has to bring.
    unseen, needed : str
        What is said of a customer of whom that shows nothing, and what it takes.
    is_judged_later : bool
        Whether it is judged on a later period, and not on customers held out.
    is_on_spark : bool
        Whether it is learnt and scored on a cluster too.
    restore : callable
        Restores a model from ``model.json``, with what is kept beside it.
    """

    name: str
    table: str
    contents: str
    scored_from: str
    unseen: str
    needed: str
    is_judged_later: bool
    is_on_spark: bool
    restore: Callable[..., ServedModel]


PURCHASES = ChurnKind(
    name="purchases",
    table="transactions",
    contents="purchases",
    scored_from="transactions",
    unseen="No purchase is known before as_of.",
    needed="At least one purchase (amount > 0) must be known before as_of.",
    is_judged_later=True,
    is_on_spark=True,
    restore=CustomerModel.from_dict,
)
CONTRACTS = ChurnKind(
    name="subscriptions",
    table="subscriptions",
    contents="contracts",
    scored_from="subscriptions",
    unseen="No contract is active at as_of.",
    needed="One that started before it, and had not ended.",
    is_judged_later=True,
    is_on_spark=False,
    restore=ContractModel.from_dict,
)
LABELS = ChurnKind(
    name="labels",
    table="customers",
    contents="customers and their attributes",
    scored_from="attributes",
    unseen="Nothing is known of the customer.",
    needed="Its attributes.",
    is_judged_later=False,
    is_on_spark=False,
    restore=LabelModel.from_dict,
)
KINDS: Mapping[str, ChurnKind] = {
    kind.name: kind for kind in (PURCHASES, CONTRACTS, LABELS)
}
"""Every kind of churn, by its name; old bundles that name none are of purchases."""


def kind_of(values: Mapping[str, Any]) -> ChurnKind:
    """Return the kind that a card or a ``model.json`` is of."""
    return KINDS[values.get("kind", PURCHASES.name)]
