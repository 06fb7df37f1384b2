"""Tier schemes: several at once, each with classes from the top down."""

from models.tiers.definition.check import find_scheme_faults
from models.tiers.definition.class_names import classes_by_column, find_unknown_class
from models.tiers.definition.dependencies import PREFIX, named_columns
from models.tiers.definition.reading import make_scheme, read_presets, read_schemes
from models.tiers.definition.scheme import Override, Scheme
from models.tiers.grade import Graded, grade
from models.tiers.history import Standings
from models.tiers.movement import ManualOverride
from models.tiers.plan import (
    TierPlan,
    plan_again,
    plan_tiers,
    plan_with_stored,
    split_readable,
)
from models.tiers.primary import apply_primary
from models.tiers.regrade import Regraded, regrade
from models.tiers.standing import CAUSES

__all__ = [
    "CAUSES",
    "PREFIX",
    "Graded",
    "ManualOverride",
    "Override",
    "Regraded",
    "Scheme",
    "Standings",
    "TierPlan",
    "apply_primary",
    "classes_by_column",
    "find_scheme_faults",
    "find_unknown_class",
    "grade",
    "make_scheme",
    "named_columns",
    "plan_again",
    "plan_tiers",
    "plan_with_stored",
    "read_presets",
    "read_schemes",
    "regrade",
    "split_readable",
]
