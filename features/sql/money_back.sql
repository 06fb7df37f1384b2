-- One row is a customer as one as_of sees it: what came off the price and what came back.
with

money_back_sums as (
    select
        customer_id,
        as_of,
        sum(gross) as gross,
        sum(returned) as returned,
        sum(discount) as discount,
        sum(cost) as cost,
        sum(costed_gross) as costed_gross,
        sum(n_return_lines) as n_returns,
        count(*) filter (where n_return_lines > 0) as n_return_moments,
        count(*) filter (where n_purchase_lines > 0) as n_purchase_moments,
        count(*) filter (where n_purchase_lines > 0 and discount > 0) as n_discounted,
        min(age_days) filter (where n_return_lines > 0) as days_since_last_return,
        sum(gross) filter (where age_days <= {{ horizon_days }}) as gross_recent,
        sum(returned) filter (where age_days <= {{ horizon_days }}) as returned_recent,
        sum(discount) filter (where age_days <= {{ horizon_days }}) as discount_recent
    from {{ ref('moments') }}
    group by customer_id, as_of
)

select
    customer_id,
    as_of,
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
from money_back_sums
