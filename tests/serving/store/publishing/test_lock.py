"""Tests of the publisher's lock."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from features.errors import StoreError
from serving.store import Store
from serving.store.publishing.lock import LEASE, publish_lock, wait_for
from serving.store.publishing.lock_owner import name_process
from serving.store.tables import locks

ELSEWHERE = "elsewhere/boot/pid:[1] 1 1"


def hold(store: Store, *, process: str, ago: timedelta = timedelta(0)) -> None:
    """Let somebody else hold the lock."""
    with store.write() as con:
        con.execute(
            sa.update(locks).values(
                owner="other", process=process, renewed_at=datetime.now(UTC) - ago
            )
        )


def test_a_living_owner_keeps_others_out(store: Store) -> None:
    hold(store, process=name_process())
    with (
        pytest.raises(StoreError, match=r"Another process is publishing"),
        publish_lock(store),
    ):
        pass


def test_an_owner_elsewhere_is_taken_to_live_while_it_renews(store: Store) -> None:
    hold(store, process=ELSEWHERE, ago=LEASE / 2)
    with (
        pytest.raises(StoreError, match=r"if it died, wait 60 seconds"),
        publish_lock(store),
    ):
        pass


@pytest.mark.parametrize("ago", [LEASE * 1.1, LEASE * -1.1], ids=["late", "ahead"])
def test_a_stale_lock_is_taken_over_whichever_way_clocks_jump(
    store: Store, ago: timedelta
) -> None:
    hold(store, process=ELSEWHERE, ago=ago)
    with publish_lock(store) as lock, store.write() as con:
        lock.renew(con)


def test_the_lock_of_a_dead_process_is_taken_over_at_once(store: Store) -> None:
    machine, pid, started = name_process().rsplit(" ", 2)
    hold(store, process=f"{machine} {pid} {int(started) + 1}")
    with publish_lock(store) as lock, store.write() as con:
        lock.renew(con)


def test_who_lost_the_lock_can_write_no_more(store: Store) -> None:
    with publish_lock(store) as lock:
        hold(store, process=ELSEWHERE)
        with pytest.raises(StoreError, match=r"took over"), store.write() as con:
            lock.renew(con)
    with store.read() as con:
        assert con.scalar(sa.select(locks.c.owner)) == "other"


def test_the_lock_is_free_afterwards_also_after_an_error(store: Store) -> None:
    with pytest.raises(ZeroDivisionError, match=r"division"), publish_lock(store):
        raise ZeroDivisionError("division")
    with store.read() as con:
        assert con.scalar(sa.select(locks.c.owner)) is None


def test_who_waits_for_other_work_keeps_the_lock(store: Store) -> None:
    long_ago = datetime.now(UTC) - LEASE * 2
    renewed = threading.Event()

    def work() -> str:
        while not renewed.wait(0.01):
            with store.read() as con:
                if con.execute(sa.select(locks.c.renewed_at)).scalar_one() > long_ago:
                    renewed.set()
        return "made"

    with publish_lock(store) as lock, ThreadPoolExecutor(1) as beside:
        with store.write() as con:
            con.execute(sa.update(locks).values(renewed_at=long_ago))
        made = beside.submit(work)
        found = wait_for(store, lock, made, every=timedelta(seconds=0.01))

    assert found == "made"
