"""Let the primary scheme fill ``tier``, its reason and its gap in the scores."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.score.schema import GAP, SCORE_SCHEMA, TEXT, RunContext
from models.score.splice import splice
from models.tiers.definition.scheme import Scheme
from models.tiers.grade import Graded, class_names
from models.tiers.words import Case, write_gap, write_reason

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a scheme makes of the tiers of scores.

    Parameters
    ----------
    tier : StringArray of shape (n_customers,)
    rows : ndarray of shape (n_changed,)
        Ascending places of those who are told anew.
    tier_reason, gap_to_next_tier : StructArray of shape (n_changed,)
        What they are told.
    """

    tier: pa.StringArray
    rows: Places
    tier_reason: pa.StructArray
    gap_to_next_tier: pa.StructArray


def apply_primary(
    scores: pa.Table, graded: Graded, scheme: Scheme, *, context: RunContext
) -> pa.Table:
    """Return the scores with the classes of a scheme as their tiers.

    Where that is what they hold already, they are returned as they are.
    """
    new = rewrite_tiers(scores["tier"], graded, scheme, context=context)
    if new is None:
        return scores
    columns = {
        "tier": new.tier,
        "tier_reason": splice(scores["tier_reason"], new.rows, new.tier_reason),
        "gap_to_next_tier": splice(
            scores["gap_to_next_tier"], new.rows, new.gap_to_next_tier
        ),
    }
    for name, values in columns.items():
        place = SCORE_SCHEMA.get_field_index(name)
        scores = scores.set_column(place, SCORE_SCHEMA.field(place), values)
    return scores


def rewrite_tiers(
    tiers: pa.ChunkedArray, graded: Graded, scheme: Scheme, *, context: RunContext
) -> Rewritten | None:
    """Return what changes where a scheme fills the tiers, None where nothing does.

    The scheme ``abc`` without overrides is what scores hold already, in its own words.
    """
    if scheme.name not in graded.found:
        return None
    names = class_names(graded, scheme.name)
    old = tiers.to_numpy(zero_copy_only=False)
    changed = np.ones(len(names), dtype=bool)
    if scheme.kind == "abc":
        changed = names != old
    if not changed.any():
        return None
    rows = np.flatnonzero(changed)
    cases = [case_of(graded, scheme, int(row)) for row in rows]
    currency, as_of = context.currency, context.as_of
    reasons = [write_reason(scheme, case, currency=currency) for case in cases]
    gaps = [write_gap(scheme, case, as_of=as_of, currency=currency) for case in cases]
    return Rewritten(
        tier=pa.array(np.where(changed, names, old), pa.string()),
        rows=rows,
        tier_reason=pa.array(reasons, TEXT),
        gap_to_next_tier=pa.array(gaps, GAP),
    )


def case_of(graded: Graded, scheme: Scheme, row: int) -> Case:
    """Return what is to be said of one customer."""
    classified, moved = graded.found[scheme.name]
    quantity, limits = classified.quantity, classified.limits
    moves = graded.moves[row]
    order_value = None
    if "mean_order_value" in graded.facts.column_names:
        order_value = graded.facts["mean_order_value"][row].as_py()
    return Case(
        tier=scheme.classes[moved.codes[row]],
        quantity=None if quantity is None else float(quantity[row]),
        limits=() if limits is None else tuple(float(x) for x in limits[row]),
        told=json.loads(moves).get(scheme.name) if moves else None,
        order_value=order_value,
    )
