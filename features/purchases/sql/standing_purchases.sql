-- One row is a customer with a line of two years that as_of sees: sums over periods that do
-- not hang on the model's horizon, for rules that name a year.
with

seen as (
    select
        customer_id,
        category,
        channel,
        {{ money('amount') }} as amount,
        {{ money('abs(discount)') }} as discount,
        case when amount < 0 then -1 else 1 end * {{ money('abs(cost)') }} as cost,
        case when amount > 0 then coalesce(order_id, cast(occurred_at as varchar)) end as bought,
        occurred_at >= $as_of - interval 365 days as is_recent,
        occurred_at >= date_trunc('year', $as_of) as is_this_year
    from transactions
    where {{ seen_at() }} < $as_of
        and amount <> 0
        and occurred_at >= $as_of - interval 730 days
),

counted as (
    select
        customer_id,
        coalesce(sum(amount) filter (where not is_recent), 0) as spend_before,
        coalesce(sum(amount) filter (where is_this_year), 0) as spend_ytd,
        sum(amount) as spend_730d,
        sum(amount) filter (where is_recent and cost is not null) as costed,
        sum(cost) filter (where is_recent) as cost,
        sum(discount) filter (where is_recent and bought is not null) as discount,
        sum(amount) filter (where is_recent and bought is not null) as gross
    from seen
    group by customer_id
),

orders_before as (
    select distinct
        customer_id,
        bought
    from seen
    where not is_recent and bought is not null
),

counted_before as (
    select
        customer_id,
        count(*) as n_orders_before
    from orders_before
    group by customer_id
),

categories as (
    select
        customer_id,
        category,
        sum(amount) as spent
    from seen
    where is_recent and bought is not null and category is not null
    group by customer_id, category
),

channels as (
    select
        customer_id,
        channel,
        count(distinct bought) as n_orders
    from seen
    where is_recent and bought is not null and channel is not null
    group by customer_id, channel
),

favourites as (
    select
        customer_id,
        first(category order by spent desc, category) as top_category,
        {{ ratio('max(spent)', 'sum(spent)') }} as top_category_share_365d
    from categories
    group by customer_id
),

habits as (
    select
        customer_id,
        first(channel order by n_orders desc, channel) as top_channel
    from channels
    group by customer_id
)

select
    customer_id,
    cast(coalesce(n_orders_before, 0) as double) as n_orders_prior_365d,
    cast(spend_before as double) as net_spend_prior_365d,
    cast(spend_ytd as double) as net_spend_ytd,
    cast(spend_730d as double) as net_spend_730d,
    cast(costed - cost as double) as margin_365d,
    {{ ratio('costed - cost', 'costed') }} as margin_share_365d,
    {{ ratio('discount', 'gross + discount') }} as discount_share_365d,
    top_category,
    top_category_share_365d,
    top_channel
from counted
left join counted_before using (customer_id)
left join favourites using (customer_id)
left join habits using (customer_id)
