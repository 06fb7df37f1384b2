"""Reasons in words: the strongest drivers, and closing rows that make the sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.score.forecast import Explained
from models.score.schema import BASE, OTHER, REASON
from models.words.explain import MOST_REASONS, write_reasons
from models.words.reasons import ReasonTable

Floats = npt.NDArray[np.float64]

COLUMNS = (
    "days_since_last_order",
    "n_orders",
    "net_spend",
    "gap_median",
    "mean_order_value",
)
TABLE = ReasonTable.load()
ONE_VOICE = ReasonTable(
    {**TABLE.to_dict(), "reason": [{"feature": ".*", "en": "seen", "zh": "见过"}]}
)


def explain(
    parts: Any, base: float = 0.5, **changes: Any
) -> list[list[dict[str, Any]]]:
    """Write the reasons of customers who differ in their contributions alone."""
    table = np.asarray(parts, dtype=np.float64)
    columns = COLUMNS[: table.shape[1]]
    X = pd.DataFrame(np.full(table.shape, 30.0), columns=list(columns))
    usual = np.full(table.shape, 20.0)
    written = write_reasons(
        Explained(columns, table, base),
        changes.pop("X", X),
        changes.pop("usual", usual),
        table=changes.pop("table", TABLE),
        currency=None,
        **changes,
    )
    assert written.type.value_type == REASON
    written.validate(full=True)
    found: list[list[dict[str, Any]]] = written.to_pylist()
    return found


def drivers(reasons: list[dict[str, Any]]) -> list[str]:
    """Name the features, the closing rows left out."""
    assert [reason["feature"] for reason in reasons[-2:]] == [OTHER, BASE]
    return [reason["feature"] for reason in reasons[:-2]]


def test_the_strongest_three_are_told_the_strongest_first() -> None:
    (reasons,) = explain([[0.1, -0.4, 0.2, 0.0, -0.3]])
    assert drivers(reasons) == ["n_orders", "mean_order_value", "net_spend"]
    assert [reason["contribution"] for reason in reasons] == pytest.approx(
        [-0.4, -0.3, 0.2, 0.1, 0.5]
    )


def test_who_asks_is_told_first_what_raises_the_figure() -> None:
    (reasons,) = explain([[0.1, -0.4, 0.2, 0.0, -0.3]], raising_first=True)
    assert drivers(reasons)[:2] == ["net_spend", "days_since_last_order"]
    assert reasons[2]["contribution"] < 0


def test_each_customer_has_reasons_of_its_own() -> None:
    first, second = explain([[0.5, 0.1, 0, 0, 0], [0.1, 0.5, 0, 0, 0]])
    assert drivers(first)[0] == "days_since_last_order"
    assert drivers(second)[0] == "n_orders"


@given(
    arrays(np.float64, (4, 5), elements=st.floats(-10, 10)),
    st.floats(-10, 10),
    st.booleans(),
)
def test_contributions_add_up_to_the_figure(
    parts: Floats, base: float, raising_first: bool
) -> None:
    written = explain(parts, base, raising_first=raising_first)
    for row, reasons in zip(parts, written, strict=True):
        found = sum(reason["contribution"] for reason in reasons)
        assert found == pytest.approx(row.sum() + base, rel=0, abs=1e-9)
        assert len(drivers(reasons)) <= MOST_REASONS


def test_figures_stand_beside_the_words() -> None:
    X = pd.DataFrame([[74.0, np.nan, 1, 1, 1]], columns=list(COLUMNS))
    usual = np.array([[21.0, np.nan, 1, 1, 1]])
    (reasons,) = explain([[0.4, 0.3, 0, 0, 0]], X=X, usual=usual)
    first, second, *_ = reasons
    assert (first["value"], first["usual"]) == (74.0, 21.0)
    assert "74" in first["en"]
    assert "74" in first["zh"]
    assert (second["value"], second["usual"]) == (None, None)
    assert [reason["value"] for reason in reasons[-2:]] == [None, None]


def test_what_has_been_said_is_not_said_again() -> None:
    """Features that read alike are one reason; the weaker go to the others."""
    (reasons,) = explain([[0.4, 0.3, -0.2, 0, 0]], base=0.1, table=ONE_VOICE)
    assert drivers(reasons) == ["days_since_last_order"]
    assert [reason["contribution"] for reason in reasons] == pytest.approx(
        [0.4, 0.1, 0.1]
    )


@pytest.mark.parametrize("width", [1, 2])
def test_few_features_are_few_reasons(width: int) -> None:
    (reasons,) = explain([[0.3, 0.2][:width]])
    assert len(drivers(reasons)) == width
    assert reasons[-2]["contribution"] == pytest.approx(0)


def test_the_base_is_the_same_for_all() -> None:
    written = explain(np.random.default_rng(0).normal(size=(20, 5)), base=0.25)
    assert {reasons[-1]["contribution"] for reasons in written} == {0.25}
