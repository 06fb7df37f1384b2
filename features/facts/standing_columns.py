"""The columns of the standing facts, and the words by which a flag says yes or no."""

from __future__ import annotations

import pyarrow as pa

NUMBER, TEXT, FLAG = pa.float64(), pa.string(), pa.bool_()

STANDING = pa.schema(
    [
        ("n_contacts_365d", NUMBER),
        ("contact_minutes_365d", NUMBER),
        ("contact_cost_365d", NUMBER),
        ("days_since_last_contact", NUMBER),
        ("days_since_last_visit", NUMBER),
        ("n_complaints_365d", NUMBER),
        ("days_since_last_complaint", NUMBER),
        ("has_open_complaint", FLAG),
        ("n_referrals_365d", NUMBER),
        ("csat_last", NUMBER),
        ("nps_last", NUMBER),
        ("contact_owner_id", TEXT),
        ("n_orders_prior_365d", NUMBER),
        ("net_spend_prior_365d", NUMBER),
        ("net_spend_ytd", NUMBER),
        ("net_spend_730d", NUMBER),
        ("margin_365d", NUMBER),
        ("margin_share_365d", NUMBER),
        ("discount_share_365d", NUMBER),
        ("top_category", TEXT),
        ("top_category_share_365d", NUMBER),
        ("top_channel", TEXT),
    ]
)
"""The standing facts, in order. Counts and sums of contacts are 0 where there was none;
the open complaint is false; the others are NULL."""

FLAGS = ("strategic", "key_resource", "internal", "competitor")
FLAG_PREFIXES = ("is_", "has_", "consent")
TRUE = ("1", "1.0", "true", "yes", "y", "t", "是")
FALSE = ("0", "0.0", "false", "no", "n", "f", "否")
