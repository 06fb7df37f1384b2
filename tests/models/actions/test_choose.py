"""Tests of the catalogue of actions and of who gets which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as usual
from hypothesis import strategies as st

from features.errors import ConfigError
from models.actions import Catalogue, read_catalogue
from models.actions.catalogue import Action
from models.actions.choose import COLUMNS, choose_actions
from models.rules import RuleType
from models.score.fact_types import FACT_TYPES

ROOT = Path(__file__).resolve().parents[3]
KINDS = {
    RuleType.NUMBER: pa.float64(),
    RuleType.TEXT: pa.string(),
    RuleType.BOOLEAN: pa.bool_(),
    RuleType.DATE: pa.date32(),
    RuleType.INSTANT: pa.timestamp("us", "UTC"),
}
SCHEMA = pa.schema([(name, KINDS[kind]) for name, kind in FACT_TYPES.items()])
USUAL = {"tier": "C", "value_at_risk": 100.0, "expected_value": 200.0}


def facts(*rows: dict[str, Any]) -> pa.Table:
    filled = [
        {"customer_id": str(i), "has_open_complaint": False, **USUAL, **row}
        for i, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(filled, schema=SCHEMA)


def chosen(catalogue: Catalogue, *rows: dict[str, Any]) -> list[list[str | None]]:
    table = choose_actions(facts(*rows), catalogue).facts
    return [[row[name] for name in COLUMNS] for row in table.to_pylist()]


def plain(name: str, **changes: Any) -> Action:
    return Action(**{"name": name, "title": name, "when": "true", "cost": 1, **changes})


def test_the_three_that_are_worth_most_come_in_order() -> None:
    rates = {"a": 0.2, "b": 0.4, "c": 0.3, "d": 0.1}
    catalogue = Catalogue(tuple(plain(k, save_rate=v) for k, v in rates.items()))
    assert chosen(catalogue, {}) == [["b", "c", "a"]]


def test_what_costs_more_than_it_brings_is_not_advised_unless_urgent() -> None:
    dear = plain("dear", cost=50, save_rate=0.4)
    urgent = plain("urgent", cost=50, urgent=True)
    assert chosen(Catalogue((dear,)), {}) == [[None] * 3]
    assert chosen(Catalogue((dear, urgent)), {}) == [["urgent", None, None]]
    assert chosen(Catalogue((dear,)), {"value_at_risk": 200.0})[0][0] == "dear"


@given(complains=st.booleans(), rate=st.floats(0.02, 1), growth=st.floats(0, 1))
@usual(deadline=None, max_examples=20)
def test_nothing_is_sold_while_a_complaint_is_open(
    complains: bool, rate: float, growth: float
) -> None:
    sell = plain("sell", growth_rate=max(growth, 0.01), upsell=True)
    care = plain("care", save_rate=rate)
    got = chosen(Catalogue((sell, care)), {"has_open_complaint": complains})[0]
    assert "care" in got
    assert ("sell" in got) is not complains


def test_no_preset_sells_to_who_complains_whatever_the_rule() -> None:
    catalogue = read_catalogue({"cross_sell": {"when": "true", "cost": 0}})
    row = {"lifecycle_stage": "loyal", "has_open_complaint": True}
    got = chosen(catalogue, row, {**row, "has_open_complaint": False})
    assert got[0][0] == "resolve_complaint"
    assert "cross_sell" not in got[0]
    assert "cross_sell" in got[1]


def test_every_preset_can_be_read_or_says_which_column_it_needs() -> None:
    catalogue = read_catalogue()
    bare = choose_actions(facts({}), catalogue).summary["left_out"]
    assert bare["revisit"] == "No customer has days_since_last_contact."
    known = {"days_since_last_contact": 9.0, "discount_share_365d": 0.5}
    found = choose_actions(facts(known), catalogue).summary
    assert set(found["left_out"]) == {"birthday_gift"}
    assert "birthday" in found["left_out"]["birthday_gift"]
    assert len(found["actions"]) == len(catalogue.actions) - 1
    assert all(action.rows and action.title_zh for action in catalogue.actions)
    assert all(action.assumed for action in catalogue.actions)


def test_the_summary_counts_the_customers_of_each_action() -> None:
    catalogue = Catalogue((plain("a", when="tier = 'A'", save_rate=1.0),))
    told = choose_actions(facts({"tier": "A"}, {"tier": "A"}, {}), catalogue).summary
    assert told["actions"]["a"]["n_customers"] == 2


def test_nobody_is_a_run_too() -> None:
    assert choose_actions(facts(), read_catalogue()).facts.num_rows == 0


def test_a_config_lays_its_keys_over_a_preset() -> None:
    catalogue = read_catalogue({"survey": {"cost": 2}, "welcome": {"enabled": False}})
    by_name = {action.name: action for action in catalogue.actions}
    assert by_name["survey"].cost == 2
    assert not by_name["survey"].assumed
    assert "welcome" not in by_name
    assert by_name["revisit"].assumed


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"new": {"title": "New", "cost": 1}}, "has no when"),
        ({"survey": {"save_rte": 1}}, "save_rate"),
        ({"survey": {"save_rate": 2}}, "A number from 0 on"),
        ({"survey": {"cost": True}}, "A number"),
        ({"survey": {"upsell": "yes"}}, "true or false"),
    ],
)
def test_a_wrong_action_is_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        read_catalogue(given)


def test_a_rule_of_the_config_that_cannot_be_read_spoils_its_action_alone() -> None:
    catalogue = read_catalogue({"survey": {"when": "tiers = 'A'"}})
    summary = choose_actions(facts({}), catalogue).summary
    assert "there is no column 'tiers'" in summary["left_out"]["survey"]
    assert "survey" not in summary["actions"]
    assert summary["actions"]


def test_the_documents_name_every_shipped_action() -> None:
    text = (ROOT / "docs/reports.md").read_text()
    for action in read_catalogue().actions:
        assert f"| `{action.name}` | {action.title} |" in text
