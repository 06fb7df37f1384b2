"""What `regulars train` makes of a made-up telephone company's labels.

``python -m tests.bench.labels`` draws it with three seeds, trains on each, and compares
with the true chances to leave.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import roc_auc_score

from regulars.cli import main as regulars
from tests.bench.figures import Section, seeds_table, write_section
from tests.bench.telco import make_telco

CUSTOMERS, SEEDS = 7000, (0, 1, 2)


def report(seed: int) -> dict[str, float]:
    """Train on a company as a user would, and return how the held-out quarter went."""
    table, chance = make_telco(CUSTOMERS, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        holdout = train(table, Path(folder))["holdout"]
    churn, value = holdout["churn"], holdout["value"]
    return {
        **{f"AUC {name}": figures["auc"] for name, figures in churn.items()},
        "AUC truth": float(roc_auc_score(table["Churn"] == "Yes", chance)),
        "ECE": churn["model"]["ece"],
        **{f"Gini {name}": figures["gini"] for name, figures in value.items()},
        "coverage": value["model"]["coverage"],
        "total error": value["model"]["total_error"],
    }


def train(table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Return what ``regulars train --json`` prints of a table."""
    customers, config = folder / "telco.csv", str(folder / "regulars.toml")
    table.to_csv(customers, index=False)
    printed = StringIO()
    with redirect_stdout(printed):
        regulars(["init", str(customers), "-c", config], {})
        printed.truncate(0)
        printed.seek(0)
        code = regulars(["train", "-c", config, "--json"], {})
    if code:
        raise RuntimeError(f"regulars train left with {code}: {printed.getvalue()}")
    trained: dict[str, Any] = json.loads(printed.getvalue())
    return trained


def main() -> None:
    """Print the figures, and write them where figures are kept."""
    body = seeds_table([report(seed) for seed in SEEDS])
    sys.stdout.write(f"{body}\n")
    write_section(Section("labels", "python -m tests.bench.labels", body))


if __name__ == "__main__":
    main()
