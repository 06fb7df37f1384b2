"""Tests of scoring by id and from events, with a real model."""

import json
import random
import shutil
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from features.errors import BundleError, RegularsError
from models.bundle.bundle import Bundle
from serving.errors import UnknownCustomerError, UnscorableError
from serving.predict.bundle_scorers import BundleScorers
from serving.queries import CustomerEvents, ModelKeeper, customer, predict
from serving.store import Publication, Store, publish
from tests.serving.trained import AS_OF, Folder, Trained


@pytest.fixture
def keeper(sqlite_store: Store, trained: Trained) -> ModelKeeper:
    """Publish the run of the small model."""
    return publish_run(sqlite_store, trained)


def publish_run(store: Store, trained: Trained) -> ModelKeeper:
    """Publish the run of the small model."""
    run = trained.run
    publish(store, Publication(run.table, context=run.context, model={"version": "1"}))
    return ModelKeeper(store, BundleScorers(Folder(trained.folder)))


def asked_for(trained: Trained, customer_id: str, **changes: Any) -> CustomerEvents:
    """Ask for a customer with its own events."""
    events = trained.events[customer_id]
    given = {
        "transactions": events.transactions,
        "interactions": events.interactions,
        "joined_at": events.joined_at,
    }
    return CustomerEvents(customer_id, **(given | changes))


def answers(keeper: ModelKeeper, asked: Sequence[CustomerEvents]) -> list[Any]:
    """Return what was found: scores as mappings, errors as they are."""
    found = predict(keeper, asked).answers
    return [json.loads(one) if isinstance(one, str) else one for one in found]


def test_a_row_is_the_same_in_the_batch_by_id_and_from_events(
    store: Store, trained: Trained
) -> None:
    keeper = publish_run(store, trained)
    ids = trained.run.table["customer_id"].to_pylist()
    published = [json.loads(customer(keeper.store, name).body) for name in ids]
    by_id = answers(keeper, [CustomerEvents(name) for name in ids])
    from_events = answers(keeper, [asked_for(trained, name) for name in ids])
    assert by_id == published
    assert from_events == published


def test_a_row_does_not_depend_on_who_is_asked_for_with_it(
    keeper: ModelKeeper, trained: Trained
) -> None:
    alone = answers(keeper, [asked_for(trained, "c007")])
    assert alone == [json.loads(customer(keeper.store, "c007").body)]


def test_the_order_of_events_does_not_matter(
    keeper: ModelKeeper, trained: Trained
) -> None:
    shuffled = list(trained.events["c007"].transactions)
    random.Random(1).shuffle(shuffled)
    mixed = asked_for(trained, "c007", transactions=tuple(shuffled))
    assert answers(keeper, [mixed]) == answers(keeper, [CustomerEvents("c007")])


def test_what_is_later_or_not_yet_known_is_not_seen(
    keeper: ModelKeeper, trained: Trained
) -> None:
    seen = trained.events["c007"].transactions
    row = {"occurred_at": AS_OF, "amount": 9_999.0}
    late = {"occurred_at": AS_OF - timedelta(days=1), "known_at": AS_OF, "amount": 9.0}
    more = asked_for(trained, "c007", transactions=(*seen, row, late))
    assert answers(keeper, [more]) == answers(keeper, [CustomerEvents("c007")])


def test_another_purchase_changes_the_score(
    keeper: ModelKeeper, trained: Trained
) -> None:
    row = {"occurred_at": AS_OF - timedelta(days=1), "amount": 500.0}
    seen = trained.events["c007"].transactions
    (after,) = answers(keeper, [asked_for(trained, "c007", transactions=(*seen, row))])
    (before,) = answers(keeper, [CustomerEvents("c007")])
    assert after["churn_probability"] != before["churn_probability"]
    assert after["priority"] >= 1


def test_answers_come_in_the_order_of_the_questions(
    keeper: ModelKeeper, trained: Trained
) -> None:
    unseen = asked_for(
        trained, "c001", transactions=({"occurred_at": AS_OF, "amount": 5.0},)
    )
    found = answers(
        keeper,
        [
            CustomerEvents("c009"),
            unseen,
            CustomerEvents("nobody"),
            asked_for(trained, "c003"),
        ],
    )
    assert found[0]["customer_id"] == "c009"
    assert isinstance(found[1], UnscorableError)
    assert isinstance(found[2], UnknownCustomerError)
    assert found[3]["customer_id"] == "c003"


@pytest.mark.parametrize(
    "row",
    [
        {"occurred_at": AS_OF, "amount": 5.0, "currency": "EUR"},
        {"occurred_at": AS_OF, "amount": 1e300},
        {"occurred_at": AS_OF + timedelta(days=100_000), "amount": 5.0},
    ],
    ids=["currency", "absurd", "future"],
)
def test_a_fault_in_ones_events_spoils_no_others_answer(
    keeper: ModelKeeper, trained: Trained, row: dict[str, Any]
) -> None:
    names = [f"c{number:03}" for number in range(10)]
    asked = [asked_for(trained, name) for name in names]
    seen = trained.events["c004"].transactions
    asked[4] = asked_for(trained, "c004", transactions=(*seen, row))
    found = answers(keeper, asked)
    assert isinstance(found.pop(4), UnscorableError)
    names.remove("c004")
    for name, score in zip(names, found, strict=True):
        (published,) = answers(keeper, [CustomerEvents(name)])
        assert score["customer_id"] == name
        assert score["churn_probability"] == pytest.approx(
            published["churn_probability"], rel=1e-12
        )


