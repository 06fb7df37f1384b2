"""Features of customers whose rows are at hand, without a database.

Rows that the door would take as they are are worked out here; where it would change a
row, set it aside or refuse it, the door has to be asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from features.instants import to_naive_utc
from features.purchases.numpy.build import Wanted, build_block
from features.purchases.numpy.families.compile import compile_plan
from features.purchases.numpy.grains.runs import NEVER, SumError, to_micros
from features.purchases.numpy.reading.given import AskDoorError, GivenRows, Row
from features.purchases.numpy.reading.log import Raw, Sizes, make_raw
from features.purchases.plan import FeaturePlan, feature_schema


@dataclass(frozen=True, slots=True)
class OwnRows:
    """All that some customers did.

    Parameters
    ----------
    transactions, interactions : mapping of str to sequence of mapping
        By customer, the rows as the tables at the door name their columns.
    joined_at : mapping of str to datetime
        By customer, where it is known.
    """

    transactions: Mapping[str, Sequence[Row]]
    interactions: Mapping[str, Sequence[Row]]
    joined_at: Mapping[str, datetime]


def build_from_rows(
    rows: OwnRows,
    plan: FeaturePlan,
    *,
    as_of: datetime,
    now: datetime,
    not_products: tuple[str, ...] = (),
) -> pa.Table | None:
    """Return what ``build_features`` makes of the log of these rows.

    None where only the door or the plan's query can tell: where a row would be changed,
    set aside or refused, but for one of ``not_products``, where some family of the plan
    is not compiled, and for amounts beyond all bounds.
    """
    compiled = compile_plan(plan.sql)
    if compiled.slow:
        return None
    instant = to_naive_utc(as_of)
    wanted = Wanted(plan, compiled.program, plan.names, (instant,))
    try:
        reader = _Reader(wanted.plan, to_micros(instant), to_micros(to_naive_utc(now)))
        return reader.build(rows, frozenset(not_products), wanted, feature_schema(plan))
    except (SumError, AskDoorError):
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Rows become arrays, as ``reading.log`` reads them from a log."""

    plan: FeaturePlan
    latest: int
    now: int

    def build(
        self,
        rows: OwnRows,
        not_products: frozenset[str],
        wanted: Wanted,
        schema: pa.Schema,
    ) -> pa.Table:
        sales = GivenRows.of("transactions", rows.transactions, now=self.now)
        contacts = GivenRows.of("interactions", rows.interactions, now=self.now)
        joined = self._joined(rows.joined_at)
        is_seen = sales.are_seen(self.latest) & (sales.numbers["amount"] != 0)
        if not_products:
            named = sales.texts.get("product_id", ())
            is_product = [name not in not_products for name in named]
            is_seen &= np.array(is_product, np.bool_) if is_product else True
        names = [sales.names[at] for at in np.unique(sales.who[is_seen])]
        if not names:
            return schema.empty_table()
        names.sort()
        places = {name: place for place, name in enumerate(names)}
        raw = make_raw(
            pa.array(names, pa.string()),
            (
                self._sales(sales.take(is_seen, places)),
                self._contacts(contacts.take(contacts.are_seen(self.latest), places)),
            ),
            np.array([joined.get(name, NEVER) for name in names], np.int64),
            most=Sizes().customers,
        )
        blocks = [build_block(raw, number, wanted)[0] for number in range(raw.n_blocks)]
        return pa.concat_tables(blocks)

    def _joined(self, joined_at: Mapping[str, datetime]) -> dict[str, int]:
        rows = {name: [{"joined_at": at}] for name, at in joined_at.items()}
        customers = GivenRows.of("customers", rows, now=self.now)
        if "joined_at" not in self.plan.has or not joined_at:
            return {}
        instants = customers.instants["joined_at"].tolist()
        pairs = zip(customers.names, instants, strict=True)
        return {name: at for name, at in pairs if at < self.latest}

    def _sales(self, rows: GivenRows) -> Raw:
        raw = rows.times()
        raw["amount"] = rows.numbers["amount"]
        raw["order_id"] = rows.codes("order_id")
        for name in ("product_id", "category", "channel"):
            if name in self.plan.has:
                raw[name] = rows.codes(name)
        for name in ("quantity", "discount", "cost"):
            if name in self.plan.has:
                raw[name] = rows.number(name)
        return raw

    def _contacts(self, rows: GivenRows) -> Raw:
        if "interactions" not in self.plan.has or not len(rows.who):
            return {}
        raw = rows.times()
        kinds = {
            kind: place
            for place, kind in enumerate(self.plan.interaction_types, start=1)
        }
        types = rows.texts["type"]
        ways = [way or "" for way in rows.text("direction")]
        pairs = zip(types, ways, strict=True)
        raw["type"] = rows.codes("type")
        raw["type_no"] = np.array([kinds.get(pair, 0) for pair in pairs], np.int64)
        raw["is_inbound"] = np.array([way == "inbound" for way in ways], np.bool_)
        names = {"value": "value", "minutes": "minutes", "cost": "interaction_cost"}
        for name, word in names.items():
            if word in self.plan.has:
                raw[name] = rows.number(name)
        return raw
