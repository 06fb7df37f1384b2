"""Who is on each list in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.lists.built import MEMBERS, BuiltList, without_members
from models.lists.definition import ListDefinition, owner_column
from models.lists.profit import expected_profit, profit_curve
from models.lists.reading import ReadList, is_known, read_list
from models.rules.engine import compute_amounts, select_rows
from models.score.fact_types import types_of

Places = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

NOT_IN_RUN = "not_in_run"
"""The reason for a customer who is named by id and has no score."""


def build_lists(
    definitions: Mapping[str, ListDefinition],
    facts: pa.Table,
    *,
    picks: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, BuiltList]:
    """Find the members of lists among the customers of a run.

    Parameters
    ----------
    definitions : mapping of str to ListDefinition
    facts : pyarrow.Table of shape (n_customers, n_facts)
        As ``build_facts`` makes it.
    picks : mapping of str to sequence of str, optional
        The members of snapshots that were taken before.

    Returns
    -------
    dict of str to BuiltList
        A list that this run cannot make says which columns it needs, or what is wrong.
    """
    columns = types_of(facts.schema)
    read = {name: read_list(each, columns) for name, each in definitions.items()}
    ready = {name: each for name, each in read.items() if isinstance(each, ReadList)}
    asked = {rule.text: rule for each in ready.values() for rule in each.rules()}
    masks = select_rows(facts, asked)
    built = {name: each for name, each in read.items() if isinstance(each, BuiltList)}
    for name, each in ready.items():
        needs = each.definition.needs
        if needs and not is_known(facts, needs):
            built[name] = without_members(needs=needs)
            continue
        selection = Selection(each, facts, masks)
        taken = (picks or {}).get(name)
        if taken is not None:
            selection.pick(taken)
        else:
            selection.choose()
        built[name] = selection.finish()
    return {name: built[name] for name in definitions}


@dataclass(slots=True)
class Selection:
    """The customers of one list, taken step by step; each is looked at once."""

    read: ReadList
    facts: pa.Table
    masks: Mapping[str, Mask]
    seen: Mask = field(init=False)
    excluded: dict[str, int] = field(default_factory=dict)
    parts: list[tuple[str, Places]] = field(default_factory=list)
    n_beyond: int = 0
    n_absent: int = 0

    def __post_init__(self) -> None:
        """Begin with nobody."""
        self.seen = np.zeros(self.facts.num_rows, dtype=np.bool_)

    def pick(self, ids: Sequence[str]) -> None:
        """Take the customers of a snapshot as they were taken."""
        places = self._find(ids)
        self.seen[places] = True
        self.parts.append(("pick", places))

    def choose(self) -> None:
        """Take who meets the condition and the guardrails, up to the limit."""
        definition = self.read.definition
        if definition.kind == "manual":
            source, places = "pick", self._find(definition.members)
        else:
            mask = np.ones(self.facts.num_rows, dtype=np.bool_)
            for rule in self.read.conditions:
                mask &= self.masks[rule.text]
            source, places = "filter", np.flatnonzero(mask)
        places = self._sort(self._guard(places))
        self._take(source, *self._cut(places))
        for rule in self.read.backfill:
            wanted = definition.least - self._n_taken()
            if wanted > 0 and not self.n_beyond:
                more = np.flatnonzero(self.masks[rule.text] & ~self.seen)
                more = self._sort(self._guard(more))
                self._take("backfill", more, wanted)

    def finish(self) -> BuiltList:
        """Return the list."""
        places = np.concatenate([part for _, part in self.parts])
        sources = [name for name, part in self.parts for _ in range(len(part))]
        owner = owner_column(types_of(self.facts.schema))
        has_owner = owner in self.facts.column_names
        named = ["customer_id", *([owner] if has_owner else [])]
        chosen = self.facts.select(named).take(pa.array(places))
        n = len(places)
        members = pa.table(
            {
                "customer_id": chosen["customer_id"],
                "source": pa.array(sources, pa.string()),
                "owner_id": chosen[owner] if has_owner else pa.nulls(n, pa.string()),
                "expected_profit": pa.array(self._profit(places), from_pandas=True),
            }
        ).cast(MEMBERS)
        left_out = {NOT_IN_RUN: self.n_absent} if self.n_absent else {}
        return BuiltList(
            members,
            n_candidates=int(self.seen.sum()) + self.n_absent,
            excluded=self.excluded | left_out,
            n_beyond=self.n_beyond,
            unchecked=self.read.unchecked,
        )

    def _n_taken(self) -> int:
        return sum(len(part) for _, part in self.parts)

    def _take(self, source: str, places: Places, length: int) -> None:
        self.parts.append((source, places[:length]))
        self.n_beyond += max(len(places) - length, 0)

    def _find(self, ids: Sequence[str]) -> Places:
        """Return the places of customers, in the order of their ids."""
        found = pc.index_in(
            pa.array(ids, pa.string()),
            value_set=self.facts["customer_id"].combine_chunks(),
        )
        self.n_absent = found.null_count
        return np.asarray(found.drop_null().to_numpy(zero_copy_only=False), np.intp)

    def _guard(self, places: Places) -> Places:
        """Leave out whom a guardrail names, counted under the first that does."""
        self.seen[places] = True
        for reason, rule in self.read.guards.items():
            hit = self.masks[rule.text][places]
            self.excluded[reason] = self.excluded.get(reason, 0) + int(hit.sum())
            places = places[~hit]
        return places

    def _sort(self, places: Places) -> Places:
        columns = sorted({"customer_id", *self.read.order.columns})
        some = self.facts.select(columns).take(pa.array(places))
        return places[self.read.order.sort(some, then="customer_id")]

    def _cut(self, places: Places) -> tuple[Places, int]:
        """Return customers in their final order, and how many of them to take."""
        limit = self.read.definition.limit
        if limit is None or isinstance(limit, int):
            return places, len(places) if limit is None else limit
        action = self.read.definition.action
        assert action is not None, "limit = optimal needs an action"
        curve = profit_curve(
            self._profit(places),
            cost=action.cost,
            capacity=action.capacity,
            budget=action.budget,
        )
        unknown = np.setdiff1d(np.arange(len(places)), curve.order)
        length = max(curve.length, self.read.definition.least)
        return places[np.concatenate([curve.order, unknown])], length

    def _profit(self, places: Places) -> Floats:
        """Return what the action is expected to bring of each; NaN without one."""
        action = self.read.definition.action
        if action is None:
            return np.full(len(places), np.nan)
        amounts = dict(zip(("chance", "stake"), self.read.amounts, strict=True))
        names = sorted({name for each in amounts.values() for name in each.columns})
        some = self.facts.select(names).take(pa.array(places))
        found = compute_amounts(some, amounts)
        return expected_profit(
            found["chance"],
            found["stake"],
            save_rate=action.save_rate,
            cost=action.cost,
        )
