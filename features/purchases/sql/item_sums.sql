-- One row is a customer as one as_of sees it: all that is summed over the products and over
-- the categories it bought, NULL where it bought none that has a name.
with

{% for item, items, key in breadths %}
{{ item }}_sights as (
    select
        {{ row_no('sightings.as_of_no', 'lines.customer_no') }} as row_no,
        lines.{{ key }} as item,
        sightings.as_of,
        min(lines.occurred_at) as first_at,
        max(lines.occurred_at) as last_at,
        sum(lines.amount) as gross
    from {{ ref('lines') }}
    inner join {{ ref('sightings') }} using (first_as_of_no)
    where lines.is_purchase and lines.{{ key }} is not null
    group by
        {{ row_no('sightings.as_of_no', 'lines.customer_no') }},
        lines.{{ key }},
        sightings.as_of
),

{{ item }}_ages as (
    select
        row_no,
        gross,
        cast(first_at as date) < cast(last_at as date) as is_repeat,
        {{ days_between('first_at', 'as_of') }} as first_age_days,
        {{ days_between('last_at', 'as_of') }} as last_age_days
    from {{ item }}_sights
),

{{ item }}_sums as (
    select
        row_no,
        count(*) as n_{{ items }},
        count(*) filter (where is_repeat) as n_repeat_{{ items }},
        sum(gross) as {{ item }}_gross,
        sum(gross) filter (where is_repeat) as repeat_{{ item }}_gross,
        sum({{ square('gross') }}) as {{ item }}_squares,
        max(gross) as top_{{ item }}_gross,
        {% for w in windows %}
        count(*) filter (where last_age_days <= {{ w }}) as n_{{ items }}_{{ w }},
        count(*) filter (where first_age_days <= {{ w }}) as n_new_{{ items }}_{{ w }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ item }}_ages
    group by row_no
),

{% endfor %}
item_rows as (
    select row_no from {{ ref('order_sums') }}
)

select *
from item_rows
{% for item, items, key in breadths %}
left join {{ item }}_sums using (row_no)
{% endfor %}
