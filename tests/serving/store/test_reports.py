"""Tests of what the store keeps of reports, and of the run before."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from serving.store import Publication, Store, earlier_run, publish
from serving.store.tables import reports
from tests.serving.samples import AS_OF, context, described, scored


def test_the_run_before_is_the_newest_with_an_earlier_as_of(store: Store) -> None:
    assert earlier_run(store, as_of=AS_OF) is None
    for days, n in ((60, 2), (30, 3), (0, 4)):
        as_of = AS_OF - timedelta(days=days)
        table = scored(n, as_of=as_of)
        publish(store, Publication(table, context=context(as_of), model=described()))
    found = earlier_run(store, as_of=AS_OF)
    assert found is not None
    assert found.as_of == AS_OF - timedelta(days=30)
    assert sorted(found.rows)[0] == ("c00000", "active", "VIP")
    assert len(found.rows) == 3


def test_the_reports_of_a_dropped_run_are_deleted(store: Store) -> None:
    for _ in range(2):
        publish(
            store,
            Publication(
                scored(1), context=context(), model=described(), reports={"abc": "{}"}
            ),
            keep=1,
        )
    with store.read() as con:
        assert con.scalar(sa.select(sa.func.count()).select_from(reports)) == 1
