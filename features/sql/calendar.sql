-- One row is a customer as one as_of sees it: when in the week, the year and the day the
-- purchases fall, and what a year ago brought in the season that now begins.
with

calendar_months as (
    select
        customer_id,
        as_of,
        month(day) as month,
        count(*) as n
    from {{ ref('days') }}
    group by customer_id, as_of, month(day)
),

calendar_year as (
    select
        customer_id,
        as_of,
        count(*) as n_months_of_year,
        {{ ratio('sum(n * n)', 'sum(n) * sum(n)') }} as month_of_year_hhi
    from calendar_months
    group by customer_id, as_of
),

calendar_orders as (
    select
        customer_id,
        as_of,
        count(*) as n_orders,
        max(age_days) as life_days,
        count(*) filter (where mod(date_diff('day', date '1970-01-05', cast(ordered_at as date)) + 700000, 7) >= 5)
            as n_weekend,
        sum(date_diff('minute', cast(cast(ordered_at as date) as timestamp), ordered_at)) as minutes,
        count(*) filter (where age_days > 365 - {{ horizon_days }} and age_days <= 365)
            as n_year_ago,
        count(*) filter (where age_days > {{ horizon_days }}) as n_older,
        count(*) filter (
            where age_days > {{ horizon_days }}
            and age_days - floor(age_days / 365.25) * 365.25 > 365.25 - {{ horizon_days }}
        ) as n_in_season
    from {{ ref('orders') }}
    group by customer_id, as_of
),

calendar_spend as (
    select
        customer_id,
        as_of,
        coalesce(
            sum(net) filter (where age_days > 365 - {{ horizon_days }} and age_days <= 365), 0
        ) as net_year_ago
    from {{ ref('moments') }}
    group by customer_id, as_of
)

select
    calendar_orders.customer_id,
    calendar_orders.as_of,
    calendar_year.n_months_of_year,
    calendar_year.month_of_year_hhi,
    {{ ratio('calendar_orders.n_weekend', 'calendar_orders.n_orders') }} as weekend_share,
    {% if 'hour' in has %}
    {{ ratio('calendar_orders.minutes', 'calendar_orders.n_orders * 60') }} as mean_hour_of_day,
    {% endif %}
    case when calendar_orders.life_days > 365 - {{ horizon_days }}
        then calendar_spend.net_year_ago end as net_spend_year_ago_{{ horizon_days }}d,
    case when calendar_orders.life_days > 365 - {{ horizon_days }}
        then calendar_orders.n_year_ago end as n_orders_year_ago_{{ horizon_days }}d,
    {{ ratio('calendar_orders.n_in_season', 'calendar_orders.n_older') }}
        as in_season_order_share
from calendar_orders
inner join calendar_year using (customer_id, as_of)
inner join calendar_spend using (customer_id, as_of)
