"""Logs like a shop's, of any size: a thousand events or a hundred million.

``python -m tests.bench.generate FOLDER --events 1000000`` writes a Parquet file a month
of ``transactions`` and ``interactions``, and one of ``customers``. The same seed gives
the same rows. Customers differ in pace, taste and spend, arrive over the years, leave
for good, buy before Christmas and little in August, send things back, and are written
to and call.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY = 86_400_000_000
SEASON = (0.8, 0.8, 0.9, 1.0, 1.0, 0.9, 0.8, 0.7, 1.0, 1.1, 1.5, 1.9)
"""How much is bought in each month, January first."""
CATEGORIES = tuple(f"category {n:02}" for n in range(30))
CHANNELS = ("web", "shop", "app")
CONTACTS = (
    ("email", "outbound", 0.55),
    ("email", "inbound", 0.10),
    ("call", "inbound", 0.15),
    ("call", "outbound", 0.08),
    ("complaint", "inbound", 0.05),
    ("visit", "inbound", 0.07),
)
MOST_AT_A_TIME = 10_000_000


@dataclass(frozen=True, slots=True)
class LogShape:
    """What a generated log is like.

    Parameters
    ----------
    events : int
        Lines of transactions and interactions together.
    customers : int
        Each buys at least once.
    seed : int
        The same seed and shape give the same rows.
    starts_at : datetime
        When the log starts, UTC, the first of a month.
    months : int
        How long it is.
    contact_share : float
        How many of the events are interactions.
    return_share : float
        How many purchase lines are sent back.
    """

    events: int
    customers: int
    seed: int = 0
    starts_at: datetime = datetime(2023, 1, 1, tzinfo=UTC)
    months: int = 36
    contact_share: float = 0.15
    return_share: float = 0.06

    @property
    def month_starts(self) -> list[datetime]:
        """The first instant of each month, and of the one after the last."""
        first = self.starts_at.year * 12 + self.starts_at.month - 1
        months = range(first, first + self.months + 1)
        return [datetime(m // 12, m % 12 + 1, 1, tzinfo=UTC) for m in months]

    @property
    def ends_at(self) -> datetime:
        """When the log ends."""
        return self.month_starts[-1]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A share of the customers, and how many events they have."""

    number: int
    first_customer: int
    customers: int
    events: int


def generate(folder: Path, shape: LogShape) -> None:
    """Write ``transactions-YYYY-MM.parquet``, ``interactions-...``, ``customers``."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[Path, pq.ParquetWriter] = {}
    with ExitStack() as stack:
        for chunk in _chunks(shape):
            for path, table in _tables(folder, shape, chunk):
                if path not in writers:
                    writer = pq.ParquetWriter(path, table.schema, compression="zstd")
                    writers[path] = stack.enter_context(writer)
                writers[path].write_table(table, row_group_size=122_880)


def _chunks(shape: LogShape) -> Iterator[Chunk]:
    n_chunks = -(-shape.events // MOST_AT_A_TIME)
    for number in range(n_chunks):
        first, last = (shape.customers * n // n_chunks for n in (number, number + 1))
        start, end = (shape.events * n // n_chunks for n in (number, number + 1))
        yield Chunk(number, first, last - first, end - start)


def _tables(
    folder: Path, shape: LogShape, chunk: Chunk
) -> Iterator[tuple[Path, pa.Table]]:
    rng = np.random.default_rng([shape.seed, chunk.number])
    born, died, share = _lives(rng, shape, chunk.customers)
    n_contacts = int(chunk.events * shape.contact_share)
    n_contacts = min(n_contacts, chunk.events - chunk.customers)
    lines = 1 + rng.multinomial(chunk.events - n_contacts - chunk.customers, share)
    contacts = rng.multinomial(n_contacts, share)
    number = np.arange(chunk.first_customer, chunk.first_customer + chunk.customers)
    ids = pc.binary_join_element_wise("c", pc.utf8_lpad(_text(number), 8, "0"), "")
    yield folder / "customers.parquet", _customers(rng, ids, born)
    sales = _sales(rng, shape, (born, died, lines), first_order=chunk.events)
    yield from _by_month(folder, "transactions", shape, (ids, *sales))
    calls = _contacts(rng, shape, (born, died, contacts))
    yield from _by_month(folder, "interactions", shape, (ids, *calls))


def _lives(
    rng: np.random.Generator, shape: LogShape, n: int
) -> tuple[Ints, Ints, Floats]:
    """Return when customers come and go, and their share of all events."""
    length = (shape.ends_at - shape.starts_at) // timedelta(microseconds=1)
    born = (rng.random(n) ** 1.3 * 0.97 * length).astype(np.int64)
    stay = rng.exponential(0.45 * length, n) * (0.3 + rng.gamma(1.0, 0.7, n))
    died = np.minimum(born + stay.astype(np.int64) + DAY, length)
    weight = rng.gamma(0.8, 1.0, n) * (died - born)
    return born, died, weight / weight.sum()


def _sales(
    rng: np.random.Generator,
    shape: LogShape,
    lives: tuple[Ints, Ints, Ints],
    *,
    first_order: int,
) -> tuple[Ints, Ints, dict[str, pa.Array]]:
    """Return each line's customer, its instant, and its other columns."""
    born, died, lines = lives
    who = np.repeat(np.arange(len(lines)), lines)
    n = len(who)
    starts_order = rng.random(n) < 0.5  # an order has two lines in the mean
    starts_order[np.cumsum(lines) - lines] = True
    order = np.cumsum(starts_order) - 1
    buyer = who[starts_order]
    bought_at = _instants(rng, shape, born[buyer], died[buyer])
    taste = rng.integers(0, len(CATEGORIES), len(lines))
    category = np.where(
        rng.random(n) < 0.6, taste[who], rng.integers(0, len(CATEGORIES), n)
    )
    product = category * 400 + (400 * rng.random(n) ** 2).astype(np.int64)
    is_return = rng.random(n) < shape.return_share
    is_return[starts_order] = False
    back = np.where(is_return, rng.integers(1, 30, n) * DAY, 0)
    at = bought_at[order] + back
    at = np.where(at < _month_offsets(shape)[-1], at, bought_at[order])
    quantity = 1.0 + rng.poisson(0.6, n)
    level = np.exp(rng.normal(0.0, 0.6, len(lines)))[who]
    price = np.round(level * np.exp(rng.normal(2.7, 0.8, n)), 2) + 0.01
    amount = np.round(np.where(is_return, -price, price) * quantity, 2)
    has_discount = rng.random(n) < 0.2
    channel = np.where(rng.random(n) < 0.75, who % 3, rng.integers(0, 3, n))
    return (
        who,
        at,
        {
            "amount": pa.array(amount),
            "order_id": _text(order + first_order),
            "product_id": _text(product + 100_000),
            "category": pa.array(CATEGORIES).take(pa.array(category)),
            "quantity": pa.array(np.where(is_return, -quantity, quantity)),
            "discount": pa.array(np.where(has_discount, np.round(amount * 0.1, 2), 0)),
            "channel": pa.array(CHANNELS).take(pa.array(channel)),
        },
    )


