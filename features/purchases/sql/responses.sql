-- One row is a customer as one as_of sees it: interactions set against purchases. An order
-- follows an interaction that came strictly before it.
select
    order_sums.row_no,
    coalesce(response_sums.n_since_last_order, 0) as n_interactions_since_last_order,
    {{ ratio('coalesce(response_sums.n_interactions, 0)', 'order_sums.n_orders') }} as interactions_per_order,
    {{ ratio('moment_sums.net', 'response_sums.n_interactions') }} as net_spend_per_interaction,
    {{ ratio('moment_sums.net_recent', 'response_sums.n_recent') }}
        as net_spend_per_interaction_{{ horizon_days }}d,
    {% for d in (7, 30) %}
    {{ ratio('coalesce(response_sums.n_orders_after_%d, 0)' % d, 'order_sums.n_orders') }}
        as orders_within_{{ d }}d_of_interaction_share,
    {{ ratio('response_sums.n_interactions_answered_%d' % d, 'response_sums.n_interactions') }}
        as interactions_answered_within_{{ d }}d_share{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('order_sums') }}
inner join {{ ref('moment_sums') }} using (row_no)
left join {{ ref('response_sums') }} using (row_no)
