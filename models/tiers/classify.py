"""The class that a scheme's own terms give each customer, without any history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import ConfigError, RuleError
from models.rules import Rule, RuleType, parse_amount, parse_rule
from models.score.fact_types import FACT_TYPES, OPTIONAL_ATTRIBUTES, types_of
from models.tiers.cuts import assign, code_names, find_cuts
from models.tiers.definition.check import named_fault
from models.tiers.definition.dependencies import PREFIX, named_schemes
from models.tiers.definition.scheme import LIMITED, TIERS, Scheme
from models.tiers.standing import Classified, Codes, Cuts, Floats

Names = npt.NDArray[np.object_]
Members = npt.NDArray[np.intp] | slice


class SkippedError(Exception):
    """A scheme that says nothing here, and why."""


@dataclass(slots=True)
class Ground:
    """What schemes stand on: the facts, and the classes found so far.

    Parameters
    ----------
    facts : Table of shape (n_customers, n_facts)
        Columns ``tier_NAME`` are added as schemes are done.
    types : mapping of str to RuleType
    kept : mapping
        Scheme to the cuts of a run, by group; what is lacking is found anew.
    """

    facts: pa.Table
    types: dict[str, RuleType] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, Sequence[float | None]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        """Add as unknown the attributes that a log may lack."""
        for name, kind in OPTIONAL_ATTRIBUTES.items():
            if name not in self.facts.column_names:
                nulls = pa.nulls(self.facts.num_rows, kind)
                self.facts = self.facts.append_column(name, nulls)
        self.types = types_of(self.facts.schema)

    def select(self, rules: Sequence[Rule]) -> list[npt.NDArray[np.bool_]]:
        """Tell for each rule and each customer whether it holds."""
        from models.rules.engine import select_rows

        rows_by_rule = select_rows(
            self.facts, {str(i): rule for i, rule in enumerate(rules)}
        )
        return list(rows_by_rule.values())

    def add(self, name: str, classes: pa.Array) -> None:
        """Let later rules name a scheme's classes."""
        column = f"{PREFIX}{name}"
        self.types[column] = RuleType.TEXT
        if column in self.facts.column_names:
            place = self.facts.column_names.index(column)
            self.facts = self.facts.set_column(place, column, classes)
        else:
            self.facts = self.facts.append_column(column, classes)

    def check(self, needs: Sequence[str]) -> None:
        """Skip a scheme whose facts nobody has.

        Raises
        ------
        SkippedError
            If one is lacking.
        """
        for name in needs:
            is_column = name in self.facts.column_names
            is_empty = is_column and self.facts[name].null_count == self.facts.num_rows
            if not is_column or (is_empty and not self.kept):
                raise SkippedError(f"needs {name}, which no customer has")


def read_rules(scheme: Scheme, types: Mapping[str, RuleType]) -> list[Rule]:
    """Parse a scheme's rules.

    Raises
    ------
    ConfigError
        If one is not in the language; it names the scheme.
    """
    rules = []
    for text in scheme.rules:
        try:
            rules.append(parse_rule(text, types))
        except RuleError as exc:
            raise named_fault(scheme, exc) from exc
    return rules


def classify(scheme: Scheme, ground: Ground) -> Classified:
    """Put each customer into a class.

    Raises
    ------
    SkippedError
        If the scheme says nothing of these facts.
    ConfigError
        If a rule or the quantity is not in the language.
    """
    ground.check(scheme.needs)
    if scheme.kind == "abc":
        return _as_scored(scheme, ground)
    if scheme.kind in LIMITED:
        return _cut(scheme, ground)
    if scheme.kind == "matrix":
        return Classified(_matrix(scheme, ground))
    return Classified(_ruled(scheme, ground))


def _as_scored(scheme: Scheme, ground: Ground) -> Classified:
    """Take the tiers of the scores, and the quantity where it is the usual one."""
    codes = code_names(ground.facts["tier"], TIERS)
    if scheme.quantity not in ground.types:
        return Classified(codes)
    cut = _cut(scheme, ground)
    return Classified(codes, cut.quantity, cut.limits, cut.cuts)


