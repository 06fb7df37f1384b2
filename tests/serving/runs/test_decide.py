"""Tests of decisions by hand: they are seen at once, and leave no trace when over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from features.errors import ConfigError
from models.lists import ListDefinition
from models.tiers import ManualOverride
from serving.errors import UnknownCustomerError, UnknownSchemeError
from serving.predict.bundle_scorers import BundleScorers
from serving.predict.predict import predict
from serving.queries import (
    CustomerEvents,
    CustomerFilter,
    ModelKeeper,
    customer,
    customers,
)
from serving.queries.lists.members import members_of, save_list
from serving.queries.tiers import history
from serving.runs.decide import override, settle
from serving.store import Publication, Store, publish
from serving.store.decisions import add_override
from tests.serving.predict.test_replay import open_rows, replay_one
from tests.serving.trained import AS_OF, Folder, Trained

WHO = "c007"
BY_HAND = ListDefinition(filter="tier_abc = 'VIP'", order="customer_id")


def publish_run(store: Store, trained: Trained) -> None:
    run = trained.run
    model = {"version": "1"}
    publish(
        store,
        Publication(run.table, context=run.context, model=model, beside=run.beside),
    )


def decision(
    tier: str = "VIP", *, days: int = 30, scheme: str = "abc"
) -> ManualOverride:
    until = AS_OF + timedelta(days=days)
    return ManualOverride(WHO, scheme, tier, "amy", "opens a branch", until)


def named(store: Store, rule: str) -> list[str]:
    page = customers(store, CustomerFilter(rule=rule, sort="customer_id"), limit=100)
    return [json.loads(body)["customer_id"] for body in page.bodies]


def seen(store: Store) -> dict[str, Any]:
    """Return all that readers are told of ``WHO``'s tier."""
    found = customer(store, WHO)
    return {
        "body": found.body,
        "tiers": history(store, WHO)[0]["tiers"],
        "on_list": [m.customer_id for m in members_of(store, "vips", limit=99).members],
        "by_tier": named(store, "tier = 'VIP'"),
        "by_scheme": named(store, "tier_importance3 = 'VIP'"),
    }


def test_a_decision_is_seen_at_once_and_ended_as_if_it_had_not_been(
    store: Store, trained: Trained
) -> None:
    publish_run(store, trained)
    save_list(store, "vips", BY_HAND, who="amy", is_new=True)
    before, stamp = seen(store), customer(store, WHO).stamp
    assert json.loads(before["body"])["tier"] != "VIP"
    override(store, decision())
    after = seen(store)
    old, new = json.loads(before["body"]), json.loads(after["body"])
    assert new["tier"] == "VIP"
    assert new["tier_reason"]["en"].endswith("Put into VIP by hand.")
    assert {k for k in old if old[k] != new[k]} == {
        "tier",
        "tier_reason",
        "gap_to_next_tier",
    }
    assert after["tiers"]["abc"] == {
        "tier": "VIP",
        "cause": "manual",
        "by_rule": old["tier"],
    }
    for where in ("on_list", "by_tier", "by_scheme"):
        assert WHO not in before[where]
        assert {*after[where]} == {*before[where], WHO}
    assert customer(store, WHO).stamp == f"{stamp}.1"
    override(store, decision(days=-1))
    assert seen(store) == before


def test_a_decided_score_is_predicted_and_replayed_alike(
    sqlite_store: Store, trained: Trained
) -> None:
    publish_run(sqlite_store, trained)
    events = trained.events[WHO]
    keeper = ModelKeeper(sqlite_store, BundleScorers(Folder(trained.folder)))
    asked = CustomerEvents(
        WHO, events.transactions, events.interactions, events.joined_at
    )
    with open_rows(trained) as log:
        for days in (30, -1):
            override(sqlite_store, decision(days=days))
            [found] = predict(keeper, [asked]).answers
            published = json.loads(customer(sqlite_store, WHO).body)
            assert json.loads(str(found)) == published
            assert replay_one(sqlite_store, trained, log, None).equal


def test_another_scheme_leaves_the_score_as_it_was(
    sqlite_store: Store, trained: Trained
) -> None:
    publish_run(sqlite_store, trained)
    body = customer(sqlite_store, WHO).body
    override(sqlite_store, decision("low", scheme="value_class"))
    assert customer(sqlite_store, WHO).body == body
    tiers = history(sqlite_store, WHO)[0]["tiers"]
    assert tiers["value_class"]["tier"] == "low"
    assert WHO in named(sqlite_store, "tier_value_class = 'low'")


def test_what_was_decided_while_a_run_was_scored_is_settled(
    sqlite_store: Store, trained: Trained
) -> None:
    with sqlite_store.write() as con:
        add_override(con, decision())
        add_override(con, replace(decision(), customer_id="gone"))
    publish_run(sqlite_store, trained)
    assert settle(sqlite_store) == 1
    assert json.loads(customer(sqlite_store, WHO).body)["tier"] == "VIP"
    assert settle(sqlite_store) == 0


def test_what_cannot_be_decided_is_refused(
    sqlite_store: Store, trained: Trained
) -> None:
    publish_run(sqlite_store, trained)
    with pytest.raises(UnknownCustomerError, match="unknown"):
        override(sqlite_store, replace(decision(), customer_id="nobody"))
    with pytest.raises(UnknownSchemeError, match="no tier scheme 'abd'"):
        override(sqlite_store, decision(scheme="abd"))
    with pytest.raises(ConfigError, match="abc has no class 'gold'"):
        override(sqlite_store, decision("gold"))
