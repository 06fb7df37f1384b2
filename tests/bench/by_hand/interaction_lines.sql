-- One row is an interaction before the one as_of.
select
    buyers.customer_no as row_no,
    type,
    direction,
    case
        {% for type, direction, slug in interaction_types %}
        when type = {{ literal(type) }} and direction = {{ literal(direction) }} then {{ loop.index }}
        {% endfor %}
    end as type_no,
    {{ days_between('occurred_at', "timestamp '" ~ as_of ~ "'") }} as age_days
from interactions
inner join {{ ref('buyers') }} using (customer_id)
where occurred_at < timestamp '{{ as_of }}'
