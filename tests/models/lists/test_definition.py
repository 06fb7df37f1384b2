"""Tests of what a list may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from features.errors import RuleError
from models.lists import ListDefinition, check_list, lay_over, presets
from models.rules import RuleType


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"filter": "true", "flter": "x"}, "Extra inputs"),
        ({}, "has a filter"),
        ({"kind": "manual", "members": ["a"], "filter": "true"}, "no filter"),
        ({"kind": "manual", "min_size": 3, "backfill": ["true"]}, "no backfill"),
        ({"filter": "true", "members": ["a"]}, "names no members"),
        ({"filter": "true", "min_size": 3}, "go together"),
        ({"filter": "true", "limit": "optimal"}, "needs an action"),
        ({"filter": "true", "limit": 0}, "greater than"),
        ({"kind": "manual", "members": ["a", "a"]}, "Give each once"),
        ({"filter": "true", "action": {"cost": 1.0}}, "save_rate"),
        ({"filter": "true", "action": {"cost": -1.0, "save_rate": 0.1}}, "cost"),
        ({"filter": "true", "guardrails": {"consent": "e mail"}}, "consent"),
    ],
)
def test_what_does_not_go_together_is_refused(
    values: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault):
        ListDefinition.model_validate(values)


def test_rules_are_read_when_a_list_is_made() -> None:
    wrong = ListDefinition(filter="churn_probabilty > 0.5")
    with pytest.raises(RuleError, match="churn_probability"):
        check_list(wrong)
    check_list(ListDefinition(filter="seats > 5"), {"seats": RuleType.NUMBER})


def test_a_quote_in_a_name_stays_a_quote() -> None:
    definition = ListDefinition(
        filter="true", owner="O'Neill' or true", cadence_days={"V'IP": 30}
    )
    check_list(definition)
    assert definition.conditions({})[1] == "owner_id = 'O''Neill'' or true'"


def test_presets_have_titles_and_rules_that_can_be_read() -> None:
    assert set(presets()) == {
        "core", "at_risk", "declining", "promotable", "winback", "dormant",
        "revisit_due", "reward_eligible", "vip_without_owner", "low_return_contact",
        "low_csat_high_value", "new",
    }  # fmt: skip
    for definition in presets().values():
        assert definition.title
        assert definition.title_zh
        check_list(definition)


def test_a_config_lays_its_keys_over_a_presets() -> None:
    found = lay_over("revisit_due", {"cadence_days": {"VIP": 7}, "limit": 50})
    definition = ListDefinition.model_validate(found)
    assert definition.cadence_days == {"VIP": 7, "A": 60, "B": 120}
    assert (definition.limit, definition.filter) == (50, "true")


def test_a_definition_survives_json() -> None:
    for definition in presets().values():
        assert ListDefinition.model_validate(definition.to_dict()) == definition
