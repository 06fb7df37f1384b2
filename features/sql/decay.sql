-- One row is a customer as one as_of sees it: sums in which an order loses half its weight
-- with every half-life that passes.
select
    customer_id,
    as_of,
    {% for d in half_lives %}
    sum(cast(cast(net as double) * power(2.0, -age_days / {{ d }}) as decimal(38, 8)))
        as net_spend_half_life_{{ d }}d,
    coalesce(
        sum(cast(power(2.0, -age_days / {{ d }}) as decimal(18, 12))) filter (where n_purchase_lines > 0),
        0
    ) as n_orders_half_life_{{ d }}d{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('moments') }}
group by customer_id, as_of
