"""Lists: which there are, who is on one, and how its size went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.lists import ListDefinition, check_list
from serving.errors import (
    ListTakenError,
    UnknownListError,
)
from serving.queries.cursor import Place, digest, read_secret, resume, write_cursor
from serving.queries.lists.build import ListInRun, list_now
from serving.runs.published import Run, published_run
from serving.store.engine import Store
from serving.store.facts_table import stored_columns
from serving.store.lists import API, delete_list, read_lists, write_list
from serving.store.tables import (
    PUBLISHED,
    list_builds,
    list_members,
    runs,
    scores,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A customer on a list.

    Parameters
    ----------
    place : int
        From 1.
    source : str
        ``filter``, ``backfill`` or ``pick``.
    expected_profit : float or None
        Of the list's action.
    body : str
        The score as JSON.
    """

    place: int
    customer_id: str
    source: str
    owner_id: str | None
    expected_profit: float | None
    body: str


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Some members of a list in one run."""

    run_id: str
    as_of: datetime
    model_version: str
    members: Sequence[Member]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """How long a list was in a run that was published."""

    run_id: str
    as_of: datetime
    n_members: int
    n_candidates: int


def save_list(
    store: Store, name: str, definition: ListDefinition, *, who: str, is_new: bool
) -> ListInRun:
    """Define a list, or define it anew, and return it as of the published run.

    Parameters
    ----------
    who : str
        Who asks.
    is_new : bool
        Whether the name must be free; otherwise a list of the API may have it.

    Raises
    ------
    RuleError
        If a rule cannot be read, with the place of the fault.
    ListTakenError
        If the name is a preset's, the config's or, for a new list, anybody's.
    UnpublishedError
        If there is no run.
    """
    with store.write() as con:
        run = published_run(con)
        check_list(definition, stored_columns(run.context.get("facts", {})))
        before = read_lists(con).get(name)
        if before is not None and (is_new or before.source != API):
            raise ListTakenError(f"There is a list {name} ({before.source}).")
        write_list(con, name, definition, source=API, who=who)
    return list_now(store, name)


def remove_list(store: Store, name: str) -> None:
    """Forget a list of the API.

    Raises
    ------
    UnknownListError
        If there is no such list.
    ListTakenError
        If it is a preset or the config's.
    """
    with store.write() as con:
        stored = read_lists(con).get(name)
        if stored is None:
            raise UnknownListError(f"There is no list {name}.")
        if stored.source != API:
            raise ListTakenError(
                f"The list {name} is not of the API ({stored.source})."
            )
        delete_list(con, name)


def members_of(
    store: Store,
    name: str,
    *,
    limit: int,
    owner: str | None = None,
    cursor: str | None = None,
) -> MemberPage:
    """Return a page of a list's members, all of one run.

    Parameters
    ----------
    owner : str, optional
        Only the members of this owner.
    cursor : str or None
        ``next_cursor`` of the page before; it keeps to that page's run.

    Raises
    ------
    UnknownListError
        If there is no such list.
    CursorError
        If the cursor is not ours or of another question.
    CursorExpiredError
        If its run is no longer kept.
    """
    question = digest("list", name, owner)
    list_now(store, name)
    with store.read() as con:
        secret = read_secret(con)
        run, last_read = resume(con, cursor, question=question, secret=secret)
        after = 0 if last_read is None else int(last_read.value or 0)
        rows = read_members(
            con, name, run=run, after=after, owner=owner, limit=limit + 1
        )
    page = rows[:limit]
    more = None
    if len(rows) > limit:
        last = page[-1]
        place = Place(run.run_id, question, last.place, last.customer_id)
        more = write_cursor(place, secret=secret)
    return MemberPage(run.run_id, run.as_of, run.model_version, page, more)


def read_members(
    con: Connection,
    name: str,
    *,
    run: Run,
    after: int = 0,
    owner: str | None = None,
    limit: int | None = None,
) -> list[Member]:
    """Return members in order, each with its score."""
    at = list_members.c
    query = (
        sa.select(
            at.place,
            at.customer_id,
            at.source,
            at.owner_id,
            at.expected_profit,
            scores.c.body,
        )
        .join(
            scores,
            sa.and_(scores.c.run == at.run, scores.c.customer_id == at.customer_id),
        )
        .where(at.run == run.number, at.name == name, at.place > after)
        .order_by(at.place)
        .limit(limit)
    )
    if owner is not None:
        query = query.where(at.owner_id == owner)
    return [Member(*row) for row in con.execute(query)]


def sizes_of(store: Store, name: str, *, limit: int = 1_000) -> list[Size]:
    """Return how long a list was in each run, the newest first.

    Raises
    ------
    UnknownListError
        If there is no such list.
    """
    list_now(store, name)
    unpublished = sa.exists().where(
        runs.c.number == list_builds.c.run, runs.c.state != PUBLISHED
    )
    query = (
        sa.select(
            list_builds.c.run_id,
            list_builds.c.as_of,
            list_builds.c.n_members,
            list_builds.c.n_candidates,
        )
        .where(list_builds.c.name == name, ~unpublished)
        .order_by(list_builds.c.run.desc())
        .limit(limit)
    )
    with store.read() as con:
        return [Size(*row) for row in con.execute(query)]
