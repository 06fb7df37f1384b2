-- One row is a customer as one as_of sees it: sums in which money and orders lose half
-- their weight with every half-life that passes.
with

decayed_spend as (
    select
        customer_id,
        as_of,
        {% for d in half_lives %}
        sum(cast(cast(net as double) * power(2.0, -age_days / {{ d }}) as decimal(38, 8)))
            as net_spend_half_life_{{ d }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('moments') }}
    group by customer_id, as_of
),

decayed_orders as (
    select
        customer_id,
        as_of,
        {% for d in half_lives %}
        sum(cast(power(2.0, -age_days / {{ d }}) as decimal(18, 12)))
            as n_orders_half_life_{{ d }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('orders') }}
    group by customer_id, as_of
)

select *
from decayed_spend
inner join decayed_orders using (customer_id, as_of)
