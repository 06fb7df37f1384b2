-- One row is an instant of one order of a customer, as one as_of sees it: most orders
-- have one. Purchases and returns stand side by side. row_no stands for the customer as
-- the as_of sees it.
with

order_parts as (
    select
        customer_no,
        first_as_of_no,
        order_id,
        occurred_at,
        {% if 'channel' in has %}
        channel,
        {% endif %}
        count(*) filter (where is_purchase) as n_purchase_lines,
        count(*) filter (where not is_purchase) as n_return_lines,
        {% if 'quantity' in has %}
        coalesce(sum(quantity) filter (where is_purchase), 0) as units,
        {% endif %}
        {% if 'discount' in has %}
        coalesce(sum(discount) filter (where is_purchase), 0) as discount,
        {% endif %}
        {% if 'cost' in has %}
        coalesce(sum(cost) filter (where is_purchase), 0) as cost,
        coalesce(sum(amount) filter (where is_purchase and cost is not null), 0)
            as costed_gross,
        {% endif %}
        coalesce(sum(amount) filter (where is_purchase), 0) as gross,
        coalesce(sum(amount) filter (where not is_purchase), 0) as returned
    from {{ ref('lines') }}
    group by
        {% if 'channel' in has %}
        channel,
        {% endif %}
        customer_no,
        first_as_of_no,
        order_id,
        occurred_at
)

select
    {{ row_no('sightings.as_of_no', 'order_parts.customer_no') }} as row_no,
    order_parts.*,
    order_parts.gross - order_parts.returned as net,
    case when order_parts.order_id is null then order_parts.occurred_at end as order_at,
    cast(order_parts.occurred_at as date) as day,
    {{ days_between('order_parts.occurred_at', 'sightings.as_of') }} as age_days
from order_parts
inner join {{ ref('sightings') }}
    on sightings.first_as_of_no = order_parts.first_as_of_no
