-- One row is a customer as one as_of sees it: what was bought and returned in each of
-- the last windows and in the last year, 0 where nothing was.
select
    moment_sums.row_no,
    {% for w in windows_and_year %}
    moment_sums.net_{{ w }} as net_spend_{{ w }}d,
    {% endfor %}
    {% for w in windows %}
    moment_sums.gross_{{ w }} as gross_spend_{{ w }}d,
    {% if 'quantity' in has %}
    moment_sums.units_{{ w }} as units_{{ w }}d,
    {% endif %}
    moment_sums.n_returns_{{ w }} as n_returns_{{ w }}d,
    {% endfor %}
    {% for w in windows_and_year %}
    order_sums.n_{{ w }} as n_orders_{{ w }}d,
    {% endfor %}
    {% for w in windows %}
    day_sums.n_purchase_days_{{ w }} as n_purchase_days_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('order_sums') }}
inner join {{ ref('moment_sums') }} using (row_no)
inner join {{ ref('day_sums') }} using (row_no)
