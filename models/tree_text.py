"""Check the text of a LightGBM model before LightGBM reads it.

LightGBM trusts the text: a child that is out of range, or its own parent, takes the
process down or never ends.
"""

from __future__ import annotations

import math

from features.errors import BundleError


def check_trees(text: str, *, name: str) -> None:
    """Refuse text whose trees could not be walked.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for the message.

    Raises
    ------
    BundleError
        If the text is cut, a child is out of range, reached twice or never, a feature
        does not exist, or a leaf is not finite.
    """
    head, *blocks = text.split("\nTree=")
    fields = _fields(head)
    if (
        "max_feature_idx" not in fields
        or not blocks
        or "end of trees" not in blocks[-1]
    ):
        raise BundleError(f"{name} is not a whole LightGBM model.")
    last_feature = int(fields["max_feature_idx"])
    for number, block in enumerate(blocks):
        fault = _fault(_fields(block.split("end of trees")[0]), last_feature)
        if fault:
            raise BundleError(f"Tree {number} of {name} {fault}.")


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {key: value for key, equals, value in pairs if equals}


def _fault(tree: dict[str, str], last_feature: int) -> str | None:
    try:
        n_leaves = int(tree["num_leaves"])
        leaves = [float(value) for value in tree["leaf_value"].split()]
        if n_leaves == 1 and len(leaves) == 1:
            return None if math.isfinite(leaves[0]) else "has a leaf that is not finite"
        left, right, feature = (
            [int(value) for value in tree[key].split()]
            for key in ("left_child", "right_child", "split_feature")
        )
        cuts = [float(value) for value in tree["threshold"].split()]
    except (KeyError, ValueError):
        return "is malformed"
    sizes = {len(left), len(right), len(feature), len(cuts)}
    if len(leaves) != n_leaves or sizes != {n_leaves - 1}:
        return "has another number of leaves or splits than it says"
    if not all(map(math.isfinite, [*leaves, *cuts])):
        return "has a leaf or a threshold that is not finite"
    if not all(0 <= index <= last_feature for index in feature):
        return "splits on a feature that does not exist"
    children = sorted([*left, *right])
    whole = [*range(-n_leaves, 0), *range(1, n_leaves - 1)]
    forward = all(
        child < 0 or child > parent
        for side in (left, right)
        for parent, child in enumerate(side)
    )
    return None if children == whole and forward else "has a child out of place"
