import numpy as np
import pandas as pd
import pytest

from features.purchases.build import build_features
from features.purchases.frame import (
    SMALL_FRAME_ROWS,
    take_columns,
    to_frame,
    to_matrix,
)
from tests.features.sqllog import at, open_log, plan_for

LOG = """
customer_id | occurred_at | amount
a           | 2024-01-01  | 10
b           | 2024-01-11  | 20
b           | 2024-01-21  | 30
b           | 2024-02-21  | 30
"""


def test_a_matrix_has_the_named_columns_with_nan_for_null() -> None:
    log = open_log(transactions=LOG)
    table = build_features(log, plan_for(log, "2024-02-10"), as_of=[at("2024-02-10")])

    X = to_matrix(table, ["gap_mean", "n_orders"])

    np.testing.assert_array_equal(X, [[np.nan, 1], [10, 2]])
    assert X.dtype == np.float64


def test_a_frame_is_indexed_by_customer_and_as_of() -> None:
    log = open_log(transactions=LOG)
    table = build_features(log, plan_for(log, "2024-02-10"), as_of=[at("2024-02-10")])

    frame = to_frame(table, ["n_orders"])

    assert frame.index.names == ["customer_id", "as_of"]
    assert frame["n_orders"].tolist() == [1, 2]
    assert to_frame(table).shape == (2, table.num_columns - 2)


@pytest.mark.parametrize("n", [0, 1, SMALL_FRAME_ROWS, SMALL_FRAME_ROWS + 1])
def test_columns_are_taken_in_the_order_asked_for(n: int) -> None:
    matrix = np.arange(3.0 * n).reshape(n, 3)
    frame = pd.DataFrame(matrix, columns=["a", "b", "c"])
    turned = pd.DataFrame(matrix[:, ::-1], columns=["c", "b", "a"])

    for X in (frame, turned, frame):
        columns = take_columns(X, ["c", "a"])
        np.testing.assert_array_equal(columns, matrix[:, [2, 0]])
        assert columns.dtype == np.float64
        assert take_columns(X, []).shape == (n, 0)
        with pytest.raises(KeyError, match="d"):
            take_columns(X, ["a", "d"])
