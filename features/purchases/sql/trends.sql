-- One row is a customer as one as_of sees it: each window against the one before it,
-- and the window's pace against the pace of the whole life. From -1 (stopped) to 1 (new).
select
    row_no,
    {% for w in windows %}
    {{ contrast('n_%d' % w, '(n_%d - n_%d)' % (2 * w, w)) }} as n_orders_trend_{{ w }}d,
    {{ contrast('spend_%d' % w, '(spend_%d - spend_%d)' % (2 * w, w)) }} as gross_spend_trend_{{ w }}d,
    {{ contrast('cast(n_%d as double) / least(life_days, %d)' % (w, w), 'cast(n_orders as double) / life_days') }}
        as n_orders_pace_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('order_sums') }}
