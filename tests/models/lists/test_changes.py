"""Tests of why customers come onto a list and leave it."""

from __future__ import annotations

from typing import Any

from models.lists.changes import Change, Move, Side, explain_moves
from models.lists.definition import ListDefinition
from tests.models.lists.facts import facts_of

RISKY = ListDefinition(
    filter="churn_probability > 0.6 and tier in ('VIP', 'A')", limit=2
)


def side(rows: dict[str, dict[str, Any]], definition: ListDefinition = RISKY) -> Side:
    return Side(definition, facts_of(rows))


def moves(
    *, before: Side, after: Side, entered: bool, source: str = "filter"
) -> list[Move]:
    inside, outside = (after, before) if entered else (before, after)
    members = [(name, source) for name in inside.facts["customer_id"].to_pylist()]
    return explain_moves(members, inside=inside, outside=outside, entered=entered)


def test_who_entered_met_a_condition_that_failed_before() -> None:
    found = moves(
        before=side({"a": {"churn_probability": 0.45, "tier": "B"}}),
        after=side({"a": {"churn_probability": 0.71, "tier": "A"}}),
        entered=True,
    )
    assert found == [
        Move(
            "a",
            "condition",
            changes=(
                Change("churn_probability > 0.6", {"churn_probability": (0.45, 0.71)}),
                Change("tier in ('VIP', 'A')", {"tier": ("B", "A")}),
            ),
        )
    ]


def test_who_left_fails_a_condition_now() -> None:
    found = moves(
        before=side({"a": {"churn_probability": 0.71}}),
        after=side({"a": {"churn_probability": 0.45}}),
        entered=False,
    )
    change = Change("churn_probability > 0.6", {"churn_probability": (0.71, 0.45)})
    assert found == [Move("a", "condition", changes=(change,))]


def test_a_guardrail_that_now_hits_is_named() -> None:
    found = moves(
        before=side({"a": {"churn_probability": 0.7}}),
        after=side({"a": {"churn_probability": 0.7, "has_open_complaint": True}}),
        entered=False,
    )
    change = Change("has_open_complaint", {"has_open_complaint": (False, True)})
    expected = Move("a", "guardrail", reason="open_complaint", changes=(change,))
    assert found == [expected]


def test_who_is_overtaken_left_by_rank() -> None:
    row = {"churn_probability": 0.7}
    found = moves(
        before=side({"a": {**row, "value_at_risk": 50.0}}),
        after=side({"a": {**row, "value_at_risk": 10.0}}),
        entered=False,
    )
    change = Change("", {"value_at_risk": (50.0, 10.0)})
    assert found == [Move("a", "rank", changes=(change,))]


def test_who_has_no_score_in_the_other_run_is_told_apart() -> None:
    row = {"churn_probability": 0.7}
    nobody = Side(RISKY, facts_of({"z": row}).slice(0, 0))
    found = moves(before=nobody, after=side({"a": row}), entered=True)
    assert found == [Move("a", "not_in_run")]


def test_a_changed_list_is_why_where_nothing_else_is() -> None:
    wider = ListDefinition(filter="churn_probability > 0.4")
    rows = {"a": {"churn_probability": 0.5}}
    found = moves(before=side(rows), after=side(rows, wider), entered=True)
    assert found == [Move("a", "definition")]
    new = Side(None, facts_of(rows))
    assert (
        moves(before=new, after=side(rows, wider), entered=True)[0].why == "definition"
    )


def test_who_fills_a_list_up_is_told_so() -> None:
    rows = {"a": {"churn_probability": 0.1}}
    found = moves(before=side(rows), after=side(rows), entered=True, source="backfill")
    assert found == [Move("a", "backfill")]


def test_a_column_that_the_other_run_lacks_is_a_condition_that_failed() -> None:
    east = ListDefinition(filter="region = 'East'")
    after = side({"a": {"region": "East"}}, east)
    found = moves(before=side({"a": {}}, east), after=after, entered=True)
    change = Change("region = 'East'", {"region": (None, "East")})
    assert found == [Move("a", "condition", changes=(change,))]
