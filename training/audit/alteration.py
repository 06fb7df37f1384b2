"""Logs whose hidden rows are altered: those at or after an instant, or not known at it.

What an instant sees stays as it is, byte for byte, in every one of these logs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from features.door.log import Log
from features.instants import to_naive_utc

ALTERATIONS: Mapping[str, str] = {
    "changed": "amounts negated and scaled, customers, products and types swapped",
    "removed": "deleted",
    "moved": "put exactly at the instant, or before it but known only at it",
    "added": "doubled, and new ones put at the instant for every customer",
}
"""What is done to the hidden rows."""

ADDED_TRANSACTIONS = """
with seen as (
    select customer_id, max(order_id) as order_id, max(product_id) as product_id
    from {main}
    where not {hidden}
    group by customer_id
)

select customer_id, $as_of as occurred_at, 1e6 as amount, order_id, product_id,
    'audit' as category, 1e3 as quantity, 1e3 as discount, 1e3 as cost,
    'audit' as channel, null as known_at
from seen
union all by name
select customer_id, $as_of - interval 1 day as occurred_at, -1e6 as amount, order_id,
    'audit' as product_id, $as_of as known_at
from seen
union all by name
select 'audit ' || customer_id as customer_id, $as_of + interval 1 hour as occurred_at,
    1.0 as amount
from seen
"""
ADDED_SUBSCRIPTIONS = """
with seen as (
    select customer_id, max(plan) as plan from {main} where not {hidden}
    group by customer_id
)

select customer_id, $as_of as starts_at, 1e6 as amount, 'audit' as plan,
    null as known_at
from seen
union all by name
select customer_id, $as_of - interval 1 day as starts_at, -1e6 as amount, plan,
    $as_of as known_at
from seen
union all by name
select 'audit ' || customer_id as customer_id, $as_of + interval 1 hour as starts_at,
    1.0 as amount
from seen
"""
ADDED_INTERACTIONS = """
with seen as (
    select distinct customer_id from {main} where not {hidden}
),

types as (
    select type, direction from given_interactions group by all
    order by count(*) desc, type, direction limit 1
)

select seen.customer_id, $as_of as occurred_at, type, direction, 1e6 as value
from seen cross join types
union all by name
select customer_id, $as_of - interval 1 day as occurred_at, 'audit' as type,
    -1e6 as value, 1e3 as minutes, $as_of as known_at
