"""Let the primary scheme fill ``tier``, its reason and its gap in the scores."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from models.schemes.grade import Graded, class_names
from models.schemes.scheme import Scheme
from models.schemes.words import Case, write_gap, write_reason
from models.scores import GAP, SCORE_SCHEMA, TEXT, RunContext


def apply_primary(
    scores: pa.Table, graded: Graded, scheme: Scheme, *, context: RunContext
) -> pa.Table:
    """Return the scores with the classes of a scheme as their tiers.

    Where that is what they hold already, they are returned as they are: the scheme
    ``abc`` without overrides has its own words.
    """
    if scheme.name not in graded.found:
        return scores
    names = class_names(graded, scheme.name)
    old = scores["tier"].to_numpy(zero_copy_only=False)
    changed = np.ones(len(names), dtype=bool)
    if scheme.kind == "abc":
        changed = names != old
    if not changed.any():
        return scores
    columns = {
        "tier": pa.array(np.where(changed, names, old), pa.string()),
        **_words(scores, graded, scheme, changed, context=context),
    }
    for name, values in columns.items():
        place = SCORE_SCHEMA.get_field_index(name)
        scores = scores.set_column(place, SCORE_SCHEMA.field(place), values)
    return scores


def _words(
    scores: pa.Table,
    graded: Graded,
    scheme: Scheme,
    changed: np.ndarray[tuple[int], np.dtype[np.bool_]],
    *,
    context: RunContext,
) -> dict[str, pa.Array]:
    reasons = scores["tier_reason"].to_pylist()
    gaps = scores["gap_to_next_tier"].to_pylist()
    for row in np.flatnonzero(changed):
        case = case_of(graded, scheme, int(row))
        reasons[row] = write_reason(scheme, case, currency=context.currency)
        gaps[row] = write_gap(
            scheme, case, as_of=context.as_of, currency=context.currency
        )
    return {
        "tier_reason": pa.array(reasons, TEXT),
        "gap_to_next_tier": pa.array(gaps, GAP),
    }


def case_of(graded: Graded, scheme: Scheme, row: int) -> Case:
    """Return what is to be said of one customer."""
    classified, moved = graded.found[scheme.name]
    quantity, limits = classified.quantity, classified.limits
    told = graded.moves[row]
    order_value = None
    if "mean_order_value" in graded.facts.column_names:
        order_value = graded.facts["mean_order_value"][row].as_py()
    return Case(
        tier=scheme.classes[moved.codes[row]],
        quantity=None if quantity is None else float(quantity[row]),
        limits=() if limits is None else tuple(float(x) for x in limits[row]),
        told=json.loads(told).get(scheme.name) if told else None,
        order_value=order_value,
    )
