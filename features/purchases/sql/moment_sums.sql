-- One row is a customer as one as_of sees it: all that is summed over its moments.
{% set recent = "age_days <= " ~ horizon_days %}
select
    row_no,
    sum(net) as net,
    sum(gross) as gross,
    sum(returned) as returned,
    sum(n_return_lines) as n_returns,
    count(*) filter (where n_return_lines > 0) as n_return_moments,
    count(*) filter (where n_purchase_lines > 0) as n_purchase_moments,
    min(age_days) filter (where n_purchase_lines > 0) as days_since_last_order,
    max(age_days) filter (where n_purchase_lines > 0) as days_since_first_order,
    min(age_days) filter (where n_return_lines > 0) as days_since_last_return,
    sum(gross) filter (where {{ recent }}) as gross_recent,
    sum(returned) filter (where {{ recent }}) as returned_recent,
    coalesce(sum(net) filter (where {{ recent }}), 0) as net_recent,
    {% if 'discount' in has %}
    sum(discount) as discount,
    sum(discount) filter (where {{ recent }}) as discount_recent,
    count(*) filter (where n_purchase_lines > 0 and discount > 0) as n_discounted,
    {% endif %}
    {% if 'cost' in has %}
    sum(cost) as cost,
    sum(costed_gross) as costed_gross,
    {% endif %}
    {% for w in windows %}
    coalesce(sum(gross) filter (where age_days <= {{ w }}), 0) as gross_{{ w }},
    {% if 'quantity' in has %}
    coalesce(sum(units) filter (where age_days <= {{ w }}), 0) as units_{{ w }},
    {% endif %}
    coalesce(sum(n_return_lines) filter (where age_days <= {{ w }}), 0) as n_returns_{{ w }},
    {% endfor %}
    {% for w in windows_and_year %}
    coalesce(sum(net) filter (where age_days <= {{ w }}), 0) as net_{{ w }},
    {% endfor %}
    {% for d in half_lives %}
    sum(cast(cast(net as double) * power(2.0, -age_days / {{ d }}) as decimal(38, 10)))
        as net_half_life_{{ d }},
    {% endfor %}
    coalesce(
        sum(net) filter (where age_days > 365 - {{ horizon_days }} and age_days <= 365), 0
    ) as net_year_ago
from {{ ref('moments') }}
group by row_no
