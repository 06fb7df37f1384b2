-- One row is a customer as one as_of sees it: the gaps between purchase days, NULL for
-- those who bought on one day only. The usual gap is the median.
with

cadence_shape as (
    select
        *,
        {{ ratio('gaps', 'n_gaps') }} as gap_mean,
        {{ cv('n_gaps', 'gaps', 'gap_squares') }} as gap_cv,
        {{ ratio('gaps - second_gaps', 'n_gaps - n_second_gaps') }} as early_mean,
        {{ ratio('second_gaps', 'n_second_gaps') }} as second_mean
    from {{ ref('day_sums') }}
)

select
    row_no,
    gap_mean,
    gap_cv * gap_mean as gap_sd,
    gap_cv,
    gap_min,
    gap_max,
    gap_last,
    gap_median,
    gap_first as days_between_first_and_second,
    {{ ratio('late_gaps', 'n_late_gaps') }} as gap_mean_last_3,
    {{ contrast('second_mean', 'early_mean') }} as gap_trend,
    {{ ratio('days_since_last_order', 'gap_median') }} as overdue_ratio,
    {{ ratio('days_since_last_order', 'gap_max') }} as overdue_ratio_to_longest,
    {{ ratio('n_shorter', 'n_gaps') }} as share_of_gaps_outlasted
from cadence_shape
