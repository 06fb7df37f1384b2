"""``regulars audit`` leaves with 0 where nothing leaks, and names what does."""

import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from regulars.cli import main


def leaves(who: int) -> bool:
    """Tell who is gone after June, for no reason that the log knows."""
    return random.Random(1_000 + who).random() < 0.3


def write_log(folder: Path, *, state: Callable[[int], str] | None = None) -> Path:
    """Write a log in which some leave after June."""
    lines = ["customer_id,occurred_at,amount"]
    for who in range(150):
        chance = random.Random(who)
        stays_until = date(2024, 7, 1) if leaves(who) else date(2024, 12, 1)
        day = date(2024, 1, 1) + timedelta(days=chance.randrange(60))
        while day < stays_until:
            lines.append(f"c{who},{day},{chance.randrange(5, 50)}.50")
            day += timedelta(days=1 + round(chance.expovariate(1 / 18)))
    (folder / "sales.csv").write_text("\n".join([*lines, ""]))
    config = '[data]\ntransactions = "sales.csv"\n'
    if state is not None:
        rows = [f"c{who},{state(who)}" for who in range(150)]
        text = "\n".join(["customer_id,state", *rows, ""])
        (folder / "customers.csv").write_text(text)
        config += 'customers = "customers.csv"\n'
    path = folder / "regulars.toml"
    path.write_text(config + "[model]\nhorizon_days = 60\n")
    return path


def test_a_log_without_a_leak_leaves_with_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path)

    assert main(["audit", "-c", str(config), "--as-of", "2024-06-28"], {}) == 0

    shown = capsys.readouterr().out
    assert "Clean: No feature of any customer moved" in shown
    assert "is named" in shown


def test_a_column_set_on_leaving_is_named_and_leaves_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path, state=lambda who: "closed" if leaves(who) else "open")

    args = ["audit", "-c", str(config), "--as-of", "2024-06-28", "--json"]
    assert main(args, {}) == 1

    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["blind"] is True
    assert found["clean"] is False
    assert found["suspicions"]["suspects"][0]["column"] == "customers.state"
    assert [each["max_difference"] for each in found["rebuilds"]] == [0.0] * 4
    assert all(each["n_compared"] > 0 for each in found["rebuilds"])
    assert "Looking for columns that know the answer" in err


def test_an_instant_before_the_log_leaves_with_one_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path)

    assert main(["audit", "-c", str(config), "--as-of", "2020-01-01"], {}) == 1

    err = capsys.readouterr().err
    assert "no purchase before 2020-01-01" in err
    assert "Traceback" not in err
