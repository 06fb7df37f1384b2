-- One row is a customer as one as_of sees it: how evenly the money is spread over the orders.
with

dispersion_shape as (
    select
        *,
        {{ ratio('spend', 'n_orders') }} as mean_value,
        {{ ratio('late_spend', 'n_late') }} as mean_value_last_3,
        {{ cv('n_orders', 'spend', 'squares') }} as order_value_cv
    from {{ ref('order_sums') }}
)

select
    row_no,
    value_max as order_value_max,
    value_min as order_value_min,
    value_median as order_value_median,
    order_value_cv * mean_value as order_value_sd,
    order_value_cv,
    {{ ratio('value_max', 'spend') }} as largest_order_share,
    mean_value_last_3 as mean_order_value_last_3,
    {{ contrast('mean_value_last_3', 'mean_value') }} as order_value_trend
from dispersion_shape
