"""Sentences are the same whether they are written by row or by column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.purchases.btyd import COLUMNS
from models.words.columns import ROWS_WRITTEN_SINGLY
from models.words.reasons import ReasonTable
from tests.features.purchases.test_build import full_plan

TABLE = ReasonTable.load()
FEATURES = (*full_plan().names, *COLUMNS, "something_new")
MANY = ROWS_WRITTEN_SINGLY + 1

HALVES = np.arange(0, 12_000) / 1_000 + 0.0005
FIGURES = np.concatenate(
    [
        HALVES,
        np.nextafter(HALVES, 0),
        80 * HALVES,
        -HALVES,
        np.random.default_rng(1).uniform(-1, 12, 5_000),
        [0.0, 1e-9, 999_999.5, 1e6, 1e300],
    ]
)


@pytest.mark.parametrize("kind", ["number", "days", "order|orders", "share"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_column_of_figures_is_written_as_each_by_itself(
    kind: str, language: str
) -> None:
    said = dict.fromkeys(("en", "zh"), f"{{value:{kind}}}")
    entries = {"directions": {}, "reason": [], "fallback": {**said, "missing": said}}
    table = ReasonTable.from_dict(entries)

    (together,) = table.sentences(
        "x",
        FIGURES,
        np.zeros_like(FIGURES),
        contribution=np.zeros_like(FIGURES),
        languages=(language,),
    )

    alone = [
        table.sentence("x", figure, 0.0, 0.0)[language == "zh"]
        for figure in FIGURES.tolist()
    ]
    assert together.to_pylist() == alone


numbers = st.one_of(
    st.sampled_from([0.0, -1.0, 1.0, 9.5, 10.5, 11.5, 0.25, np.nan, np.inf, -np.inf]),
    st.floats(-1e7, 1e7),
    st.integers(-3, 400).map(float),
)


@settings(max_examples=300, deadline=None)
@given(
    feature=st.sampled_from(FEATURES),
    figures=st.tuples(numbers, numbers, st.floats(-1, 1)),
    others=st.lists(numbers, min_size=len(FEATURES), max_size=len(FEATURES)),
    currency=st.sampled_from([None, "GBP"]),
)
def test_one_sentence_is_that_of_a_column_of_sentences(
    feature: str,
    figures: tuple[float, float, float],
    others: list[float],
    currency: str | None,
) -> None:
    context = dict(zip(FEATURES[::2], others[::2], strict=True))
    value, usual, contribution = (np.full(MANY, figure) for figure in figures)
    columns = TABLE.sentences(
        feature,
        value,
        usual,
        contribution=contribution,
        currency=currency,
        context={name: np.full(MANY, figure) for name, figure in context.items()},
    )
    one = TABLE.sentence(feature, *figures, currency=currency, context=context)
    assert [column.to_pylist() for column in columns] == [[text] * MANY for text in one]


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_is_said_where_nothing_else_is_known(feature: str) -> None:
    assert all(TABLE.sentence(feature, np.nan, np.nan, 0.0))
