-- One row is a customer with a purchase, as one as_of sees it: every family side by side.
select
    rows_seen.customer_id,
    rows_seen.as_of,
    {% for family, name in columns %}
    cast({{ family }}.{{ name }} as double) as {{ name }}{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('rows_seen') }}
{% for family in families %}
left join {{ ref(family) }} using (row_no)
{% endfor %}
order by as_of, customer_id
