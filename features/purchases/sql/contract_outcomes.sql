-- One row is a customer with an active contract and a span: whether no contract is
-- active at its end, and the money of its days, an amount being a month's.
with

spans as (
    select as_of, {{ until }} as until
    from as_ofs
),

known as (
    select customer_id, starts_at, {{ ends }} as ended_at, {{ money('amount') }} as amount
    from subscriptions
    where known_at is null or known_at < {{ known }}
)

select
    spans.as_of,
    customer_id,
    cast(count(*) filter (
        where starts_at < spans.until and (ended_at is null or ended_at >= spans.until)
    ) = 0 as double) as churned,
    sum(
        coalesce(amount, {{ "0" if has_amount else "1" }})
        * greatest(date_diff('second', greatest(starts_at, spans.as_of), least(coalesce(ended_at, spans.until), spans.until)), 0)
    ) / {{ month_seconds }} as value
from known
inner join spans on known.starts_at < spans.until
group by spans.as_of, customer_id
order by spans.as_of, customer_id
