-- One row is a day (UTC) on which lines became known, and an as_of that is the first to
-- see those of them that fall into its stretch. Most days have one.
with

arrival_days as (
    select distinct
        cast({{ seen_at() }} as date)
            as seen_on
    from transactions
)

select
    arrival_days.seen_on,
    stretches.since,
    stretches.as_of,
    stretches.as_of_no
from arrival_days
inner join {{ ref('stretches') }}
    on cast(arrival_days.seen_on as timestamp) < stretches.as_of
    and arrival_days.seen_on >= cast(stretches.since as date)
