-- One row is a customer as one as_of sees it: in how many months of the year it buys, and
-- how its purchase days spread over them.
with

calendar_months as (
    select
        row_no,
        month(day) as month,
        count(*) as n
    from {{ ref('days') }}
    group by row_no, month(day)
)

select
    row_no,
    count(*) as n_months_of_year,
    sum(n) as n_days,
    sum(n * n) as month_squares
from calendar_months
group by row_no
