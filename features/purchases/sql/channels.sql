-- One row is a customer as one as_of sees it: the mix of channels bought through.
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
    count(*) filter (where age_days <= {{ horizon_days }}) as n_channels_{{ horizon_days }}d,
    {{ ratio('max(n)', 'sum(n)') }} as top_channel_share
from channel_counts
group by row_no
