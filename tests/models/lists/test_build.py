"""Tests of who is on a list."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lists import BuiltList, ListDefinition, build_lists, presets
from tests.models.lists.facts import facts_of


def build(
    facts: pa.Table, *, picks: list[str] | None = None, **definition: Any
) -> BuiltList:
    read = ListDefinition.model_validate(definition)
    taken = None if picks is None else {"it": picks}
    return build_lists({"it": read}, facts, picks=taken)["it"]


def ids(built: BuiltList) -> list[str]:
    return list(built.members["customer_id"].to_pylist())


def test_members_come_in_order_up_to_the_limit() -> None:
    rows = {"a": 10.0, "b": 30.0, "c": None, "d": 20.0, "e": 20.0}
    facts = facts_of({name: {"value_at_risk": risk} for name, risk in rows.items()})
    built = build(facts, filter="tier = 'A'", limit=3)
    assert ids(built) == ["b", "d", "e"]
    assert (built.n_candidates, built.n_beyond) == (5, 2)


def test_each_who_is_left_out_counts_once_under_the_first_reason() -> None:
    facts = facts_of(
        {
            "in": {"consent_call": True, "arrears": 0.0},
            "silent": {"consent_call": None, "arrears": 0.0},
            "refused": {"consent_call": False, "arrears": 9.0},
            "staff": {"consent_call": True, "customer_type": "Internal"},
            "owes": {"consent_call": True, "arrears": 9.0, "has_open_complaint": True},
            "angry": {"consent_call": True, "has_open_complaint": True},
            "called": {"consent_call": True, "days_since_last_contact": 13.9},
            "called_then": {"consent_call": True, "days_since_last_contact": 14.0},
        }
    )
    guardrails = {"consent": "call", "contacted_within_days": 14}
    built = build(facts, filter="true", guardrails=guardrails)
    assert sorted(ids(built)) == ["called_then", "in"]
    assert built.excluded == {
        "no_consent": 2,
        "internal": 1,
        "competitor": 0,
        "arrears": 1,
        "open_complaint": 1,
        "contacted_recently": 1,
    }
    assert built.unchecked == ()


def test_consent_is_never_assumed() -> None:
    built = build(facts_of({"a": {}}), filter="true", guardrails={"consent": "email"})
    assert (built.needs, built.n_members) == (("consent_email",), 0)


def test_guardrails_that_the_log_cannot_tell_are_named() -> None:
    built = build(facts_of({"a": {}}), filter="true")
    assert built.unchecked == ("customer_type", "arrears")
    assert ids(built) == ["a"]


@pytest.mark.parametrize(
    ("says", "yes"),
    [
        ("1", True),
        ("yes", True),
        ("0", False),
        ("no", False),
        (1.0, True),
        (0.0, False),
    ],
)
def test_a_flag_may_be_written_in_any_way(says: str | float, yes: bool) -> None:
    facts = facts_of({"a": {"internal": says, "consent_sms": says, "arrears": says}})
    staff = build(facts, filter="true", guardrails={"arrears": False})
    assert staff.excluded["internal"] == int(yes)
    free = {"customer_types": [], "arrears": False}
    sms = build(facts, filter="true", guardrails={"consent": "sms", **free})
    assert sms.n_members == int(yes)
    owing = build(facts, filter="true", guardrails={"customer_types": []})
    assert owing.excluded["arrears"] == int(yes)


def test_a_short_list_is_filled_from_each_rule_in_turn() -> None:
    facts = facts_of(
        {
            "a": {"tier": "VIP"},
            "b": {"strategic": True, "tier": "C", "value_at_risk": 1.0},
            "c": {"strategic": True, "tier": "C", "value_at_risk": 2.0},
            "d": {"strategic": True, "tier": "C", "has_open_complaint": True},
            "e": {"tier": "B", "value_at_risk": 9.0},
            "f": {"tier": "B", "value_at_risk": 8.0},
            "g": {"tier": "C"},
        }
    )
    built = build(
        facts,
        filter="tier = 'VIP'",
        min_size=4,
        backfill=["strategic", "tier = 'B'", "true"],
    )
    assert ids(built) == ["a", "c", "b", "e"]
    assert built.members["source"].to_pylist() == ["filter", *["backfill"] * 3]
    assert (built.n_candidates, built.n_beyond, built.n_backfilled) == (6, 1, 3)
    assert built.excluded["open_complaint"] == 1


def test_a_limit_below_the_least_size_holds() -> None:
    facts = facts_of({"a": {"tier": "VIP"}, "b": {}, "c": {}, "d": {}})
    fill: dict[str, Any] = {"min_size": 3, "backfill": ["true"]}
    built = build(facts, filter="tier = 'VIP'", limit=2, **fill)
    assert (ids(built), built.n_beyond) == (["a", "b"], 2)


def test_backfill_that_the_log_cannot_tell_is_passed_over_and_named() -> None:
    built = build(
        facts_of({"a": {"tier": "B"}}),
        filter="tier = 'VIP'",
        min_size=1,
        backfill=["strategic", "tier = 'B'"],
    )
    assert ids(built) == ["a"]
    assert "strategic" in built.unchecked


def test_a_manual_list_holds_whom_it_names() -> None:
    facts = facts_of({"a": {"value_at_risk": 1.0}, "b": {}, "c": {}})
    built = build(facts, kind="manual", members=["a", "b", "gone"])
    assert ids(built) == ["b", "a"]
    assert (built.n_candidates, built.excluded["not_in_run"]) == (3, 1)
    assert set(built.members["source"].to_pylist()) == {"pick"}


def test_a_snapshot_that_was_taken_stays_as_it_was() -> None:
    facts = facts_of({"a": {"has_open_complaint": True}, "b": {}, "c": {"tier": "C"}})
    built = build(facts, kind="snapshot", filter="tier = 'A'", picks=["c", "a", "gone"])
    assert ids(built) == ["c", "a"]
    assert built.excluded == {"not_in_run": 1}
    fresh = build(facts, kind="snapshot", filter="tier = 'A'")
    assert ids(fresh) == ["b"]


def test_an_owners_list_holds_the_owners_customers() -> None:
    rows = {"a": {"owner_id": "amy"}, "b": {"owner_id": "bob"}, "c": {}}
    built = build(facts_of(rows), filter="true", owner="amy")
    assert built.members.select(["customer_id", "owner_id"]).to_pylist() == [
        {"customer_id": "a", "owner_id": "amy"}
    ]


def test_without_owners_in_the_log_the_last_contact_is_the_owner() -> None:
    rows = {"a": {"contact_owner_id": "amy"}, "b": {}}
    assert ids(build(facts_of(rows), filter="true", owner="amy")) == ["a"]


def test_a_list_as_long_as_pays_ends_where_nobody_pays() -> None:
    risks = {"a": 0.2, "b": 0.9, "c": None, "d": 0.5, "e": 0.01}
    facts = facts_of({name: {"churn_probability": p} for name, p in risks.items()})
    action = {"cost": 5.0, "save_rate": 0.2}
    built = build(facts, filter="true", limit="optimal", action=action)
    assert ids(built) == ["b", "d"]
    assert built.members["expected_profit"].to_pylist() == [13.0, 5.0]
    assert built.n_beyond == 3


def test_a_rule_that_no_longer_holds_says_so_and_spoils_no_other_list() -> None:
    lists = {
        "wrong": ListDefinition(filter="regoin = 'East'"),
        "right": ListDefinition(filter="true"),
    }
    built = build_lists(lists, facts_of({"a": {}, "b": {"region": "East"}}))
    assert "region" in (built["wrong"].fault or "")
    assert built["right"].n_members == 2


def test_presets_run_or_say_which_column_they_need() -> None:
    built = build_lists(presets(), facts_of({"a": {}, "b": {"tier": "VIP"}}))
    assert {name: found.needs for name, found in built.items() if found.needs} == {
        "revisit_due": ("days_since_last_contact",),
        "vip_without_owner": ("owner_id",),
        "low_return_contact": ("days_since_last_contact",),
        "low_csat_high_value": ("csat_last", "nps_last"),
    }
    assert not [found.fault for found in built.values() if found.fault]


def test_presets_hold_whom_they_are_meant_for() -> None:
    calm = {"risk_band": "low", "days_since_last_contact": 5.0, "n_orders_365d": 4.0}
    facts = facts_of(
        {
            "core": calm,
            "at_risk": {**calm, "risk_band": "high", "days_since_last_contact": 20.0},
            "declining": {**calm, "days_since_last_contact": 20.0, "tier": "B"}
            | {"net_spend_365d": 200.0, "n_orders_365d": 2.0}
            | {"net_spend_prior_365d": 400.0, "n_orders_prior_365d": 4.0},
            "promotable": {**calm, "days_since_last_contact": 20.0, "tier": "B"}
            | {"gap_amount": 60.0},
            "winback": {**calm, "days_since_last_contact": 40.0, "tier": "C"}
            | {"lifecycle_stage": "lost"},
            "dormant": {**calm, "days_since_last_contact": 40.0, "tier": "C"}
            | {"lifecycle_stage": "dormant"},
            "revisit_due": {**calm, "days_since_last_contact": 31.0, "tier": "VIP"},
            "low_return_contact": {**calm, "tier": "C", "n_contacts_365d": 5.0},
            "low_csat_high_value": {**calm, "csat_last": 2.0},
            "vip_without_owner": {**calm, "tier": "VIP"},
            "new": {**calm, "tier": "C", "lifecycle_stage": "new"},
        }
    ).append_column("owner_id", pa.array(["amy"] * 9 + [None, "amy"]))
    built = build_lists(presets(), facts)
    missing = [
        name
        for name in presets()
        if name != "reward_eligible" and name not in ids(built[name])
    ]
    assert missing == []
    held = {name: set(ids(found)) for name, found in built.items()}
    assert held["vip_without_owner"] == {"vip_without_owner"}
    assert held["new"] == {"new"}
    assert held["winback"] == {"winback"}
    assert held["revisit_due"] == {"revisit_due"}
    assert held["low_csat_high_value"] == {"low_csat_high_value"}
    assert {"core", "low_csat_high_value"} <= held["reward_eligible"]


customers = st.fixed_dictionaries(
    {
        "tier": st.sampled_from(["VIP", "A", "B"]),
        "value_at_risk": st.none() | st.integers(0, 5).map(float),
        "churn_probability": st.none() | st.sampled_from([0.1, 0.5, 0.9]),
        "has_open_complaint": st.booleans(),
        "consent_call": st.none() | st.booleans(),
        "customer_type": st.sampled_from([None, "internal", "competitor", "firm"]),
        "arrears": st.none() | st.sampled_from([0.0, 5.0]),
        "days_since_last_contact": st.none() | st.sampled_from([1.0, 20.0]),
    }
)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(customers, min_size=1, max_size=12),
    limit=st.none() | st.integers(1, 8) | st.just("optimal"),
    min_size=st.none() | st.integers(1, 5),
)
def test_members_and_those_left_out_are_the_candidates(
    rows: list[dict[str, Any]], limit: int | str | None, min_size: int | None
) -> None:
    facts = facts_of({f"c{place}": row for place, row in enumerate(rows)})
    backfill = ["tier = 'A'", "true"] if min_size else []
    built = build(
        facts,
        filter="tier = 'VIP'",
        limit=limit,
        min_size=min_size,
        backfill=backfill,
        guardrails={"consent": "call", "contacted_within_days": 14},
        action={"cost": 1.0, "save_rate": 0.1},
    )
    out = sum(built.excluded.values())
    assert out + built.n_members + built.n_beyond == built.n_candidates
    assert len(set(ids(built))) == built.n_members
    least = min(min_size or 0, limit) if isinstance(limit, int) else min_size or 0
    if built.n_members < least:
        allowed = np.array(
            [
                row["consent_call"] is True
                and not row["has_open_complaint"]
                and row["customer_type"] not in {"internal", "competitor"}
                and not row["arrears"]
                and row["days_since_last_contact"] != 1.0
                for row in rows
            ]
        )
        assert built.n_members == allowed.sum()
