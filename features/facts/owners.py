"""Which of our people contacted which customers, how often and for how long."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from features.instants import to_naive_utc
from features.purchases.render import QueryWriter

if TYPE_CHECKING:
    from features.door.log import AnyLog


def build_owner_contacts(log: AnyLog, *, as_of: datetime) -> pd.DataFrame:
    """Sum the contacts of the last 365 days by customer and owner.

    Parameters
    ----------
    log : Log
    as_of : datetime
        What happened, or became known, at or after it is not counted.

    Returns
    -------
    DataFrame of shape (n_pairs, 5)
        ``customer_id``, ``owner_id`` (None where the log does not say), ``n_contacts``,
        ``minutes`` and ``cost`` (NaN where none is logged).
    """
    query = QueryWriter({}).write("owner_contacts")
    contacts = log.con.sql(query, params={"as_of": to_naive_utc(as_of)})
    return pd.DataFrame(contacts.to_arrow_table().to_pandas())
