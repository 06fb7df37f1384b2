"""Exact TreeSHAP of LightGBM's trees by looking patterns up, in numpy alone.

What a tree adds, and what each feature contributes to that, hangs on nothing but which
of its splits a row passes to the left. A tree of seven leaves has 64 patterns of that:
they are worked out once, and a row then takes six comparisons and one look-up a tree.
A larger tree is cut into blocks with few patterns each.
"""

from models.parts.treeshap.tables import TreeTables
from models.parts.treeshap.trees import Tree, read_trees

__all__ = ["Tree", "TreeTables", "read_trees"]
