"""The real logs that quality is measured on, brought through the ordinary door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from features.door.log_files import Log
from regulars.log import open_sample
from regulars.settings.settings import load_settings

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Marks:
    """An AUC and a Gini."""

    auc: float
    gini: float


@dataclass(frozen=True, slots=True)
class RealLog:
    """A log, the question put to it, and what answers are worth.

    Parameters
    ----------
    name : str
    file : str
        Under ``../shared/data``.
    rows : str
        Which of its rows, in SQL.
    as_of : datetime
    horizon : timedelta
    config : str
        Of ``regulars.toml``, without the horizon; ``sales.parquet`` holds the rows.
    simple, least, aim : Marks
        The best simple method's, and what is asked of us.
    columns : str
        Which of its columns, in SQL.
    """

    name: str
    file: str
    rows: str
    as_of: datetime
    horizon: timedelta
    config: str
    simple: Marks
    least: Marks
    aim: Marks
    columns: str = "*"

    @property
    def key(self) -> str:
        """Its short name: the folder that it lies in."""
        return self.file.partition("/")[0]

    @property
    def path(self) -> Path:
        """Where the file is."""
        return SHARED / self.file

    @property
    def question(self) -> str:
        """The log, the instant and the horizon in words."""
        days = self.horizon // timedelta(days=1)
        return f"{self.name}, {self.as_of:%Y-%m-%d}, {days} d"


PLAIN = """[data]
transactions = "sales.parquet"
[data.columns.transactions]
occurred_at = "timestamp"
"""
FEES = """[data]
transactions = "sales.parquet"
not_products = ["POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "ADJUST",
  "AMAZONFEE"]
[data.columns.transactions]
occurred_at = "timestamp"
"""

LOGS = (
    RealLog(
        name="Online Retail II",
        file="online_retail_ii/online_retail_ii.parquet",
        rows="NOT is_sheet_overlap AND amount > 0",
        as_of=datetime(2011, 6, 10, tzinfo=UTC),
        horizon=timedelta(days=182),
        config=FEES,
        simple=Marks(0.807, 0.872),
        least=Marks(0.812, 0.874),
        aim=Marks(0.822, 0.884),
    ),
    RealLog(
        name="CDNOW",
        file="cdnow/cdnow.parquet",
        rows="true",
        as_of=datetime(1997, 10, 1, tzinfo=UTC),
        horizon=timedelta(days=273),
        config=PLAIN,
        simple=Marks(0.762, 0.707),
        least=Marks(0.768, 0.720),
        aim=Marks(0.778, 0.732),
    ),
    RealLog(
        name="Complete Journey",
        file="complete_journey/transactions.parquet",
        rows="true",
        as_of=datetime(2017, 10, 2, tzinfo=UTC),
        horizon=timedelta(days=91),
        config=PLAIN + 'discount = "retail_disc"\n',
        simple=Marks(0.869, 0.850),
        least=Marks(0.890, 0.868),
        aim=Marks(0.900, 0.880),
    ),
    RealLog(
        name="ESSEC donors",
        file="essec/essec_purchases.parquet",
        rows="true",
        as_of=datetime(2015, 1, 1, tzinfo=UTC),
        horizon=timedelta(days=365),
        config=PLAIN,
        simple=Marks(0.866, 0.830),
        least=Marks(0.882, 0.842),
        aim=Marks(0.887, 0.848),
    ),
    RealLog(
        name="Ta-Feng",
        file="ta_feng/ta_feng.parquet",
        rows="true",
        as_of=datetime(2001, 2, 1, tzinfo=UTC),
        horizon=timedelta(days=28),
        config=PLAIN,
        simple=Marks(0.727, 0.566),
        least=Marks(0.738, 0.572),
        aim=Marks(0.746, 0.580),
    ),
    RealLog(
        name="Grocery",
        file="grocery/btydplus_grocery.parquet",
        rows="true",
        columns="customer_id, timestamp, 1.0 AS amount",
        as_of=datetime(2007, 1, 1, tzinfo=UTC),
        horizon=timedelta(days=364),
        config=PLAIN,
        simple=Marks(0.887, 0.827),
        least=Marks(0.888, 0.866),
        aim=Marks(0.893, 0.875),
    ),
)


def write_log(real: RealLog, folder: Path) -> Path:
    """Write the rows and the config into a folder; return the config's path."""
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT {real.columns} FROM '{real.path}' WHERE {real.rows}) "
            f"TO '{folder}/sales.parquet' (FORMAT parquet)"
        )
    config = folder / "regulars.toml"
    days = real.horizon // timedelta(days=1)
    config.write_text(f"{real.config}[model]\nhorizon_days = {days}\n")
    return config


@contextmanager
def opened(real: RealLog, folder: Path) -> Iterator[Log]:
    """Write a log into a folder, and read it as a user does."""
    with open_sample(load_settings(write_log(real, folder), {})) as log:
        yield log
