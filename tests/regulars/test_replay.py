"""``regulars replay`` leaves with 2 where there is nothing to replay."""

import json
from pathlib import Path

import pytest

from regulars.cli import main


def test_an_unknown_run_leaves_with_two_before_the_log_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "regulars.toml"
    config.write_text('[data]\ntransactions = "nowhere.csv"\n')

    args = ["replay", "c1", "--run", "nothing", "-c", str(config), "--json"]
    assert main(args, {}) == 2

    out, err = capsys.readouterr()
    assert "keeps no run nothing" in json.loads(out)["error"]["given"]
    assert "Traceback" not in err
