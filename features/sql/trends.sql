-- One row is a customer as one as_of sees it: each window against the one before it,
-- and the window's pace against the pace of the whole life. From -1 (stopped) to 1 (new).
with

trend_orders as (
    select
        customer_id,
        as_of,
        max(age_days) as life_days,
        count(*) as n_orders,
        sum(value) as spend,
        {% for w in windows %}
        count(*) filter (where age_days <= {{ w }}) as n_{{ w }},
        count(*) filter (where age_days > {{ w }} and age_days <= {{ 2 * w }}) as n_before_{{ w }},
        coalesce(sum(value) filter (where age_days <= {{ w }}), 0) as spend_{{ w }},
        coalesce(sum(value) filter (where age_days > {{ w }} and age_days <= {{ 2 * w }}), 0)
            as spend_before_{{ w }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('orders') }}
    group by customer_id, as_of
)

select
    customer_id,
    as_of,
    {% for w in windows %}
    {{ contrast('n_%d' % w, 'n_before_%d' % w) }} as n_orders_trend_{{ w }}d,
    {{ contrast('spend_%d' % w, 'spend_before_%d' % w) }} as gross_spend_trend_{{ w }}d,
    {{ contrast('cast(n_%d as double) / least(life_days, %d)' % (w, w), 'cast(n_orders as double) / life_days') }}
        as n_orders_pace_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from trend_orders
