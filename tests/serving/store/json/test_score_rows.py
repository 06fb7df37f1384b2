"""Scores on disk are read back as they were, with what was written anew."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.errors import DataError
from models.score.schema import GAP, SCORE_SCHEMA, TEXT
from models.tiers.primary import Rewritten
from serving.runs.parallel import put_aside
from serving.store.json.around_rank import with_halves
from serving.store.json.score_rows import ScoreRows, as_rows
from serving.store.rows import score_rows
from tests.serving.samples import scored


@pytest.fixture
def table() -> pa.Table:
    return scored(7)


@pytest.fixture
def stored(table: pa.Table, tmp_path: Path) -> ScoreRows:
    paths = [tmp_path / "0", tmp_path / "1"]
    put_aside(table.slice(0, 4), paths[0])
    put_aside(table.slice(4), paths[1])
    rows = ScoreRows.stored(paths)
    for path in paths:
        path.unlink()
    return rows


def test_rows_are_there_when_their_files_are_gone(
    table: pa.Table, stored: ScoreRows
) -> None:
    assert [chunk.num_rows for chunk in stored.chunks()] == [4, 3]
    assert stored.table().equals(table)
    assert stored.take([5, 0]).to_pylist() == table.take([5, 0]).to_pylist()
    assert stored.take([]).schema == SCORE_SCHEMA


def test_what_is_rewritten_is_read_in_its_place(
    table: pa.Table, stored: ScoreRows
) -> None:
    said = [{"en": f"new {n}", "zh": f"新{n}"} for n in range(2)]
    tiers = ["A", "B", *["C"] * 5]
    new = Rewritten(
        tier=pa.array(tiers),
        rows=np.array([1, 5]),
        tier_reason=pa.array(said, TEXT),
        gap_to_next_tier=pa.array([None, None], GAP),
    )
    found = stored.with_words(new).table().to_pylist()
    expected = table.to_pylist()
    for row, tier in zip(expected, tiers, strict=True):
        row["tier"] = tier
    for place, words in zip((1, 5), said, strict=True):
        expected[place] |= {"tier_reason": words, "gap_to_next_tier": None}
    assert found == expected


@pytest.mark.parametrize("is_rewritten", [False, True])
def test_json_written_with_a_score_is_that_of_its_row(
    table: pa.Table, tmp_path: Path, is_rewritten: bool
) -> None:
    paths = [tmp_path / "0", tmp_path / "1"]
    put_aside(with_halves(table.slice(0, 4)), paths[0])
    put_aside(with_halves(table.slice(4)), paths[1])
    ranks = pa.array([7, 3, None, 1, 2, 5, 4], pa.int64())
    rows = ScoreRows.stored(paths).with_figures({"priority": ranks})
    plain = ScoreRows.of(table).with_figures({"priority": ranks})
    if is_rewritten:
        new = Rewritten(
            tier=pa.array([*table["tier"].to_pylist()[:6], "VIP"]),
            rows=np.array([6]),
            tier_reason=pa.array([{"en": "new", "zh": "新"}], TEXT),
            gap_to_next_tier=pa.array([None], GAP),
        )
        rows, plain = rows.with_words(new), plain.with_words(new)
    assert rows.table().equals(plain.table())
    found = [row for batch in score_rows(rows) for row in batch]
    assert found == [row for batch in score_rows(plain) for row in batch]
    bodies = [json.loads(row[-1]) for row in found]
    assert [body["priority"] for body in bodies] == ranks.to_pylist()
    assert bodies[6]["tier"] == ("VIP" if is_rewritten else table["tier"][6].as_py())
    assert list(bodies[0]) == SCORE_SCHEMA.names


def test_a_table_of_something_else_is_refused() -> None:
    with pytest.raises(DataError, match="The table has the columns x"):
        as_rows(pa.table({"x": [1]}))
