"""How the time to build features grows with the log, within 4 GB, and a plot of it."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from features.blocks import feature_blocks
from features.plan import plan_features
from tests.bench.features import AS_OF, HORIZON, generated, open_folder
from tests.bench.rows import Row

SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
LIMIT = "4GB"


def growth_rows(most: int, plot: Path | None = None) -> list[Row]:
    """Build the features of logs of up to ``most`` events, into Parquet files."""
    taken = {events: _seconds(events) for events in SIZES if events <= most}
    if len(taken) < 2:
        return []
    if plot is not None:
        draw(taken, plot)
    first, last = min(taken), max(taken)
    linear = taken[first] * last / first
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    told = ", ".join(f"{n // 1_000_000} M {s:.0f} s" for n, s in taken.items())
    return [
        Row(
            what=f"features: cost of growth, to {last:,} events",
            against=f"{last // first} times what {first:,} take",
            ours_seconds=taken[last],
            theirs_seconds=linear,
            ratio=f"{taken[last] / linear:.2f} of linear",
            at_least="1, linear",
            aim="1, a plot",
            met=taken[last] <= 1.05 * linear,
            note=told,
        ),
        Row(
            what=f"features: {last:,} events within {LIMIT}",
            against=f"memory_limit {LIMIT}, spilling to disk",
            ours_seconds=taken[last],
            theirs_seconds=None,
            ratio="finishes",
            at_least="finishes at 100 M",
            aim="3x the in-memory rate",
            met=True if last >= 100_000_000 else None,
            note=f"{peak:.1f} GB at the peak, the log in memory included",
        ),
    ]


def _seconds(events: int) -> float:
    with generated(events) as folder, open_folder(folder, memory_limit=LIMIT) as log:
        plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)
        began = time.perf_counter()
        n_rows = 0
        for table in feature_blocks(log, plan, as_of=AS_OF):
            n_rows += table.num_rows  # all of 100 M events would not fit
        if not n_rows:
            raise AssertionError("no features")
        return time.perf_counter() - began


def draw(taken: dict[int, float], path: Path) -> None:
    """Plot seconds by events, both by factors of ten, beside a straight line."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    sizes = sorted(taken)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    first = sizes[0]
    line = [taken[first] * size / first for size in sizes]
    axes.loglog(sizes, line, "--", color="0.6", label="linear")
    axes.loglog(sizes, [taken[n] for n in sizes], "o-", label="features")
    for size in sizes:
        axes.annotate(
            f"{taken[size]:.0f} s",
            (size, taken[size]),
            xytext=(6, -12),
            textcoords="offset points",
        )
    axes.set_xticks(sizes, [f"{size // 1_000_000} M" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("events")
    axes.set_ylabel("seconds")
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
