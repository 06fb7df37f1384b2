-- One row is a customer as one as_of sees it: sums in which money and orders lose half
-- their weight with every half-life that passes.
select
    order_sums.row_no,
    {% for d in half_lives %}
    moment_sums.net_half_life_{{ d }} as net_spend_half_life_{{ d }}d,
    {% endfor %}
    {% for d in half_lives %}
    order_sums.n_half_life_{{ d }} as n_orders_half_life_{{ d }}d{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('order_sums') }}
inner join {{ ref('moment_sums') }} using (row_no)
