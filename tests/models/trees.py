"""Spoil the text of a LightGBM model in ways that only its structure shows."""

from __future__ import annotations

import re
from collections.abc import Callable

Spoil = Callable[[str], str]


def change_tree(text: str, **fields: Callable[[str], str]) -> str:
    """Change lines of the first tree, and the size that the head gives for it."""
    start, end = text.index("Tree=0\n"), text.index("Tree=1\n")
    tree = text[start:end]
    for name, change in fields.items():
        [line] = re.findall(rf"(?m)^{name}=.*$", tree)
        tree = tree.replace(line, f"{name}={change(line.partition('=')[2])}")
    sized = re.sub(r"tree_sizes=\d+", f"tree_sizes={len(tree)}", text[:start])
    return sized + tree + text[end:]


def first(value: str) -> Callable[[str], str]:
    """Put a value in the place of the first of a line."""
    return lambda line: " ".join([value, *line.split()[1:]])


def flip_digit(text: str) -> str:
    """Change the leading digit of each leaf of the first tree."""

    def flip(line: str) -> str:
        return " ".join(
            re.sub(r"[1-9]", lambda digit: str(int(digit[0]) % 9 + 1), leaf, count=1)
            for leaf in line.split()
        )

    return change_tree(text, leaf_value=flip)


SPOILT: dict[str, tuple[Spoil, str]] = {
    "truncated": (lambda text: text[: len(text) // 3], "not a whole LightGBM model"),
    "tail cut": (lambda text: text[:-9], "not a whole LightGBM model"),
    "empty": (lambda text: "", "not a whole LightGBM model"),
    "garbage": (lambda text: "\x00\x7fELF" * 99, "not a whole LightGBM model"),
    "prose": (lambda text: "not a model at all\n", "not a whole LightGBM model"),
    "other letters": (lambda text: text + "é", "not a whole LightGBM model"),
    "child too large": (
        lambda text: change_tree(text, right_child=first("4711")),
        "Tree 0 of churn.txt has a child out of place",
    ),
    "child too small": (
        lambda text: change_tree(text, left_child=first("-4711")),
        "has a child out of place",
    ),
    "self-loop": (
        lambda text: change_tree(text, left_child=first("0")),
        "has a child out of place",
    ),
    "child of two": (
        lambda text: change_tree(text, left_child=first("-2"), right_child=first("-2")),
        "has a child out of place",
    ),
    "one leaf too many": (
        lambda text: change_tree(text, num_leaves=lambda n: str(int(n) + 1)),
        "another number of leaves",
    ),
    "a leaf missing": (
        lambda text: change_tree(text, leaf_value=lambda v: v.rpartition(" ")[0]),
        "another number of leaves",
    ),
    "counts missing": (
        lambda text: change_tree(text, internal_count=lambda v: ""),
        "another number of leaves",
    ),
    "more leaves than memory": (
        lambda text: change_tree(text, num_leaves=lambda n: "999999999"),
        "another number of leaves",
    ),
    "no leaves": (
        lambda text: change_tree(text, num_leaves=lambda n: "0"),
        "another number of leaves",
    ),
    "feature out of range": (
        lambda text: change_tree(text, split_feature=first("4711")),
        "feature that does not exist",
    ),
    "feature below zero": (
        lambda text: change_tree(text, split_feature=first("-1")),
        "feature that does not exist",
    ),
    "categorical split": (
        lambda text: change_tree(text, decision_type=first("1")),
        "set of categories that does not exist",
    ),
    "split of no kind": (
        lambda text: change_tree(text, decision_type=first("64")),
        "otherwise than on a number or a category",
    ),
    "leaf of nobody": (
        lambda text: change_tree(text, leaf_count=first("0")),
        "of no customer",
    ),
    "NaN leaf": (
        lambda text: change_tree(text, leaf_value=first("nan")),
        "Tree 0 of churn.txt is malformed",
    ),
    "infinite leaf": (
        lambda text: change_tree(text, leaf_value=first("1e+999")),
        "leaf or a threshold that is not finite",
    ),
    "infinite threshold": (
        lambda text: change_tree(text, threshold=first("-1e+999")),
        "leaf or a threshold that is not finite",
    ),
    "word for a number": (
        lambda text: change_tree(text, threshold=first("low")),
        "is malformed",
    ),
    "number beyond an integer": (
        lambda text: change_tree(text, left_child=first("-99999999999")),
        "is malformed",
    ),
    "categories": (
        lambda text: change_tree(text, num_cat=lambda n: "3"),
        "sets of categories out of place",
    ),
    "linear leaves": (
        lambda text: change_tree(text, is_linear=lambda n: "1"),
        "is malformed",
    ),
    "wrong offset": (
        lambda text: re.sub(r"tree_sizes=\d+", "tree_sizes=70", text),
        "not a whole LightGBM model",
    ),
    "offset beyond the end": (
        lambda text: re.sub(r"tree_sizes=\d+", "tree_sizes=999999999", text),
        "not a whole LightGBM model",
    ),
    "offset before the start": (
        lambda text: re.sub(r"tree_sizes=\d+", "tree_sizes=-64", text),
        "not a whole LightGBM model",
    ),
    "no trees": (
        lambda text: re.sub(r"tree_sizes=.*", "tree_sizes=", text),
        "not a whole LightGBM model",
    ),
    "trees out of order": (
        lambda text: text.replace("Tree=0\n", "Tree=1\n"),
        "Tree 0 of churn.txt is malformed",
    ),
    "a line twice": (
        lambda text: change_tree(text, num_cat=lambda n: f"{n}\nnum_cat={n}"),
        "is malformed",
    ),
    "many outputs": (
        lambda text: text.replace("num_class=1\n", "num_class=999999\n"),
        "not a whole LightGBM model",
    ),
    "no tree in a round": (
        lambda text: text.replace("tree_per_iteration=1\n", "tree_per_iteration=0\n"),
        "not a whole LightGBM model",
    ),
    "no objective": (
        lambda text: re.sub(r"objective=.*", "objective=", text, count=1),
        "not a whole LightGBM model",
    ),
    "more features than names": (
        lambda text: re.sub(r"max_feature_idx=\d+", "max_feature_idx=99999", text),
        "another number of features",
    ),
    "code in a comment": (
        lambda text: text.replace("end of parameters", "import os\nend of parameters"),
        "not a whole LightGBM model",
    ),
}
"""What was done to the text, and what is said of it."""
