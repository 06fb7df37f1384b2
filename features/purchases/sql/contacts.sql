-- One row is a customer as one as_of sees it: its interactions, all of them and by type
-- and direction. Counts are 0 where there were none, the rest NULL.
{% set recent = "age_days <= " ~ horizon_days %}
with

contact_sums as (
    select
        row_no,
        count(*) as n,
        count(distinct type) as n_types,
        min(age_days) as last_days,
        {% if 'direction' in has %}
        count(*) filter (where direction = 'inbound') as n_inbound,
        {% endif %}
        {% if 'minutes' in has %}
        sum(minutes) filter (where {{ recent }}) as minutes,
        {% endif %}
        {% if 'interaction_cost' in has %}
        sum(cost) filter (where {{ recent }}) as cost,
        {% endif %}
        {% for type, direction, slug in interaction_types %}
        {% set is_it = "type_no = " ~ loop.index %}
        count(*) filter (where {{ is_it }}) as n_{{ slug }},
        {% for w in windows %}
        count(*) filter (where {{ is_it }} and age_days <= {{ w }}) as n_{{ slug }}_{{ w }}d,
        {% endfor %}
        {% if 2 * horizon_days not in windows %}
        count(*) filter (where {{ is_it }} and age_days <= {{ 2 * horizon_days }})
            as n_{{ slug }}_{{ 2 * horizon_days }}d,
        {% endif %}
        min(age_days) filter (where {{ is_it }}) as last_{{ slug }}_days,
        {% if 'value' in has %}
        max(value) filter (where {{ is_it }} and n_back = 1) as last_{{ slug }}_value,
        sum(value) filter (where {{ is_it }}) as {{ slug }}_value,
        count(value) filter (where {{ is_it }}) as n_{{ slug }}_values,
        {% endif %}
        {% endfor %}
        {% for w in windows %}
        count(*) filter (where age_days <= {{ w }}) as n_{{ w }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('interaction_lines') }}
    group by row_no
)

select
    order_sums.row_no,
    coalesce(n, 0) as n_interactions,
    coalesce(n_types, 0) as n_types_of_interaction,
    last_days as days_since_interaction,
    {% if 'direction' in has %}
    {{ ratio('n_inbound', 'n') }} as inbound_share,
    {% endif %}
    {% if 'minutes' in has %}
    coalesce(contact_sums.minutes, 0) as interaction_minutes_{{ horizon_days }}d,
    {% endif %}
    {% if 'interaction_cost' in has %}
    coalesce(contact_sums.cost, 0) as interaction_cost_{{ horizon_days }}d,
    {% endif %}
    {% for type, direction, slug in interaction_types %}
    {% set now, both = "n_%s_%dd" % (slug, horizon_days), "n_%s_%dd" % (slug, 2 * horizon_days) %}
    coalesce(n_{{ slug }}, 0) as n_interaction_{{ slug }},
    {% for w in windows %}
    coalesce(n_{{ slug }}_{{ w }}d, 0) as n_interaction_{{ slug }}_{{ w }}d,
    {% endfor %}
    last_{{ slug }}_days as days_since_interaction_{{ slug }},
    {{ contrast(now, "(%s - %s)" % (both, now)) }} as interaction_{{ slug }}_trend_{{ horizon_days }}d,
    {% if 'value' in has %}
    last_{{ slug }}_value as interaction_{{ slug }}_last_value,
    {{ ratio('%s_value' % slug, 'n_%s_values' % slug) }} as interaction_{{ slug }}_mean_value,
    {% endif %}
    {% endfor %}
    {% for w in windows %}
    coalesce(n_{{ w }}d, 0) as n_interactions_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('order_sums') }}
left join contact_sums using (row_no)
