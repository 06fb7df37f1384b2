"""How long a list should be, for what its action costs and saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from models.lists import Action, ListDefinition
from models.lists.profit import ProfitCurve, profit_curve
from serving.errors import UnknownListError, UnpayableError
from serving.queries.lists.build import list_now
from serving.runs.lists import build_once
from serving.runs.published import published_run
from serving.store.engine import Store
from serving.store.lists import API, StoredList, read_lists

POINTS_SHOWN = 100
"""Lengths on the curve that is shown, besides the best one."""


@dataclass(frozen=True, slots=True)
class ListProfit:
    """What a list is expected to bring, by its length.

    Parameters
    ----------
    currency : str or None
        Of every amount.
    action : Action
        With which it was computed.
    save_rate_from : str
        ``config``, ``list`` (as it was defined over the API) or ``request``; outcomes
        do not change it yet.
    n_unknown : int
        Customers without a prediction, who take no part.
    customers : sequence of str
        By expected profit, the most profitable first.
    curve : ProfitCurve
    """

    run_id: str
    as_of: datetime
    model_version: str
    currency: str | None
    action: Action
    save_rate_from: str
    n_unknown: int
    customers: list[str]
    curve: ProfitCurve

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        curve, n = self.curve, self.curve.length
        return {
            "currency": self.currency,
            "action": self.action.model_dump(mode="json"),
            "save_rate_from": self.save_rate_from,
            "n_customers": len(self.customers),
            "n_unknown": self.n_unknown,
            "length": n,
            "ended_by": curve.ended_by,
            "expected_profit": curve.total,
            "cost": n * curve.cost,
            "last": self._one(n - 1),
            "next": self._one(n),
            "next_unit_of_budget": curve.next_unit,
            "curve": [
                {"length": int(at), "cost": at * curve.cost, "profit": float(total)}
                for at, total in self._points()
            ],
        }

    def _one(self, place: int) -> dict[str, Any] | None:
        """Return the customer at a place, None where there is none."""
        if not 0 <= place < len(self.customers):
            return None
        profit = float(self.curve.profit[place])
        return {"customer_id": self.customers[place], "expected_profit": profit}

    def _points(self) -> list[tuple[int, float]]:
        total = self.curve.cumulative
        most = len(total) - 1
        at = (
            np.linspace(0, most, min(POINTS_SHOWN, most + 1))
            .round()
            .astype(int)
            .tolist()
        )
        return [(n, float(total[n])) for n in sorted({*at, self.curve.length})]


def profit_of(
    store: Store, name: str, changes: Mapping[str, Any] | None = None
) -> ListProfit:
    """Return the profit curve of a list, over all who pass its guardrails.

    The list's own limit and backfill take no part: how long it should be is what is
    asked.

    Parameters
    ----------
    changes : mapping, optional
        Terms of the action that take the place of the list's.

    Raises
    ------
    UnknownListError
        If there is no such list.
    UnpayableError
        If nobody says what the action costs and saves.
    UnpublishedError
        If there is no run.
    """
    terms = {key: value for key, value in (changes or {}).items() if value is not None}
    list_now(store, name)
    with store.read() as con:
        run = published_run(con)
        stored = read_lists(con).get(name)
        if stored is None:
            raise UnknownListError(f"There is no list {name}.")
        action = _action(stored, terms)
        built = build_once(con, run, stored, _unlimited(stored.definition, action))
    ids = built.members["customer_id"].to_pylist()
    curve = profit_curve(
        built.members["expected_profit"].to_numpy(zero_copy_only=False)
        if built.n_members
        else [],
        cost=action.cost,
        capacity=action.capacity,
        budget=action.budget,
    )
    return ListProfit(
        run_id=run.run_id,
        as_of=run.as_of,
        model_version=run.model_version,
        currency=run.context.get("currency"),
        action=action,
        save_rate_from=_source(stored, terms),
        n_unknown=len(ids) - len(curve.order),
        customers=[ids[place] for place in curve.order],
        curve=curve,
    )


def _action(stored: StoredList, terms: Mapping[str, Any]) -> Action:
    action = stored.definition.action
    written = {} if action is None else action.model_dump()
    wanted = {**written, **terms}
    lacking = [key for key in ("cost", "save_rate") if key not in wanted]
    if lacking:
        raise UnpayableError(
            f"The list {stored.name} does not say what its action costs and saves.",
            needed=" and ".join(lacking) + ".",
            todo=f"Write [lists.{stored.name}.action] with them, or give them here.",
        )
    return Action.model_validate(wanted)


def _unlimited(definition: ListDefinition, action: Action) -> ListDefinition:
    return definition.model_copy(
        update={"limit": None, "min_size": None, "backfill": (), "action": action}
    )


def _source(stored: StoredList, terms: Mapping[str, Any]) -> str:
    if "save_rate" in terms:
        return "request"
    return "list" if stored.source == API else "config"