def _cut(scheme: Scheme, ground: Ground) -> Classified:
    try:
        amount = parse_amount(scheme.quantity, {**FACT_TYPES, **ground.types})
    except RuleError as exc:
        raise named_fault(scheme, exc) from exc
    _check_columns(amount.columns, ground)
    quantity = amount.compute(ground.facts)
    groups, of_group = _groups(scheme, ground)
    cuts_before = ground.kept.get(scheme.name) or None
    cuts: dict[str, Cuts] = {}
    codes = np.full(len(quantity), len(scheme.classes) - 1, dtype=np.int16)
    limits = np.full((len(quantity), len(scheme.classes) - 1), np.nan)
    for group, members in zip(groups, of_group, strict=True):
        if cuts_before is None:
            cuts[group] = _cuts_of(scheme, group, quantity, members)
        else:
            cuts[group] = tuple(cuts_before.get(group, cuts_before.get("", ())))
        if scheme.kind == "top_of_group" and not group:
            continue
        codes[members] = assign(quantity[members], cuts[group])
        limits[members] = [np.nan if cut is None else cut for cut in cuts[group]]
    return Classified(codes, quantity, limits, cuts)


def _cuts_of(scheme: Scheme, group: str, quantity: Floats, members: Members) -> Cuts:
    if scheme.kind == "top_of_group":
        return find_cuts(scheme, quantity[members])
    if group in scheme.overrides:
        return scheme.overrides[group]
    return find_cuts(scheme, quantity)


def _groups(scheme: Scheme, ground: Ground) -> tuple[list[str], list[Members]]:
    """Return the values by which limits are chosen, and whose they are.

    "" stands for the limits that are common to all others.
    """
    column = scheme.group if scheme.kind == "top_of_group" else scheme.by
    if not column:
        return [""], [slice(None)]
    if ground.types.get(column) is not RuleType.TEXT:
        raise SkippedError(f"needs {column}, as text")
    values = pc.fill_null(ground.facts[column], "")
    if scheme.kind != "top_of_group":
        own = pc.is_in(values, value_set=pa.array(list(scheme.overrides), pa.string()))
        values = pc.if_else(own, values, "")
    coded = values.combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(coded.dictionary)))
    parts = np.split(order, ends)[:-1]
    members_of = dict(zip(coded.dictionary.to_pylist(), parts, strict=True))
    return sorted(members_of), [members_of[name] for name in sorted(members_of)]


def _ruled(scheme: Scheme, ground: Ground) -> Codes:
    try:
        rules = read_rules(scheme, {**FACT_TYPES, **ground.types})
    except ConfigError as exc:
        raise _as_skipped(scheme, ground, exc) from exc
    for rule in rules:
        _check_columns(rule.columns, ground)
    holds = ground.select(rules)
    last = len(scheme.classes) - 1
    codes = np.full(ground.facts.num_rows, last, dtype=np.int16)
    if scheme.kind == "all_of":
        codes[np.logical_and.reduce(holds)] = 0
    elif scheme.kind == "any_of":
        codes[np.logical_or.reduce(holds)] = 0
    else:
        for place in reversed(range(last)):
            codes[holds[place]] = place
    return codes


def _check_columns(columns: Iterable[str], ground: Ground) -> None:
    """Skip a scheme that names a fact which this kind of log does not have."""
    lacking = sorted(set(columns) - set(ground.types))
    if lacking:
        raise SkippedError(f"needs {lacking[0]}, which no customer has")


def _as_skipped(scheme: Scheme, ground: Ground, fault: ConfigError) -> Exception:
    """Tell a scheme that stands on a skipped one from a wrong one."""
    for name in named_schemes(scheme):
        if f"{PREFIX}{name}" not in ground.types:
            return SkippedError(f"stands on {name}, which says nothing here")
    return fault


def _matrix(scheme: Scheme, ground: Ground) -> Codes:
    for name in (scheme.rows, scheme.columns):
        if f"{PREFIX}{name}" not in ground.types:
            raise SkippedError(f"stands on {name}, which says nothing here")
    rows = list(scheme.cells)
    columns = list(
        dict.fromkeys(key for cells in scheme.cells.values() for key in cells)
    )
    last = len(scheme.classes) - 1
    target = np.full((len(rows) + 1, len(columns) + 1), last, dtype=np.int16)
    for row, cells in scheme.cells.items():
        for column, name in cells.items():
            if name not in scheme.classes:
                raise ConfigError(
                    f"[tiers.{scheme.name}] cells names {name!r}.",
                    needed=f"One of {', '.join(scheme.classes)}.",
                )
            at = rows.index(row), columns.index(column)
            target[at] = scheme.classes.index(name)
    of_row, of_column = (
        code_names(ground.facts[f"{PREFIX}{name}"], classes)
        for name, classes in ((scheme.rows, rows), (scheme.columns, columns))
    )
    return np.asarray(target[of_row, of_column])


def describe_cuts(classified: Classified) -> dict[str, Any]:
    """Return the cuts as plain JSON values."""
    return {group: list(cuts) for group, cuts in classified.cuts.items()}
