-- One row is a customer with a purchase, as one as_of sees it: every family side by side.
-- A number that is not finite is NULL.
select
    rfm.customer_id,
    rfm.as_of,
    {% for family, name in columns %}
    case when cast({{ family }}.{{ name }} as double) between -1.7e308 and 1.7e308
        then cast({{ family }}.{{ name }} as double) end as {{ name }}{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('rfm') }}
{% for family in families if family != 'rfm' %}
left join {{ ref(family) }} using (customer_id, as_of)
{% endfor %}
order by as_of, customer_id
