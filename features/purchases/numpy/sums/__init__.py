"""The sums of a plan, by hand: what each is in SQL, and how numpy finds it."""

from __future__ import annotations

from collections.abc import Mapping

from features.purchases.numpy.sums.contacts import CONTACT_SUMS
from features.purchases.numpy.sums.days import DAY_SUMS, MONTH_SUMS
from features.purchases.numpy.sums.items import CATEGORIES, CHANNELS, PRODUCTS
from features.purchases.numpy.sums.leaf import Step, Sum
from features.purchases.numpy.sums.moments import MOMENT_SUMS
from features.purchases.numpy.sums.orders import ORDER_SUMS
from features.purchases.numpy.sums.responses import RESPONSES

MEMBERSHIPS = Step(
    {"min(joined_at)": Sum(lambda grains: grains.joined_at, is_instant=True)},
    lambda grains: grains.joined_at < grains.as_of,
)

STEPS: Mapping[str, Step] = {
    "FROM moments GROUP BY row_no": MOMENT_SUMS,
    "FROM orders GROUP BY row_no": ORDER_SUMS,
    "FROM days GROUP BY row_no": DAY_SUMS,
    "FROM calendar_months GROUP BY row_no": MONTH_SUMS,
    "FROM product_ages GROUP BY row_no": PRODUCTS,
    "FROM category_ages GROUP BY row_no": CATEGORIES,
    "FROM channel_counts GROUP BY row_no": CHANNELS,
    "FROM interaction_lines GROUP BY row_no": CONTACT_SUMS,
    "FROM response_neighbours GROUP BY row_no": RESPONSES,
    "FROM rows_seen INNER JOIN customers USING (customer_id) WHERE "
    "customers.joined_at < rows_seen.as_of GROUP BY rows_seen.row_no": MEMBERSHIPS,
}
"""By what the rows are, and how they are grouped."""

AS_OF = Sum(lambda grains: grains.as_of, is_instant=True)
"""The instant that the features are as of."""
