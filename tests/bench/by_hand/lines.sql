-- One row is a line before the one as_of.
select
    buyers.customer_no,
    occurred_at,
    order_id,
    product_id,
    category,
    channel,
    amount > 0 as is_purchase,
    abs(amount) as amount,
    abs(quantity) as quantity,
    abs(discount) as discount,
    abs(cost) as cost
from transactions
inner join {{ ref('buyers') }} using (customer_id)
where amount <> 0 and occurred_at < timestamp '{{ as_of }}'
