"""``regulars backtest``: how good the recipe was at several earlier instants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from regulars.commands.options import train_options
from regulars.commands.train import NAMES
from regulars.console import Steps, print_json, print_table, say
from regulars.log import open_sample, parse_as_of
from training.backtest import backtest as look_back
from training.kinds import find_learner
from training.origin import MODEL

if TYPE_CHECKING:
    from regulars.settings.settings import Settings

DONE = 0

CHURN = {
    "auc": "AUC",
    "average_precision": "average precision",
    **{
        f"{measure}_at_{top}%": f"{measure}, top {top} %"
        for measure in ("lift", "capture")
        for top in (1, 5, 10, 20)
    },
    "brier": "Brier score",
    "ece": "expected calibration error",
    "log_loss": "log loss",
}
VALUE = {
    "gini": "Gini of spend",
    "spearman": "Spearman's rank correlation",
    "mae": "mean absolute error",
    "total_error": "error of the total, as a share",
    "top_tenth_found": "share of the true top 10 % found",
    "coverage": "share of customers in their 90 % band",
}
CLUSTERS = {
    "n_clusters": "clusters",
    "silhouette": "silhouette of the clusters",
    "stability": "stability of the clusters (adjusted Rand)",
}
"""What each measure is called."""

SLICES = {
    "tier": "tier",
    "lifecycle_stage": "lifecycle stage",
    "tenure": "tenure",
    "purchases": "purchases",
}


def backtest(
    settings: Settings, *, as_of: str | None, origins: int, embargo: int, as_json: bool
) -> int:
    """Fit and judge at several origins, and say how good that was each time."""
    instant = parse_as_of(as_of)
    options = train_options(settings)
    find_learner(options.kind, act="backtest")
    with Steps() as step:
        step("Reading the log")
        with open_sample(settings) as log:
            values = look_back(
                log,
                as_of=instant or log.ends_at,
                options=options,
                origins=origins,
                embargo=timedelta(days=embargo),
                progress=step,
            ).to_dict()
    if as_json:
        print_json(values)
    else:
        show_origins(values)
        show_measures(values)
        show_methods(values)
        show_reliability(values)
        show_slices(values)
        say(in_words(values))
    return DONE


def show_origins(values: Mapping[str, Any]) -> None:
    """Print how each origin went."""
    rows = [
        (
            origin["as_of"][:10],
            f"{origin['horizon_days']} days",
            f"{origin['n_customers']:,}",
            f"{origin['churn_rate']:.1%}",
            f"{origin['churn']['model']['auc']:.3f}",
            f"{origin['value']['model']['gini']:.3f}",
            f"{origin['value']['model']['total_error']:+.1%}",
            origin["grade"],
        )
        for origin in values["origins"]
    ]
    columns = {"as of": "left", "horizon": "right", "customers": "right"}
    measures = ("churned", "AUC", "Gini", "total", "grade")
    columns |= dict.fromkeys(measures, "right")
    print_table("Fitted on what was known, judged on what came after", columns, rows)


def show_measures(values: Mapping[str, Any]) -> None:
    """Print each measure of the model, and how far it varies."""
    rows = [
        *spread_rows(CHURN, values["churn"]["model"]),
        *spread_rows(VALUE, values["value"]["model"]),
        *spread_rows(CLUSTERS, values["clusters"]),
        *spread_rows(
            {"top_list_overlap": "share of the top 10 % that is in the next one's"},
            values,
        ),
    ]
    columns = dict.fromkeys(("mean", "least", "most", "sd"), "right")
    print_table("The model over the origins", {"measure": "left", **columns}, rows)


def spread_rows(
    names: Mapping[str, str], spreads: Mapping[str, Any]
) -> list[tuple[str, ...]]:
    """Return a row a measure, for those that were taken."""
    return [
        (words, *(figure(spreads[name][part]) for part in ("mean", "min", "max", "sd")))
        for name, words in names.items()
        if name in spreads
    ]


def show_methods(values: Mapping[str, Any]) -> None:
    """Print the model beside the simple methods."""
    rows = [
        (
            NAMES.get(name, name),
            ranged(values["churn"].get(name, {}).get("auc")),
            ranged(values["value"].get(name, {}).get("gini")),
        )
        for name in dict.fromkeys((*values["churn"], *values["value"]))
    ]
    columns = {"method": "left", "churn: AUC": "right", "value: Gini": "right"}
    print_table("Beside the simple methods: mean (least to most)", columns, rows)


def show_reliability(values: Mapping[str, Any]) -> None:
    """Print expected and actual in tenths by churn probability and by value."""
    of_churn = [
        (f"{row['n']:,}", f"{row['expected']:.1%}", f"{row['actual']:.1%}")
        for row in values["reliability"]
    ]
    of_value = [
        (f"{row['expected']:,.2f}", f"{row['actual']:,.2f}")
        for row in values["value_deciles"]
    ]
    # Ties may leave one of the two with fewer groups than the other.
    pairs = zip_longest(of_churn, of_value)
    rows = [
        (place, *(churn or ("", "", "")), *(value or ("", "")))
        for place, (churn, value) in enumerate(pairs, start=1)
    ]
    columns = dict.fromkeys(
        (
            "tenth",
            "customers",
            "churn foretold",
            "churned",
            "value foretold",
            "value that came",
        ),
        "right",
    )
    title = "Foretold and come: the least churn first; the most value first"
    print_table(title, columns, rows)


def show_slices(values: Mapping[str, Any]) -> None:
    """Print how well each kind of customer is told."""
    rows = []
    for by, slices in values["slices"].items():
        words = SLICES.get(by, by)
        for name, spreads in slices.items():
            means = {measure: spread["mean"] for measure, spread in spreads.items()}
            rows.append((words, name.replace("_", " "), *slice_cells(means)))
            words = ""
    columns = {"by": "left", "slice": "left"}
    measures = ("customers", "churned", "foretold", "AUC", "Gini", "total", "in band")
    columns |= dict.fromkeys(measures, "right")
    print_table("By slice, mean over the origins", columns, rows)


def slice_cells(means: Mapping[str, float | None]) -> tuple[str, ...]:
    """Return the cells of one slice."""
    return (
        f"{means['n_customers']:,.0f}",
        f"{means['churn_rate']:.1%}",
        f"{means['churn_expected']:.1%}",
        figure(means["auc"]),
        figure(means["gini"]),
        "-" if means["total_error"] is None else f"{means['total_error']:+.1%}",
        f"{means['coverage']:.1%}",
    )


def in_words(values: Mapping[str, Any]) -> str:
    """Say in a sentence how the model did against the best simple method."""
    number = len(values["origins"])
    ahead = {
        target: sum(
            origin[target]["model"][metric]
            > max(
                figures[metric]
                for name, figures in origin[target].items()
                if name != MODEL
            )
            for origin in values["origins"]
        )
        for target, metric in (("churn", "auc"), ("value", "gini"))
    }
    days = values["origin_horizon_days"]
    shorter = (
        ""
        if days == values["horizon_days"]
        else f" The history is short for {values['horizon_days']} days, so that "
        f"{days} were foretold."
    )
    return (
        f"Better than every simple method at {ahead['churn']} of {number} origins for "
        f"churn and at {ahead['value']} of {number} for value.{shorter}"
    )


def ranged(spread: Mapping[str, float] | None) -> str:
    """Write a mean with the least and the most, nothing of what was not measured.

    >>> ranged({"mean": 0.8, "min": 0.75, "max": 0.85})
    '0.800 (0.750 to 0.850)'
    """
    if spread is None:
        return "–"
    return f"{spread['mean']:.3f} ({spread['min']:.3f} to {spread['max']:.3f})"


def figure(value: float | None) -> str:
    """Write a figure as long as it is worth reading.

    >>> figure(0.81234), figure(1234.5), figure(None)
    ('0.812', '1,234', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"
