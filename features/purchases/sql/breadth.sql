-- One row is a customer as one as_of sees it: how many products and categories are bought,
-- how concentrated the money is on few of them, how many are new or were bought again.
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

{{ item }}_breadth as (
    select
        row_no,
        count(*) as n_{{ items }},
        {{ ratio('sum(' ~ square('gross') ~ ')', 'cast(sum(gross) as double) * cast(sum(gross) as double)') }}
            as {{ item }}_hhi,
        {{ ratio('max(gross)', 'sum(gross)') }} as top_{{ item }}_share,
        {{ ratio('count(*) filter (where is_repeat)', 'count(*)') }} as repeat_{{ item }}_share,
        {{ ratio('coalesce(sum(gross) filter (where is_repeat), 0)', 'sum(gross)') }}
            as repeat_{{ item }}_spend_share,
        {% for w in windows %}
        count(*) filter (where last_age_days <= {{ w }}) as n_{{ items }}_{{ w }}d,
        count(*) filter (where first_age_days <= {{ w }}) as n_new_{{ items }}_{{ w }}d{{ "," if not loop.last }}
        {% endfor %}
    from {{ item }}_ages
    group by row_no
),

{% endfor %}
breadth_rows as (
    select row_no from {{ ref('order_sums') }}
)

select *
from breadth_rows
{% for item, items, key in breadths %}
left join {{ item }}_breadth using (row_no)
{% endfor %}
