-- One row is a customer as one as_of sees it: its interactions, all of them and by type
-- and direction. Counts are 0 where there were none, the rest NULL.
select
    order_sums.row_no,
    coalesce(contact_sums.n, 0) as n_interactions,
    coalesce(contact_sums.n_types, 0) as n_types_of_interaction,
    contact_sums.last_days as days_since_interaction,
    {% if 'direction' in has %}
    {{ ratio('contact_sums.n_inbound', 'contact_sums.n') }} as inbound_share,
    {% endif %}
    {% if 'minutes' in has %}
    coalesce(contact_sums.minutes, 0) as interaction_minutes_{{ horizon_days }}d,
    {% endif %}
    {% if 'interaction_cost' in has %}
    coalesce(contact_sums.cost, 0) as interaction_cost_{{ horizon_days }}d,
    {% endif %}
    {% for type, direction, slug in interaction_types %}
    {% set no = loop.index %}
    {% set now = "contact_sums.n_of_%d_%d" % (no, horizon_days) %}
    {% set both = "contact_sums.n_of_%d_%d" % (no, 2 * horizon_days) %}
    coalesce(contact_sums.n_of_{{ no }}, 0) as n_interaction_{{ slug }},
    {% for w in windows %}
    coalesce(contact_sums.n_of_{{ no }}_{{ w }}, 0) as n_interaction_{{ slug }}_{{ w }}d,
    {% endfor %}
    contact_sums.last_days_of_{{ no }} as days_since_interaction_{{ slug }},
    {{ contrast(now, "(%s - %s)" % (both, now)) }} as interaction_{{ slug }}_trend_{{ horizon_days }}d,
    {% if 'value' in has %}
    contact_sums.last_value_of_{{ no }} as interaction_{{ slug }}_last_value,
    {{ ratio('contact_sums.value_of_%d' % no, 'contact_sums.n_values_of_%d' % no) }} as interaction_{{ slug }}_mean_value,
    {% endif %}
    {% endfor %}
    {% for w in windows %}
    coalesce(contact_sums.n_{{ w }}, 0) as n_interactions_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('order_sums') }}
left join {{ ref('contact_sums') }} using (row_no)
