select customer_id, row_number() over () as customer_no
from (select distinct customer_id from transactions)
