-- One row is a cohort, those who first bought in a period, and a later period: how many
-- of them bought in it, and what they spent net of returns. Periods are numbered from
-- the year 0.
with

seen as (
    select
        customer_id,
        {{ money('amount') }} as amount,
        cast(floor(
            (extract(year from occurred_at) * 12 + extract(month from occurred_at) - 1)
            / {{ months }}
        ) as bigint) as period_no
    from transactions
    where {{ seen_at() }} < $as_of
        and amount <> 0
),

firsts as (
    select
        customer_id,
        min(period_no) as cohort_no
    from seen
    where amount > 0
    group by customer_id
),

placed as (
    select
        customer_id,
        cohort_no,
        amount,
        period_no - cohort_no as period
    from seen
    join firsts using (customer_id)
)

select
    cohort_no,
    period,
    count(distinct case when amount > 0 then customer_id end) as n_customers,
    cast(sum(amount) as double) as net_spend
from placed
where period >= 0
group by cohort_no, period
order by cohort_no, period
