-- One row is a purchase or return line that at least one as_of sees, with the first
-- as_of that does: the line happened, and was known, strictly before it.
with

signed_lines as (
    select
        customer_id,
        occurred_at,
        {{ seen_at() }} as seen_at,
        order_id,
        product_id,
        category,
        channel,
        amount > 0 as is_purchase,
        {{ money('abs(amount)') }} as amount,
        {{ money('abs(quantity)') }} as quantity,
        {{ money('abs(discount)') }} as discount,
        {{ money('abs(cost)') }} as cost
    from transactions
    where amount <> 0
)

select
    buyers.customer_no,
    arrivals.as_of_no as first_as_of_no,
    signed_lines.*
from signed_lines
inner join {{ ref('arrivals') }}
    on arrivals.seen_on = cast(signed_lines.seen_at as date)
    and signed_lines.seen_at >= arrivals.since
    and signed_lines.seen_at < arrivals.as_of
inner join {{ ref('buyers') }} on buyers.customer_id = signed_lines.customer_id
