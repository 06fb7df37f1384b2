-- One row is a customer with a purchase, as one as_of sees it: every family side by side.
select
    rfm.customer_id,
    rfm.as_of,
    {% for family, name in columns %}
    cast({{ family }}.{{ name }} as double) as {{ name }}{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('rfm') }}
{% for family in families if family != 'rfm' %}
left join {{ ref(family) }} using (customer_id, as_of)
{% endfor %}
order by as_of, customer_id
