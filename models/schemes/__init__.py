"""Tier schemes: several at once, each with classes from the top down."""

from models.schemes.again import Regraded, regrade
from models.schemes.check import find_scheme_faults
from models.schemes.class_names import classes_by_column, find_unknown_class
from models.schemes.grade import Graded, grade
from models.schemes.history import Standings
from models.schemes.movement import CAUSES, ManualOverride
from models.schemes.order import PREFIX, named_columns
from models.schemes.plan import (
    TierPlan,
    plan_again,
    plan_tiers,
    plan_with_stored,
    split_readable,
)
from models.schemes.primary import apply_primary
from models.schemes.scheme import (
    Override,
    Scheme,
    make_scheme,
    read_presets,
    read_schemes,
)

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
