-- One row is a customer as one as_of sees it: how long it has been with us, NULL where it
-- joins only later.
with

membership_starts as (
    select
        customer_id,
        min(joined_at) as joined_at
    from customers
    group by customer_id
),

membership_orders as (
    select
        customer_id,
        as_of,
        min(ordered_at) as first_at
    from {{ ref('orders') }}
    group by customer_id, as_of
)

select
    membership_orders.customer_id,
    membership_orders.as_of,
    {{ days_between('membership_starts.joined_at', 'membership_orders.as_of') }} as days_since_joined,
    {{ days_between('membership_starts.joined_at', 'membership_orders.first_at') }}
        as days_from_joined_to_first_order
from membership_orders
inner join membership_starts using (customer_id)
where membership_starts.joined_at < membership_orders.as_of
