-- One row is an order (at least one purchase line) of a customer, as one as_of sees it.
-- It is dated by its first purchase line. n_th counts from the first, n_back from the last.
{% set life = "partition by customer_id, as_of order by age_days desc, value, n_lines" %}
with

whole_orders as (
    select
        customer_id,
        as_of,
        order_id,
        order_at,
        min(occurred_at) as ordered_at,
        max(age_days) as age_days,
        sum(gross) as value,
        sum(n_purchase_lines) as n_lines,
        sum(units) as units,
        sum(discount) as discount
    from {{ ref('moments') }}
    where n_purchase_lines > 0
    group by customer_id, as_of, order_id, order_at
)

select
    *,
    row_number() over ({{ life }}) as n_th,
    count(*) over ({{ life }} rows between unbounded preceding and unbounded following)
        - row_number() over ({{ life }}) + 1 as n_back
from whole_orders
