"""Put every customer of a run into its class, by every scheme."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.errors import RuleError
from models.rules import parse_rule
from models.schemes.classify import (
    Classified,
    Ground,
    Names,
    SkippedError,
    classify,
    describe_cuts,
    named_fault,
)
from models.schemes.movement import CAUSES, RULE, ManualOverride, Moved, Past, move
from models.schemes.order import PREFIX, in_order
from models.schemes.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Standings:
    """Where customers stood in a run.

    Parameters
    ----------
    table : Table of shape (n_customers, 2 + n_schemes)
        ``customer_id``; ``moves``, JSON or null; ``tier_NAME``, the class by each
        scheme.
    """

    table: pa.Table


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
    kept: Mapping[str, Any] | None = None,
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
    kept : mapping or None
        The ``summary`` of a run whose cuts are to be used again, for customers who are
        not a whole run.

    Raises
    ------
    ConfigError
        If a scheme's rules are wrong.
    """
    cuts = {name: each.get("cuts", {}) for name, each in (kept or {}).items()}
    ground = Ground(facts, kept=cuts)
    ids = pd.Index(facts["customer_id"].to_numpy(zero_copy_only=False))
    found: dict[str, tuple[Classified, Moved]] = {}
    summary: dict[str, dict[str, Any]] = {}
    for scheme in in_order(schemes):
        summary[scheme.name] = scheme.to_dict()
        try:
            classified = classify(scheme, ground)
        except SkippedError as exc:
            summary[scheme.name]["skipped"] = str(exc)
            continue
        moved = move(
            scheme,
            classified,
            read_past(before, scheme, ids),
            as_of=as_of,
            lifts=_lifts(scheme, ground),
            manual=_by_hand(scheme, manual, ids, as_of),
        )
        found[scheme.name] = (classified, moved)
        names = np.array(scheme.classes, dtype=object)[moved.codes]
        ground.add(scheme.name, names)
        summary[scheme.name] |= _sum_up(scheme, classified, moved)
    graded = facts
    for name in found:
        column = ground.facts[f"{PREFIX}{name}"]
        graded = graded.append_column(f"{PREFIX}{name}", column)
    return Graded(graded, _remember(schemes, found, len(ids)), summary, found)


def read_past(before: Standings | None, scheme: Scheme, ids: pd.Index) -> Past:
    """Return where customers stood by one scheme, in the order of ``ids``."""
    past = Past.none(len(ids))
    column = f"{PREFIX}{scheme.name}"
    if before is None or column not in before.table.column_names:
        return past
    old = pd.Index(before.table["customer_id"].to_numpy(zero_copy_only=False))
    rows = old.get_indexer(ids)
    places = {name: place for place, name in enumerate(scheme.classes)}
    names = before.table[column].to_pandas().map(places).fillna(-1).to_numpy()
    there = rows >= 0
    past.codes[there] = names[rows[there]].astype(np.int16)
    _read_moves(past, scheme, before.table["moves"], ids.get_indexer(old), places)
    return past


def _read_moves(
    past: Past,
    scheme: Scheme,
    moves: pa.ChunkedArray,
    places_now: npt.NDArray[np.intp],
    places: Mapping[str, int],
) -> None:
    for row in np.flatnonzero(moves.is_valid().to_numpy()):
        known = json.loads(moves[int(row)].as_py()).get(scheme.name)
        now = places_now[row]
        if known is None or now < 0:
            continue
        if "since" in known:
            past.since[now] = np.datetime64(known["since"])
        if "lifted" in known:
            past.lifted[now] = np.datetime64(known["lifted"])
        past.was[now] = places.get(known.get("was", ""), -1)


def _lifts(scheme: Scheme, ground: Ground) -> dict[str, npt.NDArray[np.bool_]]:
    found = {}
    for name in ("growth", "failing"):
        override = getattr(scheme, name)
        if override is not None:
            try:
                rule = parse_rule(override.when, ground.types)
            except RuleError as exc:
                raise named_fault(scheme, exc) from exc
            found[name] = ground.select([rule])[0]
    return found


def _by_hand(
    scheme: Scheme, manual: Sequence[ManualOverride], ids: pd.Index, as_of: datetime
) -> dict[int, int]:
    """Return row to class for the overrides that hold; the last one given wins."""
    alive = [
        each
        for each in manual
        if each.scheme == scheme.name
        and each.until > as_of
        and each.tier in scheme.classes
    ]
    rows = ids.get_indexer(pd.Index([each.customer_id for each in alive]))
    return {
        int(row): scheme.classes.index(each.tier)
        for row, each in zip(rows, alive, strict=True)
        if row >= 0
    }


def _sum_up(scheme: Scheme, found: Classified, moved: Moved) -> dict[str, Any]:
    """Return what the run made of a scheme, as JSON values."""
    counts = np.bincount(moved.codes, minlength=len(scheme.classes))
    n = max(len(moved.codes), 1)
    shares = {
        name: {"n_customers": int(count), "customer_share": count / n}
        for name, count in zip(scheme.classes, counts, strict=True)
    }
    if found.quantity is not None:
        values = np.nan_to_num(found.quantity)
        total = float(values[values > 0].sum())
        for place, name in enumerate(scheme.classes):
            value = float(values[moved.codes == place].sum())
            shares[name]["quantity"] = value
            shares[name]["quantity_share"] = value / total if total else 0.0
    known = moved.counts["known_before"]
    flapping = moved.counts["flapped"] / known if known else 0.0
    return {
        "cuts": describe_cuts(found),
        "shares": shares,
        "moved": {**moved.counts, "flapping": flapping},
    }


def _remember(
    schemes: Sequence[Scheme], found: Mapping[str, tuple[Classified, Moved]], n: int
) -> list[str | None]:
    """Write what is to be known of customers beside their classes."""
    kept: list[dict[str, dict[str, str]]] = [{} for _ in range(n)] if found else []
    for scheme in schemes:
        if scheme.name not in found:
            continue
        classified, moved = found[scheme.name]
        past = moved.past
        told = ~np.isnat(past.since) | (moved.causes != RULE) | ~np.isnat(past.lifted)
        for row in np.flatnonzero(told):
            kept[row][scheme.name] = _told(scheme, classified, moved, int(row))
    return [json.dumps(each, ensure_ascii=False) if each else None for each in kept]


def _told(
    scheme: Scheme, classified: Classified, moved: Moved, row: int
) -> dict[str, str]:
    past = moved.past
    told = {"cause": CAUSES[moved.causes[row]]}
    if not np.isnat(past.since[row]):
        told["since"] = str(past.since[row])
    if past.was[row] >= 0:
        told["was"] = scheme.classes[past.was[row]]
    if not np.isnat(past.lifted[row]):
        told["lifted"] = str(past.lifted[row])
    if moved.codes[row] != classified.codes[row]:
        told["by_rule"] = scheme.classes[classified.codes[row]]
    return told


def class_names(graded: Graded, name: str) -> Names:
    """Return the classes of a scheme, by customer."""
    column = graded.facts[f"{PREFIX}{name}"]
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
