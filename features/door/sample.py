"""Some customers' rows of a log, drawn alike on one machine and on Spark."""

from __future__ import annotations

from dataclasses import replace

from features.door.log import AnyLog, Log


def take_sample(log: AnyLog, *, most_customers: int) -> Log:
    """Bring all rows of some customers, drawn by the hash of their ids.

    Parameters
    ----------
    log : AnyLog
    most_customers : int
        About so many are drawn; all, where there are no more.

    Returns
    -------
    Log
        On this machine, to be closed by the caller. It says of itself what the whole
        log says.
    """
    n_customers = count_buyers(log)
    own = log.copy(share=most_customers / max(n_customers, 1))
    if n_customers <= most_customers:
        return own
    return replace(own, sample=(count_buyers(own), n_customers))


def count_buyers(log: AnyLog) -> int:
    """Return how many customers have bought."""
    count = "select count(distinct customer_id) from transactions"
    [(n_customers,)] = log.con.execute(count).fetchall()
    return int(n_customers)
