"""One customer, and pages of customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.errors import (
    UnknownCustomerError,
    UnpublishedError,
)
from serving.queries.cursor import Place, read_secret, resume, write_cursor
from serving.queries.filters import CustomerFilter
from serving.queries.matches import first_matches, next_in_order
from serving.runs.published import Run
from serving.store.columns import ColumnCache
from serving.store.engine import Store
from serving.store.tables import published, runs, scores

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
        secret = read_secret(con)
        run, after = resume(con, cursor, question=wanted.question, secret=secret)
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


def _rows(
    con: Connection,
    cache: ColumnCache,
    wanted: CustomerFilter,
    *,
    run: Run,
    after: Place | None,
    limit: int,
) -> list[Any]:
    """Return the next customers: what they are sorted by, id and score."""
    find = first_matches if wanted.rule else next_in_order
    ids = find(con, cache, wanted, run=run, after=after, limit=limit)
    query = sa.select(
        wanted.column.label("value"), scores.c.customer_id.label("id"), scores.c.body
    ).where(scores.c.run == run.number, scores.c.customer_id.in_(ids))
    rows = {row.id: row for row in con.execute(query)}
    return [rows[customer_id] for customer_id in ids]
