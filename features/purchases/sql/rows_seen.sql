-- One row is a customer with a purchase, as one as_of sees it: what its row_no stands for.
select
    order_sums.row_no,
    buyers.customer_id,
    stretches.as_of
from {{ ref('order_sums') }}
inner join {{ ref('buyers') }} on buyers.customer_no = {{ customer_of('order_sums.row_no') }}
inner join {{ ref('stretches') }} on stretches.as_of_no = {{ as_of_of('order_sums.row_no') }}
