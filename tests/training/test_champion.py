"""Tests of moving the champion, and of the record that going back reads."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features.errors import GateError
from training.champion import (
    CHALLENGER,
    CHAMPION,
    MODEL_NAME,
    PROMOTE,
    ROLL_BACK,
    Promotion,
    alias_version,
    find_challenger,
    find_earlier,
    make_champion,
    read_promotions,
    stack_champions,
)
from training.decision import fall_behind
from training.judge.gate import Gate
from training.registry import connect, register

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tests.conftest import Registry
    from training.train import TrainedModel

WORSE = Gate(max_auc_loss=-1.0)
"""No version does so well against itself."""


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a registry of three versions without files, once."""
    path = tmp_path_factory.mktemp("three") / "regulars.db"
    client = connect(f"sqlite:///{path}")
    with pytest.raises(GateError, match=r"There is no challenger"):
        find_challenger(client)
    for _ in range(3):
        client.create_model_version(MODEL_NAME, "nothing")
    return path


@pytest.fixture
def client(three_versions: Path, tmp_path: Path) -> MlflowClient:
    """Return a registry of three versions; each test has a copy."""
    shutil.copy(three_versions, tmp_path / "regulars.db")
    return connect(f"sqlite:///{tmp_path / 'regulars.db'}")


def change(version: str, previous: str | None, action: str = PROMOTE) -> Promotion:
    """Return a change of champion."""
    return Promotion(version, previous, action, "", "", "")


def test_a_promotion_is_recorded_with_reason_user_and_time(
    client: MlflowClient,
) -> None:
    make_champion(client, "1", reason="the first")
    promotion = make_champion(client, "2", reason="圣诞节前更准")
    assert (promotion.version, promotion.previous) == ("2", "1")
    assert promotion.by
    assert promotion.at.endswith("+00:00")
    assert [each.reason for each in read_promotions(client)] == [
        "the first",
        "圣诞节前更准",
    ]
    tags = client.get_model_version(MODEL_NAME, "2").tags
    assert tags["promotion.reason"] == "圣诞节前更准"
    assert tags["promotion.by"] == promotion.by
    assert alias_version(client, CHAMPION) == "2"


def test_a_long_reason_is_cut_to_what_the_registry_holds(client: MlflowClient) -> None:
    make_champion(client, "1", reason="长" * 9_000)
    (found,) = read_promotions(client)
    assert set(found.reason) == {"长"}


def test_going_back_twice_leads_to_the_one_before_the_one_before(
    client: MlflowClient,
) -> None:
    for version in ("1", "2", "3"):
        make_champion(client, version, reason="")
    for expected in ("2", "1"):
        version = find_earlier(client)
        assert version == expected
        make_champion(client, version, reason="", action=ROLL_BACK)
    with pytest.raises(GateError, match=r"no earlier champion"):
        find_earlier(client)


def test_a_champion_made_by_hand_is_one_to_go_back_to(client: MlflowClient) -> None:
    make_champion(client, "1", reason="")
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, "3")
    assert find_earlier(client) == "1"
    make_champion(client, "2", reason="")
    assert find_earlier(client) == "3"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], []),
        ([change("1", None)], ["1"]),
        ([change("2", "1")], ["1", "2"]),
        ([change("2", "1"), change("1", "2", ROLL_BACK)], ["1"]),
        ([change("2", "1"), change("1", "2")], ["1", "2", "1"]),
    ],
)
def test_the_record_is_read_as_a_stack(
    changes: list[Promotion], expected: list[str]
) -> None:
    assert stack_champions(changes) == expected


def test_the_newest_fit_is_the_challenger(client: MlflowClient) -> None:
    client.set_registered_model_alias(MODEL_NAME, CHALLENGER, "3")
    assert find_challenger(client) == "3"
    assert alias_version(client, CHAMPION) is None


def test_registering_promotes_and_records_why(registry: Registry) -> None:
    client = connect(registry.tracking_uri)
    registered = registry.registered
    (found, *_) = read_promotions(client)
    assert (found.version, found.reason) == (registered.version, registered.reason)
    assert find_challenger(client) == registered.version


def test_what_falls_behind_on_the_same_holdout_is_no_champion(
    trained_model: TrainedModel, tmp_path: Path
) -> None:
    tracking_uri = f"sqlite:///{tmp_path / 'mlflow' / 'regulars.db'}"
    first = register(trained_model, tracking_uri=tracking_uri, gate=WORSE)
    assert first.promoted, "there was no champion to fall behind"
    second = register(
        trained_model,
        tracking_uri=tracking_uri,
        gate=WORSE,
        write_page=lambda card: f"<p>version {card['version']}</p>",
    )
    assert not second.promoted
    assert "clearly worse than the champion, version 1" in second.reason
    client = connect(tracking_uri)
    assert alias_version(client, CHAMPION) == "1"
    assert find_challenger(client) == "2"
    tags = client.get_model_version(MODEL_NAME, "2").tags
    assert tags["decision"] == second.reason
    names = {entry.path for entry in client.list_artifacts(second.run_id)}
    assert {"card.json", "card.html"} <= names


def test_only_a_clear_loss_on_the_same_holdout_counts(
    client: MlflowClient, trained_model: TrainedModel
) -> None:
    holdout = trained_model.holdout
    figures = holdout.served_ranking
    assert fall_behind(client, holdout, Gate()) == "", "there is no champion"
    better = {key: value + 0.02 for key, value in figures.items()}
    run_id = client.create_run("0").info.run_id
    origin = holdout.origin
    client.log_param(run_id, "holdout_as_of", origin.as_of.isoformat())
    client.log_param(run_id, "holdout_horizon_days", origin.horizon_days)
    for key, value in better.items():
        client.log_metric(run_id, key, value)
    champion = client.create_model_version(MODEL_NAME, "nothing", run_id)
    make_champion(client, str(champion.version), reason="")
    told = fall_behind(client, holdout, Gate())
    assert "AUC of churn" in told
    assert "Gini of value" in told
    tolerant = Gate(max_auc_loss=0.03, max_gini_loss=0.03)
    assert fall_behind(client, holdout, tolerant) == ""
    later = replace(holdout, origin=replace(origin, horizon_days=61))
    assert fall_behind(client, later, Gate()) == "", "another holdout"
