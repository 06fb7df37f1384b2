-- One row is a customer as one as_of sees it: when in the week, the year and the day the
-- purchases fall, and what a year ago brought in the season that now begins.
select
    order_sums.row_no,
    calendar_sums.n_months_of_year,
    {{ ratio('calendar_sums.month_squares', 'calendar_sums.n_days * calendar_sums.n_days') }}
        as month_of_year_hhi,
    {{ ratio('order_sums.n_weekend', 'order_sums.n_orders') }} as weekend_share,
    {% if 'hour' in has %}
    {{ ratio('order_sums.minutes', 'order_sums.n_orders * 60') }} as mean_hour_of_day,
    {% endif %}
    case when order_sums.life_days > 365 - {{ horizon_days }}
        then moment_sums.net_year_ago end as net_spend_year_ago_{{ horizon_days }}d,
    case when order_sums.life_days > 365 - {{ horizon_days }}
        then order_sums.n_year_ago end as n_orders_year_ago_{{ horizon_days }}d,
    {{ ratio('order_sums.n_in_season', 'order_sums.n_older') }} as in_season_order_share
from {{ ref('order_sums') }}
inner join {{ ref('moment_sums') }} using (row_no)
inner join {{ ref('calendar_sums') }} using (row_no)
