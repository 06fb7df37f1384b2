-- One row is a customer with an active contract as one as_of sees it. The current
-- contract is the one of the active ones that started last.
with

sums as (
    select
        as_of,
        customer_id,
        count(*) as n_contracts,
        count(*) filter (where ended_at is null) as n_active,
        count(*) filter (where is_break) as n_spells,
        min(starts_at) as first_at,
        max(starts_at) filter (where is_break) as spell_at,
        max(starts_at) filter (where ended_at is null) as current_at,
        greatest(max(starts_at), max(ended_at)) as changed_at,
        arg_max_null(plan, place) filter (where ended_at is null) as plan,
        arg_max_null(amount_before, place) filter (where ended_at is null) as amount_before,
        arg_max_null(amount, place) filter (where ended_at is null) as amount_now,
        sum(amount) filter (where ended_at is null) as amount,
        count(*) filter (where plan_before <> plan) as n_plan_changes,
        sum(greatest(date_diff('second', coalesce(reach, starts_at), starts_at), 0)) as gap_seconds,
        sum(date_diff('second', starts_at, ended_at)) filter (where ended_at is not null) as ended_seconds,
        count(*) filter (where ended_at is not null) as n_ended
    from {{ ref('contract_lines') }}
    group by as_of, customer_id
)

select
    *,
    {{ days_between('first_at', 'as_of') }} as age_days
from sums
where n_active > 0
