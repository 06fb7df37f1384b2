-- One row is a customer as one as_of sees it: the mix of channels bought through.
select
    row_no,
    n_channels,
    n_channels_{{ horizon_days }} as n_channels_{{ horizon_days }}d,
    {{ ratio('n_top', 'n') }} as top_channel_share
from {{ ref('channel_sums') }}
