-- One row is a contract as one as_of sees it: an end at or after it is not seen. Rows
-- known later are none. reach is how far the customer's earlier contracts went.
with

seen as (
    select
        as_ofs.as_of,
        customer_id,
        starts_at,
        case when {{ ends }} < as_ofs.as_of then greatest({{ ends }}, starts_at) end as ended_at,
        {{ money('amount') }} as amount,
        plan
    from subscriptions
    inner join as_ofs
        on subscriptions.starts_at < as_ofs.as_of
        and (subscriptions.known_at is null or subscriptions.known_at < as_ofs.as_of)
),

numbered as (
    select
        *,
        coalesce(ended_at, as_of) as until,
        row_number() over (
            partition by as_of, customer_id
            order by starts_at, coalesce(ended_at, as_of), plan, amount
        ) as place
    from seen
),

reached as (
    select
        *,
        max(until) over (
            partition by as_of, customer_id order by place
            rows between unbounded preceding and 1 preceding
        ) as reach,
        lag(plan) over (partition by as_of, customer_id order by place) as plan_before,
        lag(amount) over (partition by as_of, customer_id order by place) as amount_before
    from numbered
)

select
    *,
    starts_at > coalesce(reach + interval 1 day, timestamp '0001-01-01') as is_break,
    sum(cast(starts_at > coalesce(reach + interval 1 day, timestamp '0001-01-01') as integer))
        over (partition by as_of, customer_id order by place) as spell
from reached
