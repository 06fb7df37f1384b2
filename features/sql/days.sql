-- One row is a day (UTC) with a purchase of a customer, as one as_of sees it, with the
-- days since the purchase day before it.
with

purchase_days as (
    select
        customer_id,
        as_of,
        day,
        sum(gross) as gross,
        min(age_days) as age_days
    from {{ ref('moments') }}
    where n_purchase_lines > 0
    group by customer_id, as_of, day
)

select
    *,
    date_diff('day', lag(day) over (partition by customer_id, as_of order by day), day)
        as gap_days,
    row_number() over (partition by customer_id, as_of order by day) as n_th,
    row_number() over (partition by customer_id, as_of order by day desc) as n_back
from purchase_days
