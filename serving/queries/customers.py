"""One customer, and pages of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from serving.errors import (
    CursorError,
    CursorExpiredError,
    UnknownCustomerError,
    UnpublishedError,
)
from serving.queries.cursor import Place, digest, read_cursor, write_cursor
from serving.queries.filters import filter_by
from serving.queries.matches import first_matches, in_order, next_in_order
from serving.runs.current import Run, kept_run, published_run
from serving.store.columns import ColumnCache
from serving.store.engine import Store
from serving.store.tables import published, runs, scores, secrets

SORT_COLUMNS = (
    "priority",
    "value_at_risk",
    "expected_value",
    "churn_probability",
    "customer_id",
)

SORTS = tuple(sign + name for name in SORT_COLUMNS for sign in ("", "-"))
"""What pages can be sorted by: a column, upwards or, with a minus, downwards."""

STAMP = sa.case(
    (runs.c.revision == 0, runs.c.run_id),
    else_=runs.c.run_id + "." + sa.cast(runs.c.revision, sa.Text),
)
"""What is asked for again is the same as long as this is."""

LOOK_UP = (
    sa.select(STAMP.label("stamp"), scores.c.body)
    .select_from(published)
    .join(runs, runs.c.number == published.c.run)
    .outerjoin(
        scores,
        sa.and_(
            scores.c.run == published.c.run,
            scores.c.customer_id == sa.bindparam("customer_id"),
        ),
    )
)
"""The published run and one customer's score in it, in one read."""


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer's score.

    Parameters
    ----------
    stamp : str
        The run's id, and how often something was decided by hand since.
    body : str
        The score as JSON.
    """

    stamp: str
    body: str


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers, in what order.

    Parameters
    ----------
    tiers, risk_bands : tuple of str
        Any of these; empty for all.
    rule : str
        A condition in the language of rules; empty for none.
    sort : str
        One of ``SORTS``. Ties are broken by customer_id, missing values come last.
    """

    tiers: tuple[str, ...] = ()
    risk_bands: tuple[str, ...] = ()
    sort: str = "priority"
    rule: str = ""

    @property
    def column(self) -> sa.Column[Any]:
        """Return the column that is sorted by."""
        return scores.c[self.sort.removeprefix("-")]

    @property
    def descends(self) -> bool:
        """Tell downwards from upwards."""
        return self.sort.startswith("-")

    @property
    def question(self) -> str:
        """Return a digest of the filter and the sort."""
        asked = [sorted(set(self.tiers)), sorted(set(self.risk_bands)), self.sort]
        return digest(*asked, *([self.rule] if self.rule else []))


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Some customers of one run.

    Parameters
    ----------
    stamp : str
        As of ``FoundCustomer``.
    bodies : list of str
        Scores as JSON.
    next_cursor : str or None
        Where the next page starts, None after the last.
    """

    run_id: str
    as_of: datetime
    model_version: str
    stamp: str
    bodies: list[str]
    next_cursor: str | None


def customer(store: Store, customer_id: str) -> FoundCustomer:
    """Return a customer's score in the published run.

    Raises
    ------
    UnknownCustomerError
        If the run does not hold the customer.
    UnpublishedError
        If there is no run.
    """
    if "\0" in customer_id:
        raise UnknownCustomerError("The customer is unknown.")
    with store.read() as con:
        row = con.execute(LOOK_UP, {"customer_id": customer_id}).one_or_none()
    if row is None:
        raise UnpublishedError("No run is published.", todo="Run `regulars score`.")
    if row.body is None:
        raise UnknownCustomerError("The customer is unknown.")
    return FoundCustomer(row.stamp, row.body)


def customers(
    store: Store, wanted: CustomerFilter, *, limit: int, cursor: str | None = None
) -> CustomerPage:
    """Return a page of customers, all of one run.

    Parameters
    ----------
    store : Store
        From ``open_store``.
    wanted : CustomerFilter
        The same for all pages of a walk.
    limit : int
        Rows a page.
    cursor : str or None
        ``next_cursor`` of the page before. It keeps to that page's run, whatever is
        published since.

    Raises
    ------
    CursorError
        If the cursor is not ours or of another question.
    CursorExpiredError
        If its run is no longer kept.
    RuleError
        If the condition is not in the language, or names what the run does not know.
    UnpublishedError
        If there is no run.
    """
    with store.read() as con:
        secret = _secret(con)
        run, after = _start(con, wanted, cursor=cursor, secret=secret)
        rows = _rows(con, store.columns, wanted, run=run, after=after, limit=limit + 1)
    page = rows[:limit]
    more = None
    if len(rows) > limit:
        last = page[-1]
        place = Place(run.run_id, wanted.question, last.value, last.id)
        more = write_cursor(place, secret=secret)
    return CustomerPage(
        run_id=run.run_id,
        as_of=run.as_of,
        model_version=run.model_version,
        stamp=run.stamp,
        bodies=[row.body for row in page],
        next_cursor=more,
    )


def _secret(con: Connection) -> bytes:
    query = sa.select(secrets.c.value).where(secrets.c.name == "cursor")
    return bytes.fromhex(con.execute(query).scalar_one())


def _start(
    con: Connection, wanted: CustomerFilter, *, cursor: str | None, secret: bytes
) -> tuple[Run, Place | None]:
    """Return the run to read and the row to read on from."""
    if cursor is None:
        return published_run(con), None
    place = read_cursor(cursor, secret=secret)
    if place.question != wanted.question:
        raise CursorError("The cursor is of another filter or sort.")
    run = kept_run(con, place.run_id)
    if run is None:
        raise CursorExpiredError("The run of the cursor is no longer kept.")
    return run, place


def _rows(
    con: Connection,
    cache: ColumnCache,
    wanted: CustomerFilter,
    *,
    run: Run,
    after: Place | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Read on: by column, or as the database can where the run is not kept so."""
    find = first_matches if wanted.rule else next_in_order
    ids = find(con, cache, wanted, run=run, after=after, limit=limit)
    if ids is None:
        return _walk(con, wanted, run=run, after=after, limit=limit)
    plain = CustomerFilter(sort=wanted.sort)
    query = _select(plain, run, dialect=con.dialect.name)
    found = con.execute(query.where(scores.c.customer_id.in_(ids)))
    return in_order(found.all(), ids)


