"""What is computed of a customer: windows, families, columns, and the query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.errors import QueryError
from features.instants import to_naive_utc
from features.purchases.render import QueryWriter, slugs
from features.purchases.survey import (
    find_columns,
    find_interaction_types,
    measure_rhythm,
)
from features.purchases.windows import choose_windows

if TYPE_CHECKING:
    import duckdb

    from features.door.log import Log

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
        What else the log holds: optional columns of transactions by name, ``hour``
        (times of day), ``interactions`` with ``direction``, ``value``, ``minutes`` and
        ``interaction_cost``, and ``joined_at``.
    sql : str
        The whole query, in DuckDB's dialect: what each feature is.
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
    def from_dict(cls, fields: Mapping[str, Any]) -> "FeaturePlan":
        """Return the plan that ``to_dict`` wrote, also after a trip through JSON."""
        return cls(
            horizon_days=int(fields["horizon_days"]),
            windows=tuple(int(days) for days in fields["windows"]),
            interaction_types=tuple(
                (str(type_), str(direction))
                for type_, direction in fields["interaction_types"]
            ),
            has=tuple(fields["has"]),
            sql=str(fields["sql"]),
            names=tuple(fields["names"]),
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
    history, rhythm = measure_rhythm(log.con, instant)
    windows = choose_windows(
        horizon_days=days, history_days=history, rhythm_days=rhythm
    )
    has = find_columns(log.con, instant)
    types = find_interaction_types(log.con, instant) if "interactions" in has else ()
    writer = QueryWriter(query_context(days, windows, types, has=has))
    set_as_ofs(log.con, [as_of])
    sql, names = write_query(log.con, writer, has)
    return FeaturePlan(
        horizon_days=days,
        windows=windows,
        interaction_types=types,
        has=has,
        sql=sql,
        names=names,
    )


def query_context(
    horizon_days: int,
    windows: Sequence[int],
    interaction_types: tuple[tuple[str, str], ...],
    *,
    has: Sequence[str],
) -> dict[str, Any]:
    """Return what the feature files see."""
    return {
        "horizon_days": horizon_days,
        "windows": tuple(windows),
        "windows_and_year": tuple(dict.fromkeys((*windows, 365))),
        "breaks": sorted({*windows, *(2 * w for w in windows), 365}),
        "half_lives": sorted(
            {max(1, round(horizon_days / 4)), horizon_days, 4 * horizon_days}
        ),
        "has": has,
        "interaction_types": list(slugs(interaction_types)),
        "breadths": [breadth for breadth in BREADTHS if breadth[2] in has],
    }


def write_query(
    con: "duckdb.DuckDBPyConnection", writer: QueryWriter, has: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """Return the query of all families that the log has columns for, and its names."""
    families = [
        family
        for family, needs in FAMILIES.items()
        if needs is None or any(column in has for column in needs)
    ]
    columns = [
        (family, name)
        for family in families
        for name in writer.describe_numbers(con, family)
    ]
    _check_names(columns)
    sql = writer.write("features", families=families, columns=columns)
    return sql, tuple(name for _, name in columns)


def _check_names(columns: Sequence[tuple[str, str]]) -> None:
    """Refuse a name that two files give to a column, whatever its case."""
    first: dict[str, str] = {}
    for family, name in columns:
        before = first.setdefault(name.lower(), family)
        if before != family:
            raise QueryError(
                f"features/purchases/sql/{family}.sql: {name} is a column of"
                f" {before}.sql already.",
                needed="A name of its own for each feature.",
                todo="Rename one of them.",
            )


def feature_schema(plan: FeaturePlan) -> pa.Schema:
    """Return the columns of the table that ``build_features`` makes."""
    return pa.schema(
        [
            ("customer_id", pa.string()),
            ("as_of", pa.timestamp("us")),
            *((name, pa.float64()) for name in plan.names),
        ]
    )


def set_as_ofs(con: "duckdb.DuckDBPyConnection", as_of: Iterable[datetime]) -> None:
    """Put the instants into the table that the query reads them from."""
    instants = sorted({to_naive_utc(instant) for instant in as_of})
    con.execute("create or replace temp table as_ofs (as_of timestamp)")
    if instants:
        rows = [[instant] for instant in instants]
        con.executemany("insert into as_ofs values (?)", rows)
