-- One row is a customer as one as_of sees it: its interactions, all of them and by type
-- and direction. Counts are 0 where there were none, the rest NULL.
with

interaction_customers as (
    select customer_id, as_of from {{ ref('rfm') }}
)

select
    interaction_customers.customer_id,
    interaction_customers.as_of,
    count(age_days) as n_interactions,
    count(distinct type) as n_types_of_interaction,
    min(age_days) as days_since_interaction,
    {% if 'direction' in has %}
    {{ ratio("count(age_days) filter (where direction = 'inbound')", 'count(age_days)') }} as inbound_share,
    {% endif %}
    {% if 'minutes' in has %}
    coalesce(sum(minutes) filter (where age_days <= {{ horizon_days }}), 0)
        as interaction_minutes_{{ horizon_days }}d,
    {% endif %}
    {% if 'interaction_cost' in has %}
    coalesce(sum(interaction_lines.cost) filter (where age_days <= {{ horizon_days }}), 0)
        as interaction_cost_{{ horizon_days }}d,
    {% endif %}
    {% for type, direction, slug in interaction_types %}
    {% set is_it = "type = " ~ literal(type) ~ " and direction = " ~ literal(direction) %}
    {% set recent = "count(age_days) filter (where " ~ is_it ~ " and age_days <= " ~ horizon_days ~ ")" %}
    {% set before = "count(age_days) filter (where " ~ is_it ~ " and age_days > " ~ horizon_days ~ " and age_days <= " ~ 2 * horizon_days ~ ")" %}
    count(age_days) filter (where {{ is_it }}) as n_interaction_{{ slug }},
    {% for w in windows %}
    count(age_days) filter (where {{ is_it }} and age_days <= {{ w }}) as n_interaction_{{ slug }}_{{ w }}d,
    {% endfor %}
    min(age_days) filter (where {{ is_it }}) as days_since_interaction_{{ slug }},
    {{ contrast(recent, before) }} as interaction_{{ slug }}_trend_{{ horizon_days }}d,
    {% if 'value' in has %}
    max(value) filter (where {{ is_it }} and n_back = 1) as interaction_{{ slug }}_last_value,
    {{ ratio("sum(value) filter (where " ~ is_it ~ ")", "count(value) filter (where " ~ is_it ~ ")") }}
        as interaction_{{ slug }}_mean_value,
    {% endif %}
    {% endfor %}
    {% for w in windows %}
    count(age_days) filter (where age_days <= {{ w }}) as n_interactions_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from interaction_customers
left join {{ ref('interaction_lines') }} using (customer_id, as_of)
group by interaction_customers.customer_id, interaction_customers.as_of
