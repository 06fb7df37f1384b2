-- One row is a customer with an interaction that as_of sees: what stands between the
-- customer and us on that day. A contact is what we did: outbound, or with somebody's
-- minutes, or of a type of contact where the log names no direction.
with

seen as (
    select
        customer_id,
        occurred_at,
        lower(trim(type)) as type,
        direction,
        value,
        owner_id,
        {{ money('minutes') }} as minutes,
        {{ money('cost') }} as cost,
        occurred_at >= $as_of - interval 365 days as is_recent
    from interactions
    where {{ seen_at() }} < $as_of
),

kinds as (
    select
        *,
        {{ is_contact('type', 'direction', 'minutes') }} as is_contact,
        coalesce(direction, '') <> 'inbound' as is_ours,
        type = 'complaint' as is_complaint,
        type in ('complaint_resolved', 'complaint_closed', 'resolution') as is_resolution
    from seen
),

counted as (
    select
        customer_id,
        count(*) filter (where is_contact and is_recent) as n_contacts_365d,
        coalesce(sum(minutes) filter (where is_contact and is_recent), 0) as minutes,
        coalesce(sum(cost) filter (where is_contact and is_recent), 0) as cost,
        max(occurred_at) filter (where is_contact and is_ours) as last_contact_at,
        max(occurred_at) filter (where type = 'visit') as last_visit_at,
        count(*) filter (where is_complaint and is_recent) as n_complaints_365d,
        max(occurred_at) filter (where is_complaint) as last_complaint_at,
        max(occurred_at) filter (where is_resolution) as last_resolution_at,
        count(*) filter (where type = 'referral' and is_recent) as n_referrals_365d,
        max(struct_pack(occurred_at := occurred_at, value := value))
            filter (where type = 'csat' and value is not null) as csat,
        max(struct_pack(occurred_at := occurred_at, value := value))
            filter (where type = 'nps' and value is not null) as nps,
        max(struct_pack(occurred_at := occurred_at, owner_id := owner_id))
            filter (where owner_id is not null) as owned
    from kinds
    group by customer_id
)

select
    customer_id,
    cast(n_contacts_365d as double) as n_contacts_365d,
    cast(minutes as double) as contact_minutes_365d,
    cast(cost as double) as contact_cost_365d,
    {{ days_between('last_contact_at', '$as_of') }} as days_since_last_contact,
    {{ days_between('last_visit_at', '$as_of') }} as days_since_last_visit,
    cast(n_complaints_365d as double) as n_complaints_365d,
    {{ days_between('last_complaint_at', '$as_of') }} as days_since_last_complaint,
    coalesce(
        last_complaint_at >= $as_of - interval 365 days
        and (last_resolution_at is null or last_resolution_at < last_complaint_at),
        false
    ) as has_open_complaint,
    cast(n_referrals_365d as double) as n_referrals_365d,
    csat.value as csat_last,
    nps.value as nps_last,
    owned.owner_id as contact_owner_id
from counted
