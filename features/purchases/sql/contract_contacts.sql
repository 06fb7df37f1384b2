-- One row is a customer as one as_of sees it: its interactions, all and by type.
select
    as_ofs.as_of,
    customer_id,
    count(*) as n,
    min({{ days_between('occurred_at', 'as_ofs.as_of') }}) as last_days,
    {% for type, direction, slug in interaction_types %}
    {% set is_it = "type = " ~ literal(type) ~ " and coalesce(direction, '') = " ~ literal(direction) %}
    min({{ days_between('occurred_at', 'as_ofs.as_of') }}) filter (where {{ is_it }}) as last_{{ slug }}_days,
    {% for w in windows %}
    count(*) filter (where {{ is_it }} and occurred_at >= as_ofs.as_of - interval {{ w }} day) as n_{{ slug }}_{{ w }}d,
    {% endfor %}
    {% endfor %}
    {% for w in windows %}
    count(*) filter (where occurred_at >= as_ofs.as_of - interval {{ w }} day) as n_{{ w }}d{{ "," if not loop.last }}
    {% endfor %}
from interactions
inner join as_ofs
    on interactions.occurred_at < as_ofs.as_of
    and (interactions.known_at is null or interactions.known_at < as_ofs.as_of)
group by as_ofs.as_of, customer_id
