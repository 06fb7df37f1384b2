"""Compute every feature of every customer, as of many instants, in one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.errors import DataError
from features.render import QueryWriter, slugs
from features.windows import choose_windows

if TYPE_CHECKING:
    import duckdb

    from features.tables import Log

MOST_INTERACTION_TYPES = 12
FAMILIES = {
    "rfm": None,
    "windows": None,
    "cadence": None,
    "trends": None,
    "dispersion": None,
    "decay": None,
    "breadth": ("product_id", "category"),
    "money_back": None,
    "channels": ("channel",),
    "calendar": None,
    "contacts": ("interactions",),
    "responses": ("interactions",),
    "membership": ("joined_at",),
}
BREADTHS = (
    ("product", "products", "product_id"),
    ("category", "categories", "category"),
)


@dataclass(frozen=True, slots=True)
class FeaturePlan:
    """What is computed of a customer, and the query that computes it.

    Parameters
    ----------
    horizon_days : int
        Length of the label window that the windows are scaled to.
    windows : tuple of int
        Lengths in days of the windows that features look back over, ascending.
    interaction_types : tuple of (str, str)
        Type and direction (empty where none) of the interactions counted apart.
    has : tuple of str
        Optional columns that features are made of.
    sql : str
        The whole query, in DuckDB's dialect.
    names : tuple of str
        The feature columns, in order.
    """

    horizon_days: int
    windows: tuple[int, ...]
    interaction_types: tuple[tuple[str, str], ...]
    has: tuple[str, ...]
    sql: str
    names: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "FeaturePlan":
        """Return the plan that ``to_dict`` wrote, also after a trip through JSON."""
        return cls(
            horizon_days=int(given["horizon_days"]),
            windows=tuple(int(days) for days in given["windows"]),
            interaction_types=tuple(
                (str(type_), str(direction))
                for type_, direction in given["interaction_types"]
            ),
            has=tuple(given["has"]),
            sql=str(given["sql"]),
            names=tuple(given["names"]),
        )


def plan_features(log: "Log", *, as_of: datetime, horizon: timedelta) -> FeaturePlan:
    """Choose windows, interaction types and families from what is known at ``as_of``.

    Parameters
    ----------
    log : Log
        The tables at the door.
    as_of : datetime
        Nothing that happened, or was known, at or after it takes part.
    horizon : timedelta
        Length of the label window.

    Returns
    -------
    FeaturePlan
        With the query rendered.

    Raises
    ------
    DataError
        If there is no purchase before ``as_of``.
    """
    instant = to_naive_utc(as_of)
    days = max(1, round(horizon / timedelta(days=1)))
    history, rhythm = _measure_rhythm(log.con, instant)
    windows = choose_windows(
        horizon_days=days, history_days=history, rhythm_days=rhythm
    )
    has = _find_columns(log.con, instant)
    types = _find_interaction_types(log.con, instant) if "interactions" in has else ()
    writer = QueryWriter(
        {
            "horizon_days": days,
            "windows": windows,
            "half_lives": sorted({max(1, round(days / 4)), days, 4 * days}),
            "has": has,
            "interaction_types": list(slugs(types)),
            "breadths": [breadth for breadth in BREADTHS if breadth[2] in has],
        }
    )
    set_as_ofs(log.con, [as_of])
    families = [
        family
        for family, needs in FAMILIES.items()
        if needs is None or any(column in has for column in needs)
    ]
    columns = [
        (family, name)
        for family in families
        for name in _describe(log.con, writer.write_table(family))
    ]
    return FeaturePlan(
        horizon_days=days,
        windows=windows,
        interaction_types=types,
        has=has,
        sql=writer.write("features", families=families, columns=columns),
        names=tuple(name for _, name in columns),
    )


def build_features(
    log: "Log", plan: FeaturePlan, *, as_of: Sequence[datetime]
) -> pa.Table:
    """Compute the plan's features for every customer that each ``as_of`` sees.

    Parameters
    ----------
    log : Log
        The tables at the door.
    plan : FeaturePlan
        Its query runs as it stands.
    as_of : sequence of datetime
        One or many; all of them are one query.

    Returns
    -------
    Table of shape (n_customers x n_as_of, 2 + n_features)
        ``customer_id``, ``as_of`` (naive UTC), then the features as float64, NULL where
        not defined. Sorted by ``as_of`` and ``customer_id``.
    """
    set_as_ofs(log.con, as_of)
    table = log.con.sql(plan.sql).to_arrow_table()
    return table.cast(feature_schema(plan))


def feature_schema(plan: FeaturePlan) -> pa.Schema:
    """Return the columns of the table that ``build_features`` makes."""
    return pa.schema(
        [
            ("customer_id", pa.string()),
            ("as_of", pa.timestamp("us")),
            *((name, pa.float64()) for name in plan.names),
        ]
    )


def to_naive_utc(instant: datetime) -> datetime:
    """Return the instant as the tables hold it: UTC, without an offset."""
    if instant.tzinfo is None:
        return instant
    return instant.astimezone(UTC).replace(tzinfo=None)


def set_as_ofs(con: "duckdb.DuckDBPyConnection", as_of: Iterable[datetime]) -> None:
    """Put the instants into the table that the query reads them from."""
    rows = [[instant] for instant in sorted({to_naive_utc(each) for each in as_of})]
    con.execute("create or replace temp table as_ofs (as_of timestamp)")
    if rows:
        con.executemany("insert into as_ofs values (?)", rows)


def _describe(con: "duckdb.DuckDBPyConnection", sql: str) -> list[str]:
    described = con.execute(f"describe {sql}").fetchall()
    return [row[0] for row in described if row[0] not in ("customer_id", "as_of")]


def _measure_rhythm(
    con: "duckdb.DuckDBPyConnection", instant: datetime
) -> tuple[float, float | None]:
    """Return the days of history and the median gap between purchase days."""
    row = con.execute(
        """
        with purchase_days as (
            select distinct customer_id, cast(occurred_at as date) as day
            from transactions
            where amount > 0 and occurred_at < $as_of
                and (known_at is null or known_at < $as_of)
        ),
        gaps as (
            select
                day,
                date_diff(
                    'day', lag(day) over (partition by customer_id order by day), day
                ) as gap_days
            from purchase_days
        )
        select date_diff('day', min(day), cast($as_of as date)), median(gap_days)
        from gaps
        """,
        {"as_of": instant},
    ).fetchone()
    if row is None or row[0] is None:
        raise DataError(
            f"There is no purchase before {instant:%Y-%m-%d %H:%M}.",
            needed="Features need at least one row with an amount above 0 before it.",
            todo="Choose a later as_of, or check the log's dates and amounts.",
        )
    return float(row[0]), None if row[1] is None else float(row[1])


def _find_columns(
    con: "duckdb.DuckDBPyConnection", instant: datetime
) -> tuple[str, ...]:
    """Return the optional columns that hold something before the instant."""
    known = "occurred_at < $as_of and (known_at is null or known_at < $as_of)"
    queries = (
        f"""select count(order_id) as order_id, count(product_id) as product_id,
            count(category) as category, count(quantity) as quantity,
            count(discount) as discount, count(cost) as cost,
            count(channel) as channel,
            count(*) filter (where occurred_at <> cast(cast(occurred_at as date)
                as timestamp)) as hour
        from transactions where {known}""",
        f"""select count(*) as interactions, count(direction) as direction,
            count(value) as value, count(minutes) as minutes,
            count(cost) as interaction_cost
        from interactions where {known}""",
        "select count(*) as joined_at from customers where joined_at < $as_of",
    )
    found: list[str] = []
    for query in queries:
        answer = con.execute(query, {"as_of": instant})
        names = [column[0] for column in answer.description or ()]
        counts = answer.fetchone() or ()
        found += [name for name, n in zip(names, counts, strict=True) if n > 0]
    return tuple(found)


def _find_interaction_types(
    con: "duckdb.DuckDBPyConnection", instant: datetime
) -> tuple[tuple[str, str], ...]:
    rows = con.execute(
        """
        select type, coalesce(direction, '') as direction
        from interactions
        where occurred_at < $as_of and (known_at is null or known_at < $as_of)
        group by type, coalesce(direction, '')
        order by count(*) desc, type, direction
        limit $most
        """,
        {"as_of": instant, "most": MOST_INTERACTION_TYPES},
    ).fetchall()
    return tuple((str(type_), str(direction)) for type_, direction in rows)
