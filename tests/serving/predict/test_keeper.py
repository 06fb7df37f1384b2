"""Tests of following the published run with a verified bundle."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from features.errors import BundleError
from serving.errors import UnpublishedError
from serving.queries import ModelKeeper, freeze_memory, readiness
from serving.runs.published import model
from serving.store import Publication, Store, publish
from tests.serving.samples import Shelf, context, described, score, scored, table_of


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


def publish_version(store: Store, version: str) -> None:
    """Publish a run of a version."""
    table = scored(3, model_version=version)
    publish(store, Publication(table, context=context(), model=described(version)))


def served(keeper: ModelKeeper) -> tuple[str, str]:
    """Return the version of the run and the bundle in service."""
    found = readiness(keeper)
    return found.run.model_version, str(found.scorer)


def test_without_a_run_nothing_is_in_service(sqlite_store: Store) -> None:
    shelf = Shelf()
    with pytest.raises(UnpublishedError, match=r"No run is published"):
        readiness(ModelKeeper(sqlite_store, shelf))
    assert shelf.asked == []


def test_the_bundle_of_the_published_run_is_loaded_once(sqlite_store: Store) -> None:
    shelf = Shelf()
    keeper = ModelKeeper(sqlite_store, shelf)
    publish_version(sqlite_store, "1")
    assert [served(keeper) for _ in range(3)] == [("1", "bundle 1")] * 3
    publish_version(sqlite_store, "1")
    assert readiness(keeper).run == model(sqlite_store)
    publish_version(sqlite_store, "2")
    assert served(keeper) == ("2", "bundle 2")
    assert shelf.asked == ["1", "2"]


def test_a_refused_bundle_leaves_the_one_in_service_with_its_run(
    sqlite_store: Store,
) -> None:
    shelf, refused = Shelf(), []
    keeper = ModelKeeper(
        sqlite_store, shelf, on_refused=lambda version, _: refused.append(version)
    )
    publish_version(sqlite_store, "1")
    served(keeper)
    shelf.spoilt = {"2"}
    publish_version(sqlite_store, "2")
    assert [served(keeper) for _ in range(3)] == [("1", "bundle 1")] * 3
    assert refused == ["2"]


class Large:
    """A bundle that holds itself, as models may."""

    def __init__(self) -> None:
        self.itself = self


class Larges:
    """A source of such bundles, which remembers them weakly."""

    def __init__(self) -> None:
        self.given: list[weakref.ref[Large]] = []

    def get(self, version: str) -> Any:
        """Return another one."""
        large = Large()
        self.given.append(weakref.ref(large))
        return large


@pytest.fixture
def thawed() -> Iterator[None]:
    """Leave nothing set apart."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_no_search_for_garbage_goes_through_the_bundle_in_service(
    sqlite_store: Store,
) -> None:
    larges = Larges()
    keeper = ModelKeeper(sqlite_store, larges, on_taken=freeze_memory)
    for version in ("1", "1", "2"):
        publish_version(sqlite_store, version)
        bundle = id(readiness(keeper).scorer)
        assert bundle not in map(id, gc.get_objects())
        assert gc.get_freeze_count() > 0

    first, second = larges.given
    assert first() is None  # those before it are not kept for it
    assert id(second()) == bundle


def test_who_is_told_of_a_bundle_is_told_once(sqlite_store: Store) -> None:
    shelf, taken = Shelf(), []
    keeper = ModelKeeper(sqlite_store, shelf, on_taken=lambda: taken.append(1))
    for version in ("1", "1", "2"):
        publish_version(sqlite_store, version)
        served(keeper)
    shelf.spoilt = {"3"}
    publish_version(sqlite_store, "3")
    served(keeper)
    assert len(taken) == 2


def test_a_refused_bundle_is_tried_again_later(sqlite_store: Store) -> None:
    shelf, clock = Shelf(), Clock()
    keeper = ModelKeeper(sqlite_store, shelf, clock=clock)
    publish_version(sqlite_store, "1")
    served(keeper)
    shelf.spoilt = {"2"}
    publish_version(sqlite_store, "2")
    served(keeper)
    shelf.spoilt = set()
    assert served(keeper) == ("1", "bundle 1")
    clock.seconds += 31
    assert served(keeper) == ("2", "bundle 2")


def test_after_a_restart_the_newest_sound_bundle_of_a_kept_run_serves(
    sqlite_store: Store,
) -> None:
    shelf = Shelf()
    for version in ("1", "2", "2", "3"):
        publish_version(sqlite_store, version)
    shelf.spoilt = {"2", "3"}
    assert served(ModelKeeper(sqlite_store, shelf)) == ("1", "bundle 1")
    assert shelf.asked == ["3", "2", "1"]


def test_without_any_sound_bundle_it_says_so(sqlite_store: Store) -> None:
    shelf = Shelf()
    shelf.spoilt = {"1"}
    publish_version(sqlite_store, "1")
    with pytest.raises(BundleError, match=r"No bundle of any kept run is sound"):
        readiness(ModelKeeper(sqlite_store, shelf))


def test_who_read_an_older_run_does_not_bring_it_back(sqlite_store: Store) -> None:
    shelf = Shelf()
    keeper = ModelKeeper(sqlite_store, shelf)
    publish_version(sqlite_store, "1")
    slow = model(sqlite_store)
    publish_version(sqlite_store, "2")
    assert served(keeper) == ("2", "bundle 2")
    assert keeper._follow(slow).run.model_version == "2"
    assert shelf.asked == ["2"]


def test_a_rank_is_the_place_by_value_at_risk_then_id(store: Store) -> None:
    at_risk = [9.0, 5.0, 5.0, None, 1.0, 0.0]
    rows = [score(place, value_at_risk=value) for place, value in enumerate(at_risk)]
    publish(store, Publication(table_of(rows), context=context(), model=described()))
    keeper, run = ModelKeeper(store, Shelf()), model(store)
    values = (10.0, 9.0, 7.0, 5.0, 1.0, -1.0)
    first, last = "a", "z"
    ranks = keeper.ranks(run, [(first, value) for value in values])
    assert ranks == [1, 1, 2, 2, 4, 6]
    tied = [("c00001", 5.0), ("c00002", 5.0), (last, 5.0)]
    assert keeper.ranks(run, tied) == [2, 3, 4]
