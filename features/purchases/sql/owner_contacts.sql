-- One row is a customer and one of us with a contact of the last 365 days that as_of
-- sees; what a contact is says standing_contacts.
with

seen as (
    select
        customer_id,
        owner_id,
        lower(trim(type)) as type,
        direction,
        {{ money('minutes') }} as minutes,
        {{ money('cost') }} as cost
    from interactions
    where {{ seen_at() }} < $as_of
        and occurred_at >= $as_of - interval 365 days
)

select
    customer_id,
    owner_id,
    cast(count(*) as double) as n_contacts,
    cast(sum(minutes) as double) as minutes,
    cast(sum(cost) as double) as cost
from seen
where {{ is_contact('type', 'direction', 'minutes') }}
group by customer_id, owner_id
order by customer_id, owner_id
