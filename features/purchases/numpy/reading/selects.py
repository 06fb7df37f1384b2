"""What is asked of the log in DuckDB: who bought, and the rows of those.

Each query has the parameter ``latest``, before which all has to be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.door.rows.casts import quote_text
from features.instants import seen_sql
from features.purchases.plan import FeaturePlan

if TYPE_CHECKING:
    import duckdb

_SEEN = seen_sql("$latest")
_SEEN_AT = (
    "epoch_us(case when known_at > occurred_at then known_at else occurred_at end)"
    " as seen_us"
)

BUYERS = f"""
create or replace temp table buyers as
select customer_id, cast(row_number() over (order by customer_id) - 1 as integer)
    as customer_no
from (select distinct customer_id from transactions where amount <> 0 and {_SEEN})
"""

_SALES = f"""
select customer_no, epoch_us(occurred_at) as at_us, amount,
    case when order_id is null then 0 else hash(order_id) end as order_id{{optional}}
from transactions inner join buyers using (customer_id)
where amount <> 0 and {_SEEN}
"""

_CONTACTS = f"""
select customer_no, epoch_us(occurred_at) as at_us, hash(type) as type,
    {{kind}} as type_no, coalesce(direction, '') = 'inbound' as is_inbound{{optional}}
from interactions inner join buyers using (customer_id)
where {_SEEN}
"""

JOINED = """
select customer_no, epoch_us(joined_at) as joined_us
from customers inner join buyers using (customer_id)
where joined_at < $latest
"""


def knows_late(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Tell whether anything of a table became known only later."""
    late = f"select 1 from {table} where known_at > occurred_at limit 1"
    return bool(con.execute(late).fetchall())


def sales_sql(plan: FeaturePlan, *, knows_late: bool) -> str:
    """Return the query for the rows of all buyers, numbers and hashes alone.

    When a row was seen is asked for only where something became known late.
    """
    optional = [_SEEN_AT] if knows_late else []
    optional += [
        f"case when {name} is null then 0 else hash({name}) end as {name}"
        for name in ("product_id", "category", "channel")
        if name in plan.has
    ]
    optional += [name for name in ("quantity", "discount", "cost") if name in plan.has]
    return _SALES.format(optional="".join(f", {column}" for column in optional))


def contacts_sql(plan: FeaturePlan, *, knows_late: bool) -> str:
    """Return the query for the interactions with all buyers."""
    names = {"value": "value", "minutes": "minutes", "cost": "interaction_cost"}
    optional = [_SEEN_AT] if knows_late else []
    optional += [column for column, name in names.items() if name in plan.has]
    kinds = "".join(
        f" when type = {quote_text(type_)} and coalesce(direction, '') = "
        f"{quote_text(direction)} then {place}"
        for place, (type_, direction) in enumerate(plan.interaction_types, start=1)
    )
    return _CONTACTS.format(
        kind=f"case{kinds} else 0 end" if kinds else "0",
        optional="".join(f", {column}" for column in optional),
    )
