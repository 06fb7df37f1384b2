"""Tests of lists as of the published run, on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import RuleError
from models.lists import ListDefinition, build_lists, presets
from serving.errors import (
    CursorError,
    ListTakenError,
    UnknownListError,
    UnpayableError,
    UnpublishedError,
)
from serving.queries.lists.build import list_now, lists_now
from serving.queries.lists.changes import diff_list
from serving.queries.lists.members import members_of, remove_list, save_list, sizes_of
from serving.queries.lists.profit import profit_of
from serving.runs.lists import build_for_publish
from serving.store import Publication, Store, publish
from serving.store.facts_table import read_facts
from serving.store.lists import sync_lists
from serving.store.tables import list_builds, list_members
from tests.serving.published_runs import instant, publish_run, run_of
from tests.serving.samples import described

RISKY = ListDefinition(filter="churn_probability > 0.6", order="customer_id")
HIGH, LOW = {"churn_probability": 0.8}, {"churn_probability": 0.2}


def ids(store: Store, name: str, **options: Any) -> list[str]:
    found, cursor = [], None
    while True:
        page = members_of(store, name, limit=2, cursor=cursor, **options)
        found += [member.customer_id for member in page.members]
        cursor = page.next_cursor
        if cursor is None:
            return found


def save(store: Store, name: str, definition: ListDefinition, **kind: Any) -> None:
    save_list(store, name, definition, who="amy", **{"is_new": True, **kind})


def test_a_list_follows_the_published_run(store: Store) -> None:
    publish_run(store, {"a": HIGH, "b": LOW, "c": HIGH, "d": HIGH})
    save(store, "risky", RISKY)
    assert ids(store, "risky") == ["a", "c", "d"]
    publish_run(store, {"a": LOW, "b": HIGH}, day=1)
    assert ids(store, "risky") == ["b"]
    sizes = [(each.as_of, each.n_members) for each in sizes_of(store, "risky")]
    assert sizes == [(instant(1), 1), (instant(0), 3)]


def test_presets_are_there_with_every_run(store: Store) -> None:
    publish_run(store, {f"c{n}": {} for n in range(8)})
    found = lists_now(store)
    assert set(found) == set(presets())
    assert {name for name, each in found.items() if each.outcome["fault"]} == set()
    assert found["revisit_due"].outcome["needs"] == ["days_since_last_contact"]
    assert found["core"].outcome["n_members"] == 4


def test_lists_of_a_run_are_published_with_it(sqlite_store: Store) -> None:
    table, run, beside = run_of({"a": HIGH, "b": LOW})
    facts = table.select(["customer_id", "churn_probability", "tier"])
    for name in beside.facts.column_names:
        facts = facts.append_column(name, beside.facts[name])
    sync_lists(sqlite_store, {"risky": RISKY})
    built = build_for_publish(sqlite_store, facts, run)
    publish(
        sqlite_store,
        Publication(table, context=run, model=described(), beside=beside, lists=built),
    )
    with sqlite_store.read() as con:
        query = sa.select(list_builds.c.n_members).where(list_builds.c.name == "risky")
        assert con.execute(query).scalar_one() == 1
    assert ids(sqlite_store, "risky") == ["a"]


def test_facts_come_back_as_they_were(store: Store) -> None:
    joined = instant(-5)
    rows = {
        "b": {"region": 'Ea"st', "joined_at": joined, "has_open_complaint": True},
        "a": {"owner_id": "0", "csat_last": 4.5},
    }
    publish_run(store, rows)
    _, run, beside = run_of(rows)
    names = list(run.facts)
    with store.read() as con:
        found = read_facts(con, run=1, described=run.facts, names=names)
        some = read_facts(
            con, run=1, described=run.facts, names=["tier"], customers=["b", "z"]
        )
    found = found.sort_by("customer_id")
    assert found["customer_id"].to_pylist() == ["a", "b"]
    assert found.select(names).to_pylist() == beside.facts.take([1, 0]).to_pylist()
    assert found.select(names).schema.types == beside.facts.schema.types
    assert some.to_pylist() == [{"customer_id": "b", "tier": "VIP"}]


def test_a_list_in_the_store_is_the_list_in_memory(store: Store) -> None:
    rows = {
        f"c{n}": {"churn_probability": n / 10, "csat_last": n % 4} for n in range(9)
    }
    publish_run(store, rows)
    definition = ListDefinition(
        filter="churn_probability * expected_value > 20 or csat_last = 3",
        order="csat_last desc, value_at_risk",
    )
    save(store, "both", definition)
    table, _, beside = run_of(rows)
    facts = table.select(["churn_probability", "expected_value", "value_at_risk"])
    facts = facts.append_column("customer_id", table["customer_id"])
    for name in beside.facts.column_names:
        facts = facts.append_column(name, beside.facts[name])
    built = build_lists({"both": definition}, facts)["both"]
    assert ids(store, "both") == built.members["customer_id"].to_pylist()


def test_a_page_says_run_place_owner_and_score(sqlite_store: Store) -> None:
    run_id = publish_run(sqlite_store, {"a": {"owner_id": "amy"}, "b": {}})
    save(sqlite_store, "all", ListDefinition(filter="true", order="customer_id"))
    page = members_of(sqlite_store, "all", limit=5)
    assert (page.run_id, page.as_of, page.next_cursor) == (run_id, instant(0), None)
    first = page.members[0]
    assert (first.place, first.source, first.owner_id) == (1, "filter", "amy")
    assert json.loads(first.body)["customer_id"] == "a"
    assert ids(sqlite_store, "all", owner="amy") == ["a"]


def test_a_cursor_keeps_to_its_run_list_and_owner(sqlite_store: Store) -> None:
    publish_run(sqlite_store, dict.fromkeys("abc", HIGH))
    save(sqlite_store, "risky", RISKY)
    page = members_of(sqlite_store, "risky", limit=2)
    publish_run(sqlite_store, {"z": HIGH}, day=1)
    rest = members_of(sqlite_store, "risky", limit=2, cursor=page.next_cursor)
    assert [member.customer_id for member in rest.members] == ["c"]
    with pytest.raises(CursorError, match="another question"):
        members_of(sqlite_store, "core", limit=2, cursor=page.next_cursor)


def test_a_snapshot_stays_as_it_was_taken(sqlite_store: Store) -> None:
    publish_run(sqlite_store, {"a": HIGH, "b": LOW, "c": HIGH})
    save(sqlite_store, "then", RISKY.model_copy(update={"kind": "snapshot"}))
    publish_run(sqlite_store, {"a": LOW, "b": HIGH}, day=1)
    assert ids(sqlite_store, "then") == ["a"]
    found = list_now(sqlite_store, "then")
    assert found.stored.taken_at == instant(0)
    assert found.outcome["excluded"] == {"not_in_run": 1}


def test_a_list_that_is_defined_anew_is_built_anew(sqlite_store: Store) -> None:
    publish_run(sqlite_store, {"a": HIGH, "b": LOW})
    save(sqlite_store, "risky", RISKY)
    save(sqlite_store, "risky", ListDefinition(filter="true"), is_new=False)
    assert sorted(ids(sqlite_store, "risky")) == ["a", "b"]
    remove_list(sqlite_store, "risky")
    with pytest.raises(UnknownListError, match="risky"):
        members_of(sqlite_store, "risky", limit=2)


def test_presets_and_the_configs_lists_are_not_changed_over_the_api(
    sqlite_store: Store,
) -> None:
    publish_run(sqlite_store, {"a": HIGH})
    sync_lists(sqlite_store, {"ours": RISKY})
    for name in ("core", "ours"):
        for is_new in (True, False):
            with pytest.raises(ListTakenError, match=name):
                save(sqlite_store, name, RISKY, is_new=is_new)
        with pytest.raises(ListTakenError, match=name):
            remove_list(sqlite_store, name)
    with pytest.raises(UnknownListError, match="nobodys"):
        remove_list(sqlite_store, "nobodys")


def test_the_configs_lists_come_and_go_with_the_config(sqlite_store: Store) -> None:
    publish_run(sqlite_store, {"a": HIGH})
    frozen = RISKY.model_copy(update={"kind": "snapshot"})
    sync_lists(sqlite_store, {"ours": RISKY, "then": frozen})
    assert ids(sqlite_store, "then") == ["a"]
    wider = ListDefinition(filter="true", limit=7)
    sync_lists(sqlite_store, {"ours": wider, "then": frozen})
    found = lists_now(sqlite_store)
    assert found["ours"].stored.definition == wider
    assert found["then"].stored.picks == ("a",)
    sync_lists(sqlite_store, {})
    assert set(lists_now(sqlite_store)) == set(presets())


def test_a_rule_that_cannot_be_read_is_refused_with_its_place(
    sqlite_store: Store,
) -> None:
    with pytest.raises(UnpublishedError, match="No run"):
        save(sqlite_store, "early", RISKY)
    publish_run(sqlite_store, {"a": HIGH})
    with pytest.raises(RuleError, match="line 1, column 1"):
        save(sqlite_store, "wrong", ListDefinition(filter="regoin = 'East'"))


def test_members_go_with_their_run_and_sizes_stay(sqlite_store: Store) -> None:
    publish_run(sqlite_store, {"a": HIGH})
    save(sqlite_store, "risky", RISKY)
    publish_run(sqlite_store, {"b": HIGH}, day=1, keep=1)
    assert len(sizes_of(sqlite_store, "risky")) == 2
    with sqlite_store.read() as con:
        kept = con.execute(sa.select(list_members.c.run).distinct()).scalars().all()
    assert kept == [2]


def test_a_difference_says_who_came_who_left_and_why(store: Store) -> None:
    first = publish_run(store, {"a": HIGH, "b": LOW, "c": HIGH, "d": HIGH})
    save(store, "risky", RISKY)
    publish_run(
        store,
        {"a": LOW, "b": HIGH, "c": HIGH, "d": {**HIGH, "has_open_complaint": True}}
        | {"e": HIGH},
        day=1,
    )
    found = diff_list(store, "risky")
    assert (found.start.run_id, found.as_of) == (first, instant(1))
    assert (found.n_entered, found.n_left, found.n_stayed) == (2, 2, 1)
    came = {move.customer_id: move for move in found.entered}
    gone = {move.customer_id: move for move in found.left}
    assert came["e"].why == "not_in_run"
    assert came["b"].changes[0].rule == "churn_probability > 0.6"
    assert came["b"].changes[0].values == {"churn_probability": (0.2, 0.8)}
    assert gone["a"].changes[0].values == {"churn_probability": (0.8, 0.2)}
    assert (gone["d"].why, gone["d"].reason) == ("guardrail", "open_complaint")


def test_a_difference_reaches_back_before_the_list_was_made(
    sqlite_store: Store,
) -> None:
    publish_run(sqlite_store, {"a": HIGH, "b": LOW})
    publish_run(sqlite_store, {"a": LOW, "b": HIGH}, day=1)
    save(sqlite_store, "risky", RISKY)
    found = diff_list(sqlite_store, "risky")
    assert [move.customer_id for move in found.entered] == ["b"]
    assert [move.customer_id for move in found.left] == ["a"]


def test_profit_is_over_all_whom_the_limit_would_cut(sqlite_store: Store) -> None:
    rows = {
        name: {"churn_probability": 0.5, "expected_value": value}
        for name, value in {"a": 100.0, "b": 400.0, "c": 300.0, "d": None}.items()
    }
    publish_run(sqlite_store, rows)
    save(sqlite_store, "one", ListDefinition(filter="true", limit=1))
    with pytest.raises(UnpayableError, match="cost and save_rate"):
        profit_of(sqlite_store, "one")
    found = profit_of(sqlite_store, "one", {"cost": 10.0, "save_rate": 0.1})
    shown = found.to_dict()
    assert found.customers == ["b", "c", "a"]
    assert (shown["length"], shown["ended_by"], shown["n_unknown"]) == (2, "profit", 1)
    assert (shown["expected_profit"], shown["cost"]) == (15.0, 20.0)
    assert shown["last"] == {"customer_id": "c", "expected_profit": 5.0}
    assert shown["next"] == {"customer_id": "a", "expected_profit": -5.0}
    assert shown["save_rate_from"] == "request"
    assert [point["profit"] for point in shown["curve"]] == [0.0, 10.0, 15.0, 10.0]


def test_profit_says_what_the_next_unit_of_budget_brings(sqlite_store: Store) -> None:
    rows = {"a": {"churn_probability": 0.5}, "b": {"churn_probability": 0.5}}
    for value, row in zip((100.0, 400.0), rows.values(), strict=True):
        row["expected_value"] = value
    publish_run(sqlite_store, rows)
    action = {"cost": 2.0, "save_rate": 0.1, "budget": 3.0}
    sync_lists(
        sqlite_store,
        {"ours": ListDefinition.model_validate({"filter": "true", "action": action})},
    )
    shown = profit_of(sqlite_store, "ours").to_dict()
    assert (shown["length"], shown["ended_by"]) == (1, "budget")
    assert shown["next_unit_of_budget"] == 1.5
    assert shown["save_rate_from"] == "config"