def _walk(
    con: Connection,
    wanted: CustomerFilter,
    *,
    run: Run,
    after: Place | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Read on: first the rows that have the value, then those that lack it.

    Both databases then agree on where missing values go.
    """
    rows: list[Row[Any]] = []
    dialect = con.dialect.name
    if after is None or after.value is not None:
        rows.extend(
            con.execute(_with_value(wanted, run, after, dialect=dialect).limit(limit))
        )
        after = None
    if len(rows) < limit and wanted.column.nullable:
        query = _without_value(wanted, run, after, dialect=dialect)
        rows.extend(con.execute(query.limit(limit - len(rows))))
    return rows


def _select(wanted: CustomerFilter, run: Run, *, dialect: str) -> sa.Select[Any]:
    query = sa.select(
        wanted.column.label("value"), scores.c.customer_id.label("id"), scores.c.body
    ).where(scores.c.run == run.number)
    if wanted.tiers:
        query = query.where(scores.c.tier.in_(wanted.tiers))
    if wanted.risk_bands:
        query = query.where(scores.c.risk_band.in_(wanted.risk_bands))
    if wanted.rule:
        query = filter_by(query, wanted.rule, run, dialect=dialect)
    return query


def _with_value(
    wanted: CustomerFilter, run: Run, after: Place | None, *, dialect: str
) -> sa.Select[Any]:
    keys = (wanted.column, scores.c.customer_id)
    query = _select(wanted, run, dialect=dialect).where(wanted.column.is_not(None))
    if after is not None:
        here, there = sa.tuple_(*keys), (after.value, after.customer_id)
        query = query.where(here < there if wanted.descends else here > there)
    return query.order_by(*((key.desc() if wanted.descends else key) for key in keys))


def _without_value(
    wanted: CustomerFilter, run: Run, after: Place | None, *, dialect: str
) -> sa.Select[Any]:
    query = _select(wanted, run, dialect=dialect).where(wanted.column.is_(None))
    if after is not None:
        query = query.where(scores.c.customer_id > after.customer_id)
    return query.order_by(scores.c.customer_id)
