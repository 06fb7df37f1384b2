"""A definition that is wrong is refused at the API, or spoils itself; never a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from regulars.bundles import bundle_source
from regulars.cli import main
from regulars.settings.settings import load_settings
from serving.api.app import create_app
from serving.predict.bundle_scorers import BundleScorers
from serving.store import Store, create_key, open_store
from serving.store.decisions import write_schemes
from serving.store.tables import lists
from tests.regulars.shop import Shop, open_shop, stock

if TYPE_CHECKING:
    from tests.buyers import Rows
    from tests.conftest import Registry

pytestmark = pytest.mark.xdist_group("definitions")
CONFIG = """
[tiers]
primary = "size"
[tiers.late]
kind = "thresholds"
quantity = "days_since_last_ordr"
classes = ["late", "early"]
limits = [30]
[lists.late_ones]
filter = "tier_late = 'late'"
[actions.call_late]
title = "Call"
when = "days_since_last_ordr > 30"
cost = 1
"""
SIZE: dict[str, Any] = {
    "kind": "thresholds",
    "quantity": "net_spend_365d",
    "classes": ["big", "small"],
    "limits": [50],
}


@pytest.fixture(scope="module")
def shop(
    rows: Rows, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """Open a shop whose config, too, names what is not there."""
    opened = open_shop(tmp_path_factory.mktemp("shop"), rows, more=CONFIG)
    stock(opened, registry)
    return opened


@pytest.fixture(scope="module")
def store(shop: Shop) -> Iterator[Store]:
    with closing(open_store(shop.store_url)) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(shop: Shop, store: Store) -> Iterator[TestClient]:
    """Return a client that may everything; one run is published by scheme ``size``."""
    write_schemes(store, {"size": SIZE}, who="desk")
    assert main(["score", "-c", str(shop.config)], {}) == 0
    source = bundle_source(load_settings(shop.config, {}))
    with TestClient(create_app(store=store, scorers=BundleScorers(source))) as opened:
        key = create_key(store, name="desk", scopes=["admin"])
        opened.headers["Authorization"] = f"Bearer {key.secret}"
        yield opened


def score(shop: Shop, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run `regulars score`, which ends with 0; return its JSON."""
    capsys.readouterr()
    assert main(["score", "-c", str(shop.config), "--json"], {}) == 0
    summary: dict[str, Any] = json.loads(capsys.readouterr().out)
    return summary


def put(client: TestClient, **schemes: dict[str, Any]) -> Any:
    return client.put("/v1/tiers", json={"schemes": schemes})


def test_a_wrong_definition_of_the_config_spoils_itself(
    client: TestClient, shop: Shop, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    write_schemes(store, {"size": SIZE}, who="desk")
    summary = score(shop, capsys)
    assert summary["tiers"].keys() == {"big", "small"}
    wrong = ("action call_late", "list late_ones", "tier scheme late")
    assert tuple(summary["faults"]) == wrong
    assert "column 'days_since_last_ordr'" in summary["faults"]["tier scheme late"]
    assert "Did you mean" in summary["faults"]["action call_late"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"quantity": "net_spend_365"}, 'Did you mean "net_spend_365d"'),
        ({"by": "regoin", "overrides": {"east": [1]}}, "no column 'regoin'"),
        ({"growth": {"when": "n_ordrs > 1", "to": "big"}}, "no column 'n_ordrs'"),
        ({"needs": ["n_ordrs"]}, 'Did you mean "n_orders"'),
        ({"quantity": "net_spend_365d +"}, "line 1"),
        ({"hysteresis": "much"}, "hysteresis: Input should be a valid number"),
        (
            {"kind": "rules", "rules": ["tier_siz = 'big'"], "quantity": ""},
            "There is no tier scheme 'siz'",
        ),
        (
            {"kind": "rules", "rules": ["tier_size = 'bigg'"], "quantity": ""},
            'Did you mean "big"',
        ),
        (
            {
                "kind": "matrix",
                "rows": "abc",
                "columns": "abc",
                "cells": {"VIP": {"Z": "big"}},
            },
            "cells names 'Z'",
        ),
    ],
)
def test_a_wrong_scheme_is_refused_and_its_fault_is_named(
    client: TestClient, changes: dict[str, Any], detail: str
) -> None:
    before = client.get("/v1/tiers").json()["written"]
    answer = put(client, size=SIZE, other=SIZE | changes)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "#/schemes/other"
    assert detail in fault["detail"]
    assert client.get("/v1/tiers").json()["written"] == before


def test_schemes_in_a_circle_are_refused(client: TestClient) -> None:
    one = {"kind": "rules", "classes": ["a", "b"], "rules": ["tier_two = 'a'"]}
    two = one | {"rules": ["tier_one = 'a'"]}
    answer = put(client, one=one, two=two)
    pointers = [each["pointer"] for each in answer.json()["errors"]]
    assert (answer.status_code, pointers) == (422, ["#/schemes/one", "#/schemes/two"])


