-- One row is a time without a gap of more than a day in which a customer had contracts.
select
    as_of,
    customer_id,
    spell,
    min(starts_at) as starts_at,
    max(until) as until,
    count(*) filter (where ended_at is null) = 0 as has_ended,
    arg_max_null(plan, place) as plan
from {{ ref('contract_lines') }}
group by as_of, customer_id, spell
