-- One row is a customer with a purchase, as one as_of sees it: recency, frequency and
-- money, with the four columns of buy-till-you-die models counted in purchase days.
select
    day_sums.row_no,
    day_sums.n_purchase_days - 1 as frequency,
    date_diff('day', day_sums.first_day, day_sums.last_day) as recency,
    {{ days_between('cast(day_sums.first_day as timestamp)', 'rows_seen.as_of') }} as T,
    coalesce({{ ratio('day_sums.repeat_gross', 'day_sums.n_purchase_days - 1') }}, 0)
        as monetary_value,
    order_sums.n_orders,
    day_sums.n_purchase_days,
    moment_sums.days_since_last_order,
    moment_sums.days_since_first_order,
    moment_sums.net as net_spend,
    moment_sums.gross as gross_spend,
    {{ ratio('moment_sums.gross', 'order_sums.n_orders') }} as mean_order_value,
    order_sums.first_value as first_order_value,
    order_sums.last_value as last_order_value,
    {{ ratio('order_sums.n_lines', 'order_sums.n_orders') }} as mean_lines_per_order
from {{ ref('day_sums') }}
inner join {{ ref('order_sums') }} using (row_no)
inner join {{ ref('moment_sums') }} using (row_no)
inner join {{ ref('rows_seen') }} using (row_no)
