"""Tests of publishing: a reader sees the whole old run or the whole new one."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import DataError, StoreError
from serving.store import Publication, Store, open_store, publish
from serving.store.publishing.lock import publish_lock
from serving.store.tables import published, runs, scores
from tests.serving.samples import AS_OF, context, described, score, scored, table_of

ROOT = Path(__file__).resolve().parents[4]

FORKER = """
import os, signal, sys, time
from serving.store import Publication, open_store, publish, rows
import serving.store.publishing.publish as publishing
from tests.serving.samples import context, described, scored

rows.ROWS_PER_INSERT = publishing.ROWS_PER_DELETE = 40
for line in sys.stdin:
    generation, seconds = line.split()
    table = scored(150, cluster=int(generation))
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        store = open_store(sys.argv[1])
        publish(store, Publication(table, context=context(), model=described()), keep=2)
        os._exit(0)
    if seconds != "never":
        time.sleep(float(seconds))
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    print(os.waitstatus_to_exitcode(status), time.perf_counter() - began, flush=True)
"""
"""Publish in a child for each line, and kill it after as long as the line says."""


def look(store: Store) -> tuple[int, int]:
    """Return the generation that is published and its size; fail if it is not whole."""
    query = (
        sa.select(
            runs.c.n_customers,
            runs.c.state,
            sa.func.count(scores.c.customer_id),
            sa.func.min(scores.c.cluster),
            sa.func.max(scores.c.cluster),
        )
        .select_from(published)
        .join(runs, runs.c.number == published.c.run)
        .join(scores, scores.c.run == published.c.run)
        .group_by(runs.c.number)
    )
    with store.read() as con:
        n_customers, state, n, least, most = con.execute(query).one()
    assert (n_customers, state) == (n, "published")
    assert least == most
    return least, n


@contextmanager
def watching(store: Store) -> Iterator[list[int]]:
    """Look all the time, beside what the test does; return the generations seen."""
    seen, stop, errors = [0], threading.Event(), []

    def watch() -> None:
        while not stop.wait(0.01):
            try:
                seen.append(look(store)[0])
            except Exception as exc:
                errors.append(exc)

    thread = threading.Thread(target=watch)
    thread.start()
    yield seen
    stop.set()
    thread.join()
    assert errors == []


@contextmanager
def forker(url: str) -> Iterator[Any]:
    """Yield a function that publishes in a child and tells its end and its time."""
    process = subprocess.Popen(
        [sys.executable, "-c", FORKER, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asks, answers = process.stdin, process.stdout

    def run(generation: int, seconds: float | None = None) -> tuple[int, float]:
        asks.write(f"{generation} {'never' if seconds is None else seconds}\n")
        asks.flush()
        code, took = answers.readline().split()
        return int(code), float(took)

    with process:
        yield run
        asks.close()


def test_killed_at_any_moment_the_old_run_stays_whole(store_url: str) -> None:
    store = open_store(store_url)
    publish(
        store, Publication(scored(150, cluster=0), context=context(), model=described())
    )
    chance, killed, last = random.Random(7), 0, 2
    with forker(store_url) as run, watching(store) as seen:
        took = max(run(generation)[1] for generation in (1, 2))
        for generation in range(3, 18):
            code, _ = run(generation, chance.uniform(0.0, took))
            killed += code == -9
            now, n = look(store)
            assert n == 150
            assert now in {generation, last}
            last = now
        assert run(99)[0] == 0
        assert look(store) == (99, 150)
    assert killed >= 4
    assert seen == sorted(seen)
    assert left_over(store) == 0
    store.close()


def left_over(store: Store) -> int:
    """Count the rows of runs that nobody can read."""
    readable = sa.select(runs.c.number).where(runs.c.state == "published")
    query = sa.select(sa.func.count()).select_from(scores)
    with store.read() as con:
        found = con.scalar(query.where(scores.c.run.not_in(readable)))
        unreadable = con.scalars(sa.select(runs.c.state).distinct()).all()
    assert list(unreadable) == ["published"]
    return int(found or 0)


def test_of_two_publishers_one_wins(store: Store) -> None:
    with publish_lock(store), pytest.raises(StoreError, match=r"is publishing"):
        publish(store, Publication(scored(3), context=context(), model=described()))


def test_publishers_that_start_together_leave_a_whole_run(store: Store) -> None:
    barrier, ended = threading.Barrier(3), []

    def start(generation: int) -> None:
        table = scored(30, cluster=generation)
        barrier.wait()
        try:
            publish(store, Publication(table, context=context(), model=described()))
            ended.append("won")
        except StoreError:
            ended.append("lost")

    threads = [threading.Thread(target=start, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 3
    assert "won" in ended
    assert look(store)[1] == 30
    assert left_over(store) == 0


def test_a_reader_in_the_middle_keeps_its_run(store: Store) -> None:
    publish(
        store, Publication(scored(3, cluster=1), context=context(), model=described())
    )
    pointer = sa.select(published.c.run)
    clusters = sa.select(scores.c.cluster).where(
        scores.c.run == pointer.scalar_subquery()
    )
    with store.read() as con:
        before = con.scalar(pointer)
        new = scored(4, cluster=2)
        publish(store, Publication(new, context=context(), model=described()), keep=1)
        assert con.scalar(pointer) == before
        assert con.scalars(clusters).all() == [1, 1, 1]
    assert look(store) == (2, 4)


def test_earlier_runs_are_kept_and_older_ones_dropped(store: Store) -> None:
    ids = [
        publish(
            store, Publication(scored(2), context=context(), model=described()), keep=3
        )
        for _ in range(5)
    ]
    with store.read() as con:
        kept = con.scalars(sa.select(runs.c.run_id).order_by(runs.c.number)).all()
        n_rows = con.scalar(sa.select(sa.func.count()).select_from(scores))
    assert list(kept) == ids[2:]
    assert n_rows == 6


def test_run_ids_sort_by_as_of_and_are_never_alike(store: Store) -> None:
    later = AS_OF + timedelta(days=1)
    rows = scored(1, as_of=later)
    first = publish(store, Publication(scored(1), context=context(), model=described()))
    again = publish(store, Publication(scored(1), context=context(), model=described()))
    second = publish(
        store, Publication(rows, context=context(later), model=described())
    )
    assert first != again
    assert max(first, again) < second


def test_a_run_of_no_customers_is_a_run(store: Store) -> None:
    publish(store, Publication(scored(0), context=context(), model=described()))
    with store.read() as con:
        assert con.scalar(sa.select(runs.c.n_customers)) == 0


def test_a_table_that_cannot_be_published_leaves_the_old_run(store: Store) -> None:
    publish(
        store, Publication(scored(3, cluster=1), context=context(), model=described())
    )
    twins = table_of([score(1), score(1)])
    with pytest.raises(DataError, match=r"two scores"):
        publish(store, Publication(twins, context=context(), model=described()))
    assert look(store) == (1, 3)
    publish(
        store, Publication(scored(4, cluster=2), context=context(), model=described())
    )
    assert look(store) == (2, 4)
    assert left_over(store) == 0


@pytest.mark.parametrize(
    ("table", "model", "words"),
    [
        (scored(1), {}, r"The model has no version"),
        (scored(1), described("2"), r"of another model than the run"),
        (
            scored(1),
            {"version": "1", "auc": float("nan")},
            r"cannot be written as",
        ),
        (scored(1, as_of=AS_OF + timedelta(1)), described(), r"of another as_of"),
        (
            table_of([score(1), score(2, as_of=AS_OF + timedelta(1))]),
            described(),
            r"of 2 instants",
        ),
    ],
)
def test_a_run_is_of_one_model_and_one_instant(
    sqlite_store: Store, table: Any, model: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        publish(sqlite_store, Publication(table, context=context(), model=model))


def test_a_full_disk_leaves_the_old_run(sqlite_store: Store, sqlite_url: str) -> None:
    publish(
        sqlite_store,
        Publication(scored(3, cluster=1), context=context(), model=described()),
    )
    code = f"""
import resource
from features.errors import StoreError
from serving.store import Publication, open_store, publish
from tests.serving.samples import context, described, scored
store = open_store({sqlite_url!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    publish(
        store,
        Publication(scored(3000), context=context(), model=described()),
    )
except StoreError as exc:
    print(exc)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "what was published before is whole" in done.stdout, done.stderr
    assert look(sqlite_store) == (1, 3)
    publish(
        sqlite_store,
        Publication(scored(4, cluster=2), context=context(), model=described()),
    )
    assert look(sqlite_store) == (2, 4)
