"""Scores that another process writes are published as if we had written them."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from features.errors import StoreError
from models.schemes.primary import Rewritten
from models.scores import GAP, TEXT
from serving.crowd import put_aside
from serving.store import Store, publish, writing_aside
from serving.store.aside import Aside
from serving.store.halves import with_halves
from serving.store.lock import publish_lock
from serving.store.score_rows import ScoreRows
from serving.store.tables import runs, scores
from tests.serving.samples import context, described, scored

RANKS = pa.array([3, 1, None, 2, 5, 4, 6], pa.int64())


@pytest.fixture
def table() -> pa.Table:
    return scored(7)


def files(table: pa.Table, aside: Aside) -> tuple[Sequence[Path], ScoreRows]:
    """Write scores in two files; return them, and the rows with their ranks."""
    paths = [aside.folder / "0", aside.folder / "1"]
    put_aside(with_halves(table.slice(0, 4)), paths[0])
    put_aside(with_halves(table.slice(4)), paths[1])
    return paths, ScoreRows.stored(paths).with_figures({"priority": RANKS})


def stored(store: Store, run_id: str) -> list[tuple[object, ...]]:
    """Return the rows of a run, without its number."""
    columns = [column for column in scores.c if column.name != "run"]
    query = sa.select(*columns).join(runs, runs.c.number == scores.c.run)
    with store.read() as con:
        found = con.execute(query.where(runs.c.run_id == run_id).order_by(columns[0]))
        return [tuple(row) for row in found]


@pytest.mark.parametrize("is_rewritten", [False, True])
def test_the_rows_of_a_run_are_the_same_whoever_writes_them(
    store: Store, table: pa.Table, is_rewritten: bool
) -> None:
    new = Rewritten(
        tier=pa.array([*table["tier"].to_pylist()[:6], "VIP"]),
        rows=np.array([6]),
        tier_reason=pa.array([{"en": "new", "zh": "新"}], TEXT),
        gap_to_next_tier=pa.array([None], GAP),
    )
    with writing_aside(store, model=described()) as aside:
        paths, rows = files(table, aside)
        aside.begin(paths, RANKS, context())
        rows = rows.with_words(new) if is_rewritten else rows
        run_id = publish(store, rows, context=context(), model=described(), aside=aside)
    plain = publish(store, rows, context=context(), model=described())
    assert len(stored(store, run_id)) == 7
    assert stored(store, run_id) == stored(store, plain)


def test_nobody_else_publishes_while_scores_are_written(
    store: Store, table: pa.Table
) -> None:
    with writing_aside(store, model=described()) as aside:
        paths, rows = files(table, aside)
        aside.begin(paths, RANKS, context())
        with pytest.raises(StoreError, match="Another process is publishing"):
            publish(store, rows, context=context(), model=described())
    with publish_lock(store):
        pass


def test_a_writer_that_is_killed_leaves_what_was_published(
    store: Store, table: pa.Table
) -> None:
    before = publish(store, table, context=context(), model=described())
    with writing_aside(store, model=described()) as aside:
        paths, rows = files(table, aside)
        aside.begin(paths, RANKS, context())
        (writer,) = aside.writers
        os.kill(writer, signal.SIGKILL)
        with pytest.raises(StoreError, match="wrote the scores has ended"):
            publish(store, rows, context=context(), model=described(), aside=aside)
    after = publish(store, table, context=context(), model=described())
    with store.read() as con:
        assert con.scalars(sa.select(runs.c.run_id).order_by(runs.c.number)).all() == [
            before,
            after,
        ]
        assert set(con.scalars(sa.select(runs.c.state))) == {"published"}
