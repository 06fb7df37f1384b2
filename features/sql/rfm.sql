-- One row is a customer with a purchase, as one as_of sees it: recency, frequency and
-- money, with the four columns of buy-till-you-die models counted in purchase days.
with

rfm_days as (
    select
        customer_id,
        as_of,
        count(*) as n_purchase_days,
        min(day) as first_day,
        max(day) as last_day,
        sum(gross) as gross,
        coalesce(sum(gross) filter (where n_th > 1), 0) as repeat_gross
    from {{ ref('days') }}
    group by customer_id, as_of
),

rfm_orders as (
    select
        customer_id,
        as_of,
        count(*) as n_orders,
        sum(n_lines) as n_lines,
        max(value) filter (where n_th = 1) as first_order_value,
        max(value) filter (where n_back = 1) as last_order_value
    from {{ ref('orders') }}
    group by customer_id, as_of
),

rfm_moments as (
    select
        customer_id,
        as_of,
        sum(net) as net,
        min(age_days) filter (where n_purchase_lines > 0) as days_since_last_order,
        max(age_days) filter (where n_purchase_lines > 0) as days_since_first_order
    from {{ ref('moments') }}
    group by customer_id, as_of
)

select
    rfm_days.customer_id,
    rfm_days.as_of,
    rfm_days.n_purchase_days - 1 as frequency,
    date_diff('day', rfm_days.first_day, rfm_days.last_day) as recency,
    {{ days_between('cast(rfm_days.first_day as timestamp)', 'rfm_days.as_of') }} as T,
    coalesce({{ ratio('rfm_days.repeat_gross', 'rfm_days.n_purchase_days - 1') }}, 0)
        as monetary_value,
    rfm_orders.n_orders,
    rfm_days.n_purchase_days,
    rfm_moments.days_since_last_order,
    rfm_moments.days_since_first_order,
    rfm_moments.net as net_spend,
    rfm_days.gross as gross_spend,
    {{ ratio('rfm_days.gross', 'rfm_orders.n_orders') }} as mean_order_value,
    rfm_orders.first_order_value,
    rfm_orders.last_order_value,
    {{ ratio('rfm_orders.n_lines', 'rfm_orders.n_orders') }} as mean_lines_per_order
from rfm_days
inner join rfm_orders using (customer_id, as_of)
inner join rfm_moments using (customer_id, as_of)
