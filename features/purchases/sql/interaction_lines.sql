-- One row is an interaction of a customer that one as_of sees. type_no is the place of
-- its type and direction among those counted apart, NULL for others. n_back counts
-- within the type and direction, from the last.
with

known_interactions as (
    select
        customer_id,
        occurred_at,
        {{ seen_at() }} as seen_at,
        type,
        coalesce(direction, '') as direction,
        {{ money('value') }} as value,
        {{ money('minutes') }} as minutes,
        {{ money('cost') }} as cost
    from interactions
)

select
    {{ row_no('stretches.as_of_no', 'buyers.customer_no') }} as row_no,
    known_interactions.type,
    known_interactions.direction,
    case
        {% for type, direction, slug in interaction_types %}
        when type = {{ literal(type) }} and direction = {{ literal(direction) }} then {{ loop.index }}
        {% endfor %}
    end as type_no,
    {% if 'value' in has %}
    row_number() over (
        partition by buyers.customer_no, stretches.as_of_no, type, direction
        order by occurred_at desc, value desc nulls last
    ) as n_back,
    {% endif %}
    known_interactions.value,
    known_interactions.minutes,
    known_interactions.cost,
    {{ days_between('known_interactions.occurred_at', 'stretches.as_of') }} as age_days
from known_interactions
inner join {{ ref('stretches') }} on stretches.as_of > known_interactions.seen_at
inner join {{ ref('buyers') }} on buyers.customer_id = known_interactions.customer_id
