-- One row is a cohort, those who first bought in a period, and a later period: how many
-- of them bought in it, and what they spent net of returns.
with

seen as (
    select
        customer_id,
        occurred_at,
        {{ money('amount') }} as amount
    from transactions
    where case when known_at > occurred_at then known_at else occurred_at end < $as_of
        and amount <> 0
),

firsts as (
    select
        customer_id,
        date_trunc('{{ unit }}', min(occurred_at)) as cohort_on
    from seen
    where amount > 0
    group by customer_id
),

placed as (
    select
        customer_id,
        cohort_on,
        amount,
        date_diff('{{ unit }}', cohort_on, date_trunc('{{ unit }}', occurred_at)) as period
    from seen
    join firsts using (customer_id)
)

select
    cast(cohort_on as date) as cohort_on,
    cast(period as integer) as period,
    count(distinct case when amount > 0 then customer_id end) as n_customers,
    cast(sum(amount) as double) as net_spend
from placed
where period >= 0
group by cohort_on, period
order by cohort_on, period
