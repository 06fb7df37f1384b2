"""Tests of how customers move between the classes of a scheme."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.tiers import (
    ManualOverride,
    grade,
    make_scheme,
)
from tests.models.tiers.runs import (
    AS_OF,
    SIZE,
    classes,
    facts,
    quick,
    walk,
)


@quick
@given(st.lists(st.floats(-0.09, 0.09), min_size=2, max_size=6), st.booleans())
def test_who_stays_within_the_band_never_moves(
    steps: list[float], starts_above: bool
) -> None:
    scheme = replace(SIZE, hysteresis=0.1)
    start = 104.0 if starts_above else 96.0
    days: list[list[float | None]] = [[start]]
    days += [[100.0 * (1 + step)] for step in steps]
    runs = walk(scheme, days, step=1)
    assert {classes(run)[0] for run in runs} == {"A" if starts_above else "B"}


def test_who_passes_the_band_moves() -> None:
    scheme = replace(SIZE, hysteresis=0.1)
    runs = walk(scheme, [[90.0], [109.0], [110.0], [91.0], [89.0], [40.0]])
    assert [classes(run)[0] for run in runs] == ["B", "B", "A", "A", "B", "C"]
    assert json.loads(runs[1].moves[0] or "") == {
        "size": {"cause": "band", "by_rule": "A"}
    }


def test_a_minimum_stay_holds_a_customer() -> None:
    scheme = replace(SIZE, min_stay_days=30)
    runs = walk(scheme, [[40.0], [60.0], [40.0], [40.0], [40.0]])
    assert [classes(run)[0] for run in runs] == ["C", "B", "B", "B", "C"]
    assert json.loads(runs[2].moves[0] or "")["size"]["cause"] == "stay"


def test_flapping_is_counted() -> None:
    runs = walk(SIZE, [[40.0, 40.0], [60.0, 60.0], [40.0, 60.0]])
    assert runs[1].summary["size"]["moved"]["up"] == 2
    assert runs[2].summary["size"]["moved"]["flapped"] == 1
    assert runs[2].summary["size"]["moved"]["flapping"] == 0.5
    held = walk(replace(SIZE, min_stay_days=30), [[40.0], [60.0], [40.0]])
    assert held[2].summary["size"]["moved"]["flapping"] == 0


def test_growth_and_failing_put_customers_elsewhere_for_a_while() -> None:
    scheme = make_scheme(
        "size",
        {
            "kind": "thresholds",
            "quantity": "x",
            "classes": ["A", "B", "C"],
            "limits": [100, 50],
            "growth": {"when": "x = 40", "to": "A", "days": 15},
            "failing": {"when": "x = 60", "to": "C", "days": 15},
        },
    )
    runs = walk(scheme, [[40.0, 60.0, 70.0]] * 3)
    assert [classes(run) for run in runs] == [
        ["A", "C", "B"],
        ["A", "C", "B"],
        ["C", "B", "B"],
    ]
    told = json.loads(runs[0].moves[0] or "")["size"]
    assert told == {"cause": "growth", "lifted": "2011-12-10", "by_rule": "C"}


def test_an_override_that_needs_approval_is_only_proposed() -> None:
    growth = {"when": "x = 40", "to": "A", "approval": True}
    plain = {key: value for key, value in SIZE.to_dict().items() if key != "name"}
    scheme = make_scheme("size", {**plain, "growth": growth})
    found = grade(facts([40.0]), [scheme], as_of=AS_OF)
    assert classes(found) == ["C"]
    assert found.summary["size"]["moved"]["proposed"] == 1


def test_a_decision_by_hand_holds_until_its_day() -> None:
    def decided(days: int) -> ManualOverride:
        until = AS_OF + timedelta(days=days)
        return ManualOverride("c0", "size", "A", "amy", "visits", until)

    held = grade(facts([1.0, 1.0]), [SIZE], as_of=AS_OF, manual=[decided(1)])
    over = grade(facts([1.0, 1.0]), [SIZE], as_of=AS_OF, manual=[decided(0)])
    assert classes(held) == ["A", "C"]
    assert classes(over) == ["C", "C"]
