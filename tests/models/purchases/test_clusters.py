"""Behavioural clusters: found, counted, kept from one version to the next."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from features.errors import DataError
from models.parts.cluster_count import choose_k
from models.purchases.clusters import FEATURES, BehaviourClusters

KINDS = {
    "best": (10, 700, 40, 20, 9000, 4000, 220, 15),
    "once": (40, 40, 1, 1, 30, 30, 30, np.nan),
    "gone": (600, 700, 1, 0, 35, 0, 35, np.nan),
    "some": (90, 400, 5, 3, 400, 200, 80, 70),
}


def draw(seed: int, *kinds: str, n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw customers of each kind, and say of which kind each is."""
    rng = np.random.default_rng(seed)
    names = kinds or tuple(KINDS)
    rows = np.repeat([KINDS[name] for name in names], n, axis=0)
    rows[:, [0, 1, 4, 5, 6, 7]] *= rng.lognormal(0, 0.1, (len(rows), 6))
    return pd.DataFrame(rows, columns=FEATURES), np.repeat(names, n)


@pytest.fixture(scope="module")
def fitted() -> BehaviourClusters:
    return BehaviourClusters().fit(draw(0)[0])


def test_kinds_of_customers_are_found_again(fitted: BehaviourClusters) -> None:
    customers, kinds = draw(1)
    assert fitted.k_ == 4
    assert adjusted_rand_score(kinds, fitted.predict(customers)) > 0.95


def test_ids_run_from_the_most_valuable_down(fitted: BehaviourClusters) -> None:
    assert [cluster.id for cluster in fitted.clusters_] == [0, 1, 2, 3]
    spend = [cluster.mean_net_spend for cluster in fitted.clusters_]
    assert spend == sorted(spend, reverse=True)
    assert sum(cluster.n_customers for cluster in fitted.clusters_) == 240


def test_names_say_what_is_salient(fitted: BehaviourClusters) -> None:
    assert [name["en"] for name in fitted.names_.values()] == [
        "Active frequent big spenders",
        "Regular buyers",
        "Lapsed one-time buyers",
        "Recent one-time small spenders",
    ]
    assert fitted.names_[0]["zh"] == "活跃的高频高消费客户"


def test_labels_are_the_prediction_of_what_was_fitted(
    fitted: BehaviourClusters,
) -> None:
    customers, _ = draw(0)
    assert (fitted.labels_ == fitted.predict(customers)).all()
    assert (BehaviourClusters().fit_predict(customers) == fitted.labels_).all()


def test_the_same_seed_gives_the_same_clusters(fitted: BehaviourClusters) -> None:
    assert BehaviourClusters().fit(draw(0)[0]).to_dict() == fitted.to_dict()


def test_each_customer_is_placed_alone_as_among_others(
    fitted: BehaviourClusters,
) -> None:
    customers, _ = draw(2, n=5)
    alone = [int(fitted.predict(customers.iloc[[i]])[0]) for i in range(len(customers))]
    assert fitted.predict(customers).tolist() == alone


def test_an_extreme_customer_makes_no_cluster_of_its_own() -> None:
    customers, kinds = draw(3)
    customers.loc[0, ["net_spend", "net_spend_365d", "mean_order_value"]] = 1e9
    model = BehaviourClusters().fit(customers)
    assert adjusted_rand_score(kinds, model.labels_) > 0.95


def test_ids_are_kept_from_one_version_to_the_next(fitted: BehaviourClusters) -> None:
    customers, kinds = draw(4)
    customers.loc[kinds == "once", ["net_spend", "net_spend_365d"]] *= 500
    model = BehaviourClusters().fit(customers)
    assert (model.labels_[kinds == "once"] == 0).all()
    model.align_to(fitted)
    assert adjusted_rand_score(kinds, model.labels_) > 0.95
    before, after = fitted.predict(draw(0)[0]), model.labels_
    for kind in KINDS:
        assert set(before[kinds == kind]) == set(after[kinds == kind])
    assert (model.predict(customers) == model.labels_).all()


def test_a_cluster_without_forerunner_gets_an_id_never_used(
    fitted: BehaviourClusters,
) -> None:
    fewer = BehaviourClusters(k_max=3).fit(draw(5, "best", "gone", "some")[0])
    fewer.align_to(fitted)
    assert len({cluster.id for cluster in fewer.clusters_}) == 3
    assert {cluster.id for cluster in fewer.clusters_} < {0, 1, 2, 3}
    again = BehaviourClusters().fit(draw(6)[0]).align_to(fewer)
    ids = {cluster.id for cluster in again.clusters_}
    assert ids - {cluster.id for cluster in fewer.clusters_} == {4}
    assert again.next_id_ == 5


@pytest.mark.parametrize("n_distinct", [1, 2, 3])
def test_fewer_distinct_customers_than_clusters_make_a_cluster_each(
    n_distinct: int,
) -> None:
    kinds = list(KINDS.values())[:n_distinct]
    customers = pd.DataFrame(kinds * 7, columns=FEATURES)
    model = BehaviourClusters().fit(customers)
    assert model.k_ == n_distinct
    assert len(set(model.labels_)) == n_distinct
    assert len({name["en"] for name in model.names_.values()}) == n_distinct


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.sampled_from([np.nan, 0.0, 1.0, 2.0, 50.0])] * len(FEATURES)),
        min_size=1,
        max_size=25,
    )
)
def test_any_table_is_clustered(rows: list[tuple[float, ...]]) -> None:
    customers = pd.DataFrame(rows, columns=FEATURES)
    model = BehaviourClusters(k_max=4).fit(customers)
    names = model.names_.values()
    assert 1 <= model.k_ <= 4
    assert set(model.labels_) == set(range(model.k_))
    for language in ("en", "zh"):
        assert len({name[language] for name in names}) == model.k_
    again = BehaviourClusters.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (again.predict(customers) == model.labels_).all()
    assert again.to_dict() == model.to_dict()


def test_other_columns_and_their_order_do_not_matter(fitted: BehaviourClusters) -> None:
    customers, _ = draw(1)
    wider = customers.assign(other=1.0)[["other", *reversed(FEATURES)]]
    assert (fitted.predict(wider) == fitted.predict(customers)).all()


def test_json_restores_the_clusters_exactly(fitted: BehaviourClusters) -> None:
    again = BehaviourClusters.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again.to_dict() == fitted.to_dict()
    assert again.clusters_ == fitted.clusters_


def test_clone_keeps_parameters_and_forgets_the_fit(fitted: BehaviourClusters) -> None:
    fresh = clone(fitted)
    assert fresh.get_params() == {"k_min": 3, "k_max": 8, "random_state": 0}
    assert not hasattr(fresh, "clusters_")


def test_clusters_well_apart_are_counted_and_stable() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9], [4.5, 4.5]])
    points = np.repeat(centres, 50, axis=0) + rng.normal(0, 0.5, (250, 2))
    k, trials = choose_k(points, k_min=3, k_max=8, seed=0)
    assert k == 5
    assert [trial.k for trial in trials] == [3, 4, 5, 6, 7, 8]
    assert trials[2].stability == 1.0
    assert trials[2].silhouette > 0.8


def test_a_missing_column_is_named() -> None:
    customers = draw(0)[0].drop(columns=["net_spend", "n_orders"])
    with pytest.raises(DataError, match="given no n_orders, net_spend"):
        BehaviourClusters().fit(customers)


def test_no_customer_is_refused() -> None:
    with pytest.raises(DataError, match="No customer to cluster"):
        BehaviourClusters().fit(draw(0)[0].iloc[:0])
