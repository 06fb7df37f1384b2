"""Some customers' rows of a log, drawn alike on one machine and on Spark."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from features.copies import copy_log
from features.log import Log

if TYPE_CHECKING:
    from features.spark.log import AnyLog

COUNT = "select count(distinct customer_id) from transactions"


def take_sample(log: AnyLog, *, most_customers: int) -> Log:
    """Bring all rows of some customers, drawn by the hash of their ids.

    Parameters
    ----------
    log : Log or SparkLog
    most_customers : int
        About so many are drawn; all, where there are no more.

    Returns
    -------
    Log
        On this machine, to be closed by the caller. It says of itself what the whole
        log says.
    """
    [(n_customers,)] = log.con.execute(COUNT).fetchall()
    own = copy_log(log, share=most_customers / max(n_customers, 1))
    if n_customers <= most_customers:
        return own
    [(n_taken,)] = own.con.execute(COUNT).fetchall()
    return replace(own, sample=(n_taken, n_customers))


def is_larger(log: AnyLog, *, most_customers: int) -> bool:
    """Tell whether more customers than these have bought."""
    [(n_customers,)] = log.con.execute(COUNT).fetchall()
    return bool(n_customers > most_customers)
