-- One row is an interaction of a customer that one as_of sees. n_back counts within the
-- type and direction, from the last.
with

known_interactions as (
    select
        customer_id,
        occurred_at,
        case when known_at > occurred_at then known_at else occurred_at end as seen_at,
        type,
        coalesce(direction, '') as direction,
        {{ money('value') }} as value,
        {{ money('minutes') }} as minutes,
        {{ money('cost') }} as cost
    from interactions
),

aged_interactions as (
    select
        as_ofs.as_of,
        known_interactions.*,
        {{ days_between('known_interactions.occurred_at', 'as_ofs.as_of') }} as age_days
    from known_interactions
    inner join as_ofs on as_ofs.as_of > known_interactions.seen_at
)

select
    *,
    row_number() over (
        partition by customer_id, as_of, type, direction order by age_days, value desc nulls last
    ) as n_back
from aged_interactions
