"""``regulars init``: write a config that is ready to be read and corrected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from features.attributes.label import NAMES
from features.door.database import open_database
from features.door.rows.columns import ALIASES, TABLES, theirs_for
from features.errors import ConfigError
from features.suggest import fold
from regulars.commands.init_contracts import CONTRACTS, contract_lines, is_contracts
from regulars.console import tell

if TYPE_CHECKING:
    from features.door.rows.columns import Column

OPTIONAL_ALIASES: Mapping[str, str] = {
    "order_id": "order orderno ordernumber invoice invoiceno invoiceid basketid "
    "transactionid receiptid",
    "product_id": "product sku stockcode item itemid articleid productcode",
    "category": "productcategory department categoryname",
    "quantity": "qty units count",
    "discount": "discountamount",
    "cost": "unitcost costofgoods cogs",
    "channel": "saleschannel",
    "currency": "currencycode",
    "known_at": "ingestedat loadedat receivedat",
}
"""What others call our other columns, folded; only a whole name counts."""

UNIT_PRICES = {"price", "unitprice"}
"""Names that are often not the amount of a line."""

HEAD = """\
# Regulars. Relative paths are relative to this file. Every setting: docs/settings.md

[data]
"""

TAIL = """
[mlflow]
tracking_uri = "sqlite:///mlflow/regulars.db"

[store]
url = "sqlite:///regulars.db"  # or postgresql+psycopg://user@host/database
"""

PURCHASES = """\
transactions = {file}  # purchases: a path or glob, Parquet or CSV
# interactions = "contacts.csv"      # anything else that happened: calls, returns
# customers = "customers.csv"        # attributes, one row a customer
# not_products = ["POSTAGE", "FEE"]  # product ids that sell nothing

[data.columns.transactions]  # ours = theirs, only where they differ
{columns}
[model]
horizon_days = 90     # churned: no purchase in it; value: net spend in it
"""

SERVE = """
# [serve]
# host = "127.0.0.1"
# port = 8000
"""

OF_LABELS = """\
customers = {file}  # one row a customer, with a column that says who churned
{columns}
[model]
kind = "labels"
horizon_days = 90     # what the expected value is of
# label = "Churn"               # found by its name
# churned = ["Yes"]             # values that mean churned
# monthly_amount = "MonthlyCharges"
# sensitive = ["gender"]        # sex, age, marriage and income are left out otherwise
# leave_out = ["Agent"]         # what the model must not see
"""

EXAMPLES = [f'# {name} = "?"' for name in ("customer_id", "occurred_at", "amount")]
"""The lines to fill in where no file was given."""

LABELS = frozenset(NAMES) - {"label", "target", "y", "left"}
"""Names that only a label has."""


def init(sales: Path | None, *, config: Path) -> None:
    """Write ``config``, mapping the columns of ``sales`` as far as they are known.

    Raises
    ------
    ConfigError
        If ``config`` is already there, or cannot be written.
    TableError
        If ``sales`` is no table.
    """
    names = names_in(sales) if sales else []
    shown = json.dumps(relative_path(sales, config) if sales else "sales.parquet")
    tail = TAIL
    if is_contracts(names):
        body = CONTRACTS.format(file=shown, columns=contract_lines(names))
    elif is_labelled(names):
        body = OF_LABELS.format(file=shown, columns=label_lines(names))
    else:
        lines = column_lines(names) if sales else EXAMPLES
        columns = "".join(f"{line}\n" for line in lines)
        body = PURCHASES.format(file=shown, columns=columns)
        tail = TAIL + SERVE
    try:
        with config.open("x", encoding="utf-8") as file:
            file.write(HEAD + body + tail)
    except FileExistsError as exc:
        raise ConfigError(
            f"{config} is already there.",
            needed="A name that is free: init overwrites nothing.",
            todo="Choose another with --config, or move that file away.",
        ) from exc
    except OSError as exc:
        raise ConfigError(
            f"{config} cannot be written: {exc.strerror}.",
            needed="A folder that this user may write to.",
            todo="Choose another path with --config.",
        ) from exc
    tell(f"Wrote {config}. Correct it, then run `regulars check`.")


def is_labelled(names: Sequence[str]) -> bool:
    """Tell whether a file is of customers with a label, and not of purchases.

    >>> is_labelled(["customerID", "tenure", "MonthlyCharges", "Churn"])
    True
    >>> is_labelled(["customer_id", "occurred_at", "amount", "left"])
    False
    """
    when, what = (guess(TABLES["transactions"][at], names) for at in (1, 2))
    has_label = any(fold(name) in LABELS for name in names)
    return has_label and (when is None or what is None)


def label_lines(names: Sequence[str]) -> str:
    """Return the line that maps the customers' ids, where it has to be mapped."""
    theirs = guess(TABLES["customers"][0], names)
    if theirs == "customer_id":
        return ""
    shown = json.dumps(theirs or "?", ensure_ascii=False)
    mark = "" if theirs else "# "
    return f"\n[data.columns.customers]  # ours = theirs\n{mark}customer_id = {shown}\n"


def names_in(sales: Path) -> list[str]:
    """Return the names of a file's columns."""
    from features.door.files.formats import find_files
    from features.door.files.parquet import open_file

    with open_database() as con:
        return list(open_file(con, find_files(str(sales))[0]).columns)


def relative_path(sales: Path, config: Path) -> str:
    """Return ``sales`` as it is written in ``config``: relative where it is beside."""
    file, folder = sales.resolve(), config.resolve().parent
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def column_lines(names: Sequence[str]) -> list[str]:
    """Return the lines that map ``names`` to ours, with what was not found as comments.

    >>> column_lines(["customer_id", "InvoiceDate", "StockCode"])
    ['occurred_at = "InvoiceDate"', '# amount = "?"', 'product_id = "StockCode"']
    """
    columns = TABLES["transactions"]
    lines = (mapping_line(column, guess(column, names)) for column in columns)
    return [line for line in lines if line]


def mapping_line(column: Column, theirs: str | None) -> str:
    """Return the line of one column: none where there is nothing to say."""
    if theirs is None:
        return f'# {column.name} = "?"' if column.needed else ""
    if theirs == column.name:
        return ""
    line = f"{column.name} = {json.dumps(theirs, ensure_ascii=False)}"
    if column.name == "amount" and fold(theirs) in UNIT_PRICES:
        return f"# {line}  # only if it is what the whole line costs"
    return line


def guess(column: Column, names: Sequence[str]) -> str | None:
    """Return the column of the file that probably is ``column``.

    Examples
    --------
    >>> quantity = next(c for c in TABLES["transactions"] if c.name == "quantity")
    >>> guess(quantity, ["Price", "Qty"])
    'Qty'
    """
    if column.name in ALIASES:
        return theirs_for(column.name, names)
    aliases = {fold(column.name), *OPTIONAL_ALIASES.get(column.name, "").split()}
    return next((name for name in names if fold(name) in aliases), None)
