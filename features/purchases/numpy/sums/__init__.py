"""The sums of a plan, by hand: what each is in SQL, and how numpy finds it."""

from __future__ import annotations

from collections.abc import Mapping

from features.purchases.numpy.formulas.values import Type
from features.purchases.numpy.sums.contacts import CONTACTS
from features.purchases.numpy.sums.days import DAYS, MONTHS
from features.purchases.numpy.sums.items import CATEGORIES, CHANNELS, PRODUCTS
from features.purchases.numpy.sums.leaf import Step, Sum
from features.purchases.numpy.sums.moments import MOMENTS
from features.purchases.numpy.sums.orders import ORDERS
from features.purchases.numpy.sums.responses import RESPONSES
from features.purchases.numpy.sums.rows import (
    CONTACT_ROWS,
    DAY_ROWS,
    MOMENT_ROWS,
    ORDER_ROWS,
    Rows,
)

MEMBERSHIPS = Step(
    {"min(joined_at)": Sum(lambda grains: grains.joined().at, Type.INSTANT)},
    lambda grains: grains.joined().has,
)

STEPS: Mapping[str, Step] = {
    "from moments group by row_no": MOMENTS,
    "from orders group by row_no": ORDERS,
    "from days group by row_no": DAYS,
    "from calendar_months group by row_no": MONTHS,
    "from product_ages group by row_no": PRODUCTS,
    "from category_ages group by row_no": CATEGORIES,
    "from channel_counts group by row_no": CHANNELS,
    "from interaction_lines group by row_no": CONTACTS,
    "from response_neighbours group by row_no": RESPONSES,
    "from rows_seen inner join customers using (customer_id) where "
    "customers.joined_at < rows_seen.as_of group by rows_seen.row_no": MEMBERSHIPS,
}
"""By what the rows are, and how they are grouped."""

ROWS: Mapping[str, Rows] = {
    "from moments group by row_no": MOMENT_ROWS,
    "from orders group by row_no": ORDER_ROWS,
    "from days group by row_no": DAY_ROWS,
    "from interaction_lines group by row_no": CONTACT_ROWS,
}
"""The rows themselves, for sums that are none of these."""

AS_OF = Sum(lambda grains: grains.as_of, Type.INSTANT)
"""The instant that the features are as of."""
