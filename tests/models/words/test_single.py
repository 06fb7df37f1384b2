"""A sentence written by itself is the one that is written in a column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.purchases.btyd import COLUMNS
from models.words.reasons import ReasonTable
from models.words.sentences import LANGUAGES
from tests.features.purchases.test_build import full_plan

TABLE = ReasonTable.load()
FEATURES = (*full_plan().names, *COLUMNS, "something_new")

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
    value, usual, contribution = figures
    own = {"value": value, "usual": usual, "direction": contribution}
    beside = dict(zip(FEATURES[::2], others[::2], strict=True))

    for language in LANGUAGES:
        (columns,) = TABLE.sentences(
            feature,
            np.array([value]),
            np.array([usual]),
            contribution=np.array([contribution]),
            currency=currency,
            context={name: np.array([each]) for name, each in beside.items()},
            languages=(language,),
        )
        one = TABLE.write(feature, {**beside, **own}.get, language, currency=currency)
        assert [one] == columns.to_pylist()


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_is_said_where_nothing_else_is_known(feature: str) -> None:
    own = {"value": np.nan, "usual": np.nan, "direction": 0.0}
    assert TABLE.write(feature, own.get, "en", currency=None)
