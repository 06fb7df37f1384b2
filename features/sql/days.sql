-- One row is a day (UTC) with a purchase of a customer, as one as_of sees it, with the
-- days since the purchase day before it. n_th counts from the first, n_back from the last.
{% set life = "partition by customer_id, as_of order by day" %}
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
    date_diff('day', lag(day) over ({{ life }}), day) as gap_days,
    row_number() over ({{ life }}) as n_th,
    count(*) over ({{ life }} rows between unbounded preceding and unbounded following)
        - row_number() over ({{ life }}) + 1 as n_back,
    min(age_days) over ({{ life }} rows between unbounded preceding and unbounded following)
        as days_since_last_order
from purchase_days
