"""Pictures of a version: all are drawn, and each is a picture of something."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.image import imread

from training.card.plots import write_plots
from training.train import TrainedModel

NAMES = ("reliability", "lift", "value_deciles", "shap_churn", "shap_value")


@pytest.fixture(scope="module")
def drawn(
    trained_model: TrainedModel, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Draw once."""
    return write_plots(
        tmp_path_factory.mktemp("plots") / "new",
        outcome=trained_model.holdout.outcome,
        model=trained_model.fitted.model,
        features=trained_model.fitted.features.head(80),
    )


def test_every_picture_is_written(drawn: list[Path]) -> None:
    assert [path.name for path in drawn] == [f"{name}.png" for name in NAMES]
    assert sorted(path.name for path in drawn[0].parent.iterdir()) == sorted(
        path.name for path in drawn
    )


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_no_picture_is_empty(drawn: list[Path], place: int) -> None:
    picture = imread(drawn[place])
    assert min(picture.shape[:2]) > 300
    assert picture[..., :3].std() > 0.01


def test_no_figure_is_left_open(drawn: list[Path]) -> None:
    import matplotlib.pyplot as plt

    assert drawn
    assert plt.get_fignums() == []
