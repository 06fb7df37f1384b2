"""The rows that are served: whole, in order, and adding up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bundle.bundle import Bundle
from models.bundle.scoring import open_run, rank, score_customers, without_rank
from models.purchases.model import TIER_QUANTITY
from models.score.risk import risk_band
from models.score.schema import BASE, OTHER, SCORE_SCHEMA, RunContext
from models.tiers.abc import TierCuts, assign_tiers
from tests.conftest import AS_OF, HORIZON_DAYS
from training.train import TrainedModel


@pytest.fixture(scope="module")
def features(trained_model: TrainedModel) -> pd.DataFrame:
    """Return the features of the customers of a run."""
    return trained_model.fitted.features


@pytest.fixture(scope="module")
def context(trained_model: TrainedModel, features: pd.DataFrame) -> RunContext:
    """Open the run."""
    return open_run(trained_model.fitted.model, features, as_of=AS_OF, currency="EUR")


@pytest.fixture(scope="module")
def scores(bundle: Bundle, features: pd.DataFrame, context: RunContext) -> pa.Table:
    """Score once."""
    return score(bundle, features, context)


@pytest.fixture(scope="module")
def people(scores: pa.Table) -> list[dict[str, Any]]:
    """Return the scores as mappings."""
    found: list[dict[str, Any]] = scores.to_pylist()
    return found


def score(bundle: Bundle, features: pd.DataFrame, context: RunContext) -> pa.Table:
    """Score some customers."""
    return score_customers(
        bundle.model,
        features,
        version="7",
        context=context,
        reasons=bundle.reasons,
    )


def total(reasons: list[Mapping[str, Any]]) -> float:
    """Add the contributions up."""
    return float(sum(reason["contribution"] for reason in reasons))


def test_there_is_a_row_for_each_customer_in_the_columns_of_a_score(
    scores: pa.Table, features: pd.DataFrame
) -> None:
    assert scores.schema.equals(SCORE_SCHEMA)
    assert scores["customer_id"].to_pylist() == features.index.tolist()
    scores.validate(full=True)


def test_what_every_customer_has_is_never_missing(scores: pa.Table) -> None:
    may_miss = {"next_order_on", "gap_to_next_tier"}
    missing = {name for name in scores.column_names if scores[name].null_count}
    assert missing <= may_miss


def test_churn_reasons_add_up_to_the_churn_probability(
    people: list[dict[str, Any]],
) -> None:
    for row in people:
        assert total(row["churn_reasons"]) == pytest.approx(
            row["churn_probability"], rel=0, abs=1e-9
        )


def test_value_reasons_add_up_to_the_expected_value(
    people: list[dict[str, Any]],
) -> None:
    for row in people:
        assert total(row["value_reasons"]) == pytest.approx(
            row["expected_value"], rel=1e-9
        )


def test_reasons_close_with_the_others_and_the_base(
    people: list[dict[str, Any]],
) -> None:
    for name in ("churn_reasons", "value_reasons"):
        bases = {row[name][-1]["contribution"] for row in people}
        assert len(bases) == 1
        for row in people:
            drivers = [reason["feature"] for reason in row[name]]
            assert drivers[-2:] == [OTHER, BASE]
            assert 1 <= len(drivers[:-2]) <= 3
            assert len(set(drivers)) == len(drivers)
            assert all(reason["en"] and reason["zh"] for reason in row[name])


def test_a_reason_names_the_figure_of_the_customer(
    people: list[dict[str, Any]], bundle: Bundle, features: pd.DataFrame
) -> None:
    X = bundle.model.design(features)
    for row in people[::20]:
        for reason in [*row["churn_reasons"][:-2], *row["value_reasons"][:-2]]:
            expected = float(X.loc[row["customer_id"], reason["feature"]])
            found = np.nan if reason["value"] is None else reason["value"]
            np.testing.assert_equal(found, expected)


def test_value_at_risk_is_the_value_times_the_risk(
    people: list[dict[str, Any]],
) -> None:
    for row in people:
        product = row["churn_probability"] * row["expected_value"]
        assert row["value_at_risk"] == pytest.approx(product)


def test_priority_is_the_place_by_value_at_risk(people: list[dict[str, Any]]) -> None:
    ordered = sorted(
        people, key=lambda row: (-row["value_at_risk"], row["customer_id"])
    )
    assert [row["priority"] for row in ordered] == list(range(1, len(people) + 1))


def test_bands_and_tiers_follow_from_the_figures(
    people: list[dict[str, Any]], features: pd.DataFrame, context: RunContext
) -> None:
    p = [row["churn_probability"] for row in people]
    assert [row["risk_band"] for row in people] == risk_band(p).tolist()
    spend = features[TIER_QUANTITY].to_numpy()
    tiers = assign_tiers(spend, TierCuts.from_dict(context.tiers))
    assert [row["tier"] for row in people] == tiers.tolist()
    for row in people:
        assert (row["gap_to_next_tier"] is None) == (row["tier"] == "VIP")


def test_the_next_order_lies_in_the_horizon(people: list[dict[str, Any]]) -> None:
    today = AS_OF.date()
    for row in people:
        day = row["next_order_on"]
        assert (day is None) == (row["churn_probability"] > 0.5)
        if day is not None:
            assert today < day <= today + timedelta(days=HORIZON_DAYS)


def test_each_row_says_when_and_by_what_it_was_scored(
    people: list[dict[str, Any]], bundle: Bundle
) -> None:
    assert {row["as_of"] for row in people} == {AS_OF}
    assert {row["model_version"] for row in people} == {"7"}
    assert {row["score_basis"] for row in people} == {bundle.model.basis.name}
    names = bundle.model.clusters.names_
    assert all(row["cluster_name"] == names[row["cluster"]] for row in people)


def test_a_row_is_the_same_alone_as_in_the_run(
    people: list[dict[str, Any]],
    bundle: Bundle,
    features: pd.DataFrame,
    context: RunContext,
) -> None:
    for place in range(0, len(people), 40):
        alone = score(bundle, features.iloc[[place]], context)
        (found,) = without_rank(alone).to_pylist()
        assert found == {**people[place], "priority": None}


def test_an_offset_says_the_same_instant(
    trained_model: TrainedModel, features: pd.DataFrame, context: RunContext
) -> None:
    there = AS_OF.astimezone(timezone(timedelta(hours=8)))
    run = open_run(trained_model.fitted.model, features, as_of=there, currency="EUR")
    assert run == context
    assert run.as_of.tzinfo is UTC


def test_the_context_comes_back_from_json(context: RunContext) -> None:
    values = json.loads(json.dumps(context.to_dict(), allow_nan=False))
    assert RunContext.from_dict(values) == context


def test_the_currency_is_in_the_words(
    bundle: Bundle, features: pd.DataFrame, context: RunContext
) -> None:
    first = features.head(30)
    words = [
        str(score(bundle, first, replace(context, currency=currency)).to_pylist())
        for currency in ("EUR", "JPY")
    ]
    assert ["JPY" in text for text in words] == [False, True]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, 1e9]), max_size=30))
def test_ranks_are_a_permutation_the_greatest_first(risk: list[float]) -> None:
    names = pd.Index([f"c{number:02}" for number in range(len(risk))])
    places = rank(risk, names).tolist()
    assert sorted(places) == list(range(1, len(risk) + 1))
    for i, j in zip(range(len(risk)), range(1, len(risk)), strict=False):
        assert (places[i] < places[j]) == (risk[i] >= risk[j])