def test_a_scheme_may_name_a_feature_that_the_store_does_not_keep(
    client: TestClient, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    features = client.get("/v1/model").json()["model"]["features"]
    assert "gap_cv" in features
    filtered = client.get("/v1/customers", params={"filter": "gap_cv > 0"})
    assert filtered.status_code == 422
    assert (
        put(client, size=SIZE, steady=SIZE | {"quantity": "gap_cv"}).status_code == 200
    )
    assert "tier scheme steady" not in score(shop, capsys)["faults"]


def test_a_list_on_a_column_that_is_not_there_is_refused(client: TestClient) -> None:
    wrong = {"name": "wrong", "filter": "n_orders > 1 and net_spend_365 > 5"}
    answer = client.post("/v1/lists", json=wrong)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["detail"].startswith("At line 1, column 18: there is no such column")
    assert 'Did you mean "net_spend_365d"?' in fault["detail"]


def test_what_has_become_wrong_spoils_itself_and_says_so(
    shop: Shop, store: Store, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert put(client, size=SIZE).status_code == 200
    before = score(shop, capsys)
    both = {"kind": "rules", "classes": ["a", "b"], "rules": ["tier_size = 'big'"]}
    spoilt = SIZE | {"quantity": "spend_of_old"}
    schemes = {"size": spoilt, "old": {"kind": "of_old"}, "both": both}
    write_schemes(store, schemes, who="desk")
    write_unreadable_list(store)

    after = score(shop, capsys)

    assert after["run_id"] != before["run_id"]
    assert after["customers"] == before["customers"]
    assert after["tiers"].keys() <= {"VIP", "A", "B", "C"}
    new = {"list of_old", "tier scheme old", "tier scheme size"}
    assert after["faults"].keys() - before["faults"].keys() == new
    assert "there is no column 'spend_of_old'" in after["faults"]["tier scheme size"]
    main(["score", "-c", str(shop.config)], {})
    assert "\nFault in tier scheme size: [tiers.size] Rule" in capsys.readouterr().out


def test_faults_are_told_where_definitions_are_read(
    shop: Shop, store: Store, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = SIZE | {"quantity": "spend_of_old"}
    write_schemes(store, {"size": spoilt, "old": {"kind": "of_old"}}, who="desk")
    write_unreadable_list(store)
    score(shop, capsys)

    tiers = client.get("/v1/tiers").json()
    assert "spend_of_old" in tiers["schemes"]["size"]["fault"]
    assert tiers["faults"].keys() == {"old", "size"}
    items = client.get("/v1/lists").json()["items"]
    faults = {each["name"]: each["fault"] for each in items}
    assert "kind: Input should be" in faults["of_old"]
    assert "no column 'tier_late'" in faults["late_ones"]
    name = client.get("/v1/customers").json()["items"][0]["customer_id"]
    assert client.get(f"/v1/customers/{name}/history").status_code == 200


def test_a_list_of_a_class_that_was_renamed_says_so(
    shop: Shop, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"name": "big_ones", "filter": "tier_size in ('big')"}
    assert put(client, size=SIZE).status_code == 200
    assert "list big_ones" not in score(shop, capsys)["faults"]
    assert client.post("/v1/lists", json=named).status_code == 201
    assert put(client, size=SIZE | {"classes": ["large", "small"]}).status_code == 200

    summary = score(shop, capsys)

    fault = "tier_size is compared with 'big', and has no such class. One of"
    assert summary["faults"]["list big_ones"].startswith(fault)
    assert client.get("/v1/lists/big_ones").json()["fault"].startswith(fault)
    core = {each["name"]: each for each in client.get("/v1/lists").json()["items"]}
    assert "'VIP'" in core["core"]["fault"]
    assert client.delete("/v1/lists/big_ones").status_code == 204


def test_a_primary_scheme_that_is_gone_leaves_the_tiers_of_abc(
    shop: Shop, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert put(client, size=SIZE).status_code == 200
    score(shop, capsys)
    assert put(client).status_code == 200
    summary = score(shop, capsys)
    assert summary["tiers"].keys() <= {"VIP", "A", "B", "C"}
    assert "[tiers] names it" in summary["faults"]["tier scheme size"]


def write_unreadable_list(store: Store) -> None:
    """Put into the store a list that this program cannot read."""
    with store.write() as con:
        con.execute(sa.delete(lists).where(lists.c.name == "of_old"))
        con.execute(
            sa.insert(lists).values(
                name="of_old",
                source="api",
                definition='{"kind": "of_old"}',
                who="desk",
                updated_at=datetime.now(UTC),
            )
        )
