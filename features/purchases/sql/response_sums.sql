-- One row is a customer with interactions as one as_of sees it: how many of them orders
-- followed, and how many orders came after one. An order follows an interaction that came
-- strictly before it.
with

response_events as (
    select orders.row_no, orders.age_days, 0 as is_interaction
    from {{ ref('orders') }} as orders
    where orders.row_no in (select row_no from {{ ref('interaction_lines') }})
    union all
    select row_no, age_days, 1 as is_interaction from {{ ref('interaction_lines') }}
),

response_neighbours as (
    select
        *,
        lag(case when is_interaction = 1 then age_days end ignore nulls) over (
            partition by row_no order by age_days desc, is_interaction
        ) as interaction_before,
        lead(case when is_interaction = 0 then age_days end ignore nulls) over (
            partition by row_no order by age_days desc, is_interaction
        ) as order_after,
        min(case when is_interaction = 0 then age_days end) over (partition by row_no)
            as last_order
    from response_events
)

select
    row_no,
    count(*) filter (where is_interaction = 1) as n_interactions,
    count(*) filter (where is_interaction = 1 and age_days <= {{ horizon_days }})
        as n_recent,
    {% for d in (7, 30) %}
    count(*) filter (where is_interaction = 0 and {{ micros('interaction_before - age_days') }} <= {{ micros(d) }})
        as n_orders_after_{{ d }},
    count(*) filter (where is_interaction = 1 and {{ micros('age_days - order_after') }} <= {{ micros(d) }})
        as n_interactions_answered_{{ d }},
    {% endfor %}
    count(*) filter (where is_interaction = 1 and age_days < last_order) as n_since_last_order
from response_neighbours
group by row_no
