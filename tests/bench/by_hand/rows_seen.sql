-- One row is a customer with a purchase.
select order_sums.row_no, buyers.customer_id, timestamp '{{ as_of }}' as as_of
from {{ ref('order_sums') }}
inner join {{ ref('buyers') }} on buyers.customer_no = order_sums.row_no
