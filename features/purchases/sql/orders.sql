-- One row is an order (at least one purchase line) of a customer, as one as_of sees it.
-- It is dated by its first purchase line. n_th counts from the first, n_back from the last.
with

whole_orders as (
    select
        row_no,
        order_id,
        order_at,
        min(occurred_at) as ordered_at,
        max(age_days) as age_days,
        sum(gross) as value,
        sum(n_purchase_lines) as n_lines
    from {{ ref('moments') }}
    where n_purchase_lines > 0
    group by row_no, order_id, order_at
),

counted_orders as (
    select
        *,
        row_number() over (
            partition by row_no order by age_days, value desc, n_lines desc
        ) as n_back,
        count(*) over (partition by row_no) as n_orders
    from whole_orders
)

select
    *,
    n_orders - n_back + 1 as n_th
from counted_orders
