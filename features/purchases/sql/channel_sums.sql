-- One row is a customer as one as_of sees it: all that is summed over the channels that it
-- bought through.
with

channel_counts as (
    select
        row_no,
        channel,
        count(*) as n,
        min(age_days) as age_days
    from {{ ref('moments') }}
    where n_purchase_lines > 0 and channel is not null
    group by row_no, channel
)

select
    row_no,
    count(*) as n_channels,
    count(*) filter (where age_days <= {{ horizon_days }}) as n_channels_{{ horizon_days }},
    max(n) as n_top,
    sum(n) as n
from channel_counts
group by row_no
