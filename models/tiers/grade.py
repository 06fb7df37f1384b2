"""Put every customer of a run into its class, by every scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import ConfigError, RuleError
from models.rules import parse_rule
from models.tiers.classify import (
    Ground,
    Names,
    SkippedError,
    classify,
    describe_cuts,
)
from models.tiers.definition.check import named_fault
from models.tiers.definition.dependencies import PREFIX, split_circles
from models.tiers.definition.scheme import Scheme
from models.tiers.history import Standings, read_history, write_moves
from models.tiers.movement import ManualOverride, move
from models.tiers.standing import Classified, Moved


@dataclass(frozen=True, slots=True)
class Graded:
    """The classes of a run's customers.

    Parameters
    ----------
    facts : Table
        As given, with a column ``tier_NAME`` for each scheme.
    moves : list of str or None
        What is to be remembered of each customer's classes, as JSON; None where
        nothing is but the classes.
    summary : dict
        Scheme to its terms, its cuts, and what the run made of it.
    found : mapping of str to (Classified, Moved)
    """

    facts: pa.Table
    moves: list[str | None]
    summary: dict[str, dict[str, Any]]
    found: Mapping[str, tuple[Classified, Moved]] = field(default_factory=dict)


def grade(
    facts: pa.Table,
    schemes: Sequence[Scheme],
    *,
    as_of: datetime,
    before: Standings | None = None,
    manual: Sequence[ManualOverride] = (),
    summary_before: Mapping[str, Any] | None = None,
) -> Graded:
    """Put customers into classes.

    Parameters
    ----------
    facts : Table of shape (n_customers, n_facts)
        As ``build_facts`` makes it.
    schemes : sequence of Scheme
    as_of : datetime
        Of the run.
    before : Standings or None
        Of the run before; without them nobody has a history.
    manual : sequence of ManualOverride
        Those that have ended, or whose class is gone, are passed over.
    summary_before : mapping or None
        The ``summary`` of a run whose cuts are to be used again, for customers who are
        not a whole run.

    Returns
    -------
    Graded
        A scheme that says nothing of these facts is ``skipped`` in the summary, one
        that is wrong has a ``fault``; neither puts anybody anywhere.
    """
    cuts = {
        name: terms_before.get("cuts", {})
        for name, terms_before in (summary_before or {}).items()
    }
    ground = Ground(facts, kept=cuts)
    ids = facts["customer_id"]
    history = read_history(before, ids)
    results: dict[str, tuple[Classified, Moved]] = {}
    summary: dict[str, dict[str, Any]] = {}
    ordered, circles = split_circles(schemes)
    terms = {scheme.name: scheme.to_dict() for scheme in schemes}
    for name, fault in circles.items():
        summary[name] = {**terms[name], "fault": str(fault)}
    for scheme in ordered:
        summary[scheme.name] = terms[scheme.name]
        try:
            classified = classify(scheme, ground)
            lifts = _lifts(scheme, ground)
        except SkippedError as exc:
            summary[scheme.name]["skipped"] = str(exc)
            continue
        except ConfigError as exc:
            summary[scheme.name]["fault"] = str(exc)
            continue
        moved = move(
            scheme,
            classified,
            history.of(scheme),
            as_of=as_of,
            lifts=lifts,
            manual=_by_hand(scheme, manual, ids, as_of),
        )
        results[scheme.name] = (classified, moved)
        ground.add(scheme.name, pa.array(scheme.classes).take(pa.array(moved.codes)))
        summary[scheme.name] |= _sum_up(scheme, classified, moved)
    graded = facts
    for name in results:
        column = ground.facts[f"{PREFIX}{name}"]
        graded = graded.append_column(f"{PREFIX}{name}", column)
    return Graded(graded, write_moves(schemes, results, len(ids)), summary, results)


def _lifts(scheme: Scheme, ground: Ground) -> dict[str, npt.NDArray[np.bool_]]:
    matched = {}
    for name in ("growth", "failing"):
        override = getattr(scheme, name)
        if override is not None:
            try:
                rule = parse_rule(override.when, ground.types)
            except RuleError as exc:
                raise named_fault(scheme, exc) from exc
            matched[name] = ground.select([rule])[0]
    return matched


def _by_hand(
    scheme: Scheme,
    manual: Sequence[ManualOverride],
    ids: pa.ChunkedArray,
    as_of: datetime,
) -> dict[int, int]:
    """Return row to class for the overrides that hold; the last one given wins."""
    alive = [
        override
        for override in manual
        if override.scheme == scheme.name
        and override.until > as_of
        and override.tier in scheme.classes
    ]
    named = pa.array([override.customer_id for override in alive], pa.string())
    rows = pc.index_in(named, value_set=ids).to_pylist() if alive else []
    return {
        row: scheme.classes.index(override.tier)
        for row, override in zip(rows, alive, strict=True)
        if row is not None
    }


def _sum_up(scheme: Scheme, classified: Classified, moved: Moved) -> dict[str, Any]:
    """Return what the run made of a scheme, as JSON values."""
    counts = np.bincount(moved.codes, minlength=len(scheme.classes))
    n = max(len(moved.codes), 1)
    shares = {
        name: {"n_customers": int(count), "customer_share": count / n}
        for name, count in zip(scheme.classes, counts, strict=True)
    }
    if classified.quantity is not None:
        values = np.nan_to_num(classified.quantity)
        total = float(values[values > 0].sum())
        for place, name in enumerate(scheme.classes):
            value = float(values[moved.codes == place].sum())
            shares[name]["quantity"] = value
            shares[name]["quantity_share"] = value / total if total else 0.0
    n_known_before = moved.counts["known_before"]
    flapping = moved.counts["flapped"] / n_known_before if n_known_before else 0.0
    return {
        "cuts": describe_cuts(classified),
        "shares": shares,
        "moved": {**moved.counts, "flapping": flapping},
    }


def class_names(graded: Graded, name: str) -> Names:
    """Return the classes of a scheme, by customer."""
    column = graded.facts[f"{PREFIX}{name}"]
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
