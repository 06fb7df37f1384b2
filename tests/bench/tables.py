"""The tables of ``make bench-quality``, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from models.tiers.definition.scheme import TIERS
from tests.bench.logs import LOGS, Marks, RealLog
from tests.bench.looks import Look
from training.judge.baselines import BASELINES

MOST_ECE = 0.03
TOTAL_WITHIN = (0.15, 0.10)
COVERS = ((0.85, 0.95), (0.88, 0.92))
"""What is asked at least, and what is aimed at."""

INTRODUCTIONS = (
    'Order. AUC is that of "buys again", Gini the normalised Gini of spend, the mean '
    'over three seeds with the least and the most. "At least" and "aim" are what we '
    'ask of ourselves, "best simple" is what simple methods are known to reach.',
    "The simple methods on the very same customers. Of the two ways to use each of "
    "BG/NBD and Gamma-Gamma, the better one counts.",
    f"How true the figures are. At least: a calibration error of churn (ECE) of at "
    f"most {MOST_ECE}, the total missed by at most {TOTAL_WITHIN[0]:.0%} (aim "
    f"{TOTAL_WITHIN[1]:.0%}), bands of 90 % that hold {COVERS[0][0]:.0%} to "
    f"{COVERS[0][1]:.0%} (aim {COVERS[1][0]:.0%} to {COVERS[1][1]:.0%}).",
)
"""What is said before each table."""

Looks = Mapping[str, Sequence[Look]]
Read = Callable[[Look], float]


def auc(look: Look) -> float:
    """Return the AUC of "churns", which is that of "buys again"."""
    return look.holdout.churn["model"]["auc"]


def gini(look: Look) -> float:
    """Return the normalised Gini of spend."""
    return look.holdout.value["model"]["gini"]


def total_error(look: Look) -> float:
    """Return how far the total was missed, as a share of it."""
    return look.holdout.value["model"]["total_error"]


def ece(look: Look) -> float:
    """Return the expected calibration error of churn."""
    return look.holdout.churn["model"]["ece"]


def mean(looks: Sequence[Look], read: Read) -> float:
    """Return the mean over the seeds."""
    return float(np.mean([read(look) for look in looks]))


def marks_of(looks: Sequence[Look], method: str) -> Marks:
    """Return the mean AUC and Gini of the model or of a baseline."""
    return Marks(
        float(np.mean([look.holdout.churn[method]["auc"] for look in looks])),
        float(np.mean([look.holdout.value[method]["gini"] for look in looks])),
    )


def ranking_rows(found: Looks) -> Iterator[list[str]]:
    """Say how well customers are put in order, and what was asked."""
    for real in (each for each in LOGS if each.name in found):
        looks = found[real.name]
        yield [
            real.question,
            f"{looks[0].holdout.n_customers:,}",
            spread(looks, auc),
            spread(looks, gini),
            pair(real.simple),
            pair(real.least),
            pair(real.aim),
            reached(Marks(mean(looks, auc), mean(looks, gini)), real),
        ]


def baseline_rows(found: Looks) -> Iterator[list[str]]:
    """Say what each method gives, AUC and Gini."""
    for name, looks in found.items():
        marks = [marks_of(looks, method) for method in ("model", *BASELINES)]
        beaten = all(
            marks[0].auc >= mark.auc and marks[0].gini >= mark.gini for mark in marks
        )
        yield [name, *map(pair, marks), "no" if beaten else "yes", looks[0].basis]


def trust_rows(found: Looks) -> Iterator[list[str]]:
    """Say how true the figures are."""
    for name, looks in found.items():
        missed = abs(mean(looks, total_error))
        yield [
            name,
            f"{mean(looks, ece):.3f} {met(mean(looks, ece) <= MOST_ECE)}",
            f"{mean(looks, total_error):+.1%} {within(missed)}",
            *(covers(looks, group) for group in ("all", *TIERS)),
            f"±{mean(looks, lambda look: look.total_width / 2):.0%}, "
            + ("holds it" if all(look.total_held for look in looks) else "misses it"),
            f"{mean(looks, lambda look: look.seconds):.0f} s",
        ]


def spread(looks: Sequence[Look], read: Read) -> str:
    """Write the mean over the seeds, and the least and the most."""
    values = [read(look) for look in looks]
    return f"{mean(looks, read):.4f} ({min(values):.4f} to {max(values):.4f})"


def pair(marks: Marks) -> str:
    """Write an AUC and a Gini."""
    return f"{marks.auc:.3f} / {marks.gini:.3f}"


def reached(marks: Marks, real: RealLog) -> str:
    """Say which row of the aim AUC and Gini come to."""
    words = []
    for name in ("auc", "gini"):
        mark = getattr(marks, name)
        if mark >= getattr(real.aim, name):
            words.append("aim")
        else:
            words.append(
                "at least" if mark >= getattr(real.least, name) else "falls short"
            )
    return " / ".join(words)


def within(missed: float) -> str:
    """Say which row of the aim the error of the total comes to."""
    least, aim = TOTAL_WITHIN
    return "(aim)" if missed <= aim else met(missed <= least)


def covers(looks: Sequence[Look], group: str) -> str:
    """Write the share of a group's customers in their band, and if it is as asked."""
    shares = [look.coverage[group] for look in looks if group in look.coverage]
    if not shares:
        return "-"
    share = float(np.mean(shares))
    least, aim = (low <= share <= high for low, high in COVERS)
    return f"{share:.1%} " + ("(aim)" if aim else met(least))


def met(is_met: bool) -> str:
    """Say whether the least that is asked is met."""
    return "(met)" if is_met else "(not met)"


def markdown(heads: Sequence[str], rows: Iterator[list[str]]) -> str:
    """Write a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(found: Looks) -> str:
    """Write all tables."""
    asked = [
        "log, as_of, horizon",
        "customers",
        "AUC (of seeds)",
        "Gini (of seeds)",
        "best simple",
        "at least",
        "aim",
        "reached",
    ]
    methods = ["AUC / Gini", "Regulars", "recency, past spend", "RFM score"]
    bands = [f"90 % bands hold, {group}" for group in ("all", *TIERS)]
    tables = [
        markdown(asked, ranking_rows(found)),
        markdown(
            [*methods, "BG/NBD, Gamma-Gamma", "a simple one is better", "served"],
            baseline_rows(found),
        ),
        markdown(
            [
                "log",
                "churn: ECE",
                "total value",
                *bands,
                "the total's 90 %",
                "to train",
            ],
            trust_rows(found),
        ),
    ]
    texts = [text for pair in zip(INTRODUCTIONS, tables, strict=True) for text in pair]
    return "\n\n".join(texts) + "\n"
