-- One row is a customer as one as_of sees it: how long it has been with us, NULL where it
-- joins only later.
with

membership_starts as (
    select
        customer_id,
        min(joined_at) as joined_at
    from customers
    group by customer_id
)

select
    rows_seen.row_no,
    {{ days_between('membership_starts.joined_at', 'rows_seen.as_of') }} as days_since_joined,
    {{ days_between('membership_starts.joined_at', 'order_sums.first_at') }}
        as days_from_joined_to_first_order
from {{ ref('rows_seen') }}
inner join {{ ref('order_sums') }} using (row_no)
inner join membership_starts using (customer_id)
where membership_starts.joined_at < rows_seen.as_of
