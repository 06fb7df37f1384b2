"""Pictures of a version, for the registry and the notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.kind import ServedModel
from training.judge.metrics import reliability, value_deciles
from training.judge.outcome import Outcome

Floats = npt.NDArray[np.float64]
Draw = Callable[[Axes, Outcome], None]
BLUE, GREY = "#1f5fa8", "#9aa5b1"
MAX_EXPLAINED_ROWS = 1_000


def write_plots(
    folder: Path, *, outcome: Outcome, model: ServedModel, features: pd.DataFrame
) -> list[Path]:
    """Write reliability, lift, value deciles and the SHAP summaries as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    X = model.design(features.head(MAX_EXPLAINED_ROWS))
    pictures = {
        "reliability.png": _draw_reliability,
        "lift.png": _draw_lift,
        "value_deciles.png": _draw_deciles,
    }
    drawn = [
        _save(folder / name, draw, outcome)
        for name, draw in pictures.items()
        if len(outcome.p)
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


def _save(path: Path, draw: Draw, outcome: Outcome) -> Path:
    with _axes(path) as axes:
        draw(axes, outcome)
    return path


def _draw_reliability(axes: Axes, outcome: Outcome) -> None:
    table = reliability(outcome.churned, outcome.p)
    expected, actual = ([row[key] for row in table] for key in ("expected", "actual"))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfect")
    axes.plot(expected, actual, color=BLUE, marker="o", label="tenths of customers")
    axes.set(
        title="Churn: predicted against observed, on the later holdout",
        xlabel="predicted probability",
        ylabel="share that churned",
    )
    axes.legend(frameon=False)


def _draw_lift(axes: Axes, outcome: Outcome) -> None:
    order = np.argsort(-outcome.p, kind="stable")
    share_found = np.cumsum(outcome.churned[order]) / max(outcome.churned.sum(), 1)
    share = np.arange(1, len(order) + 1) / len(order)
    axes.plot(share, share_found, color=BLUE, label="by churn probability")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="by chance")
    axes.set(
        title="Churn: share found by calling the riskiest first",
        xlabel="share of customers called",
        ylabel="share of churners found",
    )
    axes.legend(frameon=False)


def _draw_deciles(axes: Axes, outcome: Outcome) -> None:
    table = value_deciles(outcome.value, outcome.expected)
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
