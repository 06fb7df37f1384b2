-- One row is a customer as one as_of sees it: what was bought and returned in each of
-- the last windows and in the last year, 0 where nothing was.
{% set spans = (windows + (365,)) | unique | list %}
with

window_moments as (
    select
        customer_id,
        as_of,
        {% for w in spans %}
        coalesce(sum(net) filter (where age_days <= {{ w }}), 0) as net_spend_{{ w }}d,
        {% endfor %}
        {% for w in windows %}
        coalesce(sum(gross) filter (where age_days <= {{ w }}), 0) as gross_spend_{{ w }}d,
        {% if 'quantity' in has %}
        coalesce(sum(units) filter (where age_days <= {{ w }}), 0) as units_{{ w }}d,
        {% endif %}
        coalesce(sum(n_return_lines) filter (where age_days <= {{ w }}), 0)
            as n_returns_{{ w }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('moments') }}
    group by customer_id, as_of
),

window_orders as (
    select
        customer_id,
        as_of,
        {% for w in spans %}
        count(*) filter (where age_days <= {{ w }}) as n_orders_{{ w }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('orders') }}
    group by customer_id, as_of
),

window_days as (
    select
        customer_id,
        as_of,
        {% for w in windows %}
        count(*) filter (where age_days <= {{ w }}) as n_purchase_days_{{ w }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('days') }}
    group by customer_id, as_of
)

select *
from window_moments
inner join window_orders using (customer_id, as_of)
inner join window_days using (customer_id, as_of)
