"""``regulars report`` lists, prints and writes reports."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from models.reports import TITLES
from regulars.cli import main
from serving.store import Publication, open_store, publish
from tests.models.reports.test_chart import REPORT
from tests.serving.samples import context, described, scored


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a run with one report."""
    folder = tmp_path_factory.mktemp("shop")
    with closing(open_store(f"sqlite:///{folder / 'regulars.db'}")) as store:
        publish(
            store,
            Publication(
                scored(2),
                context=context(),
                model=described(),
                reports={"abc": json.dumps(REPORT.to_dict())},
            ),
        )
    path = folder / "regulars.toml"
    path.write_text('[store]\nurl = "sqlite:///regulars.db"\n')
    return path


def test_without_a_name_the_reports_are_listed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "-c", str(config)], {}) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in TITLES)


def test_a_report_is_printed_as_tables_or_as_json(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "abc", "-c", str(config)], {}) == 0
    assert "amounts in GBP" in capsys.readouterr().out
    assert main(["report", "abc", "--format", "json", "-c", str(config)], {}) == 0
    assert json.loads(capsys.readouterr().out)["charts"][0]["spec"]["$schema"]


@pytest.mark.parametrize(
    ("name", "begins"), [("r.html", b"<!DOCTYPE"), ("r.csv", b"\xef\xbb\xbfSome")]
)
def test_a_report_is_written_in_the_format_of_the_file(
    config: Path, tmp_path: Path, name: str, begins: bytes
) -> None:
    out = tmp_path / name
    assert main(["report", "abc", "--out", str(out), "-c", str(config)], {}) == 0
    assert out.read_bytes().strip().startswith(begins)


@pytest.mark.parametrize(
    "more",
    [["abcd"], ["cohorts"], ["abc", "--run", "no"], ["abc", "--format", "pdf"]],
    ids=" ".join,
)
def test_what_there_is_not_leaves_with_two(
    config: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert main(["report", *more, "-c", str(config)], {}) == 2
    err = capsys.readouterr().err
    assert err
    assert "Traceback" not in err
