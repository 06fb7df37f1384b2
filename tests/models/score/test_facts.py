"""Tests of the table of facts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from models.rules import RuleType, parse_rule
from models.score.fact_types import FACT_TYPES, SCORE_TYPES, describe_facts, types_of
from models.score.facts import build_facts, kept_facts
from models.score.schema import SCORE_SCHEMA
from tests.features.sqllog import at, open_log

PURCHASES = """
customer_id | occurred_at      | amount
a           | 2024-01-01T00:00 | 10
b           | 2024-01-02T00:00 | 20
"""
CUSTOMERS = """
customer_id | joined_at  | region | Tier | frequency
a           | 2020-01-01 | East   | gold | often
"""


@pytest.fixture(scope="module")
def facts() -> pa.Table:
    rows = [
        {
            "customer_id": name,
            "as_of": at("2024-02-10"),
            "model_version": "1",
            "lifecycle_stage": "active",
            "tier": tier,
            "score_basis": "model",
        }
        for name, tier in (("b", "A"), ("a", "C"))
    ]
    scores = pa.Table.from_pylist(rows, schema=SCORE_SCHEMA)
    features = pd.DataFrame(
        {"frequency": [1.0, np.nan], "gap_sd": [2.0, 3.0]}, index=["b", "a"]
    )
    with open_log(transactions=PURCHASES, customers=CUSTOMERS) as log:
        return build_facts(scores, features, log, as_of=at("2024-02-10"))


def test_facts_stand_in_the_order_of_the_scores(facts: pa.Table) -> None:
    assert facts["customer_id"].to_pylist() == ["b", "a"]
    assert facts["region"].to_pylist() == [None, "East"]
    assert facts["net_spend_ytd"].to_pylist() == [20, 10]


def test_nan_is_null(facts: pa.Table) -> None:
    assert facts["frequency"].to_pylist() == [1.0, None]


def test_an_attribute_does_not_take_the_name_of_another_fact(facts: pa.Table) -> None:
    assert facts["tier"].to_pylist() == ["A", "C"]
    assert facts["customer_Tier"].to_pylist() == [None, "gold"]
    assert facts["customer_frequency"].to_pylist() == [None, "often"]


def test_rules_select_among_facts(facts: pa.Table) -> None:
    rule = parse_rule("region = 'East' and tier = 'C'", types_of(facts.schema))
    assert rule.select(facts).tolist() == [False, True]


def test_types_are_known_without_a_log(facts: pa.Table) -> None:
    found = types_of(facts.schema)
    known = {name: kind for name, kind in FACT_TYPES.items() if name in found}
    assert {name: found[name] for name in known} == known
    assert "tier_reason" not in SCORE_TYPES
    assert FACT_TYPES["has_open_complaint"] is RuleType.BOOLEAN


def test_the_store_keeps_main_features_and_attributes_alone(facts: pa.Table) -> None:
    kept = describe_facts(kept_facts(facts, ("frequency", "gap_sd")))
    assert kept["frequency"] == "NUMBER"
    assert kept["region"] == "TEXT"
    assert kept["joined_at"] == "INSTANT"
    assert not {"gap_sd", "tier", "churn_probability"} & set(kept)
