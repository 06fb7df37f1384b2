-- One row is a customer with any line, under the number that stands for it inside.
select
    customer_id,
    row_number() over (order by customer_id) as customer_no
from transactions
group by customer_id
