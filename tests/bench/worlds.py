"""How near the product comes to the truth of made-up worlds.

``python -m tests.bench.worlds`` trains on each world by the public driver, and holds
what is served against what could be known: no luck of an outcome is in the figures but
that of the log itself. Words name worlds; none for all. ``SEEDS=3`` takes three each.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.door.log_files import Log
from regulars.log import open_sample
from regulars.quiet import hush_third_parties
from regulars.settings.settings import load_settings
from tests.bench.logs import PLAIN
from tests.bench.looks import Served, serve_from
from tests.bench.quality.judge import LIKELIER, hold_bands
from tests.bench.quality.measures import auc, ece, find_shift, gini, shifted
from tests.bench.quality.report import markdown
from tests.bench.quality.verdict import BANDS, LEVEL_MISS, SHAPE_ECE, TOTAL_MISS
from tests.worlds.catalogue import WORLDS
from tests.worlds.world import World

AUC_BEHIND = 0.02
"""How far AUC may be behind that of the true probabilities."""

FUTURES = 20
HEADS = (
    "world, seed",
    "served",
    "AUC of the truth",
    "behind",
    "Gini behind",
    "ECE",
    "ECE at the right level",
    "level",
    "total",
    "total's 90 % holds",
    f"bands: {LIKELIER}, top tenth",
    "to train",
    "short of",
)


@dataclass(frozen=True, slots=True)
class Closeness:
    """How near what is served comes to the truth.

    Parameters
    ----------
    best_auc, auc_behind, gini_behind : float
        What the truth reaches in the mean over outcomes, and what is lost to it.
    ece, ece_at_level, level_miss, total_miss : float
        Against true probabilities and values.
    total_held, likely_held, top_held : float
        Shares of futures, and of customers in them, that lie in their bands.
    """

    best_auc: float
    auc_behind: float
    gini_behind: float
    ece: float
    ece_at_level: float
    level_miss: float
    total_miss: float
    total_held: float
    likely_held: float
    top_held: float

    @property
    def short(self) -> list[str]:
        """Name the bars that are not met."""
        low, high = BANDS
        bars = {
            "AUC": self.auc_behind <= AUC_BEHIND,
            "shape": self.ece_at_level <= SHAPE_ECE,
            "level": abs(self.level_miss) <= LEVEL_MISS,
            "total": abs(self.total_miss) <= TOTAL_MISS,
            "bands": low <= self.likely_held <= high,
            "bands of the top": low <= self.top_held <= high,
        }
        return [name for name, is_met in bars.items() if not is_met]


def main(words: Sequence[str]) -> int:
    """Print the table; 1 where a word names no world."""
    hush_third_parties()
    unknown = [word for word in words if word not in WORLDS]
    if unknown:
        sys.stderr.write(
            f"There is no world {unknown[0]!r}; there are: {', '.join(WORLDS)}.\n"
        )
        return 1
    rows = []
    for name in words or WORLDS:
        for seed in range(int(os.environ.get("SEEDS", "1"))):
            world = WORLDS[name](seed)
            served = serve_world(world)
            rows.append(row_of(f"{name}, {seed}", served, compare(world, served)))
            sys.stderr.write(f"{' | '.join(rows[-1])}\n")
    sys.stdout.write(f"{markdown(HEADS, rows)}\n")
    return 0


def serve_world(world: World) -> Served:
    """Train on the log of a world, and score its customers at the end of it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with opened_world(world, folder) as log:
            return serve_from(
                log, as_of=world.as_of, horizon=world.horizon, folder=folder / "bundle"
            )


@contextmanager
def opened_world(world: World, folder: Path) -> Iterator[Log]:
    """Write the log of a world as a file, and read it as a user does."""
    rows = world.transactions.rename(columns={"occurred_at": "timestamp"})
    rows.to_parquet(folder / "sales.parquet", index=False)
    config = folder / "regulars.toml"
    config.write_text(f"{PLAIN}[model]\nhorizon_days = {world.process.horizon}\n")
    with open_sample(load_settings(config, {})) as log:
        yield log


def compare(world: World, served: Served) -> Closeness:
    """Hold what is served against the truth and what may come of it."""
    truth: pd.DataFrame = world.truth.loc[served.customers]
    p = truth["p_buy"].to_numpy(dtype=np.float64)
    value = truth["expected_value"].to_numpy(dtype=np.float64)
    places = world.truth.index.get_indexer(served.customers)
    futures = world.futures(FUTURES)[:, places]
    shift = find_shift(p, served.p_buy)
    low, high = served.total_band
    totals = futures.sum(axis=1)
    bands = [hold_bands(served, future) for future in futures]
    best = auc(p, p)
    return Closeness(
        best_auc=best,
        auc_behind=best - auc(p, served.p_buy),
        gini_behind=1.0 - gini(value, served.expected),
        ece=ece(p, served.p_buy),
        ece_at_level=ece(p, shifted(served.p_buy, shift)),
        level_miss=shift,
        total_miss=float(served.expected.sum() / value.sum()) - 1.0,
        total_held=float(np.mean((totals >= low) & (totals <= high))),
        likely_held=mean_held(bands, LIKELIER),
        top_held=mean_held(bands, "top tenth"),
    )


def mean_held(bands: Sequence[dict[str, dict[str, float]]], group: str) -> float:
    """Return the share of a group in their bands, the mean over futures."""
    shares = [future[group]["held"] for future in bands if group in future]
    return float(np.mean(shares)) if shares else float("nan")


def row_of(name: str, served: Served, near: Closeness) -> list[str]:
    """Write the row of a world."""
    return [
        name,
        served.basis,
        f"{near.best_auc:.4f}",
        f"{near.auc_behind:.4f}",
        f"{near.gini_behind:.4f}",
        f"{near.ece:.4f}",
        f"{near.ece_at_level:.4f}",
        f"{near.level_miss:+.2f}",
        f"{near.total_miss:+.1%}",
        f"{near.total_held:.0%}",
        f"{near.likely_held:.1%}, {near.top_held:.1%}",
        f"{served.seconds:.0f} s",
        ", ".join(near.short) or "nothing",
    ]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