def test_many_faulty_customers_are_answered_as_each_alone(
    keeper: ModelKeeper, trained: Trained
) -> None:
    faults: list[dict[str, Any]] = [
        {"occurred_at": AS_OF + timedelta(days=100_000), "amount": 5.0},
        {"occurred_at": AS_OF, "amount": 1e300},
        {"occurred_at": AS_OF - timedelta(days=40_000), "amount": 5.0},
        {"occurred_at": AS_OF},
        {"occurred_at": AS_OF, "amount": 5.0, "currency": "EUR"},
    ]
    requests = []
    for number in range(12):
        name = f"c{number:03}"
        rows = trained.events[name].transactions
        row = faults[number % 6] if number % 6 < len(faults) else rows[0]
        requests.append(asked_for(trained, name, transactions=(*rows, row)))
    alone = [answers(keeper, [one])[0] for one in requests]
    together = answers(keeper, requests)
    assert list(map(str, together)) == list(map(str, alone))
    assert len({str(one) for one in together[:6]}) == 6


def test_faulty_customers_cost_little_more_than_sound_ones(
    keeper: ModelKeeper, trained: Trained
) -> None:
    future = {"occurred_at": AS_OF + timedelta(days=100_000), "amount": 5.0}
    names = [f"c{number:03}" for number in range(60)] * 5
    sound, faulty = [], []
    for number, name in enumerate(names):
        events = trained.events[name]
        customer_id, rows = f"{name}-{number}", events.transactions
        sound.append(CustomerEvents(customer_id, rows))
        faulty.append(CustomerEvents(customer_id, (*rows, future)))

    def seconds(customers: Sequence[CustomerEvents]) -> float:
        start = time.process_time()
        predict(keeper, customers)
        return time.process_time() - start

    seconds(sound)
    fastest = [
        min(seconds(customers) for _ in range(3)) for customers in (sound, faulty)
    ]
    assert fastest[1] <= 4 * fastest[0]


def test_a_customer_with_refunds_only_has_no_score(
    keeper: ModelKeeper, trained: Trained
) -> None:
    refund = {"occurred_at": AS_OF - timedelta(days=3), "amount": -5.0}
    (found,) = answers(keeper, [asked_for(trained, "c001", transactions=(refund,))])
    assert isinstance(found, RegularsError)


def test_a_spoilt_bundle_is_refused_and_the_old_one_serves(
    sqlite_store: Store, trained: Trained, tmp_path: Path
) -> None:
    good, bad = tmp_path / "1", tmp_path / "2"
    shutil.copytree(trained.folder, good)
    shutil.copytree(trained.folder, bad)
    text = (bad / "churn.txt").read_text(encoding="utf-8")
    (bad / "churn.txt").write_text(text.replace("0.0", "0.1", 1), encoding="utf-8")
    source, refused = Folder(good), []
    keeper = ModelKeeper(
        sqlite_store,
        BundleScorers(source),
        on_refused=lambda version, fault: refused.append(str(fault)),
    )
    table, context = trained.run.table, trained.run.context
    publish(sqlite_store, Publication(table, context=context, model={"version": "1"}))
    asked = [asked_for(trained, "c007")]
    before = answers(keeper, asked)
    source.folder = bad
    publish(
        sqlite_store,
        Publication(as_version(table, "2"), context=context, model={"version": "2"}),
    )
    assert answers(keeper, asked) == before
    assert before[0]["model_version"] == "1"
    (fault,) = refused
    assert "churn.txt is not the file that was saved" in fault


def test_a_request_of_ids_and_events_is_of_one_run(
    sqlite_store: Store, trained: Trained
) -> None:
    """Also while the published run's bundle is not the one in service."""
    table, context = trained.run.table, trained.run.context
    publish(sqlite_store, Publication(table, context=context, model={"version": "1"}))
    keeper = ModelKeeper(sqlite_store, BundleScorers(Only("1", trained.folder)))
    mixed = [CustomerEvents("c001"), asked_for(trained, "c007")]
    assert versions(keeper, mixed) == {"1"}
    publish(
        sqlite_store,
        Publication(as_version(table, "2"), context=context, model={"version": "2"}),
    )
    assert versions(keeper, mixed) == {"1"}
    assert versions(keeper, [CustomerEvents("c001")]) == {"2"}


class Only(Folder):
    """A registry where one version is sound."""

    def __init__(self, version: str, folder: Path) -> None:
        super().__init__(folder)
        self.version = version

    def get(self, version: str) -> Bundle:
        """Return the bundle of that version."""
        if version != self.version:
            raise BundleError(f"Version {version} is spoilt.")
        return super().get(version)


def versions(keeper: ModelKeeper, asked: Sequence[CustomerEvents]) -> set[str]:
    """Return every version that an answer names."""
    prediction = predict(keeper, asked)
    found = [json.loads(one) for one in prediction.answers if isinstance(one, str)]
    assert len(found) == len(asked)
    return {prediction.run.model_version, *(one["model_version"] for one in found)}


def as_version(table: pa.Table, version: str) -> pa.Table:
    """Return a run's table as that of another version."""
    place = table.schema.get_field_index("model_version")
    column = pa.array([version] * table.num_rows)
    return table.set_column(place, table.schema.field(place), column)
