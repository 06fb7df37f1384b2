"""What training on some of the customers costs: ``make bench-sample``.

Samples are drawn as ``regulars train`` draws them. Each is trained on alone, and judged
on every customer of the whole log by what came after.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np

from features.door.log import Log
from features.door.sample import count_buyers
from features.purchases.labels import build_labels
from regulars.quiet import hush_third_parties
from tests.bench.figures import Section, write_section
from tests.bench.logs import LOGS, RealLog, opened
from training.fit.pair import Recipe
from training.fit.purchases import fit_customer_model
from training.judge.metrics import churn_ranking, gini

USUAL = "CDNOW"
SIZES = (1_000, 2_500, 5_000, 10_000, 50_000)


def main(name: str = USUAL) -> int:
    """Print the curve of one log; 1 where it is not on this machine.

    That of the usual log goes into ``docs/figures.md``.
    """
    hush_third_parties()
    real = next(each for each in LOGS if each.name == name)
    if not real.path.exists():
        sys.stderr.write(f"{real.path} is not on this machine.\n")
        return 1
    lines = [f"{real.question}", "", "| customers trained on | AUC | Gini |"]
    lines += ["|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder, opened(real, Path(folder)) as log:
        n_customers = count_buyers(log)
        for size in [*(n for n in SIZES if n < n_customers), n_customers]:
            with closing(log.copy(share=size / n_customers)) as own:
                n_taken = count_buyers(own)
                auc, value = judge_sample(own, log, real)
            lines.append(f"| {n_taken:,} | {auc:.4f} | {value:.4f} |")
            sys.stderr.write(f"{lines[-1]}\n")
    body = "\n".join(lines)
    sys.stdout.write(f"{body}\n")
    if name == USUAL:
        write_section(Section("sample", "make bench-sample", body))
    return 0


def judge_sample(own: Log, log: Log, real: RealLog) -> tuple[float, float]:
    """Train on a sample; return AUC and Gini over all customers."""
    model = fit_customer_model(
        own,
        as_of=real.as_of,
        horizon_days=real.horizon // timedelta(days=1),
        recipe=Recipe(seed=0),
        progress=lambda step: None,
    ).model
    features = model.read(log, as_of=real.as_of)
    forecast = model.predict(model.design(features))
    truth = build_labels(log, [(real.as_of, real.horizon)]).to_pandas()
    truth = truth.set_index("customer_id").reindex(features.index)
    churned = truth["churned"].to_numpy(dtype=np.float64)
    spend = np.maximum(truth["value"].to_numpy(dtype=np.float64), 0.0)
    auc = churn_ranking(churned, forecast.churn_probability)["auc"]
    return auc, gini(spend, forecast.expected_value)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
