-- One row is a purchase or return line that at least one as_of sees, with the first
-- as_of that does: the line happened, and was known, strictly before it.
with

signed_lines as (
    select
        customer_id,
        occurred_at,
        case when known_at > occurred_at then known_at else occurred_at end as seen_at,
        order_id,
        case when order_id is null then occurred_at end as order_at,
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
),

line_arrivals as (
    select
        line_instants.seen_at,
        min(as_ofs.as_of) as first_as_of
    from (select distinct seen_at from signed_lines) as line_instants
    inner join as_ofs on as_ofs.as_of > line_instants.seen_at
    group by line_instants.seen_at
)

select
    signed_lines.*,
    line_arrivals.first_as_of
from signed_lines
inner join line_arrivals on line_arrivals.seen_at = signed_lines.seen_at
