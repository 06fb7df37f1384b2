-- One row is a day (UTC) with a purchase of a customer, as one as_of sees it, with the
-- days since the purchase day before it. n_th counts from the first, n_back from the last.
with

purchase_days as (
    select
        row_no,
        day,
        sum(gross) as gross,
        min(age_days) as age_days
    from {{ ref('moments') }}
    where n_purchase_lines > 0
    group by row_no, day
),

counted_days as (
    select
        *,
        lag(day) over (partition by row_no order by day) as day_before,
        row_number() over (partition by row_no order by day) as n_th,
        count(*) over (partition by row_no) as n_days,
        min(age_days) over (partition by row_no) as days_since_last_order
    from purchase_days
)

select
    *,
    date_diff('day', day_before, day) as gap_days,
    n_days - n_th + 1 as n_back
from counted_days
