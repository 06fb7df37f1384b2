"""What people decide about tiers: overrides of one customer, and whole schemes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.store.engine import Store
from serving.store.tables import overrides, schemes

if TYPE_CHECKING:
    from models.tiers import ManualOverride


def add_override(con: Connection, override: ManualOverride) -> None:
    """Remember a decision; it takes the place of the one before."""
    con.execute(
        sa.insert(overrides).values(
            customer_id=override.customer_id,
            scheme=override.scheme,
            tier=override.tier,
            who=override.who,
            why=override.why,
            until=override.until,
            created_at=datetime.now(UTC),
        )
    )


def read_overrides(
    con: Connection, *, at: datetime, customers: Sequence[str] | None = None
) -> list[ManualOverride]:
    """Return the decisions that hold at an instant, the newest of each alone.

    Parameters
    ----------
    customers : sequence of str, optional
        Only of these.
    """
    from models.tiers import ManualOverride

    newest = sa.select(sa.func.max(overrides.c.number)).group_by(
        overrides.c.customer_id, overrides.c.scheme
    )
    if customers is not None:
        newest = newest.where(overrides.c.customer_id.in_(customers))
    query = (
        sa.select(overrides)
        .where(overrides.c.number.in_(newest), overrides.c.until > at)
        .order_by(overrides.c.number)
    )
    return [
        ManualOverride(
            customer_id=row.customer_id,
            scheme=row.scheme,
            tier=row.tier,
            who=row.who,
            why=row.why,
            until=row.until,
        )
        for row in con.execute(query)
    ]


def write_schemes(
    store: Store, written: Mapping[str, Mapping[str, Any]], *, who: str
) -> None:
    """Put these schemes in the place of all that came over the API before."""
    now = datetime.now(UTC)
    rows = [
        {
            "name": name,
            "written": json.dumps(given, ensure_ascii=False),
            "who": who,
            "updated_at": now,
        }
        for name, given in written.items()
    ]
    with store.write() as con:
        con.execute(sa.delete(schemes))
        if rows:
            con.execute(sa.insert(schemes), rows)


def read_written(store: Store) -> dict[str, dict[str, Any]]:
    """Return the schemes that came over the API, as they were written."""
    with store.read() as con:
        rows = con.execute(sa.select(schemes).order_by(schemes.c.name)).all()
    return {row.name: json.loads(row.written) for row in rows}
