"""A telephone company's customers with a label, as many companies export them.

The chance to leave is known: it falls with tenure and with long contracts, rises with
the bill, fibre and electronic checks, and some of it hangs on two attributes together.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
SERVICES = (
    "OnlineSecurity",
    "OnlineBackup",
    "DeviceProtection",
    "TechSupport",
    "StreamingTV",
    "StreamingMovies",
)
PAYMENTS = (
    "Electronic check",
    "Mailed check",
    "Bank transfer (automatic)",
    "Credit card (automatic)",
)


def make_telco(n: int = 7000, *, seed: int = 0) -> tuple[pd.DataFrame, Floats]:
    """Draw customers.

    Returns
    -------
    DataFrame of shape (n, 21), ndarray of shape (n,)
        As IBM's sample of that kind is laid out, and each one's true chance to leave.
    """
    rng = np.random.default_rng(seed)

    def pick(values: tuple[str, ...], p: list[float]) -> npt.NDArray[np.str_]:
        return rng.choice(values, n, p=p)

    table = pd.DataFrame({"customerID": [f"{i:04d}-TELCO" for i in range(n)]})
    table["gender"] = pick(("Male", "Female"), [0.5, 0.5])
    table["SeniorCitizen"] = rng.binomial(1, 0.16, n)
    for name, share in (("Partner", 0.48), ("Dependents", 0.3)):
        table[name] = pick(("Yes", "No"), [share, 1 - share])
    contract = pick(("Month-to-month", "One year", "Two year"), [0.55, 0.21, 0.24])
    longer = np.select(
        [contract == "One year", contract == "Two year"], [1.0, 2.0], 0.0
    )
    tenure = np.clip(rng.gamma(1.1, 17 + 18 * longer), 0, 72).astype(int)
    table["tenure"] = tenure
    table["PhoneService"] = pick(("Yes", "No"), [0.9, 0.1])
    has_phone = (table["PhoneService"] == "Yes").to_numpy()
    table["MultipleLines"] = np.where(
        has_phone, pick(("Yes", "No"), [0.45, 0.55]), "No phone service"
    )
    internet = pick(("Fiber optic", "DSL", "No"), [0.44, 0.34, 0.22])
    table["InternetService"] = internet
    for name in SERVICES:
        table[name] = np.where(
            internet != "No", pick(("Yes", "No"), [0.4, 0.6]), "No internet service"
        )
    table["Contract"] = contract
    table["PaperlessBilling"] = pick(("Yes", "No"), [0.6, 0.4])
    table["PaymentMethod"] = pick(PAYMENTS, [0.34, 0.23, 0.22, 0.21])
    services = (table[list(SERVICES)] == "Yes").sum(axis=1).to_numpy()
    bill = (
        np.where(has_phone, 20, 0)
        + np.select([internet == "DSL", internet == "Fiber optic"], [25, 50], 0)
        + 5 * services
        + 5 * (table["MultipleLines"] == "Yes").to_numpy()
    )
    bill = np.round(np.maximum(bill, 18.25) + rng.normal(0, 1.0, n), 2)
    table["MonthlyCharges"] = bill
    total = np.round(bill * tenure * rng.normal(1, 0.03, n), 2).astype(str)
    table["TotalCharges"] = np.where(tenure == 0, " ", total)
    chance = true_chance(table)
    table["Churn"] = np.where(rng.random(n) < chance, "Yes", "No")
    return table, chance


def true_chance(table: pd.DataFrame) -> Floats:
    """Return each customer's chance to leave, by which the label is drawn."""
    longer = table["Contract"].map({"One year": 1.0, "Two year": 2.0}).fillna(0.0)
    is_monthly, tenure = longer == 0, table["tenure"]
    odds = -0.85 - 0.9 * longer - 0.55 * np.log1p(tenure / 4)
    odds += 0.55 * (table["PaymentMethod"] == "Electronic check")
    odds += 0.25 * (table["PaperlessBilling"] == "Yes")
    odds -= 0.5 * (table["OnlineSecurity"] == "Yes")
    odds -= 0.4 * (table["TechSupport"] == "Yes")
    odds += 0.015 * (table["MonthlyCharges"] - 45)
    odds += 0.9 * ((table["InternetService"] == "Fiber optic") & is_monthly)
    odds += 1.1 * ((tenure < 6) & is_monthly) + 0.2 * table["SeniorCitizen"]
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def write_telco(path: Path, n: int = 7000, *, seed: int = 0) -> Floats:
    """Write the customers as CSV and return their true chances."""
    table, chance = make_telco(n, seed=seed)
    table.to_csv(path, index=False)
    return chance
