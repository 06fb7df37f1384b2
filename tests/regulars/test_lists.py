"""``regulars lists`` and ``regulars export``, on a store with a run."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path

import pytest

from features.errors import ConfigError
from models.lists import presets
from regulars.cli import main
from regulars.settings.settings import load_settings
from serving.store import open_store
from tests.serving.published_runs import publish_run

CONFIG = """
[data]
transactions = "nowhere.parquet"
[store]
url = "sqlite:///scores.db"
[lists.call_first]
filter = "churn_probability > 0.6"
order = "customer_id"
[lists.call_first.guardrails]
contacted_within_days = 14
[lists.call_first.action]
cost = 10.0
save_rate = 0.1
budget = 15.0
[lists.core]
limit = 2
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a run beside a config with two lists."""
    folder = tmp_path_factory.mktemp("lists")
    path = folder / "regulars.toml"
    path.write_text(CONFIG)
    with closing(open_store(f"sqlite:///{folder / 'scores.db'}")) as store:
        high = {"churn_probability": 0.8, "expected_value": 200.0}
        called = {**high, "days_since_last_contact": 3.0}
        publish_run(store, {"a": high, "b": high, "c": called, "=d": high})
    return path


def test_all_lists_are_shown_with_whom_they_leave_out(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lists", "-c", str(config)], {}) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in presets())
    assert "1 contacted recently" in shown
    assert "needs days_since_last_contact" not in shown
    assert "needs csat_last or nps_last" in shown
    assert "call_first: contact the first 1 of 3 by expected profit" in shown
    assert "One more GBP of budget would bring 0.60." in shown
    assert "Save rate 10%, from the config." in shown


def test_lists_are_one_json_object(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lists", "-c", str(config), "--json"], {}) == 0
    found = json.loads(capsys.readouterr().out)
    core = next(each for each in found["lists"] if each["name"] == "core")
    assert (core["source"], core["definition"]["limit"]) == ("config", 2)
    assert found["profit"]["call_first"]["length"] == 1


def test_an_export_writes_the_list_and_what_it_is(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "call.csv"
    assert main(["export", "call_first", "--out", str(out), "-c", str(config)], {}) == 0
    assert "3 customers of run" in capsys.readouterr().out
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert [row["customer_id"] for row in rows] == ["'=d", "a", "b"]
    about = (tmp_path / "call.about.csv").read_text("utf-8-sig")
    assert "filter,churn_probability > 0.6" in about
    xlsx = tmp_path / "call.xlsx"
    options = ["--format", "xlsx", "--out", str(xlsx), "--lang", "zh"]
    assert main(["export", "call_first", *options, "-c", str(config)], {}) == 0
    assert xlsx.read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["low_csat_high_value"], "csat_last or nps_last"),
        (["call_first", "--format", "pdf"], "csv, xlsx, parquet"),
        (["call_first", "--lang", "fr"], "en, zh"),
        (["nobodys"], "There is no list nobodys"),
    ],
)
def test_what_cannot_be_exported_is_said(
    config: Path, args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *args, "-c", str(config)], {}) in {1, 2}
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lists.x]\nflter = 'true'", "line 2: [lists.x] flter is not a setting"),
        ("[lists.x]\nfilter = 'true'\nlimit = 0", "line 3: lists.x.limit"),
        (
            "[lists.x]\nfilter='true'\n[lists.x.guardrails]\nconsnt = 'a'",
            'Did you mean "consent"?',
        ),
        ("[lists.'No Name']\nfilter = 'true'", "lists.No Name"),
        ("[lists.x]", "has a filter"),
    ],
)
def test_a_faulty_list_is_refused_with_its_place(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "regulars.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert said in str(caught.value)
