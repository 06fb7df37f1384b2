"""Lists of customers: what they are, whom they hold, and how long they should be.

A list is a condition, an order and a length; guardrails say whom to leave out. What is
here knows no store: it takes one row a customer and returns the members.
"""

from models.lists.build import build_lists
from models.lists.built import BuiltList
from models.lists.definition import Action, Guardrails, ListDefinition, check_list
from models.lists.presets import lay_over, presets, with_presets

__all__ = [
    "Action",
    "BuiltList",
    "Guardrails",
    "ListDefinition",
    "build_lists",
    "check_list",
    "lay_over",
    "presets",
    "with_presets",
]
