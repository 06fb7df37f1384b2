-- One row is a customer as one as_of sees it: what came off the price and what came back.
select
    row_no,
    {% if 'discount' in has %}
    {{ ratio('discount', 'gross + discount') }} as discount_share,
    {{ ratio('discount_recent', 'gross_recent + discount_recent') }}
        as discount_share_{{ horizon_days }}d,
    {{ ratio('n_discounted', 'n_purchase_moments') }} as discounted_order_share,
    {% endif %}
    {% if 'cost' in has %}
    {{ ratio('costed_gross - cost', 'costed_gross') }} as margin_share,
    case when costed_gross > 0 then costed_gross - cost end as margin,
    {% endif %}
    n_returns,
    returned as returned_value,
    days_since_last_return,
    {{ ratio('returned', 'gross') }} as return_share,
    {{ ratio('returned_recent', 'gross_recent') }} as return_share_{{ horizon_days }}d,
    {{ ratio('n_return_moments', 'n_purchase_moments') }} as returns_per_order
from {{ ref('moment_sums') }}
