"""``regulars score``, from the files of a log to a published run, as users start it."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.generate import LogShape, generate
from tests.bench.rows import Row

SIZES = (1_000_000, 3_000_000, 10_000_000)
TRAINED_ON = 200_000
"""Events of the log that the version is trained on: it scores any other."""

AT_LEAST_SECONDS, AT_LEAST_GB = 180, 4
AIM_SECONDS, AIM_GB = 90, 3
POLL_SECONDS = 0.1
PAGE = 4096
CONFIG = """[data]
transactions = "log/transactions-*.parquet"
interactions = "log/interactions-*.parquet"
customers = "log/customers.parquet"
[mlflow]
tracking_uri = "sqlite:///{folder}/mlflow.db"
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took: seconds, and gigabytes with all its processes."""

    seconds: float
    gigabytes: float


def score_rows(most: int) -> list[Row]:
    """Score logs of up to ``most`` events, ten to a customer."""
    with TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name)
        train = _write(folder, min(TRAINED_ON, most))
        run(train, "train")
        sizes = [size for size in SIZES if size < most]
        taken = {size: run(_write(folder, size), "score") for size in (*sizes, most)}
    rows = [_judged(most, taken[most])]
    if sizes:
        rows.append(_growth(taken))
    return rows


def run(config: Path, command: str) -> Taken:
    """Run a command of ours, and look at its memory meanwhile."""
    asked = [sys.executable, "-m", "regulars", command, "-c", str(config), "--json"]
    said = config.with_name(f"{command}.txt")
    began, most = time.perf_counter(), 0
    with (
        said.open("wb") as out,
        subprocess.Popen(
            asked, stdout=subprocess.DEVNULL, stderr=out, start_new_session=True
        ) as process,
    ):
        while process.poll() is None:
            most = max(most, held_bytes(process.pid))
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - began
    if process.returncode:
        raise AssertionError(said.read_text())
    return Taken(seconds, most / 2**30)


def held_bytes(group: int) -> int:
    """Return what a process and those it has started hold in memory; on Linux."""
    held = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == group:
            held += int(fields[21]) * PAGE
    return held


def _write(folder: Path, events: int) -> Path:
    """Write a log, and the config of a store of its own."""
    own = folder / str(events)
    generate(own / "log", LogShape(events, max(1, events // 10)))
    config = own / "regulars.toml"
    config.write_text(CONFIG.format(folder=folder))
    return config


def _judged(events: int, taken: Taken) -> Row:
    return Row(
        what=f"regulars score: {events:,} events, {events // 10:,} customers",
        against=f"{AT_LEAST_SECONDS} s and {AT_LEAST_GB} GB",
        ours_seconds=taken.seconds,
        theirs_seconds=None,
        ratio=f"{taken.seconds:.0f} s, {taken.gigabytes:.1f} GB",
        at_least=f"{AT_LEAST_SECONDS} s, {AT_LEAST_GB} GB",
        aim=f"{AIM_SECONDS} s, {AIM_GB} GB",
        met=taken.seconds <= AT_LEAST_SECONDS and taken.gigabytes < AT_LEAST_GB,
        note="log read, run published with all reasons; memory of all its processes",
    )


def _growth(taken: dict[int, Taken]) -> Row:
    first, last = min(taken), max(taken)
    linear = taken[first].seconds * last / first
    told = (f"{n // 1_000_000} M {each.seconds:.0f} s" for n, each in taken.items())
    return Row(
        what=f"regulars score: cost of growth, to {last:,} events",
        against=f"{last // first} times what {first:,} take",
        ours_seconds=taken[last].seconds,
        theirs_seconds=linear,
        ratio=f"{taken[last].seconds / linear:.2f} of linear",
        at_least="1, linear",
        aim="1, a plot",
        met=taken[last].seconds <= linear,
        note=", ".join(told),
    )
