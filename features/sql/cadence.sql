-- One row is a customer as one as_of sees it: the gaps between purchase days, NULL for
-- those who bought on one day only. The usual gap is the median.
with

cadence_sums as (
    select
        customer_id,
        as_of,
        count(gap_days) as n_gaps,
        sum(gap_days) as total,
        sum(gap_days * gap_days) as squares,
        max(gap_days) as gap_max,
        min(gap_days) as gap_min,
        median(gap_days) as gap_median,
        max(gap_days) filter (where n_back = 1) as gap_last,
        max(gap_days) filter (where n_th = 2) as gap_first,
        max(days_since_last_order) as days_since_last_order,
        count(gap_days) filter (where gap_days <= days_since_last_order) as n_shorter,
        sum(gap_days) filter (where n_back <= 3) as late_total,
        count(gap_days) filter (where n_back <= 3) as late_n,
        sum(gap_days) filter (where n_th > n_back) as second_half,
        count(gap_days) filter (where n_th > n_back) as second_n
    from {{ ref('days') }}
    group by customer_id, as_of
),

cadence_shape as (
    select
        *,
        {{ ratio('total', 'n_gaps') }} as gap_mean,
        {{ cv('n_gaps', 'total', 'squares') }} as gap_cv,
        {{ ratio('total - second_half', 'n_gaps - second_n') }} as early_mean,
        {{ ratio('second_half', 'second_n') }} as second_mean
    from cadence_sums
)

select
    customer_id,
    as_of,
    gap_mean,
    gap_cv * gap_mean as gap_sd,
    gap_cv,
    gap_min,
    gap_max,
    gap_last,
    gap_median,
    gap_first as days_between_first_and_second,
    {{ ratio('late_total', 'late_n') }} as gap_mean_last_3,
    {{ contrast('second_mean', 'early_mean') }} as gap_trend,
    {{ ratio('days_since_last_order', 'gap_median') }} as overdue_ratio,
    {{ ratio('days_since_last_order', 'gap_max') }} as overdue_ratio_to_longest,
    {{ ratio('n_shorter', 'n_gaps') }} as share_of_gaps_outlasted
from cadence_shape
