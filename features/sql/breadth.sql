-- One row is a customer as one as_of sees it: how many products and categories are bought,
-- how concentrated the money is on few of them, how many are new or were bought again.
with

{% for item, items, key in breadths %}
{{ item }}_parts as (
    select
        customer_id,
        first_as_of,
        {{ key }} as item,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        sum(amount) as gross
    from {{ ref('lines') }}
    where is_purchase and {{ key }} is not null
    group by customer_id, first_as_of, {{ key }}
),

{{ item }}_states as (
    select
        customer_id,
        first_as_of as starts_at,
        coalesce(
            lead(first_as_of) over (partition by customer_id, item order by first_as_of),
            timestamp '9999-12-31 00:00:00'
        ) as ends_before,
        min(first_at) over (partition by customer_id, item order by first_as_of) as first_at,
        max(last_at) over (partition by customer_id, item order by first_as_of) as last_at,
        sum(gross) over (partition by customer_id, item order by first_as_of) as gross
    from {{ item }}_parts
),

{{ item }}_ages as (
    select
        {{ item }}_states.customer_id,
        {{ item }}_states.gross,
        spans.as_of,
        cast(first_at as date) < cast(last_at as date) as is_repeat,
        {{ days_between('first_at', 'spans.as_of') }} as first_age_days,
        {{ days_between('last_at', 'spans.as_of') }} as last_age_days
    from {{ item }}_states
    inner join {{ ref('spans') }} using (starts_at, ends_before)
),

{{ item }}_breadth as (
    select
        customer_id,
        as_of,
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
    group by customer_id, as_of
),

{% endfor %}
breadth_customers as (
    select customer_id, as_of from {{ ref('rfm') }}
)

select *
from breadth_customers
{% for item, items, key in breadths %}
left join {{ item }}_breadth using (customer_id, as_of)
{% endfor %}
