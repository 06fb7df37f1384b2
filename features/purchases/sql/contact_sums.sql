-- One row is a customer with interactions as one as_of sees it: all that is summed over
-- them, all together and by type and direction.
{% set recent = "age_days <= " ~ horizon_days %}
select
    row_no,
    count(*) as n,
    count(distinct type) as n_types,
    min(age_days) as last_days,
    {% if 'direction' in has %}
    count(*) filter (where direction = 'inbound') as n_inbound,
    {% endif %}
    {% if 'minutes' in has %}
    coalesce(sum(minutes) filter (where {{ recent }}), 0) as minutes,
    {% endif %}
    {% if 'interaction_cost' in has %}
    coalesce(sum(cost) filter (where {{ recent }}), 0) as cost,
    {% endif %}
    {% for type, direction, slug in interaction_types %}
    {% set no = loop.index %}
    {% set is_it = "type_no = " ~ no %}
    count(*) filter (where {{ is_it }}) as n_of_{{ no }},
    {% for w in windows %}
    count(*) filter (where {{ is_it }} and age_days <= {{ w }}) as n_of_{{ no }}_{{ w }},
    {% endfor %}
    {% if 2 * horizon_days not in windows %}
    count(*) filter (where {{ is_it }} and age_days <= {{ 2 * horizon_days }})
        as n_of_{{ no }}_{{ 2 * horizon_days }},
    {% endif %}
    min(age_days) filter (where {{ is_it }}) as last_days_of_{{ no }},
    {% if 'value' in has %}
    max(value) filter (where {{ is_it }} and n_back = 1) as last_value_of_{{ no }},
    sum(value) filter (where {{ is_it }}) as value_of_{{ no }},
    count(value) filter (where {{ is_it }}) as n_values_of_{{ no }},
    {% endif %}
    {% endfor %}
    {% for w in windows %}
    count(*) filter (where age_days <= {{ w }}) as n_{{ w }}{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('interaction_lines') }}
group by row_no
