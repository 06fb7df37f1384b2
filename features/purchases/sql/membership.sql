-- One row is a customer as one as_of sees it: how long it has been with us, NULL where it
-- joins only later.
select
    rows_seen.row_no,
    {{ days_between('membership_sums.joined_at', 'rows_seen.as_of') }} as days_since_joined,
    {{ days_between('membership_sums.joined_at', 'order_sums.first_at') }}
        as days_from_joined_to_first_order
from {{ ref('rows_seen') }}
inner join {{ ref('order_sums') }} using (row_no)
inner join {{ ref('membership_sums') }} using (row_no)
