"""Pictures of a version, for the registry and the notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.bundle.kinds import ServedModel
from training.judged import Judged
from training.metrics import reliability, value_deciles

Floats = npt.NDArray[np.float64]
BLUE, GREY = "#1f5fa8", "#9aa5b1"
MOST_EXPLAINED = 1_000


def write_plots(
    folder: Path, *, holdout: Judged, model: ServedModel, features: pd.DataFrame
) -> list[Path]:
    """Write reliability, lift, value deciles and the SHAP summaries as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    X = model.design(features.head(MOST_EXPLAINED))
    pictures = {
        "reliability.png": _draw_reliability,
        "lift.png": _draw_lift,
        "value_deciles.png": _draw_deciles,
    }
    drawn = [
        _save(folder / name, draw, holdout)
        for name, draw in pictures.items()
        if len(holdout.p)
    ]
    for name, booster in model.boosters.items():
        columns = list(getattr(model, name).feature_names_in_)
        path = folder / f"shap_{name}.png"
        _draw_shap(path, booster, X[columns])
        drawn.append(path)
    return drawn


@contextmanager
def _axes(path: Path) -> Iterator[Axes]:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(path, dpi=120)


def _save(path: Path, draw: object, holdout: Judged) -> Path:
    with _axes(path) as axes:
        draw(axes, holdout)  # type: ignore[operator]
    return path


def _draw_reliability(axes: Axes, holdout: Judged) -> None:
    table = reliability(holdout.churned, holdout.p)
    expected, actual = ([row[key] for row in table] for key in ("expected", "actual"))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfect")
    axes.plot(expected, actual, color=BLUE, marker="o", label="tenths of customers")
    axes.set(
        title="Churn: predicted against observed, on the later holdout",
        xlabel="predicted probability",
        ylabel="share that churned",
    )
    axes.legend(frameon=False)


def _draw_lift(axes: Axes, holdout: Judged) -> None:
    order = np.argsort(-holdout.p, kind="stable")
    found = np.cumsum(holdout.churned[order]) / max(holdout.churned.sum(), 1)
    share = np.arange(1, len(order) + 1) / len(order)
    axes.plot(share, found, color=BLUE, label="by churn probability")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="by chance")
    axes.set(
        title="Churn: share found by calling the riskiest first",
        xlabel="share of customers called",
        ylabel="share of churners found",
    )
    axes.legend(frameon=False)


def _draw_deciles(axes: Axes, holdout: Judged) -> None:
    table = value_deciles(holdout.actual, holdout.expected)
    place = np.arange(1, len(table) + 1)
    for shift, key, colour in ((-0.2, "expected", BLUE), (0.2, "actual", GREY)):
        axes.bar(
            place + shift, [row[key] for row in table], 0.4, color=colour, label=key
        )
    axes.set(
        title="Value: mean per customer, in tenths by expected value",
        xlabel="tenth, highest expected value first",
        ylabel="net spend in the horizon",
        xticks=place,
    )
    axes.legend(frameon=False)


def _draw_shap(path: Path, booster: object, X: pd.DataFrame) -> None:
    """Let shap draw its own summary of the booster."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import shap

    values = shap.TreeExplainer(booster)(X)
    shap.plots.beeswarm(values, max_display=15, show=False, plot_size=(8, 6))
    plt.tight_layout()
    plt.savefig(path, dpi=120)
    plt.close("all")
