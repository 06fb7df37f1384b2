"""Text that would take LightGBM down is refused before LightGBM sees it."""

from __future__ import annotations

from functools import cache, partial
from random import Random
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import BundleError
from models.parts.boosting import fit_booster, raw_score
from models.parts.tree_text import FIELDS, LEAVES, check_trees
from tests.models.samples import design_of
from tests.models.trees import SPOILT, change_tree, flip_digit

OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "tweedie": {"objective": "tweedie", "tweedie_variance_power": 1.5},
}
SHARES = st.floats(0, 1, exclude_max=True)


@cache
def sound() -> str:
    """Return the text of a sound model."""
    return write("binary")


@cache
def rows() -> npt.NDArray[np.float64]:
    """Return rows to score."""
    return np.asarray(design_of(300)[0].to_numpy()[:30])


def write(objective: str, **parameters: object) -> str:
    """Return the text of a model of three trees."""
    X, y, _ = design_of(300)
    booster = fit_booster(
        X.to_numpy(),
        y,
        names=list(X.columns),
        objective=OBJECTIVES[objective],
        parameters=parameters,
        n_rounds=3,
        random_state=0,
    )
    return str(booster.model_to_string())


@pytest.mark.parametrize("objective", list(OBJECTIVES))
@pytest.mark.parametrize(
    "parameters",
    [{}, {"num_leaves": 255, "min_data_in_leaf": 1}, {"min_gain_to_split": 1e9}],
    ids=["usual", "large", "stumps"],
)
def test_what_lightgbm_writes_is_sound(
    objective: str, parameters: dict[str, float]
) -> None:
    text = write(objective, **parameters)
    check_trees(text, name="churn.txt")
    again = lgb.Booster(model_str=text).model_to_string()
    check_trees(again, name="churn.txt")


@pytest.mark.parametrize("kind", list(SPOILT))
def test_spoilt_text_is_refused(kind: str) -> None:
    spoil, message = SPOILT[kind]
    assert spoil(sound()) != sound()
    with pytest.raises(BundleError, match=message):
        check_trees(spoil(sound()), name="churn.txt")


def test_another_figure_of_the_same_form_is_left_to_hash_and_golden_rows() -> None:
    flipped = flip_digit(sound())
    check_trees(flipped, name="churn.txt")
    first, second = (lgb.Booster(model_str=text) for text in (sound(), flipped))
    assert (raw_score(first, rows()) != raw_score(second, rows())).any()


@given(SHARES)
def test_text_cut_anywhere_is_refused(share: float) -> None:
    length = int(share * (len(sound()) - 1))
    with pytest.raises(BundleError, match=r"churn\.txt"):
        check_trees(sound()[:length], name="churn.txt")


@given(SHARES, st.sampled_from("0123456789 -=.e\n\t[]:x\0"))
def test_what_is_not_refused_can_be_walked(share: float, letter: str) -> None:
    """Change a letter: if it passes, LightGBM reads it and gives finite scores."""
    place = int(share * sound().index("end of trees"))
    text = sound()[:place] + letter + sound()[place + 1 :]
    try:
        check_trees(text, name="churn.txt")
    except BundleError:
        return
    assert np.isfinite(raw_score(lgb.Booster(model_str=text), rows())).all()


@given(st.integers(2, 60), st.randoms(use_true_random=False))
def test_any_binary_tree_passes_and_no_other(n_leaves: int, random: Random) -> None:
    """Grow a tree as LightGBM does, then let one child point elsewhere."""
    left, right = grow(n_leaves, random)
    check_trees(with_children(left, right), name="churn.txt")
    place = random.randrange(n_leaves - 1)
    others = [c for c in range(-n_leaves - 2, n_leaves + 2) if c != left[place]]
    spoilt = [*left[:place], random.choice(others), *left[place + 1 :]]
    with pytest.raises(BundleError, match="child out of place"):
        check_trees(with_children(spoilt, right), name="churn.txt")


def grow(n_leaves: int, random: Random) -> tuple[list[int], list[int]]:
    """Split a leaf at random until there are enough; leaf k is written as -k - 1."""
    left, right = [-1], [-2]
    for split in range(1, n_leaves - 1):
        leaf = -1 - random.randrange(split + 1)
        side = left if leaf in left else right
        side[side.index(leaf)] = split
        left.append(leaf)
        right.append(-2 - split)
    return left, right


def with_children(left: list[int], right: list[int]) -> str:
    """Return the text with a first tree of this shape."""
    sizes = dict.fromkeys(FIELDS, len(left))
    sizes |= dict.fromkeys(LEAVES, len(left) + 1)
    lines = {key: " ".join(["2"] * size) for key, size in sizes.items()}
    lines |= {"num_leaves": str(len(left) + 1)}
    lines |= {"left_child": " ".join(map(str, left))}
    lines |= {"right_child": " ".join(map(str, right))}
    return change_tree(
        sound(), **{key: partial(_put, line) for key, line in lines.items()}
    )


def _put(new: str, old: str) -> str:
    return new
