-- One row is an instant of one order of a customer, as one as_of sees it: most orders
-- have one. Purchases and returns stand side by side.
with

order_parts as (
    select
        customer_id,
        first_as_of,
        order_id,
        order_at,
        occurred_at,
        channel,
        count(*) filter (where is_purchase) as n_purchase_lines,
        count(*) filter (where not is_purchase) as n_return_lines,
        coalesce(sum(amount) filter (where is_purchase), 0) as gross,
        coalesce(sum(amount) filter (where not is_purchase), 0) as returned,
        coalesce(sum(quantity) filter (where is_purchase), 0) as units,
        coalesce(sum(discount) filter (where is_purchase), 0) as discount,
        coalesce(sum(cost) filter (where is_purchase), 0) as cost,
        coalesce(sum(amount) filter (where is_purchase and cost is not null), 0)
            as costed_gross
    from {{ ref('lines') }}
    group by customer_id, first_as_of, order_id, order_at, occurred_at, channel
)

select
    as_ofs.as_of,
    order_parts.*,
    order_parts.gross - order_parts.returned as net,
    cast(order_parts.occurred_at as date) as day,
    {{ days_between('order_parts.occurred_at', 'as_ofs.as_of') }} as age_days
from order_parts
inner join as_ofs on as_ofs.as_of >= order_parts.first_as_of
