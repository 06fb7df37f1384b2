-- One row is a customer as one as_of sees it: since when it has been with us. Those who join
-- only later have none.
select
    rows_seen.row_no,
    min(customers.joined_at) as joined_at
from {{ ref('rows_seen') }}
inner join customers using (customer_id)
where customers.joined_at < rows_seen.as_of
group by rows_seen.row_no
