"""Tests of what a run remembers of classes, and finds again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.errors import ConfigError
from models.tiers import Scheme, Standings, grade, make_scheme
from models.tiers.history import read_history

AS_OF = datetime(2011, 12, 10, tzinfo=UTC)
SIZE = Scheme("size", "thresholds", ("A", "B", "C"), quantity="x", limits=(100.0, 50.0))


def facts(**x: float) -> pa.Table:
    return pa.table({"customer_id": list(x), "x": list(x.values())})


def test_the_past_is_found_by_customer_whatever_the_order() -> None:
    schemes = [replace(SIZE, min_stay_days=30), replace(SIZE, name="free")]
    before, moves = None, []
    for number, x in enumerate(
        [facts(a=10, b=60, c=10), facts(c=60, b=60, a=10), facts(d=1, a=60, c=10)]
    ):
        at = AS_OF + timedelta(days=10 * number)
        graded = grade(x, schemes, as_of=at, before=before)
        ids = graded.facts["customer_id"].to_pylist()
        moves.append(dict(zip(ids, graded.moves, strict=True)))
        kept = graded.facts.select(["customer_id", "tier_size", "tier_free"])
        kept = kept.append_column("moves", pa.array(graded.moves, pa.string()))
        before = Standings(kept.take([2, 0, 1]))
    moved = {"cause": "rule", "since": "2011-12-20", "was": "C"}
    assert moves[0] == {"a": None, "b": None, "c": None}
    assert moves[1]["b"] is moves[1]["a"] is None
    assert json.loads(moves[1]["c"] or "") == {"size": moved, "free": moved}
    assert json.loads(moves[2]["c"] or "") == {
        "size": {**moved, "cause": "stay", "by_rule": "C"},
        "free": {"cause": "rule", "since": "2011-12-30", "was": "B"},
    }
    assert moves[2]["d"] is None


def test_a_class_that_is_gone_is_no_past() -> None:
    table = pa.table({"customer_id": ["a"], "moves": ["{}"], "tier_size": ["Z"]})
    past = read_history(Standings(table), pa.chunked_array([["b", "a"]])).of(SIZE)
    assert past.codes.tolist() == [-1, -1]
    assert np.isnat(past.since).all()


def test_the_classes_of_abc_may_have_other_names() -> None:
    given = {"kind": "abc", "quantity": "x", "classes": ["1", "2", "3", "4"]}
    table = facts(a=1, b=2).append_column("tier", pa.array(["VIP", "C"]))
    found = grade(table, [make_scheme("abc", given)], as_of=AS_OF)
    assert found.facts["tier_abc"].to_pylist() == ["1", "4"]
    with pytest.raises(ConfigError, match=r"\[tiers.abc\] has 2 classes"):
        make_scheme("abc", {**given, "classes": ["1", "2"]})


def test_a_pair_that_no_cell_names_is_in_the_last_class() -> None:
    both = Scheme(
        "both",
        "matrix",
        ("yes", "no"),
        rows="size",
        columns="size",
        cells={"A": {"A": "yes"}},
    )
    found = grade(facts(a=200, b=60), [both, SIZE], as_of=AS_OF)
    assert found.facts["tier_both"].to_pylist() == ["yes", "no"]
