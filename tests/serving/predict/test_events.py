"""Customers scored from their rows, in arrays and through the door."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pyarrow as pa
import pytest

from models.bundle.bundle import Bundle, load_bundle
from models.score.schema import RunContext
from serving.predict.customer_events import CustomerEvents
from serving.predict.events import score_events
from tests.serving.trained import Trained


@pytest.fixture(scope="module")
def bundle(trained: Trained) -> Bundle:
    """Return the small model."""
    return load_bundle(trained.folder, version="1")


def some(trained: Trained, *, blanks: str = "") -> list[CustomerEvents]:
    """Return a few customers; with blanks around a text the door has to be asked."""

    def spoil(rows: Sequence[dict[str, object]]) -> tuple[dict[str, object], ...]:
        return tuple({**row, "currency": f"GBP{blanks}"} for row in rows)

    return [
        replace(each, transactions=spoil(list(map(dict, each.transactions))))
        for each in (trained.events[f"c{n:03}"] for n in range(6))
    ]


def test_rows_that_the_door_has_to_change_give_the_same_scores(
    bundle: Bundle, trained: Trained
) -> None:
    context = trained.run.context
    plain = score_events(bundle, some(trained), context=context)
    assert plain.num_rows > 3
    assert score_events(bundle, some(trained, blanks=" "), context=context) == plain


@pytest.mark.parametrize("blanks", ["", " "])
def test_two_threads_that_ask_as_of_two_instants_hear_each_its_own(
    bundle: Bundle, trained: Trained, blanks: str
) -> None:
    late = trained.run.context
    early = replace(late, as_of=late.as_of - timedelta(days=200))
    asked = some(trained, blanks=blanks)
    alone = {
        each.as_of: score_events(bundle, asked, context=each) for each in (late, early)
    }
    assert alone[late.as_of] != alone[early.as_of]
    start = Barrier(2)

    def ask(context: RunContext) -> list[pa.Table]:
        start.wait(10)
        return [score_events(bundle, asked, context=context) for _ in range(5)]

    with ThreadPoolExecutor(2) as pool:
        for context, found in zip(
            (late, early), pool.map(ask, (late, early)), strict=True
        ):
            assert all(each == alone[context.as_of] for each in found)
