-- One row is a customer as one as_of sees it: interactions set against purchases. An order
-- follows an interaction that came strictly before it.
with

response_events as (
    select customer_id, as_of, age_days, 0 as is_interaction from {{ ref('orders') }}
    union all
    select customer_id, as_of, age_days, 1 as is_interaction from {{ ref('interaction_lines') }}
),

response_neighbours as (
    select
        *,
        min(case when is_interaction = 1 then age_days end) over (
            partition by customer_id, as_of order by age_days desc, is_interaction
            rows between unbounded preceding and 1 preceding
        ) as interaction_before,
        max(case when is_interaction = 0 then age_days end) over (
            partition by customer_id, as_of order by age_days desc, is_interaction
            rows between 1 following and unbounded following
        ) as order_after,
        min(case when is_interaction = 0 then age_days end) over (
            partition by customer_id, as_of
        ) as last_order
    from response_events
),

response_counts as (
    select
        customer_id,
        as_of,
        count(*) filter (where is_interaction = 0) as n_orders,
        count(*) filter (where is_interaction = 1) as n_interactions,
        {% for d in (7, 30) %}
        count(*) filter (where is_interaction = 0 and interaction_before - age_days <= {{ d }})
            as n_orders_after_{{ d }},
        count(*) filter (where is_interaction = 1 and age_days - order_after <= {{ d }})
            as n_interactions_answered_{{ d }},
        {% endfor %}
        count(*) filter (where is_interaction = 1 and age_days < last_order) as n_since_last_order
    from response_neighbours
    group by customer_id, as_of
),

response_spend as (
    select
        customer_id,
        as_of,
        sum(net) as net,
        coalesce(sum(net) filter (where age_days <= {{ horizon_days }}), 0) as net_recent
    from {{ ref('moments') }}
    group by customer_id, as_of
),

response_recent as (
    select
        customer_id,
        as_of,
        count(*) as n_recent
    from {{ ref('interaction_lines') }}
    where age_days <= {{ horizon_days }}
    group by customer_id, as_of
)

select
    response_counts.customer_id,
    response_counts.as_of,
    n_since_last_order as n_interactions_since_last_order,
    {{ ratio('n_interactions', 'n_orders') }} as interactions_per_order,
    {{ ratio('net', 'n_interactions') }} as net_spend_per_interaction,
    {{ ratio('net_recent', 'n_recent') }} as net_spend_per_interaction_{{ horizon_days }}d,
    {% for d in (7, 30) %}
    {{ ratio('n_orders_after_%d' % d, 'n_orders') }} as orders_within_{{ d }}d_of_interaction_share,
    {{ ratio('n_interactions_answered_%d' % d, 'n_interactions') }}
        as interactions_answered_within_{{ d }}d_share{{ "," if not loop.last }}
    {% endfor %}
from response_counts
inner join response_spend using (customer_id, as_of)
left join response_recent using (customer_id, as_of)
where n_orders > 0
