{# Small pieces of SQL that the feature files share. Sums are of decimals, so that they do not depend on the order of the rows. #}
{% macro money(x) %}cast(case when {{ x }} > 1e12 then 1e12 when {{ x }} < -1e12 then -1e12 else {{ x }} end as decimal(18, 4)){% endmacro %}
{% macro square(x) %}cast(case when cast({{ x }} as double) > 1e12 then 1e24 else cast({{ x }} as double) * cast({{ x }} as double) end as decimal(38, 8)){% endmacro %}
{% macro ratio(a, b) %}(cast({{ a }} as double) / nullif(cast({{ b }} as double), 0)){% endmacro %}
{% macro contrast(a, b) %}(cast({{ a }} - {{ b }} as double) / nullif(cast(abs({{ a }}) + abs({{ b }}) as double), 0)){% endmacro %}
{% macro days_between(a, b) %}(cast(date_diff('microsecond', {{ a }}, {{ b }}) as double) / 86400000000){% endmacro %}
{% macro micros(days) %}round(({{ days }}) * 86400000000){% endmacro %}
{% macro relative_variance(n, total, squares) %}((cast({{ n }} as double) * cast({{ squares }} as double) / nullif(cast({{ total }} as double) * cast({{ total }} as double), 0) - 1) * {{ n }} / nullif({{ n }} - 1, 0)){% endmacro %}
{% macro cv(n, total, squares) %}case when {{ relative_variance(n, total, squares) }} < 1e-12 then 0 else sqrt({{ relative_variance(n, total, squares) }}) end{% endmacro %}
{% macro literal(text) %}'{{ text | replace("'", "''") }}'{% endmacro %}
{% macro row_no(as_of_no, customer_no) %}({{ as_of_no }} * 1000000000000 + {{ customer_no }}){% endmacro %}
{% macro customer_of(row_no) %}mod({{ row_no }}, 1000000000000){% endmacro %}
{% macro as_of_of(row_no) %}cast(floor({{ row_no }} / 1000000000000) as bigint){% endmacro %}
{% macro is_contact(type, direction, minutes) %}coalesce({{ direction }} = 'outbound' or {{ minutes }} is not null or ({{ direction }} is null and {{ type }} in ('call', 'phone', 'email', 'mail', 'letter', 'sms', 'message', 'chat', 'meeting', 'visit')), false){% endmacro %}
{% macro seen_at() %}case when known_at > occurred_at then known_at else occurred_at end{% endmacro %}
