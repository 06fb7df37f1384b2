-- One row is a customer as one as_of sees it: all that is summed over its orders.
select
    row_no,
    count(*) as n_orders,
    sum(n_lines) as n_lines,
    sum(value) as spend,
    sum({{ square('value') }}) as squares,
    max(value) as value_max,
    min(value) as value_min,
    median(cast(value as double)) as value_median,
    sum(value) filter (where n_back <= 3) as late_spend,
    count(*) filter (where n_back <= 3) as n_late,
    max(value) filter (where n_th = 1) as first_value,
    max(value) filter (where n_back = 1) as last_value,
    min(ordered_at) as first_at,
    max(age_days) as life_days,
    min(age_days) as last_order_days,
    {% for w in breaks %}
    count(*) filter (where age_days <= {{ w }}) as n_{{ w }},
    coalesce(sum(value) filter (where age_days <= {{ w }}), 0) as spend_{{ w }},
    {% endfor %}
    {% for d in half_lives %}
    sum(cast(power(2.0, -age_days / {{ d }}) as decimal(18, 12))) as n_half_life_{{ d }},
    {% endfor %}
    count(*) filter (where mod(date_diff('day', date '1970-01-05', cast(ordered_at as date)) + 700000, 7) >= 5)
        as n_weekend,
    {% if 'hour' in has %}
    sum(date_diff('minute', cast(cast(ordered_at as date) as timestamp), ordered_at)) as minutes,
    {% endif %}
    count(*) filter (where age_days > 365 - {{ horizon_days }} and age_days <= 365)
        as n_year_ago,
    count(*) filter (where age_days > {{ horizon_days }}) as n_older,
    count(*) filter (
        where age_days > {{ horizon_days }}
        and age_days - floor(age_days / 365.25) * 365.25 > 365.25 - {{ horizon_days }}
    ) as n_in_season
from {{ ref('orders') }}
group by row_no
