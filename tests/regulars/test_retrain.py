"""`regulars retrain` publishes, or leaves the old run; never two at once."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.errors import StoreError
from models.purchases.churn import ChurnModel
from models.purchases.simple import SimpleScore
from regulars.bundles import bundle_source
from regulars.cli import main
from regulars.commands.retrain import alone, lock_path, tuned_before
from regulars.commands.train import fit_and_register
from regulars.console import Steps
from regulars.log import open_log
from regulars.settings.settings import load_settings
from serving.queries import model
from serving.store import open_store
from tests.buyers import make_rows
from tests.regulars.shop import Shop, open_shop

pytestmark = pytest.mark.xdist_group("retrain")
UNREACHABLE = "[gate]\nmin_auc_gain = 1\nmin_gini_gain = 1\n"
UNFORGIVING = "[gate]\nmax_auc_loss = -1\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Open a small shop without a version."""
    return open_shop(tmp_path_factory.mktemp("shop"), make_rows(n_customers=240))


def retrain(
    shop: Shop, capsys: pytest.CaptureFixture[str], *args: str
) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and its JSON."""
    capsys.readouterr()
    code = main(["retrain", "-c", str(shop.config), "--json", *args], {})
    return code, json.loads(capsys.readouterr().out)


def published(shop: Shop) -> str:
    """Return the id of the run that readers see."""
    with closing(open_store(shop.store_url)) as store:
        return model(store).run_id


def test_it_publishes_the_simple_method_labelled_or_leaves_the_old_run(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """First no model can pass: a simple method is served; then none may follow it."""
    text = shop.config.read_text()
    shop.config.write_text(text + UNREACHABLE)
    out = shop.config.with_name("scores.parquet")
    code, told = retrain(shop, capsys, "--as-of", "2023-04-01", "--out", str(out))
    assert (code, told["published"]) == (0, True)
    assert "no better than simple methods" in told["reason"]
    assert told["train"]["holdout"]["passed"] == []
    assert told["train"]["grade"] == "D"
    (basis,) = told["score"]["score_basis"]
    assert basis in ("btyd", "rule")
    assert pq.read_table(out).num_rows == told["score"]["customers"]
    assert told["check"]["ready"] is True
    first = published(shop)
    assert first == told["score"]["run_id"]
    shop.config.write_text(text + UNFORGIVING)
    code, told = retrain(shop, capsys, "--as-of", "2023-04-01")
    assert (code, told["published"], told["score"]) == (1, False, None)
    assert "clearly worse than the champion, version 1" in told["reason"]
    assert published(shop) == first


def test_data_that_cannot_carry_a_model_leaves_with_one(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    first = published(shop)
    code, told = retrain(shop, capsys, "--as-of", "2022-01-20")
    assert (code, told["published"], told["score"]) == (1, False, None)
    assert told["reason"].startswith("not judged, so the champion, version 1, stays")
    assert published(shop) == first


def test_what_was_tuned_for_the_champion_is_used_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = open_shop(tmp_path, make_rows(n_customers=240))
    settings = load_settings(shop.config, {})
    assert tuned_before(settings) is None, "there is no champion"
    tuned = {
        "study": "an earlier one",
        "best_parameters": {"num_iterations": 3},
        "is_used": True,
        "margin": 0.003,
        "n_trials": 9,
        "default_value": 0.8,
        "best_value": 0.81,
    }
    as_of = datetime(2023, 4, 1, tzinfo=UTC)
    with Steps() as step, open_log(settings) as log:
        fit_and_register(log, settings, as_of=as_of, step=step, tuned=tuned)
    code, told = retrain(shop, capsys, "--as-of", "2023-04-01")
    assert code in (0, 1)
    assert told["train"]["version"] == "2"
    assert told["train"]["tuning"] == {"reused_from": "1", **tuned}
    source = bundle_source(settings)
    churn = source.get("2").model.churn
    assert isinstance(churn, ChurnModel | SimpleScore)
    assert isinstance(churn, SimpleScore) or churn.parameters == {"num_iterations": 3}


def test_what_cannot_be_meant_leaves_with_two(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrain(shop, capsys, "--as-of", "soon")[0] == 2
    assert retrain(shop, capsys, "--out", "nowhere/at/all.parquet")[0] == 2


def test_a_second_one_does_nothing_while_the_first_is_at_work(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lock_path(load_settings(shop.config, {}))
    assert path.parent == shop.config.parent
    with alone(path):
        code, told = retrain(shop, capsys)
    assert (code, told["error"]["kind"]) == (1, "StoreError")
    assert "Another `regulars retrain` is at work, since 2" in told["error"]["given"]


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "scores.db.retrain.lock"
    for _ in range(2):
        with alone(path), pytest.raises(StoreError, match=r"Another"), alone(path):
            pass


def test_a_store_elsewhere_is_locked_beside_the_config(tmp_path: Path) -> None:
    config = tmp_path / "regulars.toml"
    config.write_text('[store]\nurl = "postgresql+psycopg://regulars@db/scores"\n')
    path = lock_path(load_settings(config, {}))
    assert path == tmp_path / ".regulars" / "retrain.lock"
