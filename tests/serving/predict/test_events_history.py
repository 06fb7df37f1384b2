"""A primary scheme with a history gives one customer what it gave the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.bundle.bundle import load_bundle
from models.tiers import plan_tiers
from serving.predict.bundle_scorers import BundleScorers
from serving.predict.predict import predict
from serving.queries import CustomerEvents, ModelKeeper, customer
from serving.runs.score import score_log
from serving.runs.standing import last_standings
from serving.store import Publication, Store, open_store, publish
from serving.store.tables import DROPPED, runs
from tests.serving.predict.test_replay import open_rows, replay_one
from tests.serving.trained import AS_OF, Folder, Trained

WRITTEN = {"abc": {"hysteresis": 0.9, "min_stay_days": 30}}


@dataclass(frozen=True, slots=True)
class Shop:
    """Two runs, and who was held in a class by the first of them."""

    store: Store
    held: str
    free: str


@pytest.fixture(scope="module")
def shop(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Score twice, twenty days apart."""
    path = tmp_path_factory.mktemp("history") / "store.db"
    bundle = load_bundle(trained.folder, version="1")
    with closing(open_store(f"sqlite:///{path}")) as store, open_rows(trained) as log:
        for days in (20, 0):
            at = AS_OF - timedelta(days=days)
            before = last_standings(store, as_of=at)
            plan = plan_tiers(WRITTEN, active=("abc",), before=before)
            run = score_log(bundle, log, as_of=at, tiers=plan)
            told = {"version": "1"}
            publish(
                store,
                Publication(
                    run.table, context=run.context, model=told, beside=run.beside
                ),
            )
        causes = [
            json.loads(each or "{}").get("abc", {}).get("cause") for each in run.moves
        ]
        ids = run.table["customer_id"].to_pylist()
        yield Shop(store, ids[causes.index("band")], ids[causes.index(None)])


def ask(shop: Shop, trained: Trained, name: str) -> dict[str, object]:
    events = trained.events[name]
    keeper = ModelKeeper(shop.store, BundleScorers(Folder(Path(trained.folder))))
    asked = CustomerEvents(
        name, events.transactions, events.interactions, events.joined_at
    )
    [found] = predict(keeper, [asked]).answers
    return dict(json.loads(str(found)))


def test_a_customer_is_predicted_and_replayed_with_its_history(
    shop: Shop, trained: Trained
) -> None:
    for name in (shop.held, shop.free):
        published = json.loads(customer(shop.store, name).body)
        assert ask(shop, trained, name) == published
        with open_rows(trained) as log:
            assert replay_one(shop.store, trained, log, None, name).equal
    held = json.loads(customer(shop.store, shop.held).body)
    assert "the limit is not passed by 90%" in held["tier_reason"]["en"]


def test_who_is_new_has_no_history(shop: Shop, trained: Trained) -> None:
    events = trained.events[shop.held]
    keeper = ModelKeeper(shop.store, BundleScorers(Folder(trained.folder)))
    asked = CustomerEvents(
        "new", events.transactions, events.interactions, events.joined_at
    )
    [found] = predict(keeper, [asked]).answers
    assert "the limit is not passed" not in json.loads(str(found))["tier_reason"]["en"]


def test_a_history_that_is_gone_is_told(shop: Shop, trained: Trained) -> None:
    with shop.store.write() as con:
        con.execute(sa.update(runs).where(runs.c.number == 1).values(state=DROPPED))
    reason = ask(shop, trained, shop.held)["tier_reason"]
    assert isinstance(reason, dict)
    assert reason["en"].endswith("where the customer stood before is no longer kept.")
    with open_rows(trained) as log:
        found = replay_one(shop.store, trained, log, None, shop.held)
    assert not found.equal
    assert found.why[0].startswith("The tier hangs on the run before this one")
