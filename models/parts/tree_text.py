"""Check the text of a LightGBM model before LightGBM reads it.

LightGBM trusts the text: an offset, a child or a count that is not as it wrote it
takes the process down, or never ends. So only what it writes for models like ours
passes: each line in its place and of its form, nothing said twice.
"""

from __future__ import annotations

import math
import re
from itertools import accumulate

from features.errors import BundleError

MOST_LEAVES = 1024
"""A chain of so many splits can still be walked and explained."""

INTEGER = r"-?\d{1,9}"
BITS = r"\d{1,10}"
NUMBER = r"-?\d{1,400}(?:\.\d{1,400})?(?:e[-+]\d{1,4})?"
NAME = "[!-<>-~]+"
RANGE = rf"(?:none|\[{NUMBER}:{NUMBER}\]|{INTEGER}(?::{INTEGER})*)"
"""What is known of a feature: nothing, its bounds, or the codes of its category."""


def _list_of(item: str) -> str:
    return f"(?:{item}(?: {item})*)?"


LEAVES = {"leaf_value": NUMBER, "leaf_weight": NUMBER, "leaf_count": INTEGER}
SPLITS = {
    "split_feature": INTEGER,
    "split_gain": NUMBER,
    "threshold": rf"(?:{NUMBER}|inf)",
    "decision_type": INTEGER,
    "left_child": INTEGER,
    "right_child": INTEGER,
}
NODES = {"internal_value": NUMBER, "internal_weight": NUMBER, "internal_count": INTEGER}
FIELDS = {**SPLITS, **LEAVES, **NODES}
"""What is told of each leaf and each split, in the order of the lines."""

NUMERIC, CATEGORICAL = (0, 2, 4, 6, 8, 10), (1, 3, 5, 7, 9, 11)
"""How LightGBM writes what a split is by, with how it treats what is missing."""

HEAD = re.compile(
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
    r"max_feature_idx=(?P<last>\d{1,6})\n"
    r"objective=(?:binary sigmoid:1|tweedie)\n"
    rf"feature_names=(?P<names>{_list_of(NAME)})\n"
    rf"feature_infos=(?P<infos>{_list_of(RANGE)})\n"
    rf"tree_sizes=(?P<sizes>{_list_of(INTEGER)})\n\n"
)
TREE = re.compile(
    r"Tree=(?P<number>\d{1,9})\nnum_leaves=(?P<num_leaves>\d{1,9})\nnum_cat=(?P<num_cat>\d{1,9})\n"
    + "".join(rf"{key}=(?P<{key}>{_list_of(form)})\n" for key, form in FIELDS.items())
    + rf"(?:cat_boundaries=(?P<cat_boundaries>{_list_of(INTEGER)})\n"
    + rf"cat_threshold=(?P<cat_threshold>{_list_of(BITS)})\n)?"
    + rf"is_linear=0\nshrinkage={NUMBER}\n\n\n"
)
TAIL = re.compile(
    "end of trees\n\n"
    rf"feature_importances:\n(?:{NAME}=\d{{1,9}}\n)*\n"
    r"parameters:\n(?:\[\w+: [ -~]*\]\n)*\n"
    "end of parameters\n\npandas_categorical:null\n"
)


def check_trees(text: str, *, name: str) -> None:
    """Refuse text that LightGBM could not read and walk.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for the message.

    Raises
    ------
    BundleError
        If the text is cut or not of LightGBM's form, a tree is not where the head says,
        a child is out of range, reached twice or never, a feature does not exist, or a
        number is not finite.
    """
    head = HEAD.match(text) if text.isascii() else None
    if head is None:
        raise BundleError(f"{name} is not a whole LightGBM model.")
    n_features = int(head["last"]) + 1
    if any(len(head[key].split()) != n_features for key in ("names", "infos")):
        raise BundleError(f"{name} has another number of features than it says.")
    sizes = [max(0, int(size)) for size in head["sizes"].split()]
    starts = list(accumulate(sizes, initial=head.end()))
    if not sizes or not TAIL.fullmatch(text, starts[-1]):
        raise BundleError(f"{name} is not a whole LightGBM model.")
    for number, (start, end) in enumerate(zip(starts, starts[1:], strict=False)):
        tree = TREE.fullmatch(text, start, end)
        fault = "is malformed"
        if tree is not None and int(tree["number"]) == number:
            fault = _fault(tree, n_features)
        if fault:
            raise BundleError(f"Tree {number} of {name} {fault}.")


def _fault(tree: re.Match[str], n_features: int) -> str:
    """Return what is wrong with a tree of the right form; nothing if it is sound."""
    values = {key: [float(value) for value in tree[key].split()] for key in FIELDS}
    n_leaves = int(tree["num_leaves"])
    if not 1 <= n_leaves <= MOST_LEAVES or _miscounts(values, n_leaves):
        return "has another number of leaves or splits than it says"
    if not all(_is_sound(value, key) for key in FIELDS for value in values[key]):
        return "has a leaf or a threshold that is not finite"
    if min([*values["leaf_count"], *values["internal_count"]]) < 1:
        return "has a leaf or a split of no customer"
    if not all(0 <= feature < n_features for feature in values["split_feature"]):
        return "splits on a feature that does not exist"
    if fault := _split_fault(tree, values):
        return fault
    lefts, rights = values["left_child"], values["right_child"]
    return "" if _is_whole(lefts, rights) else "has a child out of place"


def _is_sound(value: float, key: str) -> bool:
    """Tell whether a number may stand; inf parts what is known from what is missing."""
    return math.isfinite(value) or (key == "threshold" and value > 0)


def _split_fault(tree: re.Match[str], values: dict[str, list[float]]) -> str:
    """Return what is wrong with how a tree splits; nothing if all is sound."""
    kinds = {int(kind) for kind in values["decision_type"]}
    if not kinds <= {*NUMERIC, *CATEGORICAL}:
        return "splits otherwise than on a number or a category"
    n_sets = int(tree["num_cat"])
    bounds = [int(number) for number in (tree["cat_boundaries"] or "0").split()]
    words = [int(number) for number in (tree["cat_threshold"] or "").split()]
    whole = bounds[0] == 0 and bounds[-1] == len(words) and len(bounds) == n_sets + 1
    rising = all(a < b for a, b in zip(bounds, bounds[1:], strict=False))
    if not (whole and rising and all(word < 2**32 for word in words)):
        return "has sets of categories out of place"
    used = [
        threshold
        for kind, threshold in zip(
            values["decision_type"], values["threshold"], strict=True
        )
        if int(kind) in CATEGORICAL
    ]
    if not all(number.is_integer() and 0 <= number < n_sets for number in used):
        return "splits by a set of categories that does not exist"
    return ""


def _miscounts(values: dict[str, list[float]], n_leaves: int) -> bool:
    leaves = {len(values[key]) for key in LEAVES}
    splits = {len(values[key]) for key in (*SPLITS, *NODES)}
    if n_leaves == 1:
        leaves = {len(values["leaf_value"]), len(values["leaf_count"])}
    return leaves != {n_leaves} or splits != {n_leaves - 1}


def _is_whole(lefts: list[float], rights: list[float]) -> bool:
    """Tell whether each node but the root is a child once, of an earlier one."""
    n_splits = len(lefts)
    everyone = [*range(-n_splits - 1, 0), *range(1, n_splits)] if n_splits else []
    forward = all(
        child < 0 or child > parent
        for side in (lefts, rights)
        for parent, child in enumerate(side)
    )
    return forward and sorted([*lefts, *rights]) == everyone