from seen
"""
ADDED_CUSTOMERS = """
select distinct customer_id, $as_of as joined_at
from {main} anti join given_customers using (customer_id)
"""


@dataclass(frozen=True, slots=True)
class HiddenRows:
    """The rows of a table that an instant must not see, and what is done to them.

    Parameters
    ----------
    at : str
        The column with a row's instant.
    condition : str
        Which rows are hidden.
    swapped, scaled : str
        The columns that are exchanged between rows, and that are multiplied.
    added : str
        The query of new rows.
    """

    at: str
    condition: str
    swapped: str
    scaled: str
    added: str


def _hide(at: str, *, swapped: str, scaled: str, added: str) -> HiddenRows:
    condition = f"({at} >= $as_of or coalesce(known_at >= $as_of, false))"
    return HiddenRows(at, condition, swapped, scaled, added)


HIDDEN: Mapping[str, HiddenRows] = {
    "transactions": _hide(
        "occurred_at",
        swapped="customer_id order_id product_id category channel",
        scaled="amount quantity discount cost",
        added=ADDED_TRANSACTIONS,
    ),
    "subscriptions": _hide(
        "starts_at",
        swapped="customer_id plan",
        scaled="amount",
        added=ADDED_SUBSCRIPTIONS,
    ),
    "interactions": _hide(
        "occurred_at",
        swapped="customer_id type direction channel owner_id",
        scaled="value minutes cost",
        added=ADDED_INTERACTIONS,
    ),
    "customers": HiddenRows(
        "joined_at",
        "coalesce(joined_at >= $as_of, false)",
        swapped="",
        scaled="",
        added=ADDED_CUSTOMERS,
    ),
}
"""By table. An attribute without an instant is seen."""

ENDS: Mapping[str, str] = {
    "changed": "ends_at + interval 400 day",
    "removed": "null",
    "moved": "$as_of",
    "added": "ends_at",
}
"""What becomes of the end of a contract that the instant sees, and whose end it does
not."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A log, altered in what an instant must not see.

    Parameters
    ----------
    name : str
        Key of ``ALTERATIONS``.
    log : Log
    rows : dict
        Table to the rows that were changed, removed, moved or added.
    """

    name: str
    log: Log
    rows: dict[str, int]


@contextmanager
def altered_logs(
    log: Log,
    *,
    as_of: datetime,
    tables: Sequence[str],
    names: Sequence[str] = tuple(ALTERATIONS),
) -> Iterator[Iterator[Altered]]:
    """Copy a log and yield it altered in one way after the other.

    Parameters
    ----------
    log : Log
        Is left as it is.
    as_of : datetime
    tables : sequence of str
        Those that features are made of, the one with the customers first.
    names : sequence of str
        Keys of ``ALTERATIONS``.

    Yields
    ------
    iterator of Altered
        Each is to be used before the next is asked for.
    """
    with log.copy() as copy:
        for table in tables:
            copy.con.execute(f"alter table {table} rename to given_{table}")
        yield (_alter(copy, name, tables, as_of=as_of) for name in names)


def _alter(copy: Log, name: str, tables: Sequence[str], *, as_of: datetime) -> Altered:
    instant = {"as_of": to_naive_utc(as_of)}
    rows = {}
    for table in tables:
        n_hidden = _keep_seen(copy, table, name, instant)
        n_put = [
            _put(copy, table, query, instant)
            for query in _queries(table, name, main=tables[0])
        ]
        rows[table] = n_hidden if name != "added" else sum(n_put) - n_hidden
    return Altered(name, copy, rows)


def _keep_seen(
    copy: Log, table: str, name: str, instant: Mapping[str, datetime]
) -> int:
    """Make the table anew of what the instant sees; return how many are left out."""
    hidden = HIDDEN[table].condition
    columns = "*"
    if table == "subscriptions":
        end = f"case when ends_at >= $as_of then {ENDS[name]} else ends_at end"
        columns = f"* replace ({end} as ends_at)"
    copy.con.execute(
        f"create or replace table {table} as"
        f" select {columns} from given_{table} where not {hidden}",
        instant,
    )
    ((n_rows,),) = copy.con.execute(
        f"select count(*) from given_{table} where {hidden}", instant
    ).fetchall()
    return int(n_rows)


def _put(copy: Log, table: str, query: str, instant: Mapping[str, datetime]) -> int:
    done = copy.con.execute(f"insert into {table} by name {query}", instant)
    ((n_rows,),) = done.fetchall()
    return int(n_rows)


def _queries(table: str, name: str, *, main: str) -> list[str]:
    """Return what is put in the place of the hidden rows."""
    rows = HIDDEN[table]
    if name == "removed":
        return []
    if name == "added":
        same = f"select * from given_{table} where {rows.condition}"
        more = rows.added.format(main=f"given_{main}", hidden=HIDDEN[main].condition)
        return [same, more] if table == "customers" else [same, same, more]
    if table == "customers":
        later = "joined_at + interval 400 day" if name == "changed" else "$as_of"
        return [
            f"select * replace ({later} as joined_at)"
            f" from given_customers where {rows.condition}"
        ]
    return [_rewrite(table, _move(rows) if name == "moved" else _change(rows))]


def _change(rows: HiddenRows) -> str:
    swapped = [f"other.{name} as {name}" for name in rows.swapped.split()]
    scaled = [f"-1000 * hidden.{name} - 1 as {name}" for name in rows.scaled.split()]
    return ", ".join([*swapped, *scaled])


def _move(rows: HiddenRows) -> str:
    """Return the instants of rows: half at the instant, half before but unknown."""
    at = f"hidden.{rows.at}"
    is_put_there = f"hidden.n % 2 = 0 and {at} >= $as_of"
    return (
        f"case when {is_put_there} then $as_of"
        f" else least({at}, $as_of) - interval 30 day end as {rows.at},"
        f" case when {is_put_there} then null else $as_of end as known_at"
    )


def _rewrite(table: str, changes: str) -> str:
    """Return the hidden rows with some columns replaced; ``other`` is another one."""
    rows = HIDDEN[table]
    return f"""
with numbered as (
    select *, row_number() over (order by customer_id, {rows.at}) - 1 as n,
        count(*) over () as total
    from given_{table} where {rows.condition}
)

select hidden.* exclude (n, total) replace ({changes})
from numbered as hidden
inner join numbered as other
    on other.n = (hidden.n + hidden.total // 2 + 1) % hidden.total
"""
