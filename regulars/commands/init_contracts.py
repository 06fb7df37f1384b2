"""The config that ``regulars init`` writes for a file of contracts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from features.door.rows.columns import ALIASES, TABLES
from features.suggest import fold

THEIRS: Mapping[str, str] = {
    "customer_id": ALIASES["customer_id"],
    "starts_at": ALIASES["starts_at"],
    "ends_at": "end enddate endat endedat endson canceldate canceledat cancelledat "
    "cancellationdate terminationdate subscriptionend contractend churndate",
    "amount": "monthlyamount monthlyfee monthlycharges monthlyprice mrr fee price",
    "plan": "planname plantype subscriptiontype contracttype product package",
    "currency": "currencycode",
    "known_at": "ingestedat loadedat receivedat",
}
"""What others call our columns, folded; only a whole name counts."""

CONTRACTS = """\
subscriptions = {file}  # one row a contract; who has no end is a customer still
# interactions = "complaints.csv"    # anything else that happened: calls, tickets
{columns}
[model]
kind = "subscriptions"
horizon_days = 90     # churned: no contract at its end; value: the months paid in it
"""
"""What the config says of contracts."""


def is_contracts(names: Sequence[str]) -> bool:
    """Tell whether a file is of contracts, and not of purchases.

    >>> is_contracts(["account_id", "start_date", "end_date", "mrr"])
    True
    >>> is_contracts(["customer_id", "occurred_at", "amount"])
    False
    """
    is_purchases = any(fold(name) == "occurredat" for name in names)
    ends = (theirs_of(ours, names) for ours in ("starts_at", "ends_at"))
    return None not in ends and not is_purchases


def contract_lines(names: Sequence[str]) -> str:
    """Return the lines that map what is known by its name."""
    lines = []
    for column in TABLES["subscriptions"]:
        theirs = theirs_of(column.name, names)
        if theirs is None and column.needed:
            lines.append(f'# {column.name} = "?"')
        elif theirs not in (None, column.name):
            lines.append(f"{column.name} = {json.dumps(theirs, ensure_ascii=False)}")
    head = "\n[data.columns.subscriptions]  # ours = theirs\n" if lines else ""
    return head + "".join(f"{line}\n" for line in lines)


def theirs_of(ours: str, names: Sequence[str]) -> str | None:
    """Return the file's column that is surely the one we call ``ours``.

    >>> theirs_of("ends_at", ["End Date"])
    'End Date'
    """
    for alias in (fold(ours), *THEIRS[ours].split()):
        for name in names:
            if fold(name) == alias:
                return name
    return None
