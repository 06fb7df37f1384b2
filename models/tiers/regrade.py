"""Grade a customer of a past run again, with what was decided of it since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from models.score.schema import SCORE_SCHEMA, RunContext
from models.tiers.definition.dependencies import PREFIX
from models.tiers.definition.scheme import TIERS
from models.tiers.grade import Graded, grade
from models.tiers.history import Standings
from models.tiers.movement import ManualOverride
from models.tiers.plan import plan_again
from models.tiers.primary import apply_primary

WORDS = ("tier", "tier_reason", "gap_to_next_tier")
SCORED = "scored"
"""In a customer's moves: what the score said before somebody decided."""

UNDECIDED = ""
"""In place of a tier that was set by hand when the run was scored."""


@dataclass(frozen=True, slots=True)
class Regraded:
    """A customer after a decision.

    Parameters
    ----------
    scores : Table of shape (1, n_columns)
        In ``SCORE_SCHEMA``.
    facts : mapping of str to value
        The facts that are other than before.
    moves : str or None
        As ``Graded.moves`` has them.
    """

    scores: pa.Table
    facts: Mapping[str, Any]
    moves: str | None


def regrade(
    facts: pa.Table,
    scores: pa.Table,
    *,
    moves: str | None,
    context: RunContext,
    before: Standings | None,
    manual: Sequence[ManualOverride],
) -> Regraded:
    """Grade one customer by all schemes of its run.

    Parameters
    ----------
    facts : Table of shape (1, n_facts)
        As the store keeps them, with the classes that the customer had.
    scores : Table of shape (1, n_columns)
        In ``SCORE_SCHEMA``.
    moves : str or None
        What was remembered of its classes.
    context : RunContext
        Of the run, whose cuts hold.
    before : Standings or None
        Of the run before.
    manual : sequence of ManualOverride
        All that holds now of this customer.
    """
    remembered = json.loads(moves or "{}")
    plan = plan_again(context.schemes, context.primary, every=True)
    graded = grade(
        _before_schemes(facts, remembered, context.schemes),
        plan.schemes,
        as_of=context.as_of,
        before=before,
        manual=manual,
        summary_before=context.schemes,
    )
    start = _undo(scores, remembered.get(context.primary, {}))
    new = apply_primary(start, graded, plan.primary_scheme, context=context)
    return Regraded(
        new,
        _changed(facts, graded, new),
        _remember(graded.moves[0], start, plan.primary_scheme.name),
    )


def _before_schemes(
    facts: pa.Table, remembered: Mapping[str, Any], schemes: Mapping[str, Any]
) -> pa.Table:
    """Return facts as they were before grading: ``tier`` is that of the model."""
    tier = facts["tier"][0].as_py()
    for name, scheme in schemes.items():
        if scheme["kind"] == "abc" and f"{PREFIX}{name}" in facts.column_names:
            now = facts[f"{PREFIX}{name}"][0].as_py()
            by_rule = remembered.get(name, {}).get("by_rule", now)
            tier = TIERS[scheme["classes"].index(by_rule)]
    others = [name for name in facts.column_names if name != "tier"]
    plain = [name for name in others if name.removeprefix(PREFIX) not in schemes]
    return facts.select(plain).append_column("tier", pa.array([tier], pa.string()))


def _undo(scores: pa.Table, remembered: Mapping[str, Any]) -> pa.Table:
    """Return the score as it was before somebody decided."""
    if SCORED in remembered:
        return _with_words(scores, remembered[SCORED])
    if remembered.get("cause") == "manual":
        return _with_words(scores, {"tier": UNDECIDED})
    return scores


def _with_words(scores: pa.Table, words: Mapping[str, Any]) -> pa.Table:
    for name, value in words.items():
        place = SCORE_SCHEMA.get_field_index(name)
        field = SCORE_SCHEMA.field(place)
        scores = scores.set_column(place, field, pa.array([value], field.type))
    return scores


def _changed(facts: pa.Table, graded: Graded, scores: pa.Table) -> dict[str, Any]:
    new = {f"{PREFIX}{name}": None for name in graded.found}
    new = {name: graded.facts[name][0].as_py() for name in new}
    gap = scores["gap_to_next_tier"][0].as_py()
    new["gap_amount"] = None if gap is None else gap["amount"]
    return {
        name: value
        for name, value in new.items()
        if name in facts.column_names and facts[name][0].as_py() != value
    }


def _remember(moves: str | None, start: pa.Table, primary: str) -> str | None:
    """Keep the score's own words beside the decision that takes their place."""
    remembered = json.loads(moves or "{}")
    mine = remembered.get(primary, {})
    [words] = start.select(list(WORDS)).to_pylist()
    if mine.get("cause") != "manual" or words["tier"] == UNDECIDED:
        return moves
    mine[SCORED] = words
    return json.dumps(remembered, ensure_ascii=False)
