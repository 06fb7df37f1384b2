"""From the features of customers to the rows that are served."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.purchases.frame import take_columns
from models.kind import ServedModel
from models.score.forecast import INSUFFICIENT, Explained, Forecast
from models.score.risk import risk_band
from models.score.schema import SCORE_SCHEMA, TEXT, RunContext
from models.tiers.abc import (
    TierCuts,
    assign_tiers,
    fit_tiers,
    write_gaps,
    write_tier_reasons,
)
from models.tiers.orders_missing import Orders
from models.words.categories import without_codes
from models.words.explain import write_reasons
from models.words.reasons import ReasonTable

MEAN_ORDER = "mean_order_value"


def open_run(
    model: ServedModel,
    features: pd.DataFrame,
    *,
    as_of: datetime,
    currency: str | None,
    not_products: tuple[str, ...] = (),
) -> RunContext:
    """Learn of all customers of a run what the score of each hangs on."""
    return begin_context(
        model.tier_quantity(features),
        as_of=as_of,
        currency=currency,
        not_products=not_products,
    )


def begin_context(
    quantity: npt.NDArray[np.float64],
    *,
    as_of: datetime,
    currency: str | None,
    not_products: tuple[str, ...] = (),
) -> RunContext:
    """Learn it of what the tiers go by, of all customers."""
    cuts = fit_tiers(quantity)
    return RunContext(
        as_of=as_of.astimezone(UTC),
        currency=currency,
        not_products=not_products,
        tiers=cuts.to_dict(),
    )


def score_customers(
    model: ServedModel,
    features: pd.DataFrame,
    *,
    version: str,
    context: RunContext,
    reasons: ReasonTable,
) -> pa.Table:
    """Score every row of a feature table.

    Parameters
    ----------
    model : ServedModel
    features : DataFrame of shape (n_customers, n_features)
        Indexed by ``customer_id``.
    version : str
        Of the model, as it is served.
    context : RunContext
        Of the run that the rows belong to.
    reasons : ReasonTable

    Returns
    -------
    Table of shape (n_customers, 22)
        In ``SCORE_SCHEMA``; ``priority`` is the rank among these rows.
    """
    X = model.design(features)
    forecast, churn, value = model.assess(X)
    n = len(X)
    cuts = TierCuts.from_dict(context.tiers)
    quantity = model.tier_quantity(X)
    tiers = assign_tiers(quantity, cuts)
    at_risk = forecast.churn_probability * forecast.expected_value
    columns: dict[str, object] = {
        "customer_id": pa.array(features.index.to_numpy(dtype=object), pa.string()),
        "as_of": pa.array([context.as_of] * n, SCORE_SCHEMA.field("as_of").type),
        "model_version": pa.array([version] * n),
        **_forecast_columns(forecast, context.as_of),
        "risk_band": pa.array(risk_band(forecast.churn_probability), pa.string()),
        "lifecycle_stage": pa.array(model.stage(X).astype(object), pa.string()),
        "tier": pa.array(tiers.astype(object), pa.string()),
        "tier_reason": write_tier_reasons(
            quantity, tiers, cuts, currency=context.currency, words=model.tier_words
        ),
        "gap_to_next_tier": write_gaps(
            quantity,
            tiers,
            cuts,
            currency=context.currency,
            words=model.tier_words,
            orders=_orders(model, X, context.as_of),
        ),
        "cluster_name": _cluster_names(model, forecast.cluster),
        "priority": pa.array(
            rank(at_risk, features.index), pa.int64(), mask=np.isnan(at_risk)
        ),
        "value_at_risk": pa.array(at_risk, from_pandas=True),
        "score_basis": pa.array([model.basis.name] * n),
        "score_basis_reason": pa.array([model.basis.reason] * n),
        "churn_reasons": _reasons(
            churn,
            X,
            model,
            table=reasons,
            context=context,
            cluster=forecast.cluster,
            raising_first=True,
        ),
        "value_reasons": _reasons(
            value,
            X,
            model,
            table=reasons,
            context=context,
            cluster=forecast.cluster,
        ),
    }
    return pa.table([columns[name] for name in SCORE_SCHEMA.names], schema=SCORE_SCHEMA)


def rank(value_at_risk: npt.ArrayLike, customer_id: pd.Index) -> npt.NDArray[np.int64]:
    """Return each customer's place by value at risk, 1 first, equals by id.

    Those of whom it is not known come last.
    """
    risk = np.asarray(value_at_risk, dtype=np.float64)
    order = np.lexsort((customer_id.to_numpy(dtype=str), -risk))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return place


def without_rank(scores: pa.Table) -> pa.Table:
    """Leave out the rank of rows that are not a whole run."""
    place = SCORE_SCHEMA.get_field_index("priority")
    return scores.set_column(
        place, SCORE_SCHEMA.field(place), pa.nulls(scores.num_rows, pa.int64())
    )


def _forecast_columns(forecast: Forecast, as_of: datetime) -> dict[str, pa.Array]:
    days = forecast.days_to_next_order
    is_known = ~np.isnan(days)
    day = np.datetime64(as_of.astimezone(UTC).date(), "D")
    ahead = np.where(is_known, np.ceil(np.where(is_known, days, 0.0)), 0.0).astype(int)
    return {
        "churn_probability": pa.array(forecast.churn_probability, from_pandas=True),
        "expected_value": pa.array(forecast.expected_value, from_pandas=True),
        "value_low": pa.array(forecast.value_low, from_pandas=True),
        "value_high": pa.array(forecast.value_high, from_pandas=True),
        "expected_orders": pa.array(forecast.expected_orders, from_pandas=True),
        "next_order_on": pa.array(day + ahead, pa.date32(), mask=~is_known),
        "cluster": pa.array(forecast.cluster, pa.int64()),
    }


def _cluster_names(model: ServedModel, cluster: npt.NDArray[np.int64]) -> pa.Array:
    names = model.clusters.names_
    ids = sorted(names)
    place = pa.array(np.searchsorted(ids, cluster))
    texts = [
        pa.array([names[i][lang] for i in ids]).take(place) for lang in names[ids[0]]
    ]
    return pa.StructArray.from_arrays(texts, fields=list(TEXT))


def _orders(model: ServedModel, X: pd.DataFrame, as_of: datetime) -> Orders | None:
    """Return what an order is worth, where tiers go by spend."""
    if not model.tier_words.is_spend or MEAN_ORDER not in X:
        return None
    return Orders(X[MEAN_ORDER].to_numpy(), as_of)


def _reasons(
    explained: Explained,
    X: pd.DataFrame,
    model: ServedModel,
    *,
    table: ReasonTable,
    context: RunContext,
    cluster: npt.NDArray[np.int64],
    raising_first: bool = False,
) -> pa.ListArray:
    """Write the reasons of a figure; none of one that is not foretold."""
    if model.basis.name == INSUFFICIENT:
        return pa.nulls(len(X), SCORE_SCHEMA.field("churn_reasons").type)
    usual = take_columns(model.usual, explained.columns)
    peers = pd.DataFrame(usual, index=model.usual.index).loc[cluster].to_numpy()
    written = write_reasons(
        explained,
        X,
        peers,
        table=model.words(table),
        currency=context.currency,
        raising_first=raising_first,
    )
    return without_codes(written, model.categories)
