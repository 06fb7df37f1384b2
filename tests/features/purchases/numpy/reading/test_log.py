"""How a log is cut into blocks."""

import numpy as np
import pyarrow as pa
import pytest

from features.purchases.numpy.reading.log import LEAST, RawLog, make_raw

YEAR = 365 * 86_400_000_000


@pytest.mark.parametrize(
    ("n", "most", "threads", "size", "n_blocks"),
    [
        (1, 16_384, 2, 1, 1),
        (2 * LEAST - 1, 16_384, 2, 2 * LEAST - 1, 1),
        (2 * LEAST, 16_384, 2, LEAST, 2),
        (2 * LEAST, 16_384, 1, 2 * LEAST, 1),
        (16_385, 16_384, 1, 8_193, 2),
        (90_000, 65_536, 2, 45_000, 2),
        (90_000, 65_536, 4, 22_500, 4),
        (90_000, 16_384, 4, 11_250, 8),
        (97, 7, 2, 7, 14),
    ],
)
def test_blocks_are_of_one_size_and_as_many_for_each_thread(
    n: int, most: int, threads: int, size: int, n_blocks: int
) -> None:
    raw = raw_of(n, most=most, threads=threads, span=YEAR)

    assert (raw.block_size, raw.n_blocks) == (size, n_blocks)


@pytest.mark.parametrize("span", [1, 3 * YEAR, 40 * YEAR, 2**62, 2**63 - 1])
def test_a_customer_and_an_instant_fit_63_bits(span: int) -> None:
    raw = raw_of(100_000, most=65_536, threads=2, span=span)

    assert raw.span == span
    assert 1 <= raw.block_size <= 65_536
    assert raw.block_size * span <= 2**63
    assert raw.block_size == 50_000 or (raw.block_size + 2) * span > 2**62


def raw_of(n: int, *, most: int, threads: int, span: int) -> RawLog:
    at = np.array([0, span - 1])
    sales = {"customer_no": np.array([0, max(0, n - 1)]), "at_us": at}
    joined = np.zeros(n, np.int64)
    ids = pa.array([str(each) for each in range(n)])
    return make_raw(ids, (sales, {}), joined, most=most, threads=threads)
