-- One row is a customer as one as_of sees it: how evenly the money is spread over the orders.
with

dispersion_sums as (
    select
        customer_id,
        as_of,
        count(*) as n_orders,
        sum(value) as total,
        sum({{ square('value') }}) as squares,
        max(value) as order_value_max,
        min(value) as order_value_min,
        median(cast(value as double)) as order_value_median,
        sum(value) filter (where n_back <= 3) as late_total,
        count(*) filter (where n_back <= 3) as late_n
    from {{ ref('orders') }}
    group by customer_id, as_of
),

dispersion_shape as (
    select
        *,
        {{ ratio('total', 'n_orders') }} as mean_value,
        {{ ratio('late_total', 'late_n') }} as mean_value_last_3,
        {{ cv('n_orders', 'total', 'squares') }} as order_value_cv
    from dispersion_sums
)

select
    customer_id,
    as_of,
    order_value_max,
    order_value_min,
    order_value_median,
    order_value_cv * mean_value as order_value_sd,
    order_value_cv,
    {{ ratio('order_value_max', 'total') }} as largest_order_share,
    mean_value_last_3 as mean_order_value_last_3,
    {{ contrast('mean_value_last_3', 'mean_value') }} as order_value_trend
from dispersion_shape
