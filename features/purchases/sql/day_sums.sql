-- One row is a customer as one as_of sees it: all that is summed over its purchase days.
select
    row_no,
    count(*) as n_purchase_days,
    min(day) as first_day,
    max(day) as last_day,
    coalesce(sum(gross) filter (where n_th > 1), 0) as repeat_gross,
    {% for w in windows %}
    count(*) filter (where age_days <= {{ w }}) as n_purchase_days_{{ w }},
    {% endfor %}
    count(gap_days) as n_gaps,
    sum(gap_days) as gaps,
    sum(gap_days * gap_days) as gap_squares,
    max(gap_days) as gap_max,
    min(gap_days) as gap_min,
    median(gap_days) as gap_median,
    max(gap_days) filter (where n_back = 1) as gap_last,
    max(gap_days) filter (where n_th = 2) as gap_first,
    max(days_since_last_order) as days_since_last_order,
    count(gap_days) filter (where gap_days <= days_since_last_order) as n_shorter,
    sum(gap_days) filter (where n_back <= 3) as late_gaps,
    count(gap_days) filter (where n_back <= 3) as n_late_gaps,
    sum(gap_days) filter (where n_th > n_back) as second_gaps,
    count(gap_days) filter (where n_th > n_back) as n_second_gaps
from {{ ref('days') }}
group by row_no