def _contacts(
    rng: np.random.Generator, shape: LogShape, lives: tuple[Ints, Ints, Ints]
) -> tuple[Ints, Ints, dict[str, pa.Array]]:
    born, died, contacts = lives
    who = np.repeat(np.arange(len(contacts)), contacts)
    at = _instants(rng, shape, born[who], died[who])
    shares = np.cumsum([share for *_, share in CONTACTS])
    kind = np.minimum(np.searchsorted(shares, rng.random(len(who))), len(CONTACTS) - 1)
    types, directions = (pa.array([each[at] for each in CONTACTS]) for at in (0, 1))
    return (
        who,
        at,
        {
            "type": types.take(pa.array(kind)),
            "direction": directions.take(pa.array(kind)),
        },
    )


def _instants(
    rng: np.random.Generator, shape: LogShape, born: Ints, died: Ints
) -> Ints:
    """Draw instants of lives so that the months get their season's share."""
    starts = _month_offsets(shape)
    season = [SEASON[month.month - 1] for month in shape.month_starts[:-1]]
    heights = np.concatenate([[0.0], np.cumsum(np.diff(starts) * np.array(season))])
    low, high = (np.interp(each, starts, heights) for each in (born, died))
    drawn = np.interp(low + rng.random(len(born)) * (high - low), heights, starts)
    day = drawn.astype(np.int64) // DAY * DAY
    hour = np.clip(rng.normal(14.5, 3.5, len(born)), 0, 23.99)
    return np.asarray(day + (hour * 3600).astype(np.int64) * 1_000_000)


def _month_offsets(shape: LogShape) -> Ints:
    return np.array(
        [
            (month - shape.starts_at) // timedelta(microseconds=1)
            for month in shape.month_starts
        ]
    )


def _by_month(
    folder: Path,
    name: str,
    shape: LogShape,
    rows: tuple[pa.Array, Ints, Ints, dict[str, pa.Array]],
) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the rows of each month in the order in which they happened."""
    ids, who, at, columns = rows
    order = np.argsort(at, kind="stable")
    start = int(shape.starts_at.timestamp() * 1_000_000)
    table = pa.table(
        {
            "customer_id": ids.take(pa.array(who[order])),
            "occurred_at": pa.array(at[order] + start).cast(pa.timestamp("us")),
            **{key: column.take(pa.array(order)) for key, column in columns.items()},
        }
    )
    ends = np.searchsorted(at[order], _month_offsets(shape))
    for month, first, last in zip(shape.month_starts, ends, ends[1:], strict=False):
        path = folder / f"{name}-{month:%Y-%m}.parquet"
        if last > first:
            yield path, table.slice(first, last - first)


def _customers(rng: np.random.Generator, ids: pa.Array, born: Ints) -> pa.Table:
    before = (rng.exponential(20.0, len(born)) * DAY).astype(np.int64)
    joined = np.datetime64("2023-01-01", "us") + (born - before).astype("m8[us]")
    regions = pa.array(["north", "east", "south", "west"])
    return pa.table(
        {
            "customer_id": ids,
            "joined_at": pa.array(joined),
            "region": regions.take(pa.array(rng.integers(0, 4, len(born)))),
        }
    )


def _text(numbers: Ints) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def main() -> None:
    """Write a log where the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    customers = given.customers or max(1, given.events // 10)
    generate(given.folder, LogShape(given.events, customers, seed=given.seed))


if __name__ == "__main__":
    main()
