"""Which attributes of customers are features, and the query that makes them numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.door.rows.casts import quote_name, quote_text
from features.errors import DataError
from features.purchases.plan import set_as_ofs

if TYPE_CHECKING:
    from features.door.log import Log

NUMBER, DATE, CATEGORY = "number", "date", "category"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that is used.

    Parameters
    ----------
    name : str
    kind : str
        ``number``, ``date`` (days from it to ``as_of``) or ``category``.
    levels : tuple of str
        Values of a category. The code of a value is its position; any other value has
        the code after the last.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributePlan:
    """Which attributes are read, and the query that reads them.

    Parameters
    ----------
    horizon_days : int
    attributes : tuple of Attribute
        The feature columns, in order.
    used : tuple of str
        Those that the model sees.
    left_out : tuple of (str, str)
        The others of the table, and why.
    amount : str or None
        The attribute with a month's amount.
    tenure : str or None
        The attribute with the time as a customer, and the days in its unit.
    tenure_days : float
    sql : str
        In DuckDB's dialect.
    """

    horizon_days: int
    attributes: tuple[Attribute, ...]
    used: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    amount: str | None
    tenure: str | None
    tenure_days: float
    sql: str

    @property
    def names(self) -> tuple[str, ...]:
        """The feature columns, in order."""
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def windows(self) -> tuple[int, ...]:
        """No window: attributes have no time."""
        return ()

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """The values of each category that the model sees."""
        return {
            attribute.name: attribute.levels
            for attribute in self.attributes
            if attribute.kind == CATEGORY and attribute.name in self.used
        }

    @property
    def known(self) -> frozenset[str]:
        """Every attribute that the table had, used or not."""
        return frozenset((*self.names, *(name for name, _ in self.left_out)))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> AttributePlan:
        """Restore a plan from ``to_dict``, directly or through JSON."""
        attributes = tuple(
            Attribute(attribute["name"], attribute["kind"], tuple(attribute["levels"]))
            for attribute in fields["attributes"]
        )
        left_out = tuple((str(name), str(why)) for name, why in fields["left_out"])
        used = tuple(fields["used"])
        parsed = {"attributes": attributes, "left_out": left_out, "used": used}
        return cls(**{**fields, **parsed})


def write_query(attributes: Sequence[Attribute]) -> str:
    """Return the query of the attributes, one row a customer and instant."""
    columns = "".join(
        f",\n    {_column_sql(attribute)} as {quote_name(attribute.name)}"
        for attribute in attributes
    )
    return (
        f"select\n    customers.customer_id,\n    as_ofs.as_of{columns}\n"
        "from customers\ncross join as_ofs\n"
        "order by as_ofs.as_of, customers.customer_id\n"
    )


def build_attributes(log: Log, plan: AttributePlan, *, as_of: datetime) -> pd.DataFrame:
    """Return the plan's columns, indexed by ``customer_id``, NaN where unknown.

    Raises
    ------
    DataError
        If the table lacks an attribute of the plan.
    """
    described = log.con.execute("describe customers").fetchall()
    columns = {str(row[0]).lower() for row in described}
    missing = [name for name in plan.names if name.lower() not in columns]
    if missing:
        raise DataError(
            f"customers has no {', '.join(missing[:5])}.",
            needed="Every attribute that the model was trained on.",
            todo="Bring the column back, or train again: regulars train",
        )
    set_as_ofs(log.con, [as_of])
    table = log.con.sql(plan.sql).to_arrow_table()
    frame: pd.DataFrame = table.drop_columns(["as_of"]).to_pandas()
    return frame.set_index("customer_id").astype("float64")


def _column_sql(attribute: Attribute) -> str:
    """Return an attribute as a number; it may be a number or text in the table."""
    text = _text_sql(attribute.name)
    if attribute.kind == CATEGORY:
        listed = ", ".join(quote_text(value) for value in attribute.levels)
        n_values = len(attribute.levels)
        place = (
            f"coalesce(nullif(list_position([{listed}], {text}), 0), {n_values + 1})"
        )
        return f"case when {text} is not null then cast({place} - 1 as double) end"
    if attribute.kind == DATE:
        moment = f"try_cast({text} as timestamp)"
        return f"date_diff('second', {moment}, as_ofs.as_of) / 86400.0"
    bare = f"regexp_replace({text}, '[$€£¥%\\s]', '', 'g')"
    number = f"try_cast({bare} as double)"
    return f"case when isfinite({number}) then {number} end"


def _text_sql(name: str) -> str:
    """Return a column as text, whole numbers without a point."""
    text = f"cast(customers.{quote_name(name)} as varchar)"
    return f"regexp_replace({text}, '\\.0$', '')"
