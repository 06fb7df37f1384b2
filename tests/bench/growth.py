"""How the time to build features grows with the log, a plot of it, and a limit."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from features.purchases.blocks import feature_blocks
from features.purchases.plan import plan_features
from tests.bench.clock import timed
from tests.bench.features import AS_OF, HORIZON, generated, open_folder
from tests.bench.rows import Row

SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
LIMIT = "4GB"
AT_LEAST_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Built:
    """What builds of the features of one log took.

    Parameters
    ----------
    seconds : sequence of float
        Of each build.
    peak_gb : float
        Memory of the whole process, from when it read the log.
    """

    seconds: Sequence[float]
    peak_gb: float

    @property
    def mean(self) -> float:
        """Return the mean time of a build, in seconds."""
        return sum(self.seconds) / len(self.seconds)


def growth_rows(most: int, plot: Path | None = None) -> list[Row]:
    """Build the features of logs of up to ``most`` events, block after block."""
    sizes = [events for events in SIZES if events <= most]
    if len(sizes) < 2:
        return []
    first, last = sizes[0], sizes[-1]
    taken: dict[int, Built] = {}
    with generated(first) as small:
        with generated(last) as folder:
            within = _alone(folder, LIMIT)
            before = _alone(small, None)
            whole = _alone(folder, None)
            after = _alone(small, None)
        # The machine may be slower by now than some minutes ago, for either.
        taken[first] = Built([*before.seconds, *after.seconds], after.peak_gb)
        for events in sizes[1:-1]:
            with generated(events) as folder:
                taken[events] = _alone(folder, None)
        taken[last] = whole
    means = {events: built.mean for events, built in taken.items()}
    if plot is not None:
        draw(means, plot)
    linear = means[first] * last / first
    by_least = min(whole.seconds) / (min(taken[first].seconds) * last / first)
    told = ", ".join(f"{n // 1_000_000} M {s:.1f} s" for n, s in means.items())
    return [
        Row(
            what=f"features: cost of growth, to {last:,} events",
            against=f"{last // first} times what {first:,} take, just before and after",
            ours_seconds=means[last],
            theirs_seconds=linear,
            ratio=f"{means[last] / linear:.2f} of linear",
            at_least="1, linear",
            aim="1, a plot",
            met=means[last] <= 1.05 * linear,
            note=f"{told}; by the quickest of {len(whole.seconds)} and of "
            f"{len(taken[first].seconds)} builds {by_least:.2f}",
        ),
        Row(
            what=f"features: {last:,} events within {LIMIT}",
            against="the same with the log in memory",
            ours_seconds=within.mean,
            theirs_seconds=means[last],
            ratio=f"{within.mean / means[last]:.2f}x its time",
            at_least="finishes at 100 M",
            aim="3x",
            met=True if last >= 100_000_000 else None,
            note=f"spilling; {within.peak_gb:.1f} GB at the peak, arrays and all",
        ),
    ]


def _alone(folder: Path, memory_limit: str | None) -> Built:
    """Return what ``build`` does, in a process that has done nothing else."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_draw_aside) as pool:
        return pool.submit(build, folder, memory_limit).result()


def _draw_aside() -> None:
    """Keep the table clear of the progress that DuckDB draws in such a process."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def build(folder: Path, memory_limit: str | None) -> Built:
    """Build two times or more, for half a minute: the machine's speed changes."""
    with open_folder(folder, memory_limit=memory_limit) as log:
        plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)

        def once() -> None:
            # All of 100 M events would not fit.
            tables = feature_blocks(log, plan, as_of=AS_OF)
            if not sum(table.num_rows for table in tables):
                raise AssertionError("no features")

        taken: list[float] = []
        while len(taken) < 2 or sum(taken) < AT_LEAST_SECONDS:
            taken.append(timed(once, times=1)[0])
    return Built(taken, _peak_gb())


def _peak_gb() -> float:
    """Return the most memory of this process; ``getrusage`` knows its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 2**20


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
            f"{taken[size]:.2g} s",
            (size, taken[size]),
            xytext=(-6, 6),
            textcoords="offset points",
            ha="right",
        )
    axes.margins(0.15)
    axes.set_xticks(sizes, [f"{size // 1_000_000} M" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("events")
    axes.set_ylabel("seconds")
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
