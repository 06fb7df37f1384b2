"""Features in blocks are those of one build, and a block sees its own customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from features.door.log_files import Log
from features.facts.standing import build_standing
from features.purchases import blocks
from features.purchases.blocks import block_bounds, feature_blocks, narrowed
from features.purchases.build import build_by_query, build_features
from features.purchases.plan import FeaturePlan
from models.bundle.bundle import Bundle
from models.purchases.model import CustomerModel
from tests.conftest import AS_OF
from tests.features.purchases.numpy.test_engine import assert_alike, many_rows
from tests.features.sqllog import NOW, open_log, plan_for


@pytest.fixture(scope="module")
def lasting(buyers_log: Log) -> Iterator[Log]:
    """Return the log in lasting tables, as it is when read from files."""
    with buyers_log.copy(threads=1) as log:
        yield log


@pytest.fixture(scope="module")
def plan(bundle: Bundle) -> FeaturePlan:
    assert isinstance(bundle.model, CustomerModel)
    return bundle.model.plan


@pytest.mark.parametrize("size", [37, 100_000])
def test_blocks_are_cut_from_what_one_build_gives(
    lasting: Log, plan: FeaturePlan, size: int
) -> None:
    plan = replace(plan, sql=f"-- an analyst's own\n{plan.sql}")
    whole = build_features(lasting, plan, as_of=[AS_OF])
    parts = list(feature_blocks(lasting, plan, as_of=AS_OF, size=size))
    assert (len(parts) > 1) == (size < whole.num_rows)
    assert pa.concat_tables(parts).equals(whole)


def test_what_is_worked_out_in_arrays_comes_in_blocks_too(
    lasting: Log, plan: FeaturePlan
) -> None:
    parts = list(feature_blocks(lasting, plan, as_of=AS_OF))
    assert pa.concat_tables(parts).equals(build_features(lasting, plan, as_of=[AS_OF]))


def test_customers_from_one_beyond_64_bits_on_are_left_to_the_query() -> None:
    few = many_rows()
    huge = [{**row, "amount": 1e12, "customer_id": "c5"} for row in few[:950]]
    with open_log(transactions=few + huge).copy(threads=1) as log:
        plan = plan_for(log, "2024-06-01")
        parts = list(feature_blocks(log, plan, as_of=NOW, size=10))
        whole = build_by_query(log, plan, as_of=[NOW])

    assert len(parts) > 9
    assert_alike(pa.concat_tables(parts), whole)


def test_a_block_hides_the_other_customers_until_it_ends(lasting: Log) -> None:
    count = "select count(*), count(distinct customer_id) from transactions"
    whole = lasting.con.execute(count).fetchall()
    bounds = block_bounds(lasting, size=10)
    counts = []
    for block in bounds:
        with narrowed(lasting, block):
            counts += lasting.con.execute(count).fetchall()
    assert [sum(column) for column in zip(*counts, strict=True)] == [*whole[0]]
    assert all(customers <= 10 for _, customers in counts)
    assert lasting.con.execute(count).fetchall() == whole


def test_the_log_is_whole_again_after_a_failure(lasting: Log) -> None:
    count = "select count(*) from transactions"
    whole = lasting.con.execute(count).fetchall()
    with (
        pytest.raises(RuntimeError, match="stop"),
        narrowed(lasting, block_bounds(lasting, size=10)[1]),
    ):
        raise RuntimeError("stop")
    assert lasting.con.execute(count).fetchall() == whole


def test_standing_facts_in_blocks_are_those_of_one_query(
    lasting: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "select distinct customer_id from transactions order by customer_id"
    ids = lasting.con.sql(query).to_arrow_table()["customer_id"]
    whole = build_standing(lasting, ids, as_of=AS_OF)
    monkeypatch.setattr(blocks, "BLOCK", 37)
    assert build_standing(lasting, ids, as_of=AS_OF).equals(whole)
    mixed = ids.take(pa.array(range(len(ids) - 1, -1, -1)))
    turned = build_standing(lasting, mixed, as_of=AS_OF)
    assert turned.take(pa.array(range(len(ids) - 1, -1, -1))).equals(whole)
