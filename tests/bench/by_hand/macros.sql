{# What the feature files share, without the care for extremes: plain doubles. #}
{% macro money(x) %}{{ x }}{% endmacro %}
{% macro square(x) %}({{ x }}) * ({{ x }}){% endmacro %}
{% macro ratio(a, b) %}(({{ a }}) / nullif({{ b }}, 0)){% endmacro %}
{% macro contrast(a, b) %}(({{ a }} - ({{ b }})) / nullif(abs({{ a }}) + abs({{ b }}), 0)){% endmacro %}
{% macro days_between(a, b) %}(date_diff('microsecond', {{ a }}, {{ b }}) / 86400000000){% endmacro %}
{% macro micros(days) %}({{ days }}){% endmacro %}
{% macro relative_variance(n, total, squares) %}(({{ n }} * {{ squares }} / nullif({{ total }} * {{ total }}, 0) - 1) * {{ n }} / nullif({{ n }} - 1, 0)){% endmacro %}
{% macro cv(n, total, squares) %}case when {{ relative_variance(n, total, squares) }} < 1e-12 then 0 else sqrt({{ relative_variance(n, total, squares) }}) end{% endmacro %}
{% macro literal(text) %}'{{ text | replace("'", "''") }}'{% endmacro %}
{% macro row_no(as_of_no, customer_no) %}{{ customer_no }}{% endmacro %}
{% macro customer_of(row_no) %}{{ row_no }}{% endmacro %}
