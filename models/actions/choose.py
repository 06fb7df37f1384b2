"""Choose up to three actions for each customer of a run.

An action is worth what it is expected to save and to add, less its cost: ``save_rate``
x value at risk + ``growth_rate`` x expected value - ``cost``. Those whose rule holds
and that are worth more than nothing come in the order of their worth; an urgent one
comes first whatever it is worth. While a complaint is open nothing is sold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import RuleError
from models.actions.catalogue import Action, Catalogue
from models.rules import Rule, parse_rule
from models.rules.engine import select_rows
from models.score.fact_types import types_of

COLUMNS = ("action_1", "action_2", "action_3")
"""The facts that name a customer's actions, the best first."""

URGENT = 1e15

BLOCK = 100_000
"""Customers whose actions are put in order at a time."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a run chose.

    Parameters
    ----------
    facts : Table
        With ``COLUMNS`` beside.
    summary : dict
        ``actions``, the catalogue of the run by name, each with how many customers have
        it and the facts that its rule names; ``left_out``, actions whose rule
        the run's facts cannot answer, with what they need or what is wrong.
    """

    facts: pa.Table
    summary: dict[str, Any]


def choose_actions(facts: pa.Table, catalogue: Catalogue) -> Chosen:
    """Put up to three actions beside each customer's facts.

    Parameters
    ----------
    facts : Table of shape (n_customers, n_facts)
    catalogue : Catalogue

    Returns
    -------
    Chosen
    """
    names = [f"customer_{n}" if n in COLUMNS else n for n in facts.column_names]
    facts = facts.rename_columns(names)
    rules, left_out = _read_rules(facts, catalogue)
    actions = [action for action in catalogue.actions if action.name in rules]
    n = facts.num_rows
    worth = np.full((n, len(actions)), -np.inf)
    selected = select_rows(facts, rules) if rules and n else {}
    at_risk, expected = (_numbers(facts, name) for name in VALUES)
    complains = _flags(facts, "has_open_complaint")
    for place, action in enumerate(actions if n else ()):
        holds = selected[action.name] & ~(complains & action.upsell)
        value = worth_of(action, at_risk, expected)
        holds &= (value > 0) | action.urgent
        worth[:, place] = np.where(holds, value + URGENT * action.urgent, -np.inf)
    columns, counts = _best(worth, [action.name for action in actions])
    for name, values in zip(COLUMNS, columns, strict=True):
        facts = facts.append_column(name, values)
    told = {
        action.name: {
            **action.to_dict(),
            "n_customers": counts.get(action.name, 0),
            "facts": sorted(rules[action.name].columns),
        }
        for action in actions
    }
    return Chosen(facts, {"actions": told, "left_out": left_out})


VALUES = ("value_at_risk", "expected_value")


def worth_of(
    action: Action, at_risk: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return what an action is expected to bring, its cost taken off.

    >>> gift = Action("gift", "A gift", "true", cost=5, save_rate=0.1, growth_rate=0.01)
    >>> worth_of(gift, np.array([100.0]), np.array([300.0]))
    array([8.])
    """
    gained = action.save_rate * at_risk + action.growth_rate * np.maximum(expected, 0.0)
    return np.asarray(gained - action.cost)


def _read_rules(
    facts: pa.Table, catalogue: Catalogue
) -> tuple[dict[str, Rule], dict[str, str]]:
    """Read the rules; what one lacks, or what is wrong with it, is said."""
    known, rules, left_out = types_of(facts.schema), {}, {}
    for action in catalogue.actions:
        try:
            rules[action.name] = parse_rule(action.when, known)
        except RuleError as exc:
            left_out[action.name] = str(exc)
            continue
        lacking = [name for name in action.needs if not _is_known(facts, name)]
        if lacking:
            del rules[action.name]
            left_out[action.name] = f"No customer has {', '.join(lacking)}."
    return rules, left_out


def _best(
    worth: npt.NDArray[np.float64], names: Sequence[str]
) -> tuple[list[pa.StringArray], Mapping[str, int]]:
    """Return the names of the best three of each row, and how often each is."""
    width = min(len(COLUMNS), worth.shape[1])
    places = np.full((len(COLUMNS), len(worth)), len(names), dtype=np.int32)
    for start in range(0, len(worth), BLOCK):
        rows = slice(start, start + BLOCK)
        order = np.argsort(-worth[rows], axis=1, kind="stable")[:, :width]
        best = np.take_along_axis(worth[rows], order, axis=1)
        chosen = np.where(np.isfinite(best), order, len(names))
        places[:width, rows] = chosen.T
    texts = pa.array([*names, None], pa.string())
    counts = np.bincount(places.ravel(), minlength=len(names) + 1)[:-1].tolist()
    told = {name: n for name, n in zip(names, counts, strict=True) if n}
    return [texts.take(pa.array(each)) for each in places], told


def _numbers(facts: pa.Table, name: str) -> npt.NDArray[np.float64]:
    values = facts[name].to_numpy().astype(np.float64)
    return np.asarray(np.nan_to_num(values))


def _flags(facts: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    if name not in facts.column_names:
        return np.zeros(facts.num_rows, dtype=bool)
    return np.asarray(facts[name].fill_null(False).to_numpy(), dtype=bool)


def _is_known(facts: pa.Table, name: str) -> bool:
    """Tell whether any customer has a fact."""
    if name not in facts.column_names:
        return False
    values = facts[name]
    floats = pa.types.is_floating(values.type)
    return bool(pc.any(pc.invert(pc.is_null(values, nan_is_null=floats))).as_py())
