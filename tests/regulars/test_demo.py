"""The demo goes the whole way and shows what it found."""

import json
import re

import pyarrow.parquet as pq
import pytest

from models.score.schema import SCORE_SCHEMA
from regulars.cli import main
from tests.regulars.conftest import Demo, Run

pytestmark = pytest.mark.xdist_group("demo")


def test_the_demo_ends_well_and_keeps_progress_off_its_answer(demo: Demo) -> None:
    assert demo.outcome.returncode == 0, demo.outcome.stderr
    assert "Training" in demo.outcome.stderr
    assert "..." not in demo.outcome.stdout.partition("The training")[0]


def test_it_shows_rows_in_accepted_and_set_aside(demo: Demo) -> None:
    shown = demo.outcome.stdout
    lines = shown.partition("│ transactions")[2].partition("│ interactions")[0]
    rows = dict(re.findall(r"│ ([a-z: ]+?) +│ +([\d,]+) │", lines))
    counts = {words: int(number.replace(",", "")) for words, number in rows.items()}
    aside = [count for words, count in counts.items() if words.startswith("set aside")]
    assert counts["in"] == counts["accepted"] + sum(aside)
    assert counts["set aside: missing customer id"] > 0
    assert counts["set aside: not a product"] > 0


def test_it_shows_snapshots_and_the_grade_against_simple_methods(demo: Demo) -> None:
    shown = demo.outcome.stdout
    assert re.search(r"The training snapshots[\s\S]+│ 2011-\d\d-\d\d │", shown)
    assert "On the later holdout, 2011-" in shown
    for method in ("this model", "days since the last order", "BG/NBD"):
        assert re.search(rf"│ {method}.* │ +0\.\d+ │ +0\.\d+ │", shown), method
    assert re.search(r"Grade [A-D]: ", shown)


def test_it_shows_ten_customers_with_a_reason_each(demo: Demo) -> None:
    table = demo.outcome.stdout.partition("most value at risk")[2]
    cells = r"│ \d{5} +│ (VIP|A|B|C) +│ +\d+% │ +[\d,]+ │ +[\d,]+ │ \w[^│]+│"
    assert len(re.findall(cells, table)) == 10


def test_it_shows_the_address_and_the_line_to_try(demo: Demo) -> None:
    shown = demo.outcome.stdout
    assert "Open http://127.0.0.1:8000/docs" in shown
    assert re.search(
        r"curl -s -H 'Authorization: Bearer rgl_\w+' "
        r"http://127.0.0.1:8000/v1/customers/\d{5}\n",
        shown,
    )


def test_training_and_scoring_again_publish_another_version(
    demo: Demo, regulars: Run
) -> None:
    """The published rows are those of the file, and the as_of is the one asked for."""
    day = "2011-10-01"
    trained = regulars("train", "-c", demo.config, "--as-of", day, "--json")
    assert trained.returncode == 0, trained.stderr
    version = json.loads(trained.stdout)
    assert (version["version"], version["promoted"]) == ("2", True)
    assert version["as_of"] == f"{day}T00:00:00+00:00"
    out = demo.config.parent / "scores.parquet"
    scored = regulars(
        "score", "-c", demo.config, "--as-of", day, "--out", out, "--json"
    )
    assert scored.returncode == 0, scored.stderr
    run = json.loads(scored.stdout)
    table = pq.read_table(out)
    assert table.schema.equals(SCORE_SCHEMA)
    assert run["model_version"] == "2"
    assert run["customers"] == table.num_rows == sum(run["tiers"].values())
    assert {f"{at:%Y-%m-%d}" for at in table["as_of"].unique().to_pylist()} == {day}


def test_nobody_can_be_scored_before_the_log_begins(demo: Demo, regulars: Run) -> None:
    scored = regulars("score", "-c", demo.config, "--as-of", "2001-01-01", "--json")
    assert scored.returncode == 1
    assert json.loads(scored.stdout)["error"]["kind"] == "DataError"


def test_an_as_of_that_is_no_date_is_bad_usage(demo: Demo, regulars: Run) -> None:
    scored = regulars("score", "-c", demo.config, "--as-of", "yesterday")
    assert scored.returncode == 2
    assert "2011-09-10" in scored.stderr


def test_without_a_champion_there_is_nothing_to_score_with(
    demo: Demo, regulars: Run
) -> None:
    config = demo.config.with_name("untrained.toml")
    config.write_text(demo.config.read_text().replace("mlflow/", "none/"))
    scored = regulars("score", "-c", config)
    assert scored.returncode == 1
    assert "regulars train" in scored.stderr


def test_every_preset_runs_on_the_sample_or_says_what_it_needs(
    demo: Demo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lists", "-c", str(demo.config), "--json"], {}) == 0
    found = json.loads(capsys.readouterr().out)["lists"]
    assert {each["name"]: each["needs"] for each in found if each["needs"]} == {
        "revisit_due": ["days_since_last_contact"],
        "vip_without_owner": ["owner_id"],
        "low_return_contact": ["days_since_last_contact"],
        "low_csat_high_value": ["csat_last", "nps_last"],
    }
    assert [each["fault"] for each in found if each["fault"]] == []
    for each in found:
        left = sum(each["excluded"].values()) + each["n_beyond"]
        assert each["n_members"] + left == each["n_candidates"]
